//! What upstreams are asked.

use rotator_domain::Format;
use serde_json::{Value, json};

use super::super::super::wire::FORMAT;
use super::super::write;
use super::{foreign, own, parse, written};
use crate::ir::{
    Attachment, CacheMark, Media, MediaKind, Opaque, OutputShape, Part, PartKind, Reasoning, Request, Role, Search,
    Source, Thinking, ThinkingMode, Tier, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
};
use crate::json::Json;
use crate::{Losses, ModelTable, Writing};

fn unsayable(request: &Request) -> String {
    let models = ModelTable::default();
    write(request, &mut Writing { models: &models, losses: Losses::default() }).unwrap_err().to_string()
}

fn call(id: &str, input: ToolInput) -> Part {
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "f".into(), input }))
}

fn result(call_id: &str, content: Vec<Part>, is_error: Option<bool>) -> Part {
    let call_id = call_id.into();
    Part::new(PartKind::ToolResult(ToolResult { call_id, name: None, content, is_error, is_custom: false }))
}

fn thought(opaque: Option<Opaque>) -> Part {
    let reasoning = Reasoning { sections: vec!["t".into()], is_summary: true };
    Part { opaque, ..Part::new(PartKind::Reasoning(reasoning)) }
}

#[test]
fn nothing_is_kept_for_a_client_of_another_format_and_its_reasoning_survives() {
    let asks = |format, model: &str, state: Option<bool>| {
        let mut request = Request { model: model.into(), ..foreign(format, Vec::new()) };
        request.state.store = state;
        let (body, _) = written(&request);
        (body["store"].clone(), body["include"].clone())
    };
    let opaque = json!(["reasoning.encrypted_content"]);
    assert_eq!(asks(Format::Anthropic, "gpt-5", None), (json!(false), opaque.clone()));
    assert_eq!(asks(Format::OpenAi, "unheard-of", Some(true)), (json!(true), opaque));
    assert_eq!(asks(Format::Gemini, "gpt-4o-mini", None), (json!(false), Value::Null), "a model that does not think");
    assert_eq!(asks(FORMAT, "gpt-5", None), (Value::Null, Value::Null));
}

#[test]
fn reasoning_goes_back_to_its_issuer_alone() {
    let foreign_one = Opaque::new(Format::Anthropic, "sig".into());
    let carried = Opaque { attachment: Attachment::Next, ..own("b") };
    let turn = vec![
        thought(Some(own("a"))),
        thought(None),
        thought(Some(foreign_one.clone())),
        thought(Some(carried)),
        Part { opaque: Some(foreign_one), ..call("c", ToolInput::Arguments("{}".into())) },
    ];
    let (body, dropped) = written(&foreign(Format::OpenAi, vec![Turn::new(Role::Assistant, turn)]));
    let expected = json!([
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": "a"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    ]);
    assert_eq!((&body["input"], dropped), (&expected, vec!["reasoning".to_owned()]));
    assert!(!body.to_string().contains("sig"));
}

#[test]
fn turns_of_other_formats_are_items_in_order() {
    let image = Media {
        kind: MediaKind::Image,
        source: Source::Url("https://a.example/b.png".into()),
        mime: None,
        name: None,
        detail: None,
        extras: None,
    };
    let marked = Part { cache: Some(CacheMark::default()), ..Part::text("u") };
    let long = "x".repeat(100);
    let request = foreign(
        Format::Anthropic,
        vec![
            Turn::new(Role::System, vec![Part::text("1"), Part::text("2")]),
            Turn::new(Role::User, vec![marked, Part::media(image)]),
            Turn::new(
                Role::Assistant,
                vec![
                    Part::text("a"),
                    Part::text("b"),
                    call("c", ToolInput::Arguments(String::new())),
                    call(&long, ToolInput::Text("t".into())),
                ],
            ),
            Turn::new(
                Role::User,
                vec![
                    result("c", vec![Part::text("boom")], Some(true)),
                    result(&long, vec![Part::text("1"), Part::text("2")], None),
                    Part::text("go"),
                ],
            ),
        ],
    );
    let (body, dropped) = written(&request);
    let input = body["input"].as_array().unwrap();
    assert_eq!(
        input[0],
        json!({"type": "message", "role": "system", "content": [{"type": "input_text", "text": "1"}, {"type": "input_text", "text": "2"}]})
    );
    assert_eq!(
        input[1]["content"],
        json!([
            {"type": "input_text", "text": "u"},
            {"type": "input_image", "image_url": "https://a.example/b.png", "detail": "auto"}
        ])
    );
    assert_eq!((&input[2]["content"], &input[3]["content"]), (&json!("a"), &json!("b")));
    assert_eq!(input[4], json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}));
    assert_eq!(input[6], json!({"type": "function_call_output", "call_id": "c", "output": "Error: boom"}));
    assert_eq!((&input[5]["type"], &input[7]["type"]), (&json!("custom_tool_call"), &json!("custom_tool_call_output")));
    assert_eq!(input[5]["call_id"], input[7]["call_id"]);
    assert!(input[5]["call_id"].as_str().unwrap().len() <= 64);
    assert_eq!(input[8]["content"], "go");
    assert_eq!((body.get("instructions"), dropped), (None, vec!["cache_control".to_owned()]));
}

#[test]
fn what_cannot_be_said_is_named_or_refused() {
    let mut request = foreign(Format::Anthropic, vec![Turn::new(Role::User, vec![Part::text("u")])]);
    request.stop = vec!["x".into()];
    request.sampling.top_k = Some(5.into());
    request.sampling.seed = Some(5.into());
    request.sampling.temperature = Some(1.into());
    request.sampling.presence_penalty = Some(1.into());
    request.sampling.frequency_penalty = Some(1.into());
    request.max_tokens = Some(1);
    request.user = Some("u".repeat(65));
    request.tier = Some(Tier::Other("odd".into()));
    request.extras.0.push(("container".into(), Json::empty_object()));
    let (body, mut dropped) = written(&request);
    dropped.sort();
    let expected = [
        "container",
        "frequency_penalty",
        "max_tokens",
        "presence_penalty",
        "seed",
        "service_tier",
        "stop",
        "temperature",
        "top_k",
        "user",
    ];
    assert_eq!(dropped, expected);
    assert_eq!(body["max_output_tokens"], 16);
    assert!(body.get("temperature").is_none() && body.get("user").is_none());

    let several = Request { choices: Some(2), ..foreign(Format::OpenAi, Vec::new()) };
    assert_eq!(unsayable(&several), "n: has no counterpart in OpenAI Responses");
    let native = parse(&json!({"model": "m", "input": [{"type": "web_search_call", "id": "ws"}]}));
    let PartKind::Native(mut native) = native.turns[0].parts[0].kind.clone() else { panic!() };
    native.format = Format::Anthropic;
    let other = foreign(Format::Anthropic, vec![Turn::new(Role::Assistant, vec![Part::new(PartKind::Native(native))])]);
    assert_eq!(unsayable(&other), "turns[0].parts[0]: `web_search_call` has no counterpart in OpenAI Responses");
    let file = Source::File { format: Format::Gemini, id: "f".into() };
    let media = Media { kind: MediaKind::Image, source: file, mime: None, name: None, detail: None, extras: None };
    let file = foreign(Format::Gemini, vec![Turn::new(Role::User, vec![Part::media(media)])]);
    assert_eq!(unsayable(&file), "turns[0].parts[0]: a file of another vendor's cannot be shown to this one");
}

#[test]
fn the_same_vendors_extras_go_through_where_this_format_has_them() {
    let mut request = foreign(Format::OpenAi, Vec::new());
    let member = |name: &str| (name.to_owned(), Json::empty_object());
    request.extras.0 = ["logit_bias", "stream_options", "new_member", "audio.odd"].map(member).into();
    let (body, dropped) = written(&request);
    assert_eq!(dropped, ["logit_bias", "audio.odd"]);
    assert_eq!((&body["new_member"], &body["stream_options"]), (&json!({}), &json!({})));
}

#[test]
fn thinking_is_told_by_effort() {
    let told = |format, model: &str, thinking: Thinking| {
        let request = Request { model: model.into(), thinking: Some(thinking), ..foreign(format, Vec::new()) };
        written(&request).0["reasoning"].clone()
    };
    let budget = Thinking {
        mode: ThinkingMode::Enabled,
        budget: Some(9_000),
        summary: Some("auto".into()),
        ..Thinking::default()
    };
    let off = Thinking { mode: ThinkingMode::Disabled, ..Thinking::default() };
    assert_eq!(told(Format::Anthropic, "gpt-5", budget.clone()), json!({"effort": "high", "summary": "auto"}));
    assert_eq!(told(Format::Anthropic, "gpt-4o", budget), Value::Null);
    assert_eq!(told(Format::Anthropic, "gpt-5", off.clone()), json!({"effort": "none"}));
    assert_eq!(told(Format::Anthropic, "unheard-of", off.clone()), Value::Null);
    assert_eq!(told(Format::OpenAi, "unheard-of", off), json!({"effort": "none"}));
}

#[test]
fn tools_of_other_formats_are_written_flat() {
    let mut request = foreign(Format::OpenAi, Vec::new());
    let grammar = r#"{"type":"grammar","syntax":"regex","definition":"a"}"#;
    let native = |json: &str| {
        let json = Json::from_text(json).unwrap();
        Some(crate::ir::Native { format: Format::OpenAi, name: "web_search_options".into(), json })
    };
    let place = r#"{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Bern"}}}"#;
    request.tools = vec![
        Tool::Function {
            name: "f".into(),
            description: None,
            parameters: None,
            strict: None,
            cache: None,
            extras: None,
        },
        Tool::Custom { name: "g".into(), description: None, grammar: Json::from_text(grammar) },
        Tool::Search(Search { max_uses: Some(1), native: native(place), ..Search::default() }),
    ];
    request.tool_choice = Some(ToolChoice::Named("g".into()));
    request.output = OutputShape::Schema { name: None, description: None, schema: Json::empty_object(), strict: None };
    let (body, dropped) = written(&request);
    let tools = json!([
        {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": false},
        {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "regex", "definition": "a"}},
        {"type": "web_search", "user_location": {"type": "approximate", "city": "Bern"}, "search_context_size": "low"}
    ]);
    assert_eq!((&body["tools"], &body["tool_choice"]), (&tools, &json!({"type": "custom", "name": "g"})));
    assert_eq!(body["text"], json!({"format": {"type": "json_schema", "name": "output", "schema": {}}}));
    assert_eq!(dropped, ["max_uses"]);
}

#[test]
fn sound_goes_through_for_clients_of_this_format_alone() {
    let source = Source::Base64("AAAA".into());
    let mime = Some("audio/wav".to_owned());
    let sound = Media { kind: MediaKind::Audio, source, mime, name: None, detail: None, extras: None };
    let turns = || vec![Turn::new(Role::User, vec![Part::new(PartKind::Media(Box::new(sound.clone())))])];
    for format in [Format::OpenAi, Format::Gemini] {
        let refused = unsayable(&foreign(format, turns()));
        assert_eq!(refused, "turns[0].parts[0]: sound has no counterpart in OpenAI Responses");
    }
    assert_eq!(written(&foreign(FORMAT, turns())).0["input"][0]["content"][0]["type"], "input_audio");
}

#[test]
fn marks_that_say_less_here_are_named() {
    let marked = |ttl: Option<&str>| Part { cache: Some(CacheMark { ttl: ttl.map(str::to_owned) }), ..Part::text("t") };
    let lost = |role, part| written(&foreign(Format::OpenAi, vec![Turn::new(role, vec![part])])).1;
    let named = ["cache_control".to_owned()];
    assert!(lost(Role::User, marked(None)).is_empty());
    assert_eq!(lost(Role::User, marked(Some("1h"))), named);
    assert_eq!(lost(Role::Assistant, marked(None)), named);
}

#[test]
fn a_sibling_does_not_say_a_second_time_what_was_read() {
    let mut request = foreign(Format::OpenAi, vec![Turn::new(Role::User, vec![Part::text("q")])]);
    let extra = |name: &str| (name.to_owned(), Json::from_text("{}").unwrap());
    request.extras.0 = ["input", "text", "truncation"].map(extra).to_vec();
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = write(&request, &mut writing).unwrap();
    let body = String::from_utf8(call.body.to_vec()).unwrap();
    assert_eq!((body.matches("\"input\"").count(), body.matches("\"truncation\"").count()), (1, 1), "{body}");
    assert_eq!(writing.losses.names(), ["input", "text"]);
}

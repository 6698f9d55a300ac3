//! Tests of requests.

use std::collections::BTreeMap;

use rotator_domain::Format;
use serde_json::value::RawValue;

use super::{read, write};
use crate::ir::{
    CacheMark, Effort, Media, MediaKind, Native, Opaque, Part, PartKind, Reasoning, Request, Role, Source, Thinking,
    ThinkingMode, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
};
use crate::{Asked, Json, Losses, ModelTable, Writing};

mod reading;

fn read_text(body: &str) -> Request {
    read(&Asked::default(), body.as_bytes()).unwrap()
}

/// The written body and the names of what was left out.
fn written(request: &Request) -> (String, Vec<String>) {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = write(request, &mut writing).unwrap();
    assert_eq!(call.path, "/v1/chat/completions");
    (String::from_utf8(call.body.to_vec()).unwrap(), writing.losses.names().to_vec())
}

fn refusal(request: &Request) -> String {
    let models = ModelTable::default();
    write(request, &mut Writing { models: &models, losses: Losses::default() }).unwrap_err().to_string()
}

fn member(body: &str, name: &str) -> String {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body).unwrap();
    members.get(name).map(|value| value.get().to_owned()).unwrap_or_default()
}

fn with(members: &str) -> String {
    format!(r#"{{"model":"gpt-4o","messages":[{{"role":"user","content":"hi"}}],{members}}}"#)
}

fn saying(messages: &str) -> String {
    format!(r#"{{"model":"gpt-4o","messages":{messages}}}"#)
}

/// A request of another format with these turns.
fn from(format: Format, turns: Vec<Turn>) -> Request {
    Request { turns, ..Request::new(format, "gpt-4o".into()) }
}

fn call(id: &str) -> Part {
    let input = ToolInput::Arguments(r#"{"a": 1.0}"#.into());
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "f".into(), input }))
}

fn result(id: &str, content: Vec<Part>, is_error: Option<bool>) -> Part {
    let result = ToolResult { call_id: id.into(), name: None, content, is_error, is_custom: false };
    Part::new(PartKind::ToolResult(result))
}

fn picture() -> Part {
    let source = Source::Base64("iVBORw0KGgo=".into());
    let (mime, kind) = (Some("image/png".into()), MediaKind::Image);
    Part::media(Media { kind, source, mime, name: None, detail: None, extras: None })
}

fn user(text: &str) -> Turn {
    Turn::new(Role::User, vec![Part::text(text)])
}

#[test]
fn what_is_written_says_what_was_read() {
    let bodies = [
        with(
            r#""temperature":0.50,"top_p":1,"presence_penalty":-1,"frequency_penalty":2,"seed":9223372036854775807,"stop":["a","b"],"n":2,"logprobs":true,"top_logprobs":3"#,
        ),
        with(r#""stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}"#),
        with(r#""max_tokens":5,"reasoning_effort":"minimal","verbosity":"low","service_tier":"flex","user":"u""#),
        with(r#""metadata":{"a":"b"},"store":true,"prompt_cache_key":"k","prompt_cache_retention":"24h""#),
        with(
            r#""user":"u","safety_identifier":"s","prediction":{"type":"content","content":"x"},"logit_bias":{"5":1}"#,
        ),
        with(r#""response_format":{"type":"json_object"},"modalities":["text","audio"],"audio":{"voice":"alloy"}"#),
        with(
            r#""response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"type": "object"},"strict":true}}"#,
        ),
        with(
            r#""tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"n": 12345678901234567890.10},"strict":false},"cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"d"}}}}],"parallel_tool_calls":false,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"c"}}]}}"#,
        ),
        with(r#""web_search_options":{"search_context_size":"low"},"cache_control":{"type":"ephemeral"},"top_k":4"#),
        saying(
            r#"[{"role":"system","content":"s"},{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"name":"n"},{"role":"user","content":[{"type":"text","text":"q","cache_control":{"type":"ephemeral"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},{"type":"image_url","image_url":{"url":"https://a.example/b.png"}},{"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}},{"type":"file","file":{"file_id":"file-1"}},{"type":"video_url","video_url":{"url":"https://a.example/b.mp4"}}]}]"#,
        ),
        saying(
            r#"[{"role":"user","content":"q"},{"role":"assistant","content":"I look.","reasoning_content":"hm","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\": 1.0}"}},{"id":"2","type":"custom","custom":{"name":"c","input":"x"}}]},{"role":"tool","content":"r","tool_call_id":"1"},{"role":"tool","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"tool_call_id":"2"},{"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":"and?"},{"role":"assistant","content":null,"audio":{"id":"audio_1"}}]"#,
        ),
    ];
    for body in bodies {
        let request = read_text(&body);
        let (again, losses) = written(&request);
        assert_eq!(read_text(&again), request, "{again}");
        assert!(losses.is_empty(), "{losses:?}");
    }
}

#[test]
fn numbers_and_schemas_keep_each_character() {
    let schema = r#"{"n": 12345678901234567890.10, "t": "\u0041"}"#;
    let body = with(&format!(r#""tools":[{{"type":"function","function":{{"name":"f","parameters":{schema}}}}}]"#));
    assert!(written(&read_text(&body)).0.contains(schema));
    let call = r#"[{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"not json"}}]},{"role":"tool","tool_call_id":"1","content":"r"}]"#;
    assert!(written(&read_text(&saying(call))).0.contains(r#""arguments":"not json""#));
}

#[test]
fn functions_of_old_become_tools() {
    let body = r#"{"model":"m","functions":[{"name":"f","parameters":{}}],"function_call":{"name":"f"},"messages":[
        {"role":"user","content":"q"},
        {"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},
        {"role":"function","name":"f","content":"r"}]}"#;
    let request = read_text(body);
    assert!(request.has_legacy_calls && request.parallel_calls == Some(false));
    assert_eq!(request.tool_choice, Some(ToolChoice::Named("f".into())));
    let (again, _) = written(&request);
    assert!(member(&again, "messages").contains(r#"{"role":"tool","content":"r","tool_call_id":"call_1"}"#), "{again}");
    assert_eq!(member(&again, "tools"), r#"[{"type":"function","function":{"name":"f","parameters":{}}}]"#);
}

#[test]
fn efforts_are_written_where_the_model_takes_them() {
    let thinking = |mode, effort, budget| Thinking { mode, effort, budget, ..Thinking::default() };
    let enabled = || thinking(ThinkingMode::Enabled, None, Some(8_000));
    let off = || thinking(ThinkingMode::Disabled, None, None);
    let cases = [
        ("gpt-5-mini", enabled(), r#""medium""#, false),
        ("deepseek-v3", enabled(), r#""medium""#, false),
        ("gpt-4o", enabled(), "", true),
        ("o3", thinking(ThinkingMode::Adaptive, Some(Effort::Max), None), r#""high""#, false),
        ("gpt-5.1", off(), r#""none""#, false),
        ("gpt-5", off(), r#""minimal""#, false),
        ("o3", off(), r#""low""#, false),
        ("gpt-4o", off(), "", false),
        ("some-model", off(), "", true),
        ("o3", thinking(ThinkingMode::Adaptive, None, None), "", false),
    ];
    for (model, thinking, expected, is_lost) in cases {
        let thinking = Some(thinking);
        let request = Request { model: model.into(), thinking, ..from(Format::Anthropic, vec![user("q")]) };
        let (body, losses) = written(&request);
        assert_eq!((member(&body, "reasoning_effort").as_str(), losses.is_empty()), (expected, !is_lost), "{model}");
    }
}

#[test]
fn each_kind_of_server_gets_the_limit_that_it_knows() {
    let cases = [
        (Format::Anthropic, "gpt-4o", "max_tokens"),
        (Format::Anthropic, "openai/o1-mini", "max_completion_tokens"),
        (Format::Gemini, "gpt-5", "max_completion_tokens"),
        (Format::Anthropic, "gemini-3-pro", "max_tokens"),
        (Format::OpenAiResponses, "gpt-4o", "max_completion_tokens"),
        (Format::OpenAi, "deepseek-chat", "max_tokens"),
    ];
    for (format, model, expected) in cases {
        let request = Request { model: model.into(), max_tokens: Some(7), ..from(format, vec![user("q")]) };
        let (body, _) = written(&request);
        let both = ["max_tokens", "max_completion_tokens"].map(|name| member(&body, name));
        assert_eq!(both.concat(), "7");
        assert_eq!(member(&body, expected), "7", "{model}");
    }
}

#[test]
fn results_follow_their_calls_and_pictures_come_after_them() {
    let turns = vec![
        user("q"),
        Turn::new(Role::Assistant, vec![call("1")]),
        Turn::new(Role::Assistant, vec![call("2"), call("3")]),
        Turn::new(Role::User, vec![Part::text("go on"), result("1", vec![Part::text("one"), picture()], None)]),
        Turn::new(Role::System, vec![Part::text("late")]),
        Turn::new(
            Role::User,
            vec![result("2", vec![picture()], None), result("3", vec![Part::text("bad")], Some(true))],
        ),
    ];
    let (body, losses) = written(&from(Format::OpenAiResponses, turns));
    let image = r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}"#;
    let call =
        |id| format!(r#"{{"id":"{id}","type":"function","function":{{"name":"f","arguments":"{{\"a\": 1.0}}"}}}}"#);
    let expected = [
        r#"{"role":"user","content":"q"}"#.to_owned(),
        format!(r#"{{"role":"assistant","content":null,"tool_calls":[{},{},{}]}}"#, call(1), call(2), call(3)),
        r#"{"role":"tool","content":"one","tool_call_id":"1"}"#.to_owned(),
        r#"{"role":"tool","content":"The result is attached below.","tool_call_id":"2"}"#.to_owned(),
        r#"{"role":"tool","content":"Error: bad","tool_call_id":"3"}"#.to_owned(),
        format!(r#"{{"role":"user","content":[{image},{image}]}}"#),
        r#"{"role":"user","content":"go on"}"#.to_owned(),
        r#"{"role":"system","content":"late"}"#.to_owned(),
    ];
    assert_eq!(member(&body, "messages"), format!("[{}]", expected.join(",")));
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn what_other_upstreams_sealed_is_not_shown_and_ones_own_is_given_back() {
    let signed = |part: Part, issuer, value: &str| Part { opaque: Some(Opaque::new(issuer, value.into())), ..part };
    let thought = || Part::new(PartKind::Reasoning(Reasoning { sections: vec!["hm".into()], is_summary: false }));
    let details = r#"[{"type":"reasoning.encrypted","data":"x\u0041"}]"#;
    let turns = vec![Turn::new(
        Role::Assistant,
        vec![
            signed(thought(), Format::Anthropic, "foreign"),
            signed(thought(), Format::OpenAi, details),
            signed(call("1"), Format::OpenAi, r#"{"google":{"thought_signature":"s"}}"#),
            signed(call("2"), Format::Gemini, "foreign"),
        ],
    )];
    let (body, losses) = written(&Request { model: "a/b".into(), ..from(Format::Anthropic, turns.clone()) });
    assert!(!body.contains("foreign") && losses == ["reasoning"], "{body}");
    assert!(body.contains(&format!(r#""reasoning_content":"hm","reasoning_details":{details}"#)), "{body}");
    assert!(body.contains(r#""extra_content":{"google":{"thought_signature":"s"}}"#), "{body}");
    let (body, _) = written(&from(Format::Anthropic, turns));
    assert!(!body.contains("reasoning_content"), "the vendor's own models refuse it: {body}");
}

#[test]
fn roles_and_choices_that_few_know_are_kept_from_others_than_the_vendor() {
    let tool = |name: &str| Tool::Function {
        name: name.into(),
        description: None,
        parameters: None,
        strict: None,
        cache: Some(CacheMark::default()),
        extras: None,
    };
    let turns = vec![Turn::new(Role::Developer, vec![Part::text("d")]), user("q")];
    let allowed = Some(ToolChoice::Allowed { names: vec!["b".into()], is_required: true });
    let tools = vec![tool("a"), tool("b")];
    let request = Request { tools, tool_choice: allowed, ..from(Format::OpenAiResponses, turns) };
    let (body, losses) = written(&request);
    assert!(member(&body, "messages").contains("developer") && member(&body, "tool_choice").contains("allowed_tools"));
    assert_eq!(losses, ["cache_control"]);
    let (body, _) = written(&Request { model: "deepseek-chat".into(), ..request });
    assert!(member(&body, "messages").starts_with(r#"[{"role":"system","content":"d"}"#), "{body}");
    assert_eq!(member(&body, "tool_choice"), r#""required""#);
    assert_eq!(member(&body, "tools"), r#"[{"type":"function","function":{"name":"b"}}]"#);
}

#[test]
fn a_tool_that_takes_free_text_is_a_function_to_others_than_the_vendor() {
    let input = ToolInput::Text("x".into());
    let call = Part::new(PartKind::ToolCall(ToolCall { id: "1".into(), name: "c".into(), input }));
    let turns = vec![user("q"), Turn::new(Role::Assistant, vec![call])];
    let tools = vec![Tool::Custom { name: "c".into(), description: None, grammar: Some(Json::empty_object()) }];
    let choice = Some(ToolChoice::Named("c".into()));
    let request = Request { tools, tool_choice: choice, ..from(Format::OpenAiResponses, turns) };
    let (body, losses) = written(&request);
    assert!(body.contains(r#""custom":{"name":"c","input":"x"}"#) && losses.is_empty(), "{body}");
    assert_eq!(member(&body, "tool_choice"), r#"{"type":"custom","custom":{"name":"c"}}"#);
    let (body, losses) = written(&Request { model: "deepseek-chat".into(), ..request });
    assert!(body.contains(r#""function":{"name":"c","arguments":"{\"input\":\"x\"}"}"#), "{body}");
    assert_eq!(member(&body, "tool_choice"), r#"{"type":"function","function":{"name":"c"}}"#);
    assert!(
        member(&body, "tools").starts_with(r#"[{"type":"function","function":{"name":"c","parameters":{"#),
        "{body}"
    );
    assert_eq!(losses, ["grammar"]);
}

#[test]
fn what_cannot_be_said_is_refused_or_named() {
    let native = Part::new(PartKind::Native(Native {
        format: Format::Anthropic,
        name: "server_tool_use".into(),
        json: Json::empty_object(),
    }));
    let request = from(Format::Anthropic, vec![Turn::new(Role::User, vec![native])]);
    assert_eq!(refusal(&request), "messages: server_tool_use has no counterpart in Chat Completions");
    let file = Source::File { format: Format::Anthropic, id: "f".into() };
    let media = |kind, source| Media { kind, source, mime: None, name: None, detail: None, extras: None };
    for media in [
        media(MediaKind::Document, file.clone()),
        media(MediaKind::Image, file),
        media(MediaKind::Document, Source::Url("https://a.example/b.pdf".into())),
        media(MediaKind::Audio, Source::Base64("AAAA".into())),
    ] {
        let turns = vec![Turn::new(Role::User, vec![Part::media(media)])];
        assert!(refusal(&from(Format::Anthropic, turns)).contains("has no counterpart"));
    }
    let mut request = from(Format::OpenAiResponses, vec![user("q")]);
    request.state.previous_response_id = Some("resp_1".into());
    assert_eq!(refusal(&request), "previous_response_id: has no counterpart in Chat Completions");

    let mut request = from(Format::Anthropic, vec![user("q")]);
    request.sampling.top_k = Some(3.into());
    request.caching.mark = Some(CacheMark::default());
    request.extras.0.push(("container".into(), Json::empty_object()));
    request.turns[0].parts[0].cache = Some(CacheMark::default());
    request.tool_choice = Some(ToolChoice::Required);
    let (body, losses) = written(&request);
    assert_eq!(losses, ["container", "cache_control", "tool_choice", "top_k"]);
    assert_eq!(body, r#"{"model":"gpt-4o","messages":[{"role":"user","content":"q"}]}"#);
}

#[test]
fn a_search_of_the_sibling_format_is_asked_for_in_words_of_this_one() {
    let json =
        r#"{"type":"web_search","search_context_size":"low","user_location":{"type":"approximate","city":"Bern"}}"#;
    let native =
        Native { format: Format::OpenAiResponses, name: "web_search".into(), json: Json::from_text(json).unwrap() };
    let search = crate::ir::Search { native: Some(native), max_uses: Some(3), ..crate::ir::Search::default() };
    let request = Request { tools: vec![Tool::Search(search)], ..from(Format::OpenAiResponses, vec![user("q")]) };
    let (body, losses) = written(&request);
    let expected =
        r#"{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Bern"}}}"#;
    assert_eq!((member(&body, "web_search_options").as_str(), losses), (expected, vec!["max_uses".to_owned()]));
}

#[test]
fn a_stream_is_asked_how_much_was_used_where_that_is_wanted() {
    let asking = Request { stream: true, include_usage: true, ..from(Format::Anthropic, vec![user("q")]) };
    let (body, _) = written(&asking);
    assert_eq!(member(&body, "stream_options"), r#"{"include_usage":true}"#);
    let (body, _) = written(&Request { include_usage: false, ..asking });
    assert!(!body.contains("stream_options"), "{body}");
    assert!(!read_text(&with(r#""stream":true"#)).include_usage);
}

#[test]
fn what_the_vendor_refuses_does_not_reach_it_from_clients_of_other_formats() {
    let stop: Vec<String> = ["1", "2", "3", "4", "5"].map(str::to_owned).to_vec();
    let (body, losses) = written(&Request { stop: stop.clone(), ..from(Format::Anthropic, vec![user("q")]) });
    assert_eq!((member(&body, "stop").as_str(), losses), (r#"["1","2","3","4"]"#, vec!["stop".to_owned()]));
    let (body, losses) = written(&Request { stop, ..from(Format::OpenAi, vec![user("q")]) });
    assert_eq!((member(&body, "stop").as_str(), losses), (r#"["1","2","3","4","5"]"#, vec![]));

    let source = Source::Url("https://a.example/b.mp4".into());
    let video = Media { kind: MediaKind::Video, source, mime: None, name: None, detail: None, extras: None };
    let turns = vec![Turn::new(Role::User, vec![Part::new(PartKind::Media(Box::new(video)))])];
    let mut request = from(Format::Gemini, turns);
    assert_eq!(refusal(&request), "messages: the vendor's models take no videos");
    request.model = "qwen-vl".into();
    assert!(written(&request).0.contains("video_url"));
}

#[test]
fn a_sibling_does_not_say_a_second_time_what_was_read() {
    let mut request = from(Format::OpenAiResponses, vec![user("q")]);
    let extra = |name: &str| (name.to_owned(), Json::from_text("[]").unwrap());
    request.extras.0 = ["messages", "stop", "logit_bias"].map(extra).to_vec();
    let (body, losses) = written(&request);
    assert_eq!(body.matches("\"messages\"").count(), 1, "{body}");
    assert_eq!((member(&body, "logit_bias").as_str(), losses), ("[]", vec!["messages".to_owned(), "stop".to_owned()]));
}

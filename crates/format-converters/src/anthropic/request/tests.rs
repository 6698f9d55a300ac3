//! Requests that are read, written, and both.

use rotator_domain::Format;
use serde_json::{Value, json};

use super::{read, write};
use crate::ir::{
    Effort, LogProbs, Media, MediaKind, Opaque, OutputShape, Part, PartKind, Reasoning, Request, Role, Search, Source,
    Thinking, ThinkingMode, Tier, Tool, ToolCall, ToolChoice, ToolInput, ToolResult, Turn,
};
use crate::{Asked, Json, Losses, ModelTable, Writing};

const MODEL: &str = "claude-opus-4-5";

fn read_value(body: &Value) -> Request {
    read(&Asked::default(), body.to_string().as_bytes()).unwrap()
}

fn invalid(body: &Value) -> String {
    read(&Asked::default(), body.to_string().as_bytes()).unwrap_err().to_string()
}

fn try_write(request: &Request) -> Result<(Value, Vec<String>), String> {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = write(request, &mut writing).map_err(|error| error.to_string())?;
    assert_eq!((call.path.as_str(), &call.headers[0].1), ("/v1/messages", &"2023-06-01".parse().unwrap()));
    Ok((serde_json::from_slice(&call.body).unwrap(), writing.losses.names().to_vec()))
}

fn written(request: &Request) -> (Value, Vec<String>) {
    try_write(request).unwrap()
}

fn of(turns: Vec<Turn>) -> Request {
    Request { turns, ..Request::new(Format::OpenAi, MODEL.into()) }
}

fn hello() -> Vec<Turn> {
    vec![Turn::new(Role::User, vec![Part::text("hi")])]
}

fn call(id: &str, arguments: &str) -> Part {
    let input = ToolInput::Arguments(arguments.into());
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "A".into(), input }))
}

fn result(id: &str, content: Vec<Part>) -> Part {
    let result = ToolResult { call_id: id.into(), name: None, content, is_error: None, is_custom: false };
    Part::new(PartKind::ToolResult(result))
}

fn function(name: &str) -> Tool {
    let parameters = Json::from_text(r#"{"type":"object"}"#);
    Tool::Function { name: name.into(), description: None, parameters, strict: None, cache: None, extras: None }
}

fn rich() -> Value {
    json!({
        "model": MODEL, "max_tokens": 9000, "stream": true, "stop_sequences": ["END"],
        "cache_control": {"type": "ephemeral"}, "service_tier": "standard_only", "metadata": {"user_id": "u"},
        "system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "look"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0="}},
                {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
                {"type": "document", "title": "t", "context": "c", "citations": {"enabled": true},
                 "source": {"type": "text", "media_type": "text/plain", "data": "words"}},
                {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
                {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "x"}]}},
                {"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                {"type": "redacted_thinking", "data": "ZGF0YQ=="},
                {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "q"}},
                {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": []},
                {"type": "text", "text": "so", "citations": [{"type": "web_search_result_location", "url": "https://e.org",
                 "title": "E", "cited_text": "c", "encrypted_index": "i"}]},
                {"type": "tool_use", "id": "toolu_1", "name": "A", "input": {"n": 1.50}},
                {"type": "tool_use", "id": "toolu_2", "name": "B", "input": {}}
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "is_error": true, "content": [{"type": "text", "text": "no"},
                 {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lG"}}]},
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": "yes", "cache_control": {"type": "ephemeral"}}
            ]}
        ],
        "tools": [
            {"name": "A", "description": "d", "input_schema": {"type": "object", "properties": {}}, "strict": true,
             "cache_control": {"type": "ephemeral", "ttl": "5m"}, "defer_loading": false},
            {"type": "custom", "name": "B", "input_schema": {"type": "object"}},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3, "allowed_domains": ["e.org"]},
            {"type": "bash_20250124", "name": "bash"}
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        "mcp_servers": [{"type": "url", "url": "https://m.org", "name": "m"}]
    })
}

#[test]
fn what_is_written_reads_the_same() {
    let cases = [
        rich(),
        json!({"model": "claude-opus-4-8", "messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"},
            {"role": "assistant", "content": "c"}], "system": "s", "max_tokens": 5,
            "thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "xhigh"}}),
        json!({"model": "claude-opus-4-1", "messages": [{"role": "user", "content": "a"}], "max_tokens": 5, "temperature": 0.25, "top_k": 5,
            "tools": [{"name": "A", "input_schema": {"type": "object"}}], "tool_choice": {"type": "tool", "name": "A"},
            "thinking": {"type": "disabled"}, "service_tier": "auto"}),
    ];
    for body in cases {
        let request = read_value(&body);
        let (again, losses) = written(&request);
        assert_eq!(read_value(&again), request, "{again}");
        assert!(losses.is_empty(), "{losses:?}");
    }
}

#[test]
fn all_that_a_request_says_is_read() {
    let request = read_value(&rich());
    assert_eq!((request.turns.len(), request.tools.len(), request.turns[0].parts.len()), (4, 4, 2));
    assert_eq!(request.turns[0].parts[1].cache.as_ref().unwrap().ttl.as_deref(), Some("1h"));
    assert!(matches!(&request.tools[2], Tool::Search(search) if search.max_uses == Some(3)));
    assert!(matches!(&request.tools[3], Tool::Native(native) if native.name == "bash_20250124"));
    assert_eq!((request.parallel_calls, request.max_tokens), (Some(false), Some(9000)));
    assert_eq!((request.user.as_deref(), request.tier), (Some("u"), Some(Tier::Standard)));
    assert_eq!(request.extras.0[0].0, "mcp_servers");
    let thinking = request.thinking.unwrap();
    assert_eq!((thinking.mode, thinking.budget, thinking.wants_opaque), (ThinkingMode::Enabled, Some(2000), true));
    let opaque = request.turns[2].parts[1].opaque.as_ref().unwrap();
    assert!(opaque.is_redacted && opaque.value == "ZGF0YQ==");
    let PartKind::ToolCall(call) = &request.turns[2].parts[5].kind else { panic!("{:?}", request.turns[2]) };
    assert_eq!((call.input.as_str(), call.id.as_str()), (r#"{"n":1.5}"#, "toolu_1"));
}

#[test]
fn numbers_and_escapes_of_arguments_stay_as_they_were_written() {
    let input = r#"{"big":123456789012345678901234567890, "t":"\u0041\/"}"#;
    let body = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":"a"}},{{"role":"assistant","content":[{{"type":"tool_use","id":"i","name":"A","input":{input}}}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"i"}}]}}]}}"#
    );
    let request = read(&Asked::default(), body.as_bytes()).unwrap();
    let models = ModelTable::default();
    let call = write(&request, &mut Writing { models: &models, losses: Losses::default() }).unwrap();
    assert!(String::from_utf8(call.body.to_vec()).unwrap().contains(input));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let user = |content: Value| json!({"model": "m", "messages": [{"role": "user", "content": content}]});
    let assistant = |content: Value| json!({"model": "m", "messages": [{"role": "assistant", "content": content}]});
    let with = |name: &str, value: Value| {
        let mut body = json!({"model": "m", "messages": []});
        body[name] = value;
        body
    };
    let cases = [
        (json!({"messages": []}), "model: is missing"),
        (json!({"model": "m"}), "messages: is missing"),
        (json!([]), "expected an object, found a list"),
        (
            json!({"model": "m", "messages": [{"role": "tool", "content": ""}]}),
            "messages[0].role: `tool` is no role that is known",
        ),
        (json!({"model": "m", "messages": [{"role": "user"}]}), "messages[0].content: is missing"),
        (user(json!(5)), "messages[0].content: expected a string or a list of blocks, found another number"),
        (
            user(json!([{"type": "text", "text": {}}])),
            "messages[0].content[0].text: expected a string, found an object",
        ),
        (user(json!([{"text": "a"}])), "messages[0].content[0].type: is missing"),
        (
            user(json!([{"type": "image", "source": {"type": "x"}}])),
            "messages[0].content[0].source.type: `x` is no source that is known",
        ),
        (
            user(json!([{"type": "tool_use", "id": "a", "name": "A", "input": {}}])),
            "messages[0].content[0].type: `tool_use` does not belong to this role",
        ),
        (
            user(json!([{"type": "tool_result", "tool_use_id": "a"}])),
            "messages[0].content[0].tool_use_id: no call before has the id `a`",
        ),
        (
            assistant(json!([{"type": "tool_use", "id": "a", "name": "A", "input": "{}"}])),
            "messages[0].content[0].input: expected an object, found a string",
        ),
        (
            with("system", json!([{"type": "image", "source": {"type": "url", "url": "u"}}])),
            "system[0]: instructions are texts",
        ),
        (with("tools", json!([{"name": "A"}])), "tools[0].input_schema: is missing"),
        (with("tool_choice", json!({"type": "some"})), "tool_choice.type: `some` is no choice that is known"),
        (with("output_config", json!({"effort": "huge"})), "output_config.effort: `huge` is no effort that is known"),
        (with("output_format", json!({"type": "xml"})), "output_format.type: `xml` is no format that is known"),
        (with("thinking", json!({"budget_tokens": 5})), "thinking.type: is missing"),
        (with("max_tokens", json!(-1)), "max_tokens: expected a whole number from 0 on, found another number"),
    ];
    for (body, expected) in cases {
        assert_eq!(invalid(&body), expected, "{body}");
    }
    for broken in [&b"{"[..], b"", b"{\"model\":\xff}"] {
        assert!(read(&Asked::default(), broken).is_err());
    }
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep = format!(r#"{{"model":"m","messages":[],"more":{nested}}}"#);
    assert!(read(&Asked::default(), deep.as_bytes()).is_ok());
}

#[test]
fn turns_alternate_and_results_come_first() {
    let request = of(vec![
        Turn::new(Role::System, vec![Part::text("s")]),
        Turn::new(Role::Developer, vec![Part::text("d"), Part::text("")]),
        Turn::new(Role::User, vec![Part::text("1"), Part::text("")]),
        Turn::new(Role::Assistant, vec![call("a.1", ""), call("a:1", "[]")]),
        Turn::new(Role::User, vec![Part::text("2")]),
        Turn::new(Role::System, vec![Part::text("late")]),
        Turn::new(Role::User, vec![result("a:1", vec![Part::text("r")])]),
        Turn::new(Role::User, vec![result("a.1", vec![])]),
        Turn::new(Role::Assistant, vec![Part::text("so \n")]),
    ]);
    let (body, losses) = written(&request);
    assert_eq!(body["system"], json!([{"type": "text", "text": "s"}, {"type": "text", "text": "d"}]));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "1"}]},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "a_1", "name": "A", "input": {}},
                {"type": "tool_use", "id": "a_1_2", "name": "A", "input": {"__unparsed__": "[]"}}
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a_1_2", "content": [{"type": "text", "text": "r"}]},
                {"type": "tool_result", "tool_use_id": "a_1"},
                {"type": "text", "text": "2"},
                {"type": "text", "text": "late"}
            ]},
            {"role": "assistant", "content": [{"type": "text", "text": "so"}]}
        ])
    );
    assert_eq!(losses, ["late_system"]);
    assert_eq!(body["max_tokens"], 64_000);
}

#[test]
fn instructions_stand_in_the_middle_where_the_model_takes_them() {
    let late = Turn::new(Role::Developer, vec![Part::text("late")]);
    let assistant = Turn::new(Role::Assistant, vec![Part::text("a")]);
    let mut request = of([hello(), vec![late.clone(), assistant.clone(), late.clone()], hello()].concat());
    request.model = "claude-opus-4-8".into();
    let (body, losses) = written(&request);
    let roles: Vec<&str> =
        body["messages"].as_array().unwrap().iter().map(|turn| turn["role"].as_str().unwrap()).collect();
    assert_eq!((roles, losses), (vec!["user", "system", "assistant", "user"], vec!["late_system".to_owned()]));
    let (body, losses) = written(&of(vec![late]));
    assert_eq!((body["messages"][0]["role"].as_str(), losses), (Some("user"), vec!["system".to_owned()]));
}

#[test]
fn only_own_reasoning_is_shown_to_the_upstream() {
    let reasoning = |opaque: Option<Opaque>| {
        let told = Reasoning { sections: vec!["t".into()], is_summary: false };
        Part { kind: PartKind::Reasoning(told), cache: None, opaque }
    };
    let own = Opaque::new(Format::Anthropic, "c2ln".into());
    let foreign = Opaque::new(Format::Gemini, "Zm9yZWlnbg==".into());
    let parts = vec![reasoning(Some(own)), reasoning(Some(foreign)), reasoning(None), Part::text("a")];
    let (body, losses) = written(&of([hello(), vec![Turn::new(Role::Assistant, parts)]].concat()));
    let expected = json!([{"type": "thinking", "thinking": "t", "signature": "c2ln"}, {"type": "text", "text": "a"}]);
    assert_eq!((&body["messages"][1]["content"], losses), (&expected, vec!["reasoning".to_owned()]));
}

#[test]
fn an_effort_becomes_what_the_model_takes() {
    let effort = |effort| Thinking { effort: Some(effort), ..Thinking::default() };
    let budget = |budget| Thinking { budget: Some(budget), ..Thinking::default() };
    let enabled = |budget: u64| json!({"type": "enabled", "budget_tokens": budget});
    let (adaptive, off) = (json!({"type": "adaptive"}), json!({"type": "disabled"}));
    let max = Some(20_000);
    let null = Value::Null;
    let cases = [
        (MODEL, max, effort(Effort::Medium), enabled(8_192), null.clone(), false),
        (MODEL, max, effort(Effort::Max), null.clone(), null.clone(), true),
        (MODEL, Some(1_024), effort(Effort::Minimal), null.clone(), null.clone(), true),
        (MODEL, max, effort(Effort::None), off.clone(), null.clone(), false),
        (MODEL, max, budget(500), null.clone(), null.clone(), true),
        (MODEL, None, budget(2_000), enabled(2_000), null.clone(), false),
        ("claude-3-haiku", max, effort(Effort::Low), null.clone(), null.clone(), true),
        ("claude-opus-4-6", max, budget(2_000), enabled(2_000), null.clone(), false),
        ("claude-opus-4-6", max, effort(Effort::ExtraHigh), adaptive.clone(), json!("max"), false),
        ("claude-opus-5", max, effort(Effort::ExtraHigh), adaptive.clone(), json!("xhigh"), false),
        ("claude-opus-5", max, budget(2_000), adaptive.clone(), json!("low"), false),
        ("claude-opus-5", max, effort(Effort::Minimal), adaptive, json!("low"), false),
        ("claude-opus-5-5", max, effort(Effort::None), null.clone(), null.clone(), true),
    ];
    for (model, max_tokens, thinking, config, effort, is_lost) in cases {
        let told = format!("{model} {thinking:?}");
        let request = Request { model: model.into(), max_tokens, thinking: Some(thinking), ..of(hello()) };
        let (body, losses) = written(&request);
        assert_eq!((&body["thinking"], &body["output_config"]["effort"]), (&config, &effort), "{told}");
        assert_eq!(losses.contains(&"reasoning_effort".to_owned()), is_lost, "{told}");
    }
}

#[test]
fn thinking_gives_way_to_what_excludes_it() {
    let thinking = Some(Thinking { mode: ThinkingMode::Enabled, budget: Some(2_000), ..Thinking::default() });
    let forced = Request {
        tools: vec![function("A")],
        tool_choice: Some(ToolChoice::Required),
        thinking: thinking.clone(),
        ..of(hello())
    };
    let (body, losses) = written(&forced);
    assert_eq!((&body["thinking"], &body["tool_choice"]["type"]), (&Value::Null, &json!("any")));
    assert_eq!(losses, ["reasoning_effort"]);
    let (body, _) = written(&Request { model: "claude-opus-5".into(), thinking: None, ..forced.clone() });
    assert_eq!(body["thinking"]["type"], "disabled");
    let (body, losses) = written(&Request { model: "claude-fable-5".into(), thinking: None, ..forced });
    assert_eq!((&body["tool_choice"]["type"], losses), (&json!("auto"), vec!["tool_choice".to_owned()]));

    let turns = |first: Part| {
        let results = Turn::new(Role::User, vec![result("1", vec![])]);
        [hello(), vec![Turn::new(Role::Assistant, vec![first, call("1", "{}")]), results]].concat()
    };
    let opaque = Some(Opaque::new(Format::Anthropic, "s".into()));
    let thought = Part { opaque, ..Part::new(PartKind::Reasoning(Reasoning::default())) };
    for (first, is_on) in [(thought, true), (Part::text("a"), false)] {
        let (body, losses) = written(&Request { thinking: thinking.clone(), ..of(turns(first)) });
        assert_eq!((body["thinking"].is_object(), losses.is_empty()), (is_on, is_on));
    }
}

#[test]
fn sampling_is_what_the_model_takes() {
    let number = |value: f64| serde_json::Number::from_f64(value);
    let cases = [
        ("claude-sonnet-4", Some(1.7), Some(0.5), false, json!([1, 0.5]), vec!["temperature"]),
        ("claude-sonnet-4", Some(1.0), None, false, json!([1.0, null]), vec![]),
        (MODEL, Some(0.5), Some(0.5), false, json!([0.5, null]), vec!["top_p"]),
        (MODEL, None, Some(0.5), false, json!([null, 0.5]), vec![]),
        (MODEL, Some(0.5), Some(0.96), true, json!([null, 0.96]), vec!["temperature"]),
        (MODEL, Some(1.0), Some(0.5), true, json!([null, null]), vec!["top_p"]),
        ("claude-opus-4-7", Some(0.5), Some(0.5), false, json!([null, null]), vec!["temperature", "top_p"]),
        ("claude-opus-4-7", Some(1.0), Some(1.0), false, json!([null, null]), vec![]),
        ("other", Some(0.5), Some(0.5), false, json!([0.5, 0.5]), vec![]),
    ];
    for (model, temperature, top_p, thinks, expected, lost) in cases {
        let mut request = Request { model: model.into(), max_tokens: Some(9_000), ..of(hello()) };
        request.sampling.temperature = temperature.and_then(number);
        request.sampling.top_p = top_p.and_then(number);
        request.thinking = thinks.then(|| Thinking { effort: Some(Effort::Low), ..Thinking::default() });
        let (body, losses) = written(&request);
        assert_eq!(
            (json!([body["temperature"], body["top_p"]]), losses),
            (expected, lost.into_iter().map(str::to_owned).collect()),
            "{model}"
        );
    }
}

#[test]
fn what_cannot_be_said_is_refused_or_named() {
    let media = |kind, source| Part::media(Media { kind, source, mime: None, name: None, detail: None, extras: None });
    let said = |part: Part| of(vec![Turn::new(Role::User, vec![part])]);
    let file = Source::File { format: Format::OpenAi, id: "f".into() };
    let mut stored = of(hello());
    stored.state.previous_response_id = Some("r".into());
    let cases = [
        (
            said(media(MediaKind::Audio, Source::Base64("AA==".into()))),
            "messages: audio has no counterpart in Anthropic Messages",
        ),
        (said(media(MediaKind::Image, file)), "messages: the image is a file of another vendor"),
        (
            said(media(MediaKind::Image, Source::Url("gs://a".into()))),
            "messages: the URL of the image is not one of HTTP",
        ),
        (said(result("x", vec![])), "messages: the result for `x` answers no call of the turn before it"),
        (Request { choices: Some(2), ..of(hello()) }, "n: has no counterpart in Anthropic Messages"),
        (stored, "previous_response_id: has no counterpart in Anthropic Messages"),
        (
            Request { tool_choice: Some(ToolChoice::Required), ..of(hello()) },
            "tool_choice: a call is required, but there are no tools",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(try_write(&request).unwrap_err(), expected);
    }
    let mut request = of(hello());
    request.sampling.seed = Some(1.into());
    request.sampling.presence_penalty = Some(1.into());
    request.log_probs = Some(LogProbs::default());
    request.verbosity = Some("low".into());
    request.tier = Some(Tier::Flex);
    request.stop = vec![" ".into(), "x".into()];
    request.extras.0.push(("logit_bias".into(), Json::empty_object()));
    let (body, losses) = written(&request);
    assert_eq!(body["stop_sequences"], json!(["x"]));
    assert_eq!(losses, ["stop", "service_tier", "logit_bias", "presence_penalty", "seed", "verbosity", "top_logprobs"]);
}

#[test]
fn tools_of_other_formats_become_functions() {
    let custom = Tool::Custom { name: "C".into(), description: Some("d".into()), grammar: None };
    let search = Tool::Search(Search { max_uses: Some(2), ..Search::default() });
    let bare = Tool::Function {
        name: "E".into(),
        description: None,
        parameters: Json::from_text(r#"{"properties":{}}"#),
        strict: Some(false),
        cache: None,
        extras: None,
    };
    let names = vec!["C".to_owned(), "E".to_owned(), "web_search".to_owned()];
    let request = Request {
        tools: vec![function("A"), custom, search, bare],
        tool_choice: Some(ToolChoice::Allowed { names, is_required: true }),
        parallel_calls: Some(false),
        ..of(hello())
    };
    let (body, losses) = written(&request);
    let free = json!({"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"], "additionalProperties": false});
    assert_eq!(
        body["tools"],
        json!([
            {"name": "C", "description": "d", "input_schema": free},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
            {"name": "E", "input_schema": {"type": "object", "properties": {}}}
        ])
    );
    assert_eq!(body["tool_choice"], json!({"type": "any", "disable_parallel_tool_use": true}));
    assert!(losses.is_empty(), "{losses:?}");
}

#[test]
fn the_shape_of_the_answer_is_enforced_or_asked_for() {
    let schema = Json::from_text(r#"{"type":"object","properties":{}}"#).unwrap();
    let shape = OutputShape::Schema { name: None, description: None, schema, strict: None };
    let request = Request { output: shape, ..of(hello()) };
    let (body, _) = written(&request);
    let closed = json!({"type": "object", "properties": {}, "additionalProperties": false});
    assert_eq!(body["output_config"]["format"], json!({"type": "json_schema", "schema": closed}));
    let (body, losses) = written(&Request { model: "claude-opus-4-1".into(), ..request.clone() });
    assert!(body["system"][0]["text"].as_str().unwrap().ends_with(r#"{"type":"object","properties":{}}"#));
    assert_eq!(losses, ["response_format"]);
    let (body, losses) = written(&Request { output: OutputShape::JsonObject, ..request });
    assert!(body["system"][0]["text"].as_str().unwrap().contains("JSON object") && losses.is_empty());
}

#[test]
fn documents_are_pdfs_or_plain_text() {
    let document = |mime: &str, data: &str| {
        let source = Source::Base64(data.into());
        let (mime, name) = (Some(mime.to_owned()), Some("n".to_owned()));
        let media = Media { kind: MediaKind::Document, source, mime, name, detail: None, extras: None };
        try_write(&of(vec![Turn::new(Role::User, vec![Part::media(media)])]))
            .map(|(body, _)| body["messages"][0]["content"][0]["source"].clone())
    };
    let pdf = json!({"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="});
    assert_eq!(document("application/pdf", "JVBERg=="), Ok(pdf));
    let text = json!({"type": "text", "media_type": "text/plain", "data": "a,b"});
    assert_eq!(document("text/csv", "YSxi"), Ok(text));
    assert!(document("text/csv", "?").unwrap_err().contains("not UTF-8 in base64"));
    assert!(document("application/zip", "AA==").unwrap_err().contains("application/zip"));
}

//! What clients ask.

use rotator_domain::Format;
use serde_json::{Value, json};

use super::super::super::wire::FORMAT;
use super::super::{read, write};
use super::{own, parse, written};
use crate::ir::{
    Attachment, Effort, Opaque, Part, PartKind, Role, Search, Source, Thinking, ThinkingMode, Tier, Tool, ToolChoice,
    Turn,
};
use crate::{Asked, Losses, ModelTable, Writing};

fn refused(body: &str) -> String {
    read(&Asked::default(), body.as_bytes()).unwrap_err().to_string()
}

/// A request that says all that is understood.
fn everything() -> Value {
    json!({
        "model": "gpt-5",
        "instructions": "sys",
        "input": [
            {"type": "message", "role": "developer", "content": "dev"},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "q", "prompt_cache_breakpoint": {"mode": "explicit"}},
                {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "low"},
                {"type": "input_image", "file_id": "file-1", "detail": "auto"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="},
                {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGk="},
                {"type": "input_file", "file_url": "https://a.example/b.pdf"},
                {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}}
            ]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "s"}], "encrypted_content": "gAAA"},
            {"type": "message", "role": "assistant", "content": "a"},
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{\"a\": 1.10}"},
            {"type": "custom_tool_call", "call_id": "c2", "name": "g", "input": "free"},
            {"type": "image_generation_call", "id": "ig_2", "status": "completed", "result": "aGk="},
            {"type": "function_call_output", "call_id": "c1", "output": [
                {"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": "https://a.example/b.png", "detail": "auto"}
            ]},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": "y"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}}
        ],
        "tools": [
            {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object", "x": 1e2}, "strict": true, "defer_loading": true},
            {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark", "definition": "d"}},
            {"type": "web_search", "filters": {"allowed_domains": ["a.example"]}},
            {"type": "code_interpreter", "container": {"type": "auto"}}
        ],
        "tool_choice": {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}]},
        "parallel_tool_calls": false,
        "text": {"format": {"type": "json_schema", "name": "n", "description": "d", "schema": {"type": "object"}, "strict": true}, "verbosity": "low"},
        "reasoning": {"effort": "high", "summary": "auto", "context": "auto"},
        "temperature": 0.5,
        "top_p": 0.25,
        "max_output_tokens": 100,
        "top_logprobs": 3,
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content", "web_search_call.results"],
        "previous_response_id": "resp_1",
        "conversation": {"id": "conv_1"},
        "background": false,
        "store": true,
        "service_tier": "flex",
        "user": "me",
        "metadata": {"k": "v"},
        "prompt_cache_key": "key",
        "prompt_cache_retention": "24h",
        "stream": true,
        "stream_options": {"include_obfuscation": false},
        "safety_identifier": "id",
        "truncation": "auto",
        "max_tool_calls": 3,
        "prompt": {"id": "p"}
    })
}

#[test]
fn what_is_read_and_written_is_the_same() {
    let body = everything();
    let request = parse(&body);
    let (again, dropped) = written(&request);
    assert_eq!(again, body);
    assert!(dropped.is_empty(), "{dropped:?}");
    assert_eq!(parse(&again), request);
}

#[test]
fn a_request_is_read_into_words_of_no_format() {
    let request = parse(&everything());
    let roles: Vec<Role> = request.turns.iter().map(|turn| turn.role).collect();
    use Role::{Assistant, Developer, System, User};
    assert_eq!(roles, [System, Developer, User, Assistant, User, User, Assistant]);
    assert_eq!(request.turns[3].parts.len(), 6, "items of the model's are one turn");
    assert_eq!(request.turns[3].parts[0].opaque, Some(own("gAAA")));
    let text = |part: &Part| match &part.kind {
        PartKind::Media(media) => match &media.source {
            Source::Text(text) => Some(text.clone()),
            _ => None,
        },
        _ => None,
    };
    assert_eq!(text(&request.turns[2].parts[4]).as_deref(), Some("hi"));
    let Tool::Function { parameters: Some(parameters), .. } = &request.tools[0] else { panic!() };
    assert_eq!(parameters.get(), r#"{"type":"object","x":100.0}"#);
    let Tool::Search(Search { allowed_domains, .. }) = &request.tools[2] else { panic!() };
    assert_eq!(allowed_domains, &["a.example"]);
    assert!(matches!(&request.tools[3], Tool::Native(native) if native.name == "code_interpreter"));
    let names = vec!["f".to_owned(), "g".to_owned()];
    assert_eq!(request.tool_choice, Some(ToolChoice::Allowed { names, is_required: true }));
    let thinking = Thinking {
        mode: ThinkingMode::Enabled,
        effort: Some(Effort::High),
        summary: Some("auto".into()),
        wants_opaque: true,
        budget: None,
    };
    assert_eq!(request.thinking, Some(thinking));
    assert_eq!((request.tier, request.stream, request.include_usage), (Some(Tier::Flex), true, true));
    let extras: Vec<&str> = request.extras.0.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["truncation", "max_tool_calls", "prompt", "reasoning", "include", "safety_identifier", "stream_options"];
    assert_eq!(extras.len(), expected.len());
    assert!(expected.iter().all(|name| extras.contains(name)), "{extras:?}");
}

#[test]
fn input_has_short_forms() {
    let text = parse(&json!({"model": "m", "input": "hi"}));
    assert_eq!(text.turns, [Turn::new(Role::User, vec![Part::text("hi")])]);
    let untyped = parse(&json!({"model": "m", "input": [{"role": "user", "content": "hi"}]}));
    assert_eq!(untyped.turns, text.turns);
    let referred = parse(
        &json!({"model": "m", "input": [{"id": "msg_1"}, {"type": "function_call_output", "call_id": "c", "output": ""}]}),
    );
    assert!(matches!(&referred.turns[0].parts[0].kind, PartKind::Native(native) if native.name == "item_reference"));
    let stored = parse(&json!({"model": "m", "previous_response_id": "resp_1"}));
    assert!(stored.turns.is_empty());
    let prompt = parse(&json!({"prompt": {"id": "p"}}));
    assert_eq!(written(&prompt).0, json!({"input": [], "prompt": {"id": "p"}}));
}

#[test]
fn every_choice_of_tools_is_read_and_written() {
    let tools = json!([
        {"type": "function", "name": "f", "parameters": null, "strict": null},
        {"type": "custom", "name": "g"},
        {"type": "web_search_preview"}
    ]);
    let cases = [
        (json!("auto"), ToolChoice::Auto, json!("auto")),
        (json!("none"), ToolChoice::None, json!("none")),
        (json!("required"), ToolChoice::Required, json!("required")),
        (
            json!({"type": "function", "name": "f"}),
            ToolChoice::Named("f".into()),
            json!({"type": "function", "name": "f"}),
        ),
        (json!({"type": "custom", "name": "g"}), ToolChoice::Named("g".into()), json!({"type": "custom", "name": "g"})),
        (
            json!({"type": "web_search_preview"}),
            ToolChoice::Named("web_search_preview".into()),
            json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "web_search_preview"}]}),
        ),
    ];
    for (choice, expected, again) in cases {
        let request = parse(&json!({"model": "m", "input": "", "tools": tools, "tool_choice": choice}));
        assert_eq!(request.tool_choice, Some(expected));
        let (body, _) = written(&request);
        assert_eq!((&body["tool_choice"], &body["tools"]), (&again, &tools));
    }
    for native in [json!({"type": "file_search"}), json!({"type": "mcp", "server_label": "s"})] {
        let request = parse(&json!({"model": "m", "input": "", "tools": tools, "tool_choice": native}));
        assert!(matches!(request.tool_choice, Some(ToolChoice::Native(_))));
        assert_eq!(written(&request).0["tool_choice"], native);
    }
}

#[test]
fn what_makes_no_sense_is_told_with_its_place() {
    let cases = [
        ("", "the body is not JSON: EOF while parsing a value at line 1 column 0"),
        ("[]", "expected an object, found a list"),
        (r#"{"input":"a"}"#, "model: is missing"),
        (r#"{"model":"m"}"#, "input: is missing"),
        (r#"{"model":"m","input":5}"#, "input: expected a list, found another number"),
        (r#"{"model":"m","input":[5]}"#, "input[0]: expected an object, found another number"),
        (r#"{"model":"m","input":[{}]}"#, "input[0].type: is missing"),
        (r#"{"model":"m","input":[{"role":"tool","content":"a"}]}"#, "input[0].role: `tool` is no role that is known"),
        (r#"{"model":"m","input":[{"role":"user"}]}"#, "input[0].content: is missing"),
        (
            r#"{"model":"m","input":[{"role":"user","content":{}}]}"#,
            "input[0].content: expected a string or a list, found an object",
        ),
        (
            r#"{"model":"m","input":[{"role":"user","content":[{"type":"text","text":"a"}]}]}"#,
            "input[0].content[0].type: `text` is no part that is known",
        ),
        (
            r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":5}]}]}"#,
            "input[0].content[0].text: expected a string, found another number",
        ),
        (
            r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_image"}]}]}"#,
            "input[0].content[0].image_url: is missing",
        ),
        (
            r#"{"model":"m","input":[{"type":"function_call_output","call_id":"c","output":"a"}]}"#,
            "input[0].call_id: no call before has the id `c`",
        ),
        (
            r#"{"model":"m","input":[{"type":"function_call","call_id":"c","name":"f"}]}"#,
            "input[0].arguments: is missing",
        ),
        (
            r#"{"model":"m","input":[{"type":"reasoning","summary":[{"type":"summary_text"}]}]}"#,
            "input[0].summary[0].text: is missing",
        ),
        (r#"{"model":"m","input":"","tools":[{"name":"f"}]}"#, "tools[0].type: is missing"),
        (
            r#"{"model":"m","input":"","tools":[{"type":"function","name":"f","parameters":5}]}"#,
            "tools[0].parameters: expected an object, found another number",
        ),
        (r#"{"model":"m","input":"","tool_choice":"some"}"#, "tool_choice: `some` is no choice that is known"),
        (
            r#"{"model":"m","input":"","text":{"format":{"type":"xml"}}}"#,
            "text.format.type: `xml` is no format that is known",
        ),
        (
            r#"{"model":"m","input":"","reasoning":{"effort":"mad"}}"#,
            "reasoning.effort: `mad` is no effort that is known",
        ),
        (r#"{"model":"m","input":"","metadata":"a"}"#, "metadata: expected an object, found a string"),
        (
            r#"{"model":"m","input":"","max_output_tokens":-1}"#,
            "max_output_tokens: expected a whole number from 0 on, found another number",
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(refused(body), expected, "{body}");
    }
    let deep = format!(r#"{{"model":"m","input":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(refused(&deep), "input[0]: expected an object, found a list");
    assert!(read(&Asked::default(), b"{\"model\":\"\xff\"}").unwrap_err().message.contains("UTF-8"));
}

#[test]
fn numbers_beyond_those_of_javascript_stay() {
    let arguments = r#"{"id": 12345678901234567890123}"#;
    let body = json!({"model": "m", "input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": arguments}]});
    let (again, _) = written(&parse(&body));
    assert_eq!(again["input"][0]["arguments"], arguments);
    let schema = r#"{"model":"m","input":"","tools":[{"type":"function","name":"f","parameters":{"maximum":9007199254740993}}]}"#;
    let request = read(&Asked::default(), schema.as_bytes()).unwrap();
    let models = ModelTable::default();
    let call = write(&request, &mut Writing { models: &models, losses: Losses::default() }).unwrap();
    assert!(String::from_utf8_lossy(&call.body).contains(r#"{"maximum":9007199254740993}"#));
}

#[test]
fn what_carriers_hold_comes_back_to_its_part() {
    let opaque = Opaque::new(Format::Gemini, "c2ln".into());
    let slot = |attachment| Opaque { attachment, ..opaque.clone() }.for_slot(FORMAT);
    let request = parse(&json!({"model": "m", "input": [
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": slot(Attachment::Next)},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "message", "role": "assistant", "content": "a"},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": slot(Attachment::Previous)},
        {"type": "reasoning", "id": "rs_3", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": slot(Attachment::Own)}
    ]}));
    let parts = &request.turns[0].parts;
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| part.opaque.as_ref() == Some(&opaque)));
}

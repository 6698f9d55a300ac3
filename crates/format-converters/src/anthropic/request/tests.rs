//! Requests, read and written.

use rotator_domain::Format;

use super::{read, write};
use crate::ir::{Opaque, Part, PartKind, Reasoning, Request, Role, ToolCall, ToolInput, ToolResult, Turn};
use crate::{Asked, Invalid, Losses, ModelTable, Writing};

fn written(request: &Request) -> Result<(serde_json::Value, Vec<String>), Invalid> {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = write(request, &mut writing)?;
    assert_eq!((call.path.as_str(), call.headers.len()), ("/v1/messages", 1));
    Ok((serde_json::from_slice(&call.body).unwrap(), writing.losses.names().to_vec()))
}

fn parsed(body: &str) -> Result<Request, Invalid> {
    read(&Asked::default(), body.as_bytes())
}

fn foreign(turns: Vec<Turn>) -> Request {
    Request { turns, max_tokens: Some(9_000), ..Request::new(Format::OpenAi, "claude-sonnet-4-5".into()) }
}

fn call(id: &str) -> Part {
    let input = ToolInput::Arguments(r#"{"n":1.10}"#.into());
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "A".into(), input }))
}

fn result(id: &str) -> Part {
    let content = vec![Part::text("ok")];
    Part::new(PartKind::ToolResult(ToolResult {
        call_id: id.into(),
        name: None,
        content,
        is_error: None,
        is_custom: false,
    }))
}

#[test]
fn a_request_that_is_written_reads_the_same() {
    let body = r#"{"model":"claude-sonnet-4-5","max_tokens":4000,"stream":true,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "messages":[{"role":"user","content":[{"type":"text","text":"a"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
            {"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"title":"t","citations":{"enabled":true}},
            {"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"}]}},
            {"type":"image","source":{"type":"url","url":"https://x.example/a"}}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"EqQB"},{"type":"redacted_thinking","data":"Eq"},
            {"type":"server_tool_use","id":"s","name":"web_search","input":{}},
            {"type":"tool_use","id":"toolu_1","name":"A","input":{"n": 12345678901234567890123}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"1"},{"type":"text","text":"2"}],"is_error":true},{"type":"text","text":"b"}]}],
        "tools":[{"name":"A","description":"d","input_schema":{"type":"object"},"defer_loading":true},
            {"type":"web_search_20260209","name":"web_search","max_uses":2},{"type":"bash_20250124","name":"bash"}],
        "tool_choice":{"type":"auto","disable_parallel_tool_use":true},"thinking":{"type":"enabled","budget_tokens":2000},
        "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}},"task_budget":{"total":5}},
        "stop_sequences":["x"],"top_p":0.95,"metadata":{"user_id":"u"},"service_tier":"standard_only","inference_geo":"us"}"#;
    let request = parsed(body).unwrap();
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let again = write(&request, &mut writing).unwrap();
    assert_eq!(writing.losses, Losses::default());
    assert_eq!(read(&Asked::default(), &again.body).unwrap(), request);
}

#[test]
fn bad_requests_are_told_where() {
    let deep = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":{}{}}}]}}"#,
        "[".repeat(9_000),
        "]".repeat(9_000)
    );
    let cases = [
        (r#"{"messages":[]}"#, "model: is missing"),
        (r#"{"model":"m"}"#, "messages: is missing"),
        (r#"{"model":"m","messages":[{"role":"robot","content":""}]}"#, "messages[0].role: unknown role \"robot\""),
        (
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":1}]}]}"#,
            "messages[0].content[0].text: expected a string, found another number",
        ),
        (r#"{"model":"m","messages":[],"thinking":{"type":"deep"}}"#, "thinking.type: unknown type \"deep\""),
        (
            r#"{"model":"m","messages":[],"max_tokens":-1}"#,
            "max_tokens: expected a whole number from 0 on, found another number",
        ),
        (&deep, "messages[0].content[0]: expected an object, found a list"),
    ];
    for (body, expected) in cases {
        assert_eq!(parsed(body).unwrap_err().to_string(), expected);
    }
    assert!(read(&Asked::default(), b"{\"a\":\xff}").is_err());
}

#[test]
fn results_come_first_in_one_turn_and_late_instructions_are_the_users() {
    let request = foreign(vec![
        Turn::new(Role::System, vec![Part::text("s")]),
        Turn::new(Role::Developer, vec![Part::text("d")]),
        Turn::new(Role::User, vec![Part::text("u"), Part::text("")]),
        Turn::new(Role::Assistant, vec![call("a|1"), call("b")]),
        Turn::new(Role::System, vec![Part::text("late")]),
        Turn::new(Role::User, vec![result("a|1")]),
        Turn::new(Role::User, vec![result("b")]),
    ]);
    let (body, losses) = written(&request).unwrap();
    assert_eq!(losses, ["late_system"]);
    assert_eq!(body["system"].as_array().unwrap().len(), 2);
    let messages = body["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 3);
    assert_eq!(messages[1]["content"][0]["id"], "a_1");
    let kinds: Vec<&str> =
        messages[2]["content"].as_array().unwrap().iter().map(|b| b["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool_result", "tool_result", "text"]);
    let lost = foreign(vec![Turn::new(Role::User, vec![result("zzz")])]);
    assert_eq!(written(&lost).unwrap_err().to_string(), "messages[0].content[0]: the result \"zzz\" answers no call");
}

#[test]
fn thinking_goes_where_the_vendor_takes_it() {
    use crate::ir::{Effort, Thinking, ToolChoice};
    let signed = |issuer| Part {
        opaque: Some(Opaque::new(issuer, "sig".into())),
        ..Part::new(PartKind::Reasoning(Reasoning { sections: vec!["t".into()], is_summary: false }))
    };
    let user = || Turn::new(Role::User, vec![Part::text("u")]);
    let of = |effort, turns| Request {
        thinking: Some(Thinking { effort: Some(effort), ..Thinking::default() }),
        ..foreign(turns)
    };
    let tool_loop = |issuer| {
        vec![
            user(),
            Turn::new(Role::Assistant, vec![signed(issuer), call("a")]),
            Turn::new(Role::User, vec![result("a")]),
        ]
    };
    let mut cold = of(Effort::Low, vec![user()]);
    cold.sampling.temperature = serde_json::Number::from_f64(0.5);
    let tools = || parsed(r#"{"model":"m","messages":[],"tools":[{"name":"A"}]}"#).unwrap().tools;
    let forced = Request { tools: tools(), tool_choice: Some(ToolChoice::Required), ..of(Effort::Low, vec![user()]) };
    let newer = Request { model: "claude-opus-4-6".into(), ..of(Effort::Minimal, vec![user()]) };
    let cases: [(Request, &str, &[&str]); 7] = [
        (of(Effort::Medium, vec![user()]), r#"{"type":"enabled","budget_tokens":8192}"#, &[]),
        (of(Effort::High, vec![user()]), r#"{"type":"disabled"}"#, &["reasoning_effort"]),
        (cold, r#"{"type":"enabled","budget_tokens":2048}"#, &["temperature"]),
        (forced, r#"{"type":"disabled"}"#, &["reasoning_effort"]),
        (newer, r#"{"type":"adaptive","display":"omitted"}"#, &[]),
        (of(Effort::Low, tool_loop(Format::Anthropic)), r#"{"type":"enabled","budget_tokens":2048}"#, &[]),
        (of(Effort::Low, tool_loop(Format::Gemini)), r#"{"type":"disabled"}"#, &["reasoning", "reasoning_effort"]),
    ];
    for (request, thinking, losses) in cases {
        let (body, dropped) = written(&request).unwrap();
        assert_eq!(body["thinking"], serde_json::from_str::<serde_json::Value>(thinking).unwrap());
        assert_eq!(dropped, losses);
        assert!(!body.to_string().contains("rotator"), "no foreign text reaches the upstream");
    }
}

#[test]
fn what_cannot_be_said_is_refused_or_named() {
    let mut request = foreign(vec![Turn::new(Role::User, vec![Part::text("u")])]);
    request.sampling.temperature = serde_json::Number::from_f64(1.7);
    request.sampling.seed = Some(5.into());
    request.verbosity = Some("low".into());
    request.user = Some("me".into());
    let (body, losses) = written(&request).unwrap();
    assert_eq!((&body["temperature"], &body["metadata"]["user_id"]), (&1.into(), &"me".into()));
    assert_eq!(losses, ["seed", "verbosity", "temperature"]);
    request.choices = Some(2);
    assert_eq!(written(&request).unwrap_err().to_string(), "n: Anthropic gives one answer only");
}

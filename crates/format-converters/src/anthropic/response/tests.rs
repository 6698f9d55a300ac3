//! Answers that are read, written, and both.

use std::sync::Arc;

use rotator_domain::Format;
use serde_json::{Value, json};

use super::{read, write};
use crate::ir::{
    ApiError, Attachment, Choice, Citation, Native, Opaque, Part, PartKind, Reasoning, Request, Response, Stop,
    StopReason, ToolCall, ToolInput, Usage,
};
use crate::{Asked, Ids, Json, Losses, Telling, carriers};

fn telling() -> Telling {
    let request = Arc::new(Request::new(Format::Anthropic, "asked".into()));
    Telling { request, asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() }
}

fn written(response: &Response) -> (Value, Vec<String>) {
    let mut telling = telling();
    let body = write(response, &mut telling);
    (serde_json::from_slice(&body).unwrap(), telling.losses.names().to_vec())
}

fn said(parts: Vec<Part>) -> Response {
    let stop = Some(Stop::of(StopReason::End));
    Response { choices: vec![Choice { parts, stop, log_probs: None }], ..Response::default() }
}

fn read_value(body: &Value) -> Response {
    read(body.to_string().as_bytes()).unwrap()
}

fn thought(text: &str, opaque: Option<Opaque>) -> Part {
    let sections = if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
    Part { kind: PartKind::Reasoning(Reasoning { sections, is_summary: false }), cache: None, opaque }
}

fn call(id: &str, input: ToolInput) -> Part {
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "A".into(), input }))
}

fn rich() -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
            {"type": "thinking", "thinking": "", "signature": "aGlkZGVu"},
            {"type": "redacted_thinking", "data": "ZGF0YQ=="},
            {"type": "text", "text": "so", "citations": [{"type": "char_location", "document_index": 0,
             "document_title": "D", "cited_text": "c", "start_char_index": 0, "end_char_index": 1}]},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            {"type": "tool_use", "id": "toolu_1", "name": "A", "input": {"a": 1}}
        ],
        "stop_reason": "stop_sequence", "stop_sequence": "END",
        "usage": {"input_tokens": 3, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 7, "output_tokens": 11,
                  "output_tokens_details": {"thinking_tokens": 2}, "service_tier": "priority"}
    })
}

#[test]
fn what_is_read_is_written_the_same() {
    let (body, losses) = written(&read_value(&rich()));
    assert_eq!((body, losses), (rich(), Vec::new()));
}

#[test]
fn the_three_kinds_of_input_make_up_the_prompt() {
    let response = read_value(&rich());
    let usage = Usage { input: 15, cached: Some(7), cache_written: Some(5), output: 11, reasoning: Some(2) };
    assert_eq!((response.usage, response.tier.as_deref()), (Some(usage), Some("priority")));
    let odd = Usage { input: 1, cached: Some(u64::MAX), ..Usage::default() };
    let (body, _) = written(&Response { usage: Some(odd), ..said(vec![]) });
    assert_eq!(body["usage"]["input_tokens"], 0);
    let huge = json!({"content": [], "usage": {"input_tokens": u64::MAX, "cache_read_input_tokens": 5}});
    assert_eq!(read_value(&huge).usage.unwrap().input, u64::MAX);
}

#[test]
fn every_reason_to_stop_has_its_word() {
    let cases = [
        ("end_turn", StopReason::End, "end_turn"),
        ("max_tokens", StopReason::Length, "max_tokens"),
        ("model_context_window_exceeded", StopReason::Length, "max_tokens"),
        ("stop_sequence", StopReason::StopString, "stop_sequence"),
        ("tool_use", StopReason::Tools, "tool_use"),
        ("refusal", StopReason::Filter, "refusal"),
        ("pause_turn", StopReason::Pause, "pause_turn"),
        ("new_reason", StopReason::Other("new_reason".into()), "end_turn"),
    ];
    for (word, reason, again) in cases {
        let response = read_value(&json!({"content": [], "stop_reason": word}));
        assert_eq!(response.choices[0].stop, Some(Stop::of(reason)));
        assert_eq!(written(&response).0["stop_reason"], again);
    }
    let unsaid = |parts| Response { choices: vec![Choice { parts, ..Choice::default() }], ..Response::default() };
    let calls = vec![call("1", ToolInput::Arguments("{}".into()))];
    assert_eq!(written(&unsaid(calls)).0["stop_reason"], "tool_use");
    assert_eq!(written(&unsaid(vec![])).0["stop_reason"], "end_turn");
    let (body, _) = written(&said(vec![Part::new(PartKind::Refusal("no".into()))]));
    assert_eq!(body["stop_reason"], "end_turn");
    assert_eq!(body["content"], json!([{"type": "text", "text": "no"}]));
}

#[test]
fn what_other_issuers_want_back_comes_back() {
    let foreign = |value: &str| Some(Opaque::new(Format::Gemini, value.into()));
    let item = Opaque { id: Some("rs_1".into()), ..Opaque::new(Format::OpenAiResponses, "enc".into()) };
    let summary = Reasoning { sections: vec!["shown".into()], is_summary: true };
    let parts = vec![
        Part { opaque: foreign("Zmlyc3Q="), ..Part::new(PartKind::Reasoning(summary)) },
        thought("", Some(item)),
        Part { opaque: foreign("c2Vjb25k"), ..Part::text("said") },
        Part { opaque: foreign("dGhpcmQ="), ..call("1", ToolInput::Arguments("{}".into())) },
    ];
    let (body, _) = written(&said(parts.clone()));
    let types: Vec<&str> =
        body["content"].as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    let hidden = "redacted_thinking";
    assert_eq!(types, ["thinking", hidden, "text", hidden, hidden, "tool_use"]);
    let response = read_value(&body);
    assert_eq!(response.choices[0].parts[4].opaque.as_ref().unwrap().attachment, Attachment::Next);
    assert_eq!(carriers::gather(response.choices[0].parts.clone()), parts);
    let (body, _) = written(&said(vec![thought("bare", None), thought("", None)]));
    assert_eq!(body["content"], json!([{"type": "thinking", "thinking": "bare", "signature": ""}]));
}

#[test]
fn what_the_format_cannot_say_is_named() {
    let native =
        Native { format: Format::OpenAiResponses, name: "file_search_call".into(), json: Json::empty_object() };
    let citation = |url: Option<&str>| Citation { url: url.map(str::to_owned), ..Citation::default() };
    let citations = vec![citation(Some("https://e.org")), citation(None)];
    let text = Part::new(PartKind::Text { text: "t".into(), citations });
    let inputs = [ToolInput::Arguments(String::new()), ToolInput::Arguments("5".into()), ToolInput::Text("x".into())];
    let calls = inputs.into_iter().map(|input| call("", input));
    let parts = [Part::new(PartKind::Native(native)), text].into_iter().chain(calls).collect();
    let (body, losses) = written(&Response { tier: Some("default".into()), ..said(parts) });
    assert_eq!(losses, ["file_search_call"]);
    let content = body["content"].as_array().unwrap();
    assert_eq!(content[0]["citations"].as_array().unwrap().len(), 1);
    let inputs: Vec<&Value> = content[1..].iter().map(|block| &block["input"]).collect();
    assert_eq!(inputs, [&json!({}), &json!({"__unparsed__": "5"}), &json!({"input": "x"})]);
    assert!(
        content[1]["id"].as_str().unwrap().starts_with("toolu_") && body["id"].as_str().unwrap().starts_with("msg_")
    );
    assert_eq!((&body["model"], &body["usage"]["service_tier"]), (&json!("asked"), &json!("standard")));
}

#[test]
fn a_page_that_another_vendor_found_is_not_shown_to_the_upstream() {
    let page = json!({"content": [{"type": "text", "text": "t", "citations": [{"type": "web_search_result_location",
        "url": "https://e.org", "title": null, "cited_text": "", "encrypted_index": ""}]}]});
    let response = read_value(&page);
    let PartKind::Text { citations, .. } = &response.choices[0].parts[0].kind else { panic!("{response:?}") };
    assert_eq!((citations[0].url.as_deref(), &citations[0].native), (Some("https://e.org"), &None));
}

#[test]
fn odd_answers_are_understood_as_far_as_they_make_sense() {
    let odd = json!({"type": "message", "id": 5, "content": [5, {}, {"type": "text", "text": 7}, {"type": "tool_use", "id": "a"},
        {"type": "later", "x": 1}], "usage": [], "stop_reason": {}});
    let response = read_value(&odd);
    assert_eq!(response.choices[0].parts.len(), 3);
    assert_eq!((response.usage, &response.choices[0].stop), (None, &None));
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}});
    let told = ApiError { status: 529, message: "busy".into(), code: Some("overloaded_error".into()), param: None };
    let response = read_value(&error);
    assert_eq!(response.error, Some(told));
    assert_eq!(written(&response).0, error);
    for none in ["{}", "[]", "", "{", r#"{"choices":[]}"#] {
        assert!(read(none.as_bytes()).is_err(), "{none}");
    }
}

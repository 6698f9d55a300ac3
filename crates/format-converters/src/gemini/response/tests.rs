//! What is written, and that it reads the same.

use std::sync::Arc;

use rotator_domain::Format;
use serde_json::{Value, json};

use super::{read, write};
use crate::ir::{
    ApiError, Choice, Citation, Native, Opaque, Part, PartKind, Reasoning, Request, Response, Stop, StopReason,
    ToolCall, ToolInput, Usage,
};
use crate::{Asked, Ids, Json, Losses, Telling};

fn telling() -> Telling {
    let request = Arc::new(Request::new(Format::Gemini, "asked".into()));
    Telling { request, asked: Asked::default(), ids: Ids::new(7), now: 0, losses: Losses::default() }
}

fn of(parts: Vec<Part>, reason: StopReason) -> Response {
    let choices = vec![Choice { parts, stop: Some(Stop::of(reason)), log_probs: None }];
    Response { id: "r".into(), model: "m".into(), choices, ..Response::default() }
}

fn written(response: &Response) -> Value {
    serde_json::from_slice(&write(response, &mut telling())).unwrap()
}

#[test]
fn an_answer_that_was_written_reads_the_same() {
    let signed = |part: Part, format| Part { opaque: Some(Opaque::new(format, "EqQB".into())), ..part };
    let thought = Part::new(PartKind::Reasoning(Reasoning { sections: vec!["t".into()], is_summary: true }));
    let arguments = ToolInput::Arguments(r#"{"n": 12345678901234567890123}"#.into());
    let call = Part::new(PartKind::ToolCall(ToolCall { id: "1".into(), name: "A".into(), input: arguments }));
    let cited = |span| Citation { url: Some("https://a.example".into()), span, ..Citation::default() };
    let text = Part::new(PartKind::Text { text: "né oui".into(), citations: vec![cited(Some((3, 6)))] });
    let mut response = of(
        vec![signed(thought, Format::Anthropic), signed(text, Format::Gemini), signed(call, Format::OpenAiResponses)],
        StopReason::Tools,
    );
    let list = r#"[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}]"#;
    response.choices[0].log_probs = Json::from_text(list);
    response.choices.push(Choice { stop: Some(Stop::of(StopReason::Length)), ..response.choices[0].clone() });
    response.usage = Some(Usage { input: 9, cached: Some(2), cache_written: None, output: 7, reasoning: Some(3) });
    let bytes = write(&response, &mut telling());
    assert_eq!(read(&bytes).unwrap(), response);
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(value["usageMetadata"]["candidatesTokenCount"], 4);
    assert_eq!(value["usageMetadata"]["totalTokenCount"], 16);
    let support = &value["candidates"][0]["groundingMetadata"]["groundingSupports"][0]["segment"];
    assert_eq!(*support, json!({"partIndex": 1, "startIndex": 4, "endIndex": 7, "text": "oui"}));
}

#[test]
fn every_reason_has_its_name() {
    let cases = [
        (StopReason::End, "STOP"),
        (StopReason::StopString, "STOP"),
        (StopReason::Tools, "STOP"),
        (StopReason::Pause, "STOP"),
        (StopReason::Length, "MAX_TOKENS"),
        (StopReason::Filter, "SAFETY"),
        (StopReason::Other("MALFORMED_FUNCTION_CALL".into()), "MALFORMED_FUNCTION_CALL"),
        (StopReason::Other("tool_calls".into()), "OTHER"),
    ];
    for (reason, expected) in cases {
        assert_eq!(written(&of(vec![Part::text("a")], reason))["candidates"][0]["finishReason"], expected);
    }
}

#[test]
fn an_answer_that_was_held_back_whole_is_a_blocked_prompt() {
    let value = written(&of(Vec::new(), StopReason::Filter));
    assert_eq!(value["promptFeedback"], json!({"blockReason": "SAFETY"}));
    assert_eq!(value.get("candidates"), None);
}

#[test]
fn what_upstreams_leave_out_is_filled_in_and_what_only_they_have_is_left_out() {
    let native = Native { format: Format::OpenAiResponses, name: "web_search_call".into(), json: Json::empty_object() };
    let free = ToolCall { id: String::new(), name: "A".into(), input: ToolInput::Text("x".into()) };
    let parts = vec![
        Part::new(PartKind::Native(native)),
        Part::new(PartKind::Refusal("no".into())),
        Part::new(PartKind::ToolCall(free)),
        Part::text(""),
    ];
    let response = Response { id: String::new(), model: String::new(), ..of(parts, StopReason::End) };
    let mut telling = telling();
    let value: Value = serde_json::from_slice(&write(&response, &mut telling)).unwrap();
    assert_eq!(telling.losses.names(), ["web_search_call"]);
    assert_eq!(value["modelVersion"], "asked");
    assert!(!value["responseId"].as_str().unwrap().is_empty());
    let expected = json!([{"text": "no"}, {"functionCall": {"name": "A", "args": {"input": "x"}}}]);
    assert_eq!(value["candidates"][0]["content"]["parts"], expected);
}

#[test]
fn an_answer_that_is_an_error_is_told_as_one() {
    let error = ApiError { status: 529, message: "busy".into(), ..ApiError::default() };
    let value = written(&Response { error: Some(error), ..Response::default() });
    assert_eq!(value, json!({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}));
}

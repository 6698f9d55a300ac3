//! Streams as upstreams send them.

use serde_json::{Value, json};

use super::{read, said};
use crate::StreamReader;
use crate::ir::{Event, Opaque, PartKind, Response, StopReason, Usage};
use crate::openai_responses::wire::FORMAT;
use crate::sse;

fn stream(events: &[Value]) -> String {
    let line = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default());
    events.iter().map(line).collect()
}

fn response(events: &[Value]) -> Response {
    said(&read(stream(events).as_bytes(), 1 << 20)).into_whole().unwrap()
}

/// Each part in a few words.
fn parts(response: &Response) -> Vec<String> {
    let part = |kind: &PartKind| match kind {
        PartKind::Text { text, citations } => format!("text {text} {}", citations.len()),
        PartKind::Refusal(text) => format!("refusal {text}"),
        PartKind::Reasoning(thought) => format!("thought {} {}", thought.is_summary, thought.sections.join("|")),
        PartKind::ToolCall(call) => format!("call {} {} {}", call.id, call.name, call.input.as_str()),
        PartKind::Native(native) => format!("native {}", native.name),
        PartKind::Media(_) => "media".to_owned(),
        PartKind::ToolResult(_) => "result".to_owned(),
    };
    response.choices.iter().flat_map(|choice| &choice.parts).map(|own| part(&own.kind)).collect()
}

fn created() -> Value {
    json!({"type": "response.created", "response": {"id": "resp_1", "model": "m", "created_at": 5, "status": "in_progress", "output": []}})
}

fn completed() -> Value {
    json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": [],
        "usage": {"input_tokens": 5, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 1}}}})
}

fn text_delta(index: u64, delta: &str) -> Value {
    json!({"type": "response.output_text.delta", "output_index": index, "content_index": 0, "item_id": "x", "delta": delta})
}

fn item(name: &str, index: u64, item: &Value) -> Value {
    json!({"type": format!("response.output_item.{name}"), "output_index": index, "item": item})
}

fn message(text: &str) -> Value {
    json!({"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": [{"type": "url_citation", "url": "https://a.example"}]}]})
}

/// A stream that tells everything in pieces.
fn everything() -> Vec<Value> {
    let function = |arguments: &str| json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": arguments});
    let custom =
        |input: &str| json!({"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "g", "input": input});
    let reasoning = json!({"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}], "encrypted_content": "gAAA"});
    let summary = |index: u64, delta: &str| json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": index, "delta": delta});
    vec![
        created(),
        json!({"type": "response.in_progress", "response": {"id": "resp_1"}}),
        item("added", 0, &json!({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gA"})),
        json!({"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 0, "part": {"type": "summary_text", "text": ""}}),
        summary(0, "o"),
        summary(0, "ne"),
        json!({"type": "response.reasoning_summary_text.done", "output_index": 0, "summary_index": 0, "text": "one"}),
        summary(1, "two"),
        item("done", 0, &reasoning),
        item("added", 1, &json!({"type": "message", "id": "msg_1", "role": "assistant", "content": []})),
        json!({"type": "response.content_part.added", "output_index": 1, "content_index": 0, "part": {"type": "output_text", "text": ""}}),
        json!({"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "he", "logprobs": [{"token": "he", "logprob": -0.5}]}),
        text_delta(1, "llo"),
        json!({"type": "response.output_text.annotation.added", "output_index": 1, "content_index": 0, "annotation_index": 0, "annotation": {"type": "url_citation", "url": "https://a.example"}}),
        json!({"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "hello"}),
        json!({"type": "response.refusal.delta", "output_index": 1, "content_index": 1, "delta": "no"}),
        item("done", 1, &message("hello")),
        item("added", 2, &function("")),
        item("added", 3, &custom("")),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{\"a\":"}),
        json!({"type": "response.custom_tool_call_input.delta", "output_index": 3, "delta": "free"}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "1.0}"}),
        json!({"type": "response.function_call_arguments.done", "output_index": 2, "arguments": "{\"a\":1.0}"}),
        item("done", 2, &function("{\"a\":1.0}")),
        item("done", 3, &custom("free")),
        item("added", 4, &json!({"type": "web_search_call", "id": "ws_1", "status": "in_progress"})),
        json!({"type": "response.web_search_call.searching", "output_index": 4, "item_id": "ws_1"}),
        item("done", 4, &json!({"type": "web_search_call", "id": "ws_1", "status": "completed"})),
        item("done", 5, &json!({"type": "image_generation_call", "id": "ig_1", "result": "aGk="})),
        completed(),
    ]
}

const EXPECTED: [&str; 7] = [
    "thought true one|two",
    "text hello 1",
    "refusal no",
    "call c1 f {\"a\":1.0}",
    "call c2 g free",
    "native web_search_call",
    "media",
];

#[test]
fn a_stream_says_what_its_answer_says() {
    let response = response(&everything());
    assert_eq!(parts(&response), EXPECTED);
    assert_eq!((response.id.as_str(), response.model.as_str(), response.created), ("resp_1", "m", Some(5)));
    let choice = &response.choices[0];
    assert_eq!(choice.stop.as_ref().unwrap().reason, StopReason::Tools);
    let opaque = Opaque { id: Some("rs_1".into()), ..Opaque::new(FORMAT, "gAAA".into()) };
    assert_eq!(choice.parts[0].opaque, Some(opaque));
    assert_eq!(choice.log_probs.as_ref().unwrap().get(), r#"[{"logprob":-0.5,"token":"he"}]"#);
    assert_eq!(response.usage, Some(Usage { input: 5, cached: Some(1), output: 3, ..Usage::default() }));
}

#[test]
fn how_bytes_are_cut_changes_nothing() {
    let stream = stream(&everything());
    let whole = read(stream.as_bytes(), stream.len());
    for size in [1, 7, 64] {
        assert_eq!(read(stream.as_bytes(), size), whole, "{size}");
    }
}

#[test]
fn events_that_are_missing_are_made_up_for() {
    let all = everything();
    let without = |missing: &[&str]| {
        let kept = all.iter().filter(|event| !missing.contains(&event["type"].as_str().unwrap()));
        kept.cloned().collect::<Vec<Value>>()
    };
    let begins =
        ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"];
    let deltas: Vec<&str> =
        all.iter().filter_map(|event| event["type"].as_str()).filter(|name| name.ends_with(".delta")).collect();
    // What is told in pieces alone is not in the item that comes at the end of this stream.
    let expected: Vec<&str> = EXPECTED.into_iter().filter(|part| !part.starts_with("refusal")).collect();
    for (missing, expected) in [
        (&["response.output_item.done"][..], None),
        (&begins[..], Some(&EXPECTED[..])),
        (&begins[2..3], Some(&EXPECTED[..])),
        (&["response.output_text.done", "response.function_call_arguments.done"][..], Some(&EXPECTED[..])),
        (&deltas[..], Some(&expected[..])),
    ] {
        let response = response(&without(missing));
        match expected {
            Some(expected) => assert_eq!(parts(&response), expected, "{missing:?}"),
            None => assert_eq!(parts(&response)[..5], EXPECTED[..5], "{missing:?}"),
        }
    }
}

#[test]
fn members_that_are_missing_are_made_up_for() {
    let mut events = everything();
    for event in &mut events {
        event.as_object_mut().unwrap().remove("output_index");
    }
    // Calls that come side by side cannot be told apart without any name.
    events.retain(|event| {
        !event.to_string().contains("ctc_1") && event["type"] != "response.custom_tool_call_input.delta"
    });
    let expected: Vec<&str> = EXPECTED.into_iter().filter(|part| !part.contains(" c2 ")).collect();
    assert_eq!(parts(&response(&events)), expected);

    let unnamed: String = everything().iter().map(|event| format!("data: {event}\n\n")).collect();
    assert_eq!(parts(&said(&read(unnamed.as_bytes(), 100)).into_whole().unwrap()), EXPECTED);
    let mut typeless = String::new();
    for mut event in everything() {
        let name = event.as_object_mut().unwrap().remove("type").unwrap();
        typeless.push_str(&format!("event: {}\ndata: {event}\n\n", name.as_str().unwrap()));
    }
    assert_eq!(parts(&said(&read(typeless.as_bytes(), 100)).into_whole().unwrap()), EXPECTED);
}

#[test]
fn the_last_event_alone_tells_the_answer() {
    let whole = json!({"type": "response.completed", "response": {"id": "resp_1", "model": "m", "status": "completed", "output": [
        message("hello"), {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": "{}"}
    ]}});
    assert_eq!(parts(&response(std::slice::from_ref(&whole))), ["text hello 1", "call c f {}"]);
    // What was told already is not told again, whatever its place.
    let told = [created(), item("done", 1, &message("hello")), whole];
    assert_eq!(parts(&response(&told)), ["text hello 1", "call c f {}"]);
}

#[test]
fn ids_that_change_change_nothing() {
    let message =
        |id: &str, text: &str| json!({"type": "message", "id": id, "content": [{"type": "output_text", "text": text}]});
    let last = json!({"type": "response.completed", "response": {"id": "resp_2", "status": "completed", "output": [message("d", "hello")]}});
    let events = [
        created(),
        item("added", 0, &message("a", "")),
        text_delta(0, "hello"),
        item("done", 0, &message("c", "hello")),
        last,
    ];
    assert_eq!(parts(&response(&events)), ["text hello 0"]);
}

#[test]
fn thoughts_may_be_told_as_they_are() {
    let delta = |index: u64, delta: &str| json!({"type": "response.reasoning_text.delta", "output_index": 0, "content_index": index, "delta": delta});
    let done = json!({"type": "reasoning", "id": "rs", "summary": [], "content": [{"type": "reasoning_text", "text": "one"}, {"type": "reasoning_text", "text": "two"}]});
    let events = [created(), delta(0, "on"), item("done", 0, &done), completed()];
    assert_eq!(parts(&response(&events)), ["thought false one|two"]);
    let nothing = [
        created(),
        item("added", 0, &json!({"type": "reasoning"})),
        item("done", 0, &json!({"type": "reasoning", "summary": []})),
        completed(),
    ];
    assert!(parts(&response(&nothing)).is_empty());
}

#[test]
fn a_stream_ends_as_its_last_event_says() {
    let last = |name: &str, response: Value| {
        let events = [created(), text_delta(0, "a"), json!({"type": name, "response": response})];
        read(stream(&events).as_bytes(), 100)
    };
    let reason = |events: &[Event]| match &events[events.len() - 2..] {
        [Event::Stop { stop, .. }, Event::End] => Some(stop.reason.clone()),
        _ => None,
    };
    let length = json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}});
    assert_eq!(reason(&last("response.incomplete", length.clone())), Some(StopReason::Length));
    assert_eq!(reason(&last("response.completed", length)), Some(StopReason::Length));
    assert_eq!(reason(&last("response.completed", json!({"status": "in_progress"}))), Some(StopReason::End));
    assert_eq!(reason(&last("response.completed", Value::Null)), Some(StopReason::End));
    let failed =
        last("response.failed", json!({"status": "failed", "error": {"code": "server_error", "message": "boom"}}));
    let Some(Event::Error(error)) = failed.last() else { panic!() };
    assert_eq!((error.status, error.message.as_str()), (500, "boom"));
    assert!(!failed.iter().any(|event| matches!(event, Event::Close { .. })), "what is open is not whole");
}

#[test]
fn errors_end_a_stream() {
    let cases = [
        (json!({"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": null}), 429, "slow"),
        (
            json!({"type": "error", "error": {"type": "insufficient_quota", "code": "insufficient_quota", "message": "none left"}}),
            429,
            "none left",
        ),
        (json!({"error": {"message": "boom", "code": 503}}), 503, "boom"),
    ];
    for (event, status, message) in cases {
        let events = read(stream(&[created(), text_delta(0, "a"), event, completed()]).as_bytes(), 100);
        let Some(Event::Error(error)) = events.last() else { panic!("{events:?}") };
        assert_eq!((error.status, error.message.as_str()), (status, message));
    }
    for short in [vec![], vec![created()], vec![created(), text_delta(0, "a")]] {
        let mut text = stream(&short);
        text.push_str("data: [DONE]\n\n");
        let Some(Event::Error(error)) = read(text.as_bytes(), 100).pop() else { panic!() };
        assert_eq!(error.status, 502);
    }
}

#[test]
fn what_makes_no_sense_stops_the_stream_and_what_is_unknown_does_not() {
    let mut reader = super::Reader::default();
    for data in ["{", "5", "[]", "\"a\""] {
        let event = sse::Event { name: "response.created".into(), data: data.into() };
        assert!(reader.read(&event, &mut Vec::new()).is_err(), "{data}");
    }
    let odd = [
        created(),
        json!({"type": "response.unheard_of", "output_index": 7}),
        json!({"type": "keepalive"}),
        json!({"type": "unheard.of"}),
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": 5}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": null}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": 5}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 9, "delta": "x"}),
        text_delta(u64::MAX, "a"),
        json!({"type": "response.output_item.added", "item": {"type": "message"}}),
        completed(),
    ];
    let events = read(stream(&odd).as_bytes(), 1);
    assert!(events.contains(&Event::Ping));
    assert_eq!(parts(&said(&events).into_whole().unwrap()), ["text a 0"]);
}

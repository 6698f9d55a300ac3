//! Streams that are read, written, and both.

use std::sync::Arc;

use bytes::BytesMut;
use rotator_domain::Format;
use serde_json::{Value, json};

use super::{Reader, Writer};
use crate::ir::{
    ApiError, Attachment, BlockId, BlockKind, Citation, Delta, Event, Native, Opaque, Part, PartKind, Request,
    Response, Stop, StopReason, Usage,
};
use crate::{
    Accumulator, Asked, Ids, Invalid, Json, Losses, StreamReader, StreamTranslator, StreamWriter, Telling, events_of,
    sse,
};

fn telling() -> Telling {
    let request = Arc::new(Request::new(Format::Anthropic, "asked".into()));
    Telling { request, asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() }
}

/// What a writer writes, held against the vendor's grammar.
fn written(events: Vec<Event>) -> Vec<Value> {
    let mut writer = Writer::new(telling());
    let mut out = BytesMut::new();
    events.into_iter().for_each(|event| writer.write(event, &mut out));
    let values = parsed(&out);
    check(&values);
    values
}

fn parsed(bytes: &[u8]) -> Vec<Value> {
    let mut values = Vec::new();
    let each = |event: sse::Event<'_>| {
        let value: Value = serde_json::from_str(&event.data).unwrap();
        assert_eq!(value["type"], *event.name, "the name stands before the data");
        values.push(value);
        Ok::<(), sse::TooLong>(())
    };
    sse::Parser::new(1 << 20).push(bytes, each).unwrap();
    values
}

/// The mistakes that make SDKs fail.
fn check(values: &[Value]) {
    let mut next = 0;
    let mut open: Option<String> = None;
    for (at, value) in values.iter().enumerate() {
        match value["type"].as_str().unwrap() {
            "message_start" => {
                assert_eq!(at, 0);
                assert!(value["message"]["usage"]["input_tokens"].is_u64());
                assert_eq!(value["message"]["usage"]["output_tokens"], 0);
            }
            "content_block_start" => {
                assert!(open.is_none() && value["index"] == next, "{values:#?}");
                open = Some(value["content_block"]["type"].as_str().unwrap().to_owned());
            }
            "content_block_delta" => {
                let fitting: &[&str] = match open.as_deref() {
                    Some("text") => &["text_delta", "citations_delta"],
                    Some("thinking") => &["thinking_delta", "signature_delta"],
                    Some("tool_use") => &["input_json_delta"],
                    _ => &[],
                };
                assert!(fitting.contains(&value["delta"]["type"].as_str().unwrap()) && value["index"] == next);
            }
            "content_block_stop" => {
                assert!(open.take().is_some() && value["index"] == next);
                next += 1;
            }
            "message_delta" => assert!(open.is_none() && value["usage"]["output_tokens"].is_u64()),
            "message_stop" => assert!(at == values.len() - 1 && values[at - 1]["type"] == "message_delta"),
            "error" => assert_eq!(at, values.len() - 1),
            other => assert_eq!(other, "ping"),
        }
    }
}

fn read_events(values: &[Value]) -> (Vec<Event>, Result<(), Invalid>) {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for value in values {
        let name = value["type"].as_str().unwrap_or_default();
        let data = value.to_string();
        if let Err(error) = reader.read(&sse::Event { name: name.into(), data: data.into() }, &mut events) {
            return (events, Err(error));
        }
    }
    reader.finish(&mut events);
    (events, Ok(()))
}

fn collected(values: &[Value]) -> Response {
    let mut accumulator = Accumulator::default();
    read_events(values).0.iter().for_each(|event| accumulator.add(event));
    accumulator.into_whole().unwrap()
}

fn start(content_block: Value, index: u64) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": content_block})
}

fn delta(delta: Value, index: u64) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn beginning() -> Value {
    json!({"type": "message_start", "message": {"id": "msg_1", "model": "m", "content": [],
        "usage": {"input_tokens": 3, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 0, "output_tokens": 1}}})
}

fn ending(reason: &str) -> Vec<Value> {
    let delta = json!({"stop_reason": reason, "stop_sequence": null});
    vec![
        json!({"type": "message_delta", "delta": delta, "usage": {"input_tokens": 4, "output_tokens": 11}}),
        json!({"type": "message_stop"}),
    ]
}

fn rich() -> Vec<Value> {
    let citation = json!({"type": "web_search_result_location", "url": "https://e.org", "encrypted_index": "i"});
    let pieces = vec![
        beginning(),
        json!({"type": "ping"}),
        start(json!({"type": "thinking", "thinking": "", "signature": ""}), 0),
        delta(json!({"type": "thinking_delta", "thinking": "hm"}), 0),
        delta(json!({"type": "signature_delta", "signature": "c2ln"}), 0),
        stop(0),
        start(json!({"type": "redacted_thinking", "data": "ZGF0YQ=="}), 1),
        stop(1),
        start(json!({"type": "text", "text": ""}), 2),
        delta(json!({"type": "text_delta", "text": "so"}), 2),
        delta(json!({"type": "citations_delta", "citation": citation}), 2),
        delta(json!({"type": "later_delta", "x": 1}), 2),
        stop(2),
        json!({"type": "later_event"}),
        start(json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}), 3),
        delta(json!({"type": "input_json_delta", "partial_json": "{\"query\":"}), 3),
        delta(json!({"type": "input_json_delta", "partial_json": "\"q\"}"}), 3),
        stop(3),
        start(json!({"type": "tool_use", "id": "t1", "name": "A", "input": {}}), 4),
        delta(json!({"type": "input_json_delta", "partial_json": ""}), 4),
        delta(json!({"type": "input_json_delta", "partial_json": "{\"a\":1.50}"}), 4),
        stop(4),
        start(json!({"type": "tool_use", "id": "t2", "name": "B", "input": {"b": 1}}), 5),
        stop(5),
        start(json!({"type": "tool_use", "id": "t3", "name": "C", "input": {}}), 6),
        stop(6),
    ];
    [pieces, ending("tool_use")].concat()
}

#[test]
fn all_that_a_stream_says_is_read() {
    let response = collected(&rich());
    assert_eq!((response.id.as_str(), response.model.as_str()), ("msg_1", "m"));
    let usage = Usage { input: 11, cached: Some(7), cache_written: Some(0), output: 11, reasoning: None };
    assert_eq!(response.usage, Some(usage), "later numbers replace earlier ones");
    let parts = &response.choices[0].parts;
    assert_eq!(parts.len(), 7);
    assert!(parts[1].opaque.as_ref().unwrap().is_redacted);
    let PartKind::Native(native) = &parts[3].kind else { panic!("{parts:?}") };
    let whole: Value = serde_json::from_str(native.json.get()).unwrap();
    assert_eq!(whole["input"], json!({"query": "q"}));
    let inputs = parts[4..].iter().map(|part| match &part.kind {
        PartKind::ToolCall(call) => call.input.as_str(),
        _ => "",
    });
    assert_eq!(inputs.collect::<Vec<_>>(), [r#"{"a":1.50}"#, r#"{"b":1}"#, "{}"]);
    assert_eq!(response.choices[0].stop, Some(Stop::of(StopReason::Tools)));
}

#[test]
fn what_is_written_reads_the_same() {
    let response = collected(&rich());
    assert_eq!(collected(&written(events_of(&response))), response);
    let live = written(read_events(&rich()).0);
    assert_eq!(collected(&live), response);
    assert_eq!(live[0]["message"]["usage"]["cache_read_input_tokens"], 7);
}

#[test]
fn how_a_stream_is_cut_changes_nothing() {
    let mut bytes = String::new();
    for value in rich() {
        bytes.push_str(&format!("event: {}\r\ndata:{value}\r\n\r\n", value["type"].as_str().unwrap()));
    }
    let translated = |size: usize| {
        let mut translator = StreamTranslator::new(Box::new(Reader::default()), Box::new(Writer::new(telling())));
        let mut out = BytesMut::new();
        bytes.as_bytes().chunks(size).for_each(|piece| translator.push(piece, &mut out));
        translator.finish(&mut out);
        out
    };
    let whole = translated(bytes.len());
    check(&parsed(&whole));
    for size in [1, 7, 64] {
        assert_eq!(translated(size), whole);
    }
}

#[test]
fn a_stream_is_whole_when_its_reason_to_stop_was_told() {
    let without_end = [vec![beginning()], ending("end_turn")[..1].to_vec()].concat();
    assert_eq!(read_events(&without_end).0.last(), Some(&Event::End));
    let short = [beginning(), start(json!({"type": "text", "text": "a"}), 0)];
    let (events, _) = read_events(&short);
    assert!(matches!(events.last(), Some(Event::Error(ApiError { status: 502, .. }))));
    let (events, _) = read_events(&[]);
    assert!(matches!(events[..], [Event::Error(_)]));
    let values = written(read_events(&short).0);
    assert_eq!(values.last().unwrap()["type"], "error");
}

#[test]
fn an_error_ends_the_stream_with_its_status() {
    let error = json!({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}});
    let (events, _) = read_events(&[beginning(), error.clone(), beginning()]);
    let Some(Event::Error(told)) = events.last() else { panic!("{events:?}") };
    assert_eq!((told.status, told.message.as_str()), (529, "busy"));
    let values = written([events, vec![Event::End]].concat());
    assert_eq!(values.last(), Some(&error));
    assert_eq!(written(vec![Event::Error(ApiError { status: 429, ..ApiError::default() })]).len(), 1);
}

#[test]
fn odd_streams_are_understood_as_far_as_they_make_sense() {
    let values = [
        json!({"type": "ping"}),
        start(json!({"type": "text", "text": "a"}), 4),
        delta(json!({"type": "text_delta", "text": "b"}), 4),
        delta(json!({"type": "text_delta", "text": "lost"}), 9),
        delta(json!({"type": "input_json_delta", "partial_json": "lost"}), 4),
        beginning(),
        start(json!({"type": "text", "text": "c"}), 4),
        json!({"type": "content_block_start"}),
        stop(9),
    ];
    let (events, read) = read_events(&[values.to_vec(), ending("end_turn")].concat());
    assert_eq!(read, Ok(()));
    assert!(matches!(events[0], Event::Start { .. }));
    check(&written(events.clone()));
    let mut accumulator = Accumulator::default();
    events.iter().for_each(|event| accumulator.add(event));
    let texts: Vec<_> = accumulator.response().choices[0].parts.iter().filter_map(Part::as_text).collect();
    assert_eq!(texts, ["ab", "c"]);
    let mut reader = Reader::default();
    let mut broken =
        |data: &str| reader.read(&sse::Event { name: "x".into(), data: data.to_owned().into() }, &mut Vec::new());
    assert!(broken("[DONE]").is_ok() && broken("").is_ok() && broken("{").is_err() && broken("[]").is_err());
}

#[test]
fn a_block_of_the_upstreams_own_is_put_together() {
    let values = [
        vec![
            beginning(),
            start(json!({"type": "compaction", "content": "a", "n": 1}), 0),
            delta(json!({"type": "compaction_delta", "content": "b", "encrypted_content": "e", "n": 2}), 0),
            stop(0),
        ],
        ending("end_turn"),
    ];
    let response = collected(&values.concat());
    let PartKind::Native(native) = &response.choices[0].parts[0].kind else { panic!("{response:?}") };
    let expected = json!({"type": "compaction", "content": "ab", "n": 2, "encrypted_content": "e"});
    assert_eq!(serde_json::from_str::<Value>(native.json.get()).unwrap(), expected);
}

fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open { block: BlockId(block), choice: 0, kind }
}

fn more(block: u32, delta: Delta) -> Event {
    Event::Delta { block: BlockId(block), delta }
}

fn close(block: u32) -> Event {
    Event::Close { block: BlockId(block) }
}

fn call(id: &str, is_custom: bool) -> BlockKind {
    BlockKind::ToolCall { id: id.into(), name: "A".into(), is_custom }
}

fn begun() -> Event {
    Event::Start { id: "r".into(), model: "m".into(), created: None }
}

#[test]
fn blocks_that_overlap_are_written_one_after_the_other() {
    let values = written(vec![
        begun(),
        open(1, call("1", false)),
        open(2, call("2", false)),
        open(3, BlockKind::Text),
        more(2, Delta::Input("{\"b\":".into())),
        more(1, Delta::Input("{\"a\":".into())),
        close(3),
        more(2, Delta::Input("2}".into())),
        close(2),
        more(2, Delta::Input("late".into())),
        more(1, Delta::Input("1}".into())),
        Event::Stop { choice: 0, stop: Stop::of(StopReason::Tools) },
        Event::Usage(Usage { input: 5, output: 3, ..Usage::default() }),
        Event::End,
        open(9, BlockKind::Text),
    ]);
    let inputs: Vec<&str> = values.iter().filter_map(|value| value["delta"]["partial_json"].as_str()).collect();
    assert_eq!(inputs, ["{\"a\":", "1}", "{\"b\":", "2}"]);
    let ending = &values[values.len() - 2];
    assert_eq!((&ending["delta"]["stop_reason"], &ending["usage"]["input_tokens"]), (&json!("tool_use"), &json!(5)));
}

#[test]
fn what_was_used_is_told_at_the_beginning_where_it_is_known() {
    let used = Event::Usage(Usage { input: 9, cached: Some(4), output: 2, ..Usage::default() });
    let values = written(vec![begun(), used, Event::End]);
    let usage = &values[0]["message"]["usage"];
    assert_eq!((&usage["input_tokens"], &usage["cache_read_input_tokens"]), (&json!(5), &json!(4)));
    let values = written(vec![begun(), Event::Ping, Event::End]);
    assert_eq!((&values[1]["type"], &values[0]["message"]["usage"]["input_tokens"]), (&json!("ping"), &json!(0)));
    assert_eq!(written(vec![Event::Ping, Event::End])[0]["message"]["model"], "asked");
}

#[test]
fn calls_have_input_even_when_nothing_came() {
    let pieces = vec![
        begun(),
        open(1, call("", false)),
        close(1),
        open(2, call("2", true)),
        more(2, Delta::Input("a\"".into())),
        more(2, Delta::Input("\"b\n".into())),
        close(2),
        open(3, call("3", true)),
        close(3),
        Event::End,
    ];
    let values = written(pieces);
    assert!(values[1]["content_block"]["id"].as_str().unwrap().starts_with("toolu_"));
    let mut inputs = vec![String::new(); 3];
    for value in &values {
        if let Some(json) = value["delta"]["partial_json"].as_str() {
            inputs[value["index"].as_u64().unwrap() as usize].push_str(json);
        }
    }
    assert_eq!(inputs, ["", r#"{"input":"a\"\"b\n"}"#, r#"{"input":""}"#]);
    assert_eq!(values[values.len() - 2]["delta"]["stop_reason"], "tool_use");
}

#[test]
fn what_other_issuers_want_back_travels_on_carriers() {
    let opaque = |value: &str| Delta::Opaque(Opaque::new(Format::Gemini, value.into()));
    let reasoning = BlockKind::Reasoning { is_summary: true, id: None };
    let values = written(vec![
        begun(),
        open(1, reasoning.clone()),
        more(1, Delta::Text("a".into())),
        more(1, Delta::Section),
        more(1, Delta::Text("b".into())),
        more(1, opaque("MQ==")),
        close(1),
        open(2, reasoning.clone()),
        more(2, opaque("Mg==")),
        close(2),
        open(3, BlockKind::Text),
        more(3, opaque("Mw==")),
        more(3, Delta::Text("t".into())),
        close(3),
        open(4, call("4", false)),
        more(4, opaque("NA==")),
        more(4, Delta::Input("{}".into())),
        close(4),
        open(5, reasoning),
        close(5),
        Event::End,
    ]);
    let types: Vec<&str> = values.iter().filter_map(|value| value["content_block"]["type"].as_str()).collect();
    let hidden = "redacted_thinking";
    assert_eq!(types, ["thinking", hidden, "text", hidden, hidden, "tool_use"]);
    let parts = collected(&values).choices.remove(0).parts;
    let attachments: Vec<_> = parts.iter().map(|part| part.opaque.as_ref().map(|opaque| opaque.attachment)).collect();
    let (own, next, previous) = (Some(Attachment::Own), Some(Attachment::Next), Some(Attachment::Previous));
    assert_eq!(attachments, [own, own, None, previous, next, None]);
    let gathered = crate::carriers::gather(parts);
    let held: Vec<_> = gathered.iter().map(|part| part.opaque.as_ref().unwrap().value.as_str()).collect();
    assert_eq!(held, ["MQ==", "Mg==", "Mw==", "NA=="]);
    assert!(matches!(&gathered[0].kind, PartKind::Reasoning(told) if told.sections == ["a\n\nb"]));
}

#[test]
fn a_refusal_is_text_and_other_vendors_tools_do_not_show() {
    let native = Native { format: Format::Gemini, name: "executableCode".into(), json: Json::empty_object() };
    let cited = Citation { url: Some("https://e.org".into()), ..Citation::default() };
    let values = written(vec![
        begun(),
        open(1, BlockKind::Whole(Box::new(Part::new(PartKind::Native(native))))),
        close(1),
        open(2, BlockKind::Refusal),
        more(2, Delta::Text("no".into())),
        more(2, Delta::Citation(cited)),
        Event::Open { block: BlockId(7), choice: 1, kind: BlockKind::Text },
        more(7, Delta::Text("other".into())),
        Event::Stop { choice: 0, stop: Stop::of(StopReason::End) },
        Event::Stop { choice: 1, stop: Stop::of(StopReason::Length) },
        Event::End,
    ]);
    assert_eq!(values[1]["content_block"], json!({"type": "text", "text": ""}));
    assert_eq!(values[2]["delta"]["text"], "no");
    assert_eq!(values[3]["delta"]["citation"]["encrypted_index"], "");
    assert_eq!(values[values.len() - 2]["delta"]["stop_reason"], "end_turn");
}

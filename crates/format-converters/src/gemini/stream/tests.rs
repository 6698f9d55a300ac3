//! What is read, what is written, and that both fit together.

use std::sync::Arc;

use bytes::BytesMut;
use rotator_domain::Format;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Reader, Writer};
use crate::ir::{
    ApiError, BlockId, BlockKind, Choice, Citation, Delta, Event, Opaque, Part, PartKind, Reasoning, Request, Response,
    Stop, StopReason, ToolCall, ToolInput, Usage,
};
use crate::{
    Accumulator, Asked, Ids, Json, Losses, StreamReader, StreamTranslator, StreamWriter, Telling, events_of, sse,
};

fn telling(as_list: bool) -> Telling {
    let request = Arc::new(Request::new(Format::Gemini, "asked".into()));
    let asked = Asked { as_list, ..Asked::default() };
    Telling { request, asked, ids: Ids::new(7), now: 0, losses: Losses::default() }
}

fn events(pieces: &[impl Serialize]) -> Vec<Event> {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    for piece in pieces {
        let data = serde_json::to_string(piece).unwrap();
        reader.read(&sse::Event { name: "".into(), data: data.into() }, &mut events).unwrap();
    }
    reader.finish(&mut events);
    events
}

fn whole(events: &[Event]) -> Response {
    let mut accumulator = Accumulator::default();
    events.iter().for_each(|event| accumulator.add(event));
    accumulator.into_whole().unwrap()
}

fn parts(parts: Value) -> Value {
    json!({"candidates": [{"content": {"role": "model", "parts": parts}}], "modelVersion": "m", "responseId": "r"})
}

fn stopped(reason: &str) -> Value {
    json!({"candidates": [{"finishReason": reason}]})
}

fn written(events: Vec<Event>, as_list: bool) -> String {
    let mut writer = Writer::new(telling(as_list));
    let mut out = BytesMut::new();
    events.into_iter().for_each(|event| writer.write(event, &mut out));
    String::from_utf8(out.to_vec()).unwrap()
}

/// The pieces of a written stream, each checked for what the vendor's SDKs insist on.
fn pieces(text: &str) -> Vec<Json> {
    let events = text.split_terminator("\r\n\r\n");
    events
        .map(|event| {
            assert!(!event.contains(['\n', '\r']), "{event}");
            let data = event.strip_prefix("data: ").expect("a line of data and nothing else");
            Json::from_text(data).expect("JSON, and no [DONE]")
        })
        .collect()
}

fn value(json: &Json) -> Value {
    serde_json::from_str(json.get()).unwrap()
}

fn signed(part: Part, format: Format) -> Part {
    Part { opaque: Some(Opaque::new(format, "EqQB".into())), ..part }
}

fn call(id: &str, arguments: &str) -> Part {
    let input = ToolInput::Arguments(arguments.into());
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "A".into(), input }))
}

fn thought(text: &str) -> Part {
    Part::new(PartKind::Reasoning(Reasoning { sections: vec![text.into()], is_summary: true }))
}

fn answer() -> Response {
    let parts = vec![
        signed(thought("t"), Format::Anthropic),
        thought("u"),
        signed(Part::text("éé"), Format::Gemini),
        Part::text("b"),
        signed(call("1", r#"{"n": 12345678901234567890123}"#), Format::OpenAiResponses),
        call("2", "{}"),
    ];
    let usage = Some(Usage { input: 9, cached: Some(2), cache_written: None, output: 7, reasoning: Some(3) });
    let choices = vec![
        Choice { parts, stop: Some(Stop::of(StopReason::Tools)), log_probs: None },
        Choice { parts: vec![Part::text("c")], stop: Some(Stop::of(StopReason::Length)), log_probs: None },
    ];
    Response { id: "r".into(), model: "m".into(), choices, usage, ..Response::default() }
}

#[test]
fn a_stream_that_was_written_reads_the_same() {
    let response = answer();
    let text = written(events_of(&response), false);
    let pieces = pieces(&text);
    assert_eq!(whole(&events(&pieces)), response);
    let last = value(pieces.last().unwrap());
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert_eq!(last["usageMetadata"]["totalTokenCount"], 16);
    assert!(pieces.iter().rev().skip(1).all(|piece| value(piece).get("usageMetadata").is_none()));
}

#[test]
fn how_the_bytes_are_cut_changes_nothing() {
    let text = written(events_of(&answer()), false);
    let translated = |size: usize| {
        let writer = Box::new(Writer::new(telling(false)));
        let mut translator = StreamTranslator::new(Box::new(Reader::default()), writer);
        let mut out = BytesMut::new();
        text.as_bytes().chunks(size).for_each(|chunk| translator.push(chunk, &mut out));
        translator.finish(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    };
    let expected = translated(text.len());
    assert_eq!(whole(&events(&pieces(&expected))), answer());
    for size in [1, 7] {
        assert_eq!(translated(size), expected);
    }
}

#[test]
fn pieces_of_one_kind_are_one_block() {
    let events = events(&[
        parts(json!([{"text": "a", "thought": true}])),
        parts(json!([{"text": "b", "thought": true}, {"text": "c"}])),
        parts(json!([{"text": "d"}])),
        parts(json!([{"text": "", "thoughtSignature": "EqQB"}])),
        stopped("STOP"),
    ]);
    let kinds: Vec<&BlockKind> = events
        .iter()
        .filter_map(|event| match event {
            Event::Open { kind, .. } => Some(kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [&BlockKind::Reasoning { is_summary: true, id: None }, &BlockKind::Text]);
    let response = whole(&events);
    assert_eq!(response.choices[0].parts, [thought("ab"), signed(Part::text("cd"), Format::Gemini)]);
    assert_eq!(response.choices[0].stop, Some(Stop::of(StopReason::End)));
}

#[test]
fn a_signature_that_stands_alone_has_an_empty_text_of_its_own() {
    let response = whole(&events(&[
        parts(json!([{"functionCall": {"name": "A", "args": {}}}, {"text": "", "thoughtSignature": "EqQB"}])),
        stopped("STOP"),
    ]));
    assert_eq!(response.choices[0].parts, [call("", "{}"), signed(Part::text(""), Format::Gemini)]);
    assert_eq!(response.choices[0].stop, Some(Stop::of(StopReason::Tools)));
}

#[test]
fn sections_of_thoughts_stay_apart() {
    let reasoning = Reasoning { sections: vec!["One.".into(), "Two.".into()], is_summary: true };
    let parts = vec![Part::new(PartKind::Reasoning(reasoning))];
    let response = Response { choices: vec![Choice { parts, ..Choice::default() }], ..Response::default() };
    let text = written(events_of(&response), false);
    let told = pieces(&text).iter().map(value).collect::<Vec<_>>();
    let texts: String =
        told.iter().filter_map(|piece| piece["candidates"][0]["content"]["parts"][0]["text"].as_str()).collect();
    assert_eq!(texts, "One.\n\nTwo.");
}

#[test]
fn calls_whose_arguments_come_in_pieces_are_told_when_they_are_whole() {
    let piece = |call: Value| parts(json!([{"functionCall": call}]));
    let text = |path: &str, text: &str, goes_on: bool| {
        piece(json!({"partialArgs": [{"jsonPath": path, "stringValue": text}], "willContinue": goes_on}))
    };
    let mut first = piece(json!({"name": "A", "willContinue": true}));
    first["candidates"][0]["content"]["parts"][0]["thoughtSignature"] = json!("EqQB");
    let events = events(&[
        first,
        text("$.a", "x", true),
        text("$.a", "y", true),
        piece(json!({})),
        piece(json!({"name": "A", "id": "2", "willContinue": true})),
        text("$.l[0]", "z", false),
        piece(json!({"name": "A"})),
        parts(json!([{"text": ""}])),
        piece(json!({})),
        stopped("STOP"),
    ]);
    let parts = &whole(&events).choices[0].parts;
    let expected = [signed(call("", r#"{"a":"xy"}"#), Format::Gemini), call("2", r#"{"l":["z"]}"#), call("", "{}")];
    assert_eq!(parts[..], expected);
    let after_open = events.iter().skip_while(|event| !matches!(event, Event::Open { .. })).nth(1);
    assert!(matches!(after_open, Some(Event::Delta { delta: Delta::Opaque(_), .. })));
}

#[test]
fn each_piece_of_another_answer_leaves_the_first_place_to_the_first() {
    let open = |number, choice| Event::Open { block: BlockId(number), choice, kind: BlockKind::Text };
    let more = |number, text: &str| Event::Delta { block: BlockId(number), delta: Delta::Text(text.into()) };
    let events = vec![
        Event::Start { id: "r".into(), model: "m".into(), created: None },
        open(1, 0),
        open(2, 1),
        more(1, "one"),
        more(2, "two"),
        Event::End,
    ];
    let pieces = pieces(&written(events, false));
    let first = |piece: &Json| {
        let candidate = &value(piece)["candidates"][0];
        (candidate["index"].clone(), candidate["content"]["parts"][0]["text"].clone())
    };
    let firsts: Vec<_> = pieces.iter().map(first).collect();
    assert_eq!(firsts, [(json!(0), json!("one")), (json!(0), json!("")), (json!(0), json!(""))]);
    assert_eq!(value(&pieces[1])["candidates"][1]["content"]["parts"][0]["text"], "two");
}

#[test]
fn calls_are_told_in_the_order_in_which_they_began() {
    let open = |number: u32| {
        let kind = BlockKind::ToolCall { id: number.to_string(), name: "A".into(), is_custom: false };
        Event::Open { block: BlockId(number), choice: 0, kind }
    };
    let close = |number| Event::Close { block: BlockId(number) };
    let start = Event::Start { id: "r".into(), model: "m".into(), created: None };
    let events = vec![start, open(1), open(2), open(3), close(3), close(1), Event::End];
    let ids: Vec<Value> = pieces(&written(events, false))
        .iter()
        .map(|piece| value(piece)["candidates"][0]["content"]["parts"][0]["functionCall"]["id"].clone())
        .filter(|id| !id.is_null())
        .collect();
    assert_eq!(ids, ["1", "2", "3"]);
}

#[test]
fn usage_in_several_pieces_is_put_together() {
    let usage = |usage: Value| json!({"candidates": [], "usageMetadata": usage});
    let events = events(&[
        usage(json!({"trafficType": "ON_DEMAND"})),
        usage(json!({"promptTokenCount": 5, "thoughtsTokenCount": 2})),
        usage(json!({"promptTokenCount": 5, "candidatesTokenCount": 1})),
        usage(json!({"promptTokenCount": 5, "candidatesTokenCount": 1})),
        stopped("STOP"),
    ]);
    let told: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            Event::Usage(usage) => Some(usage.total()),
            _ => None,
        })
        .collect();
    assert_eq!(told, [7, 8]);
}

#[test]
fn a_stream_is_whole_only_with_a_reason_for_its_end() {
    let stops = |pieces: &[Value]| events(pieces).into_iter().next_back();
    assert_eq!(stops(&[parts(json!([{"text": "a"}])), stopped("STOP")]), Some(Event::End));
    let blocked = events(&[json!({"promptFeedback": {"blockReason": "SAFETY"}})]);
    assert!(blocked.contains(&Event::Stop { choice: 0, stop: Stop::of(StopReason::Filter) }));
    assert_eq!(blocked.last(), Some(&Event::End));
    for short in [vec![], vec![parts(json!([{"text": "a"}]))], vec![json!({}), json!({"x": 1})]] {
        assert!(matches!(stops(&short), Some(Event::Error(ApiError { status: 502, .. }))), "{short:?}");
    }
}

#[test]
fn an_error_in_the_stream_ends_it() {
    let error = json!({"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}});
    for error in [error.clone(), json!([error])] {
        let events = events(&[parts(json!([{"text": "a"}])), error, parts(json!([{"text": "b"}]))]);
        let Some(Event::Error(told)) = events.last() else { panic!() };
        assert_eq!((told.status, told.message.as_str()), (503, "busy"));
    }
}

#[test]
fn what_makes_no_sense_ends_the_stream_or_is_passed_over() {
    let mut reader = Reader::default();
    let mut events = Vec::new();
    let mut read = |data: &str| reader.read(&sse::Event { name: "".into(), data: data.into() }, &mut events).is_ok();
    for odd in ["", "[DONE]", "{}", r#"{"candidates":[5,{"content":{"parts":[5,[],{}]}}],"usageMetadata":7}"#] {
        assert!(read(odd), "{odd}");
    }
    let deep = format!(r#"{{"candidates":{}}}"#, "[".repeat(10_000) + &"]".repeat(10_000));
    assert!(read(&deep));
    for bad in ["{", "5", "x"] {
        assert!(!read(bad), "{bad}");
    }
}

#[test]
fn arguments_that_the_model_broke_into_lines_stay_on_one() {
    let response = Response {
        choices: vec![Choice { parts: vec![call("1", "{\n \"a\":\r\n 1.0}")], ..Choice::default() }],
        ..Response::default()
    };
    let text = written(events_of(&response), false);
    assert!(value(&pieces(&text)[0])["candidates"][0]["content"]["parts"][0]["functionCall"]["args"]["a"] == 1.0);
}

#[test]
fn arguments_that_come_in_pieces_are_written_whole() {
    let block = BlockId(3);
    let kind = BlockKind::ToolCall { id: "1".into(), name: "A".into(), is_custom: false };
    let text = written(
        vec![
            Event::Open { block, choice: 0, kind },
            Event::Delta { block, delta: Delta::Input("{\"a\"".into()) },
            Event::Ping,
            Event::Delta { block, delta: Delta::Input(":1}".into()) },
            Event::End,
        ],
        false,
    );
    let pieces = pieces(&text);
    assert_eq!(pieces.len(), 2, "one for the call, which is closed by the end, and the last");
    let expected = json!({"functionCall": {"id": "1", "name": "A", "args": {"a": 1}}});
    assert_eq!(value(&pieces[0])["candidates"][0]["content"]["parts"][0], expected);
}

#[test]
fn an_error_is_written_in_the_vendors_words_and_ends_the_stream() {
    let error = Event::Error(ApiError { status: 529, message: "busy".into(), ..ApiError::default() });
    let start = || Event::Start { id: "r".into(), model: "m".into(), created: None };
    let text = written(vec![start(), error.clone(), Event::End], false);
    assert_eq!(text, "data: {\"error\":{\"code\":503,\"message\":\"busy\",\"status\":\"UNAVAILABLE\"}}\r\n\r\n");
    let list: Value = serde_json::from_str(&written(vec![start(), error], true)).unwrap();
    assert_eq!(list[0]["error"]["code"], 503);
}

#[test]
fn a_client_that_did_not_ask_for_events_gets_a_list() {
    let writer = Writer::new(telling(true));
    assert_eq!(writer.content_type(), "application/json");
    let text = written(events_of(&answer()), true);
    let list: Vec<Json> = serde_json::from_str(&text).unwrap();
    assert_eq!(whole(&events(&list)), answer());
}

#[test]
fn a_stream_that_was_held_back_whole_is_a_blocked_prompt() {
    let choices = vec![Choice { stop: Some(Stop::of(StopReason::Filter)), ..Choice::default() }];
    let response = Response { id: "r".into(), model: "m".into(), choices, ..Response::default() };
    let pieces = pieces(&written(events_of(&response), false));
    let expected = json!({"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m", "responseId": "r"});
    assert_eq!((pieces.len(), value(&pieces[0])), (1, expected));
}

#[test]
fn citations_are_told_at_the_end_with_places_in_all_that_was_said() {
    let cited = |text: &str, span| {
        let citation = Citation { url: Some("https://a.example".into()), span: Some(span), ..Citation::default() };
        Part::new(PartKind::Text { text: text.into(), citations: vec![citation] })
    };
    let choices = |parts| vec![Choice { parts, stop: Some(Stop::of(StopReason::End)), log_probs: None }];
    let response =
        |parts| Response { id: "r".into(), model: "m".into(), choices: choices(parts), ..Response::default() };
    let pieces = pieces(&written(events_of(&response(vec![cited("é", (0, 1)), cited("né", (1, 2))])), false));
    let last = value(pieces.last().unwrap());
    let supports = &last["candidates"][0]["groundingMetadata"]["groundingSupports"];
    assert_eq!(supports[1]["segment"], json!({"partIndex": 0, "startIndex": 3, "endIndex": 5, "text": "é"}));
    let Part { kind: PartKind::Text { text, citations }, .. } = &whole(&events(&pieces)).choices[0].parts[0] else {
        panic!()
    };
    let spans: Vec<_> = citations.iter().filter_map(|citation| citation.span).collect();
    assert_eq!((text.as_str(), spans), ("éné", vec![(0, 1), (2, 3)]));
}

#[test]
fn a_stream_that_ends_without_a_reason_is_whole_all_the_same() {
    let start = || Event::Start { id: "r".into(), model: "m".into(), created: None };
    let open = Event::Open { block: BlockId(0), choice: 0, kind: BlockKind::Text };
    for events in [vec![start(), open, Event::End], vec![start(), Event::End]] {
        let pieces = pieces(&written(events, false));
        assert_eq!(value(pieces.last().unwrap())["candidates"][0]["finishReason"], "STOP");
    }
}

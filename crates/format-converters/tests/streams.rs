//! Streams of every format that can be converted: what is written can be read, however it is cut, and never looks whole when it
//! is not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bytes::BytesMut;
use rotator_domain::Format;
use rotator_format_converters::ir::{
    BlockId, BlockKind, Choice, Delta, Event, Opaque, Part, PartKind, Reasoning, Request, Response, Stop, StopReason,
    ToolCall, ToolInput, Usage,
};
use rotator_format_converters::{Asked, Converter, Ids, Losses, StreamTranslator, Telling, converter, events_of};

fn converters() -> Vec<&'static dyn Converter> {
    Format::ALL.into_iter().filter_map(converter).collect()
}

fn telling(format: Format) -> Telling {
    let request = Request { include_usage: true, ..Request::new(format, "m".into()) };
    Telling { request: Arc::new(request), asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() }
}

fn written(format: &dyn Converter, events: Vec<Event>) -> BytesMut {
    let mut writer = format.stream_writer(telling(format.format()));
    let mut out = BytesMut::new();
    events.into_iter().for_each(|event| writer.write(event, &mut out));
    out
}

/// What a reader of the format makes of the bytes.
fn read(format: &dyn Converter, bytes: &[u8], size: usize) -> StreamTranslator {
    let writer = format.stream_writer(telling(format.format()));
    let mut translator = StreamTranslator::new(format.stream_reader(), writer);
    let mut out = BytesMut::new();
    bytes.chunks(size).for_each(|piece| translator.push(piece, &mut out));
    translator.finish(&mut out);
    translator
}

fn call(id: &str, arguments: &str) -> Part {
    let input = ToolInput::Arguments(arguments.into());
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "look".into(), input }))
}

fn answer(format: Format) -> Response {
    let mut thought = Part::new(PartKind::Reasoning(Reasoning { sections: vec!["I think".into()], is_summary: true }));
    thought.opaque = Some(Opaque::new(format, "EqQB".into()));
    let parts =
        vec![thought, Part::text("é, so"), call("call_1", r#"{"n":12345678901234567890123}"#), call("call_2", "{}")];
    let usage = Usage { input: 20, cached: Some(5), output: 9, reasoning: None, cache_written: None };
    Response {
        id: "r_1".into(),
        model: "m".into(),
        choices: vec![Choice { parts, stop: Some(Stop::of(StopReason::Tools)), log_probs: None }],
        usage: Some(usage),
        ..Response::default()
    }
}

/// What an answer says, but for the words in which only one format says it.
fn said(response: &Response) -> (Vec<String>, Option<Stop>, Option<(u64, u64)>) {
    let choice = response.choices.first().unwrap();
    let parts = choice.parts.iter().map(|part| {
        let opaque = part.opaque.as_ref().map_or("", |opaque| opaque.value.as_str());
        match &part.kind {
            PartKind::Text { text, .. } => format!("text {text}"),
            PartKind::Reasoning(reasoning) => format!("reasoning {} {opaque}", reasoning.sections.concat()),
            PartKind::ToolCall(call) => format!("call {} {} {}", call.id, call.name, call.input.as_str()),
            other => format!("{other:?}"),
        }
    });
    (parts.collect(), choice.stop.clone(), response.usage.map(|usage| (usage.input, usage.output)))
}

#[test]
fn what_is_written_is_read_again_however_it_is_cut() {
    for format in converters() {
        let answer = answer(format.format());
        let bytes = written(format, events_of(&answer));
        for size in [1, 7, bytes.len()] {
            let seen = read(format, &bytes, size);
            assert!(seen.is_over());
            assert_eq!(said(seen.seen().response()), said(&answer), "{} by {size}", format.format());
        }
    }
}

#[test]
fn blocks_that_overlap_are_told_apart() {
    let (one, two) = (BlockId(1), BlockId(2));
    let open = |block, id: &str| {
        let kind = BlockKind::ToolCall { id: id.into(), name: "look".into(), is_custom: false };
        Event::Open { block, choice: 0, kind }
    };
    let delta = |block, text: &str| Event::Delta { block, delta: Delta::Input(text.into()) };
    let events = vec![
        Event::Start { id: "r_1".into(), model: "m".into(), created: None },
        open(one, "call_1"),
        delta(one, r#"{"a":"#),
        open(two, "call_2"),
        delta(two, r#"{"b":2}"#),
        delta(one, "1}"),
        Event::Close { block: two },
        Event::Close { block: one },
        Event::Stop { choice: 0, stop: Stop::of(StopReason::Tools) },
        Event::End,
    ];
    for format in converters() {
        let bytes = written(format, events.clone());
        let seen = read(format, &bytes, 7);
        let mut calls = said(seen.seen().response()).0;
        calls.sort();
        assert_eq!(calls, [r#"call call_1 look {"a":1}"#, r#"call call_2 look {"b":2}"#], "{}", format.format());
    }
}

#[test]
fn a_stream_that_stops_short_ends_with_an_error() {
    for format in converters() {
        let mut events = events_of(&answer(format.format()));
        events.retain(|event| !matches!(event, Event::End | Event::Stop { .. } | Event::Usage(_)));
        let bytes = written(format, events);
        let seen = read(format, &bytes, bytes.len());
        assert!(seen.seen().error().is_some(), "{}", format.format());
    }
}

#[test]
fn an_error_in_the_middle_is_an_error_on_the_other_side() {
    for source in converters() {
        for target in converters() {
            let mut events = events_of(&answer(source.format()));
            events.truncate(4);
            let error = rotator_format_converters::ir::ApiError {
                status: 503,
                message: "overloaded".into(),
                ..Default::default()
            };
            events.push(Event::Error(error));
            let bytes = written(source, events);
            let mut translator =
                StreamTranslator::new(source.stream_reader(), target.stream_writer(telling(target.format())));
            let mut out = BytesMut::new();
            translator.push(&bytes, &mut out);
            translator.finish(&mut out);
            assert!(translator.seen().error().is_some_and(|error| error.message.contains("overloaded")));
            let again = read(target, &out, out.len());
            assert!(again.seen().error().is_some(), "{} to {}", source.format(), target.format());
        }
    }
}

#[test]
fn bytes_that_are_no_stream_are_an_error_and_never_a_panic() {
    let broken: [&[u8]; 5] =
        [b"", b"data: {\n\n", b"\xff\xfe\n\n", b"data: []\n\ndata: 5\n\n", b"event: x\ndata: {}\n\n"];
    for format in converters() {
        for bytes in broken {
            assert!(read(format, bytes, 3).seen().error().is_some(), "{} {bytes:?}", format.format());
        }
    }
}

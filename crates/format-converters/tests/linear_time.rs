//! What is eight times as long takes about eight times as long to read, not sixty-four times.

#![expect(clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rotator_domain::Format;
use rotator_format_converters::{Asked, Ids, Losses, StreamTranslator, Telling, ir, sse, wire_format};

const SHORT: usize = 1024 * 1024;
const LONG: usize = 8 * SHORT;
/// How many times as long the long one may take: three times what is just, since the machine does other things too.
const MOST: u32 = 24;
/// What a busy machine slows down is tried again so often.
const ROUNDS: usize = 12;
/// How the bytes come.
const PIECE: usize = 1024;

fn assert_linear(name: &str, mut run: impl FnMut(usize)) {
    let mut time_of = |size| {
        let begin = Instant::now();
        run(size);
        begin.elapsed()
    };
    let mut slow = Vec::new();
    for _ in 0..ROUNDS {
        let (short, long) = (time_of(SHORT), time_of(LONG));
        if long < short * MOST {
            println!("{name}: {short:?} and {long:?}, {:.1} times", long.as_secs_f64() / short.as_secs_f64());
            return;
        }
        slow.push((short, long));
    }
    panic!("{name}: {SHORT} and {LONG} bytes take {slow:?}");
}

/// The beginning and the end of an answer, and of an event of a stream, that says one long text.
fn around(format: Format) -> ([&'static str; 2], [&'static str; 2]) {
    match format {
        Format::OpenAi => (
            [r#"{"choices":[{"message":{"content":""#, r#""},"finish_reason":"stop"}]}"#],
            [r#"{"choices":[{"index":0,"delta":{"content":""#, r#""},"finish_reason":"stop"}]}"#],
        ),
        Format::OpenAiResponses => (
            [
                r#"{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":""#,
                r#""}]}]}"#,
            ],
            [
                r#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":""#,
                r#""}"#,
            ],
        ),
        Format::Anthropic => (
            [r#"{"content":[{"type":"text","text":""#, r#""}],"stop_reason":"end_turn"}"#],
            [r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""#, r#""}}"#],
        ),
        Format::Gemini => (
            [r#"{"candidates":[{"content":{"parts":[{"text":""#, r#""}]},"finishReason":"STOP"}]}"#],
            [r#"{"candidates":[{"content":{"parts":[{"text":""#, r#""}]},"finishReason":"STOP"}]}"#],
        ),
    }
}

fn long([begin, end]: [&str; 2], size: usize) -> String {
    format!("{begin}{}{end}", "a\\n\u{e9} ".repeat(size / 6))
}

/// Every format, and each other one to turn it into.
fn directions() -> impl Iterator<Item = (Format, Format)> {
    let pairs = Format::ALL.into_iter().flat_map(|source| Format::ALL.map(|target| (source, target)));
    pairs.filter(|(source, target)| source != target)
}

fn translate(source: Format, target: Format, stream: &[u8]) -> usize {
    let request = Arc::new(ir::Request::new(target, "model".to_owned()));
    let telling = Telling { request, asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() };
    let writer = wire_format(target).stream_writer(telling);
    let mut translator = StreamTranslator::new(wire_format(source).stream_reader(), writer);
    let mut out = BytesMut::new();
    let mut written = 0;
    for piece in stream.chunks(PIECE) {
        translator.push(piece, &mut out);
        written += out.split().len();
    }
    translator.finish(&mut out);
    written + out.len()
}

#[test]
fn one_event_is_found_in_linear_time() {
    assert_linear("event", |size| {
        let event = format!("data: {}\n\n", "a".repeat(size));
        let mut parser = sse::Parser::new(usize::MAX);
        let mut found = 0;
        for piece in event.as_bytes().chunks(PIECE) {
            let each = |event: sse::Event<'_>| {
                found += event.data.len();
                Ok::<(), sse::TooLong>(())
            };
            parser.push(piece, each).unwrap();
        }
        assert_eq!(found, size);
    });
}

#[test]
fn an_answer_is_read_in_linear_time() {
    for format in Format::ALL {
        assert_linear(format.name(), |size| {
            let response = wire_format(format).read_response(long(around(format).0, size).as_bytes()).unwrap();
            assert!(response.choices[0].parts[0].as_text().is_some_and(|text| text.len() > size / 2));
        });
    }
}

#[test]
fn one_event_is_translated_in_linear_time() {
    for (source, target) in directions() {
        let name = format!("{} to {}, one event", source.name(), target.name());
        assert_linear(&name, |size| {
            let stream = format!("data: {}\n\n", long(around(source).1, size));
            assert!(translate(source, target, stream.as_bytes()) > size / 2, "{name}");
        });
    }
}

#[test]
fn many_events_are_translated_in_linear_time() {
    for (source, target) in directions() {
        let name = format!("{} to {}, many events", source.name(), target.name());
        let ([begin, end], next) = (around(source).1, source != Format::Anthropic);
        let event = match next {
            true => format!("data: {begin} word{}\n\n", end.replace(r#","finish_reason":"stop""#, "").replace(r#","finishReason":"STOP""#, "")),
            false => "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n".to_owned(),
        };
        assert_linear(&name, |size| {
            let stream = format!("data: {begin}{end}\n\n{}", event.repeat(size / 16 / event.len()));
            assert!(translate(source, target, stream.as_bytes()) > size / 32, "{name}");
        });
    }
}

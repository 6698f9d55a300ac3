//! Tests of streams.

use std::sync::Arc;

use bytes::BytesMut;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use rotator_domain::Format;
use serde_json::Value;

use super::{Reader, Writer};
use crate::ir::{
    ApiError, BlockId, BlockKind, Choice, Citation, Delta, Event, Opaque, Part, PartKind, Reasoning, Request, Response,
    Stop, StopReason, Tool, ToolCall, ToolInput, Usage,
};
use crate::{Accumulator, Asked, Ids, Losses, StreamReader, StreamTranslator, StreamWriter, Telling, events_of, sse};

mod reading;

/// The id of a call, the tool, and what it is called with.
type Called = (String, String, String);

fn telling(include_usage: bool) -> Telling {
    let mut request = Request::new(Format::OpenAi, "asked-for".into());
    request.include_usage = include_usage;
    let request = Arc::new(request);
    Telling { request, asked: Asked::default(), ids: Ids::new(1), now: 9, losses: Losses::default() }
}

/// The events of a stream, cut into pieces of so many bytes.
fn read_in(stream: &str, size: usize) -> Vec<Event> {
    let (mut parser, mut reader, mut events) = (sse::Parser::new(1 << 20), Reader::default(), Vec::new());
    for piece in stream.as_bytes().chunks(size) {
        parser.push(piece, |event| reader.read(&event, &mut events)).unwrap();
    }
    reader.finish(&mut events);
    events
}

fn read(stream: &str) -> Vec<Event> {
    read_in(stream, usize::MAX)
}

fn whole(events: &[Event]) -> Option<Response> {
    let mut accumulator = Accumulator::default();
    events.iter().for_each(|event| accumulator.add(event));
    accumulator.into_whole()
}

fn parts(stream: &str) -> Vec<Part> {
    let response = whole(&read(stream)).unwrap_or_else(|| panic!("not whole: {stream}"));
    response.choices.into_iter().next().unwrap().parts
}

fn calls(stream: &str) -> Vec<Called> {
    let call = |part: Part| match part.kind {
        PartKind::ToolCall(call) => Some((call.id, call.name, call.input.as_str().to_owned())),
        _ => None,
    };
    parts(stream).into_iter().filter_map(call).collect()
}

/// A stream of chunks with these deltas, its end and `[DONE]`.
fn stream(deltas: &[&str], finish: &str) -> String {
    let chunk = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"c\",\"created\":5,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    let mut text: String = deltas.iter().map(|delta| chunk(delta, "null")).collect();
    text.push_str(&chunk("{}", finish));
    text.push_str("data: [DONE]\n\n");
    text
}

fn write(events: &[Event], include_usage: bool) -> String {
    let (mut writer, mut out) = (Writer::new(telling(include_usage)), BytesMut::new());
    events.iter().for_each(|event| writer.write(event.clone(), &mut out));
    String::from_utf8(out.to_vec()).unwrap()
}

/// The chunks of a written stream.
fn chunks(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn call(id: &str, input: &str) -> Part {
    let input = ToolInput::Arguments(input.into());
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "f".into(), input }))
}

fn answer(parts: Vec<Part>, reason: StopReason) -> Response {
    let choices = vec![Choice { parts, stop: Some(Stop::of(reason)), log_probs: None }];
    let usage = Some(Usage { input: 3, cached: Some(1), cache_written: None, output: 2, reasoning: Some(0) });
    Response { id: "c".into(), model: "m".into(), created: Some(5), choices, usage, ..Response::default() }
}

fn rich() -> Response {
    let thought = Part::new(PartKind::Reasoning(Reasoning { sections: vec!["hm".into()], is_summary: false }));
    answer(vec![thought, Part::text("I look."), call("1", r#"{"a": 1}"#), call("2", "{}")], StopReason::Tools)
}

#[test]
fn a_stream_that_is_written_is_read_again() {
    let mut refusal = answer(vec![Part::new(PartKind::Refusal("no".into()))], StopReason::Filter);
    refusal.choices.push(Choice {
        parts: vec![Part::text("two")],
        stop: Some(Stop::of(StopReason::Length)),
        log_probs: None,
    });
    let custom = ToolInput::Text("x".into());
    let custom = Part::new(PartKind::ToolCall(ToolCall { id: "3".into(), name: "c".into(), input: custom }));
    for response in [rich(), refusal, answer(vec![custom], StopReason::Tools)] {
        let text = write(&events_of(&response), true);
        assert_eq!(whole(&read(&text)), Some(response), "{text}");
    }
}

#[test]
fn a_stream_is_written_as_the_vendor_writes_it() {
    let text = write(&events_of(&answer(vec![Part::text("hi")], StopReason::End)), true);
    let chunk = |choices: &str, usage: &str| {
        format!(
            r#"data: {{"id":"c","object":"chat.completion.chunk","created":5,"model":"m","choices":[{choices}],"usage":{usage}}}"#
        )
    };
    let choice = |delta: &str, finish: &str| {
        format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish}}}"#)
    };
    let usage = r#"{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":0}}"#;
    let expected = [
        chunk(&choice(r#"{"role":"assistant","content":""}"#, "null"), "null"),
        chunk(&choice(r#"{"content":"hi"}"#, "null"), "null"),
        chunk(&choice("{}", r#""stop""#), "null"),
        chunk("", usage),
        "data: [DONE]".to_owned(),
    ];
    assert_eq!(text, expected.join("\n\n") + "\n\n");
    assert!(!write(&events_of(&rich()), false).contains("usage"), "nobody asked for it");
}

#[test]
fn no_written_stream_holds_what_the_sdks_do_not_survive() {
    let open = |block, id: &str| Event::Open {
        block: BlockId(block),
        choice: 0,
        kind: BlockKind::ToolCall { id: id.into(), name: "f".into(), is_custom: false },
    };
    let input = |block, text: &str| Event::Delta { block: BlockId(block), delta: Delta::Input(text.into()) };
    let close = |block| Event::Close { block: BlockId(block) };
    let stop = |reason| Event::Stop { choice: 0, stop: Stop::of(reason) };
    let opaque = Event::Delta { block: BlockId(7), delta: Delta::Opaque(Opaque::new(Format::Gemini, "secret".into())) };
    // Blocks whose numbers do not begin at 0 and that overlap, one without arguments, and a second reason to end.
    let events = [
        Event::Start { id: String::new(), model: String::new(), created: None },
        open(7, "a"),
        opaque,
        input(7, "{\"x\":"),
        open(9, ""),
        input(7, "1}"),
        close(9),
        close(7),
        stop(StopReason::Tools),
        stop(StopReason::End),
        Event::End,
        Event::End,
    ];
    let text = write(&events, false);
    assert!(!text.contains("secret") && text.ends_with("data: [DONE]\n\n") && text.matches("[DONE]").count() == 1);
    let (mut names, mut finishes, mut arguments) = (0, Vec::new(), [String::new(), String::new()]);
    for (place, chunk) in chunks(&text).iter().enumerate() {
        let choice = &chunk["choices"][0];
        assert!(choice["delta"].is_object() && chunk["id"].as_str().is_some_and(|id| id.starts_with("chatcmpl-")));
        assert_eq!(
            (choice["delta"]["role"].as_str() == Some("assistant"), chunk["model"].as_str()),
            (place == 0, Some("asked-for"))
        );
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
            names += usize::from(call["function"]["name"].is_string());
            assert_eq!(call["function"]["name"].is_string(), call["id"].as_str().is_some_and(|id| !id.is_empty()));
            arguments[index].push_str(call["function"]["arguments"].as_str().unwrap());
        }
        finishes.extend(choice["finish_reason"].as_str().map(str::to_owned));
    }
    assert_eq!((names, finishes, arguments), (2, vec!["tool_calls".to_owned()], ["{\"x\":1}".into(), "{}".into()]));
}

#[test]
fn a_tool_that_takes_free_text_is_called_with_it_whatever_the_upstream_knows() {
    let mut telling = telling(false);
    let mut request = Request::new(Format::OpenAi, "m".into());
    request.tools = vec![Tool::Custom { name: "f".into(), description: None, grammar: None }];
    telling.request = Arc::new(request);
    let wrapped = answer(vec![call("1", r#"{"input":"a \"b\""}"#), call("2", "{\"x\":1}")], StopReason::Tools);
    let (mut writer, mut out) = (Writer::new(telling), BytesMut::new());
    events_of(&wrapped).into_iter().for_each(|event| writer.write(event, &mut out));
    let inputs: Vec<Part> = whole(&read(std::str::from_utf8(&out).unwrap())).unwrap().choices.remove(0).parts;
    let inputs: Vec<PartKind> = inputs.into_iter().map(|part| part.kind).collect();
    let text = |id: &str, text: &str| {
        PartKind::ToolCall(ToolCall { id: id.into(), name: "f".into(), input: ToolInput::Text(text.into()) })
    };
    assert_eq!(inputs, [text("1", "a \"b\""), text("2", "{\"x\":1}")]);
}

#[test]
fn citations_come_once_and_before_the_end() {
    // A second list of what has no number is an error to the SDK.
    let citation = |span| {
        let citation = Citation { url: Some("u".into()), span: Some(span), ..Citation::default() };
        Delta::Citation(citation)
    };
    let block = |number, deltas: Vec<Delta>| {
        let block = BlockId(number);
        let open = Event::Open { block, choice: 0, kind: BlockKind::Text };
        let deltas = deltas.into_iter().map(move |delta| Event::Delta { block, delta });
        std::iter::once(open).chain(deltas).chain([Event::Close { block }])
    };
    let mut events: Vec<Event> = block(0, vec![Delta::Text("one".into()), citation((0, 1))]).collect();
    events.extend(block(1, vec![Delta::Text("two".into()), citation((1, 2))]));
    events.push(Event::End);
    let chunks = chunks(&write(&events, false));
    let lists: Vec<&Value> = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["annotations"]).collect();
    let lists: Vec<&Value> = lists.into_iter().filter(|list| list.is_array()).collect();
    assert_eq!(lists.len(), 1);
    assert_eq!(lists[0][1]["url_citation"]["start_index"], 4);
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[test]
fn an_error_ends_a_stream_without_its_last_line() {
    let mut events = events_of(&rich());
    events.truncate(3);
    let error = ApiError { status: 529, message: "busy".into(), ..ApiError::default() };
    events.extend([Event::Error(error), Event::End]);
    let text = write(&events, true);
    let expected = r#"data: {"error":{"message":"busy","type":"server_error","param":null,"code":null}}"#;
    assert!(text.ends_with(&format!("{expected}\n\n")) && !text.contains("[DONE]"), "{text}");
}

#[test]
fn clients_that_know_functions_only_get_the_first_one() {
    let mut telling = telling(false);
    let mut request = Request::new(Format::OpenAi, "m".into());
    request.has_legacy_calls = true;
    telling.request = Arc::new(request);
    let (mut writer, mut out) = (Writer::new(telling), BytesMut::new());
    events_of(&rich()).into_iter().for_each(|event| writer.write(event, &mut out));
    let text = String::from_utf8(out.to_vec()).unwrap();
    assert!(!text.contains("tool_calls") && text.contains(r#""function_call":{"name":"f","arguments":""}"#), "{text}");
    assert!(text.contains(r#""finish_reason":"function_call""#) && text.matches("\"name\"").count() == 1);
    assert_eq!(calls(&text), [(String::new(), "f".to_owned(), r#"{"a": 1}"#.to_owned())]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn how_a_stream_is_cut_does_not_matter(size in 1_usize..40) {
        let text = write(&events_of(&rich()), true);
        prop_assert_eq!(whole(&read_in(&text, size)), Some(rich()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>(), cut in any::<u16>(), at in any::<u16>()) {
        let mut text = write(&events_of(&rich()), true).into_bytes();
        let at = usize::from(at) % text.len();
        let end = (at + usize::from(cut) % 9).min(text.len());
        text.splice(at..end, bytes);
        let reader = Box::new(Reader::default());
        let mut translator = StreamTranslator::new(reader, Box::new(Writer::new(telling(true))));
        let mut out = BytesMut::new();
        translator.push(&text, &mut out);
        translator.finish(&mut out);
        prop_assert_eq!(translator.is_over(), true);
    }
}

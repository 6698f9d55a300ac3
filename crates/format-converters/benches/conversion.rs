//! How fast each format becomes each other one, whole and in pieces, and how fast usage is read. `cargo xtask bench` runs it.
//!
//! The inputs are what the converters themselves write of one request and one answer.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput};
use rotator_domain::Format;
use rotator_format_converters::{
    Asked, Ids, Invalid, Losses, ModelTable, StreamTranslator, Telling, WireFormat, Writing, events_of, ir, wire_format,
};

/// What the translation of one event of a stream may add to it.
const MOST_OF_A_CHUNK: Duration = Duration::from_micros(20);
/// Events of a stream.
const EVENTS: usize = 1_000;
/// A word, as models give them.
const WORD: &str = " Zürich";

fn main() -> Result<(), Invalid> {
    let mut criterion = Criterion::default().configure_from_args();
    let directions = || {
        let pairs = Format::ALL.into_iter().flat_map(|source| Format::ALL.map(|target| (source, target)));
        pairs.filter(|(source, target)| source != target)
    };
    for (source, target) in directions() {
        bench(&mut criterion, "request", source, target, &request(source)?, convert_request);
    }
    for (source, target) in directions() {
        bench(&mut criterion, "response", source, target, &response(source)?, convert_response);
    }
    for (source, target) in directions() {
        bench(&mut criterion, "stream", source, target, &stream(source).concat(), convert_stream);
    }
    for format in Format::ALL {
        bench_usage(&mut criterion, "usage of an answer", format, &response(format)?);
        bench_usage(&mut criterion, "usage of a stream", format, &stream(format).concat());
    }
    // Else it is only seen whether the benchmarks run.
    if std::env::args().any(|argument| argument == "--bench") {
        directions().for_each(|(source, target)| tell_chunks(source, target));
    }
    criterion.final_summary();
    Ok(())
}

fn bench(
    criterion: &mut Criterion,
    group: &str,
    source: Format,
    target: Format,
    input: &[u8],
    convert: fn(&dyn WireFormat, &dyn WireFormat, &[u8]) -> Option<Bytes>,
) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::BytesDecimal(input.len().try_into().unwrap_or(u64::MAX)));
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let (source, target) = (wire_format(source), wire_format(target));
    let name = format!("{} to {}", source.format().name(), target.format().name());
    group.bench_function(name, |bencher| bencher.iter(|| convert(source, target, black_box(input))));
    group.finish();
}

/// Reads what was used from an answer as it passes.
fn bench_usage(criterion: &mut Criterion, group: &str, format: Format, input: &[u8]) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::BytesDecimal(input.len().try_into().unwrap_or(u64::MAX)));
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function(format.name(), |bencher| {
        bencher.iter(|| {
            let mut reader = wire_format(format).usage_reader();
            // As much as a read of a socket gives.
            black_box(input).chunks(16_384).for_each(|piece| reader.push(piece));
            reader.usage()
        });
    });
    group.finish();
}

/// Prints how long each event of a stream takes.
fn tell_chunks(source: Format, target: Format) {
    let mut times: Vec<Duration> = (0..20).flat_map(|_| times_of_chunks(source, target)).collect();
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    let verdict = if at(50) < MOST_OF_A_CHUNK { "ok" } else { "TOO SLOW" };
    let (median, late) = (at(50).as_secs_f64() * 1e6, at(99).as_secs_f64() * 1e6);
    let (source, target) = (source.name(), target.name());
    println!("chunk/{source} to {target}: median {median:.2} µs, 99th percentile {late:.2} µs: {verdict}");
}

fn times_of_chunks(source: Format, target: Format) -> Vec<Duration> {
    let mut translator =
        StreamTranslator::new(wire_format(source).stream_reader(), wire_format(target).stream_writer(telling(target)));
    let mut out = BytesMut::new();
    let time_of = |event: Vec<u8>| {
        let begin = Instant::now();
        translator.push(&event, &mut out);
        black_box(out.split());
        begin.elapsed()
    };
    stream(source).into_iter().map(time_of).collect()
}

fn convert_request(source: &dyn WireFormat, target: &dyn WireFormat, body: &[u8]) -> Option<Bytes> {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let asked = Asked { model: Some("model".to_owned()), ..Asked::default() };
    let request = source.read_request(&asked, body).ok()?;
    target.write_request(&request, &mut writing).ok().map(|call| call.body)
}

fn convert_response(source: &dyn WireFormat, target: &dyn WireFormat, body: &[u8]) -> Option<Bytes> {
    let response = source.read_response(body).ok()?;
    Some(target.write_response(&response, &mut telling(target.format())))
}

fn convert_stream(source: &dyn WireFormat, target: &dyn WireFormat, stream: &[u8]) -> Option<Bytes> {
    let mut translator = StreamTranslator::new(source.stream_reader(), target.stream_writer(telling(target.format())));
    let mut out = BytesMut::new();
    // As much as a read of a socket gives.
    for piece in stream.chunks(4096) {
        translator.push(piece, &mut out);
        black_box(out.split());
    }
    translator.finish(&mut out);
    Some(out.freeze())
}

fn telling(format: Format) -> Telling {
    let mut request = ir::Request::new(format, "model".to_owned());
    request.include_usage = true;
    Telling { request: Arc::new(request), asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() }
}

/// A long conversation with calls of a tool.
fn request(format: Format) -> Result<Vec<u8>, Invalid> {
    let said = WORD.repeat(60);
    let turn = |number: usize| {
        format!(
            r#"{{"role":"user","content":"{said}"}},{{"role":"assistant","content":"{said}","tool_calls":[{{"id":"call_{number}","type":"function","function":{{"name":"weather","arguments":"{{\"city\":\"Zürich\",\"days\":{number}}}"}}}}]}},{{"role":"tool","tool_call_id":"call_{number}","content":"{said}"}}"#
        )
    };
    let turns: Vec<String> = (0..30).map(turn).collect();
    let tool = r#"{"type":"function","function":{"name":"weather","description":"What the weather will be","parameters":{"type":"object","properties":{"city":{"type":"string","description":"Which city"},"days":{"type":"integer","minimum":1}},"required":["city"]}}}"#;
    let body = format!(r#"{{"model":"model","messages":[{}],"tools":[{tool}]}}"#, turns.join(","));
    let request = wire_format(Format::OpenAi).read_request(&Asked::default(), body.as_bytes())?;
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    wire_format(format).write_request(&request, &mut writing).map(|call| call.body.to_vec())
}

/// A long answer that ends with a call.
fn response(format: Format) -> Result<Vec<u8>, Invalid> {
    let body = format!(
        r#"{{"id":"c","created":1,"model":"model","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","tool_calls":[{{"id":"call_1","type":"function","function":{{"name":"weather","arguments":"{{\"city\":\"Zürich\"}}"}}}}]}},"finish_reason":"tool_calls"}}],"usage":{{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}}}"#,
        WORD.repeat(1_000)
    );
    let response = wire_format(Format::OpenAi).read_response(body.as_bytes())?;
    Ok(wire_format(format).write_response(&response, &mut telling(format)).to_vec())
}

/// A stream word by word, event by event.
fn stream(format: Format) -> Vec<Vec<u8>> {
    let stop = Some(ir::Stop::of(ir::StopReason::End));
    let choices = vec![ir::Choice { parts: vec![ir::Part::text(WORD)], stop, log_probs: None }];
    let usage = Some(ir::Usage { input: 9, output: 9, ..ir::Usage::default() });
    let answer = ir::Response { id: "r".to_owned(), model: "m".to_owned(), choices, usage, ..ir::Response::default() };
    let mut writer = wire_format(format).stream_writer(telling(format));
    let mut out = BytesMut::new();
    let mut chunks = Vec::new();
    for event in events_of(&answer) {
        let times = if matches!(event, ir::Event::Delta { .. }) { EVENTS } else { 1 };
        for _ in 0..times {
            writer.write(event.clone(), &mut out);
            chunks.extend((!out.is_empty()).then(|| out.split().to_vec()));
        }
    }
    chunks
}

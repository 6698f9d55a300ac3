//! What each recording says that it used, read from its bytes as they pass: equal to what the official SDK of its format sees.
//!
//! `ROTATOR_TEST_CORPUS` names another folder of recordings. Where it holds an `oracle.jsonl` (one object a line: `id`, and
//! `sem.usage` with `inp`, `cached`, `out` and `reasoning`), what stands there counts as well.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rotator_domain::{Format, TokenUsage};
use rotator_format_converters::{sse, wire_format};
use serde_json::Value;

/// How many bytes come at once.
const SIZES: [usize; 4] = [1, 7, 1000, usize::MAX];

struct Recording {
    id: String,
    format: Format,
    is_stream: bool,
    body: Vec<u8>,
}

fn corpus() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    std::env::var_os("ROTATOR_TEST_CORPUS").map_or_else(own, PathBuf::from)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What an oracle says of each recording; nothing where there is none.
fn oracle(corpus: &Path) -> BTreeMap<String, Value> {
    let path = corpus.join("oracle.jsonl");
    let rows = if path.is_file() { lines(&path) } else { Vec::new() };
    rows.into_iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect()
}

/// All recordings but those that no SDK understands.
fn recordings(corpus: &Path, oracle: &BTreeMap<String, Value>) -> Vec<Recording> {
    let recording = |row: Value| {
        let (id, name) = (row["id"].as_str().unwrap(), row["format"].as_str().unwrap());
        let format = match name {
            "chat" => Format::OpenAi,
            "responses" => Format::OpenAiResponses,
            "messages" => Format::Anthropic,
            _ => Format::Gemini,
        };
        let is_stream = row["stream"] == true;
        let file = corpus.join(name).join(format!("{id}.{}", if is_stream { "sse" } else { "json" }));
        Recording { id: id.to_owned(), format, is_stream, body: std::fs::read(file).unwrap() }
    };
    let is_understood =
        |row: &Value| oracle.get(row["id"].as_str().unwrap()).is_none_or(|row| row.get("error").is_none());
    lines(&corpus.join("manifest.jsonl")).into_iter().filter(is_understood).map(recording).collect()
}

fn read(recording: &Recording, size: usize) -> Option<TokenUsage> {
    let mut reader = wire_format(recording.format).usage_reader();
    recording.body.chunks(size).for_each(|piece| reader.push(piece));
    reader.usage().map(TokenUsage::from)
}

/// The JSON documents that an answer holds.
fn documents(recording: &Recording) -> Vec<Value> {
    // A lone half of a surrogate pair, which serde_json refuses, becomes another character.
    let text = String::from_utf8_lossy(&recording.body).replace("\\ud", "\\ue").replace("\\uD", "\\ue");
    if !recording.is_stream || text.trim_start().starts_with('[') {
        return match serde_json::from_str(&text) {
            Ok(Value::Array(items)) => items,
            Ok(value) => vec![value],
            Err(_) => Vec::new(),
        };
    }
    let mut found = Vec::new();
    let each = |event: sse::Event<'_>| {
        found.extend(serde_json::from_str(&event.data));
        Ok::<(), sse::TooLong>(())
    };
    sse::Parser::new(usize::MAX).push(text.as_bytes(), each).unwrap();
    found
}

/// What an SDK of the format sees: it parses each document whole, and adds nothing up that the vendor counts apart.
fn seen(recording: &Recording) -> Option<TokenUsage> {
    let mut told = serde_json::Map::new();
    for document in documents(recording) {
        let usage = match recording.format {
            Format::OpenAi => &document["usage"],
            Format::OpenAiResponses if recording.is_stream => &document["response"]["usage"],
            Format::OpenAiResponses => &document["usage"],
            Format::Anthropic if document["type"] == "message_start" => &document["message"]["usage"],
            Format::Anthropic => &document["usage"],
            Format::Gemini => &document["usageMetadata"],
        };
        let Some(usage) = usage.as_object() else { continue };
        if matches!(recording.format, Format::OpenAi | Format::OpenAiResponses) {
            told.clear();
        }
        told.extend(
            usage.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    let told = (!told.is_empty()).then_some(Value::Object(told))?;
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let sum = |names: &[&str]| names.iter().map(|name| number(&told[name])).sum();
    Some(match recording.format {
        Format::OpenAi => TokenUsage {
            input: number(&told["prompt_tokens"]),
            cached: number(&told["prompt_tokens_details"]["cached_tokens"]),
            cache_written: number(&told["prompt_tokens_details"]["cache_write_tokens"]),
            output: number(&told["completion_tokens"]),
            reasoning: number(&told["completion_tokens_details"]["reasoning_tokens"]),
        },
        Format::OpenAiResponses => TokenUsage {
            input: number(&told["input_tokens"]),
            cached: number(&told["input_tokens_details"]["cached_tokens"]),
            cache_written: number(&told["input_tokens_details"]["cache_write_tokens"]),
            output: number(&told["output_tokens"]),
            reasoning: number(&told["output_tokens_details"]["reasoning_tokens"]),
        },
        Format::Anthropic => TokenUsage {
            input: sum(&["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]),
            cached: number(&told["cache_read_input_tokens"]),
            cache_written: number(&told["cache_creation_input_tokens"]),
            output: number(&told["output_tokens"]),
            reasoning: number(&told["output_tokens_details"]["thinking_tokens"]),
        },
        Format::Gemini => TokenUsage {
            input: sum(&["promptTokenCount", "toolUsePromptTokenCount"]),
            cached: number(&told["cachedContentTokenCount"]),
            cache_written: 0,
            output: sum(&["candidatesTokenCount", "thoughtsTokenCount"]),
            reasoning: number(&told["thoughtsTokenCount"]),
        },
    })
}

#[test]
fn the_usage_of_every_recording_is_what_its_sdk_sees() {
    let corpus = corpus();
    let mut told = 0;
    let mut deviations = Vec::new();
    for recording in recordings(&corpus, &oracle(&corpus)) {
        let expected = seen(&recording);
        told += u32::from(expected.is_some());
        for size in SIZES {
            let read = read(&recording, size);
            if read != expected {
                deviations.push(format!("{} by {size}: {read:?} is not {expected:?}", recording.id));
            }
        }
    }
    assert!(deviations.is_empty() && told > 0, "{}", deviations.join("\n"));
}

#[test]
fn the_usage_of_every_recording_is_what_its_oracle_says() {
    let corpus = corpus();
    let oracle = oracle(&corpus);
    let mut compared = 0;
    let mut deviations = Vec::new();
    for recording in recordings(&corpus, &oracle) {
        let Some(row) = oracle.get(&recording.id) else { continue };
        compared += 1;
        let usage = &row["sem"]["usage"];
        let number = |name: &str| usage[name].as_u64().unwrap_or_default();
        let expected = usage.is_object().then(|| [number("inp"), number("cached"), number("out"), number("reasoning")]);
        let read = read(&recording, usize::MAX);
        let read = read.map(|read| [read.input, read.cached, read.output, read.reasoning]);
        if read != expected {
            deviations.push(format!("{}: {read:?} is not {expected:?}", recording.id));
        }
    }
    assert!(deviations.is_empty(), "{} of {compared}:\n{}", deviations.len(), deviations.join("\n"));
}

//! How much memory readings of large inputs take, in multiples of the input. `cargo test --release -- --nocapture` prints it.

use rotator_domain::Format;
use rotator_format_converters::{Asked, WireFormat, sse, wire_format};
use rotator_format_converters_fuzz::memory::{CONSTANT, FACTOR, measured};

const SIZE: usize = 1024 * 1024;
/// How many times its input a reading may take whose items hold a letter or nothing: names and brackets are most of it, and
/// what they are read into is larger than they are. Beyond some thousands of items, the smallest are refused.
const TINY_FACTOR: usize = 16;

/// What is read, how, and from what: a beginning, what is repeated, and an end.
type Case = (&'static str, Format, fn(&dyn WireFormat, &[u8]), [&'static str; 3]);

fn request(format: &dyn WireFormat, body: &[u8]) {
    let asked = Asked { model: Some("model".to_owned()), ..Asked::default() };
    let _ = std::hint::black_box(format.read_request(&asked, body));
}

fn response(format: &dyn WireFormat, body: &[u8]) {
    let _ = std::hint::black_box(format.read_response(body));
}

fn models(format: &dyn WireFormat, body: &[u8]) {
    let _ = std::hint::black_box(format.read_models(body));
}

fn embedding(format: &dyn WireFormat, body: &[u8]) {
    let asked = Asked { model: Some("model".to_owned()), is_batch: true, ..Asked::default() };
    let _ = std::hint::black_box(format.read_embedding(&asked, body));
}

fn embedded(format: &dyn WireFormat, body: &[u8]) {
    let _ = std::hint::black_box(format.read_embedded(body));
}

fn error(format: &dyn WireFormat, body: &[u8]) {
    let _ = std::hint::black_box(format.read_error(400, body));
}

fn stream(format: &dyn WireFormat, body: &[u8]) {
    let mut parser = sse::Parser::new(usize::MAX);
    let mut reader = format.stream_reader();
    let mut events = Vec::new();
    for piece in body.chunks(1024) {
        let read = parser.push(piece, |event| {
            let read = reader.read(&event, &mut events);
            std::hint::black_box(&events);
            events.clear();
            read
        });
        if read.is_err() {
            return;
        }
    }
    reader.finish(&mut events);
}

const O: Format = Format::OpenAi;
const R: Format = Format::OpenAiResponses;
const A: Format = Format::Anthropic;
const G: Format = Format::Gemini;

const CASES: &[Case] = &[
    ("one long text", O, request, [r#"{"model":"m","messages":[{"role":"user","content":""#, "aaaa", r#""}]}"#]),
    ("one long text", R, request, [r#"{"model":"m","input":""#, "aaaa", r#""}"#]),
    (
        "one long text",
        A,
        request,
        [r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":""#, "aaaa", r#""}]}"#],
    ),
    ("one long text", G, request, [r#"{"contents":[{"parts":[{"text":""#, "aaaa", r#""}]}]}"#]),
    ("long escaped text", G, request, [r#"{"contents":[{"parts":[{"text":""#, "a\\n", r#""}]}]}"#]),
    (
        "long call",
        O,
        response,
        [r#"{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":""#, "aaaa", r#""}}]}}]}"#],
    ),
    (
        "long call",
        A,
        response,
        [r#"{"content":[{"type":"tool_use","id":"t","name":"f","input":{"a":""#, "aaaa", r#""}}]}"#],
    ),
    (
        "long call",
        G,
        response,
        [r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"a":""#, "aaaa", r#""}}}]}}]}"#],
    ),
    ("long text", O, response, [r#"{"choices":[{"message":{"content":""#, "aaaa", r#""}}]}"#]),
    (
        "long text",
        R,
        response,
        [r#"{"output":[{"type":"message","content":[{"type":"output_text","text":""#, "aaaa", r#""}]}]}"#],
    ),
    ("long text", A, response, [r#"{"content":[{"type":"text","text":""#, "aaaa", r#""}]}"#]),
    ("long text", G, response, [r#"{"candidates":[{"content":{"parts":[{"text":""#, "aaaa", r#""}]}}]}"#]),
    (
        "usual turns",
        O,
        request,
        [
            r#"{"model":"m","messages":["#,
            r#"{"role":"user","content":"What is the weather in Zurich today, and will it rain?"},{"role":"assistant","content":"It is 18 degrees and sunny in Zurich today; no rain is expected before tomorrow evening."}"#,
            "]}",
        ],
    ),
    (
        "usual turns",
        R,
        request,
        [
            r#"{"model":"m","input":["#,
            r#"{"role":"user","content":"What is the weather in Zurich today, and will it rain?"},{"role":"assistant","content":"It is 18 degrees and sunny in Zurich today; no rain is expected before tomorrow evening."}"#,
            "]}",
        ],
    ),
    (
        "usual turns",
        A,
        request,
        [
            r#"{"model":"m","max_tokens":5,"messages":["#,
            r#"{"role":"user","content":"What is the weather in Zurich today, and will it rain?"},{"role":"assistant","content":"It is 18 degrees and sunny in Zurich today; no rain is expected before tomorrow evening."}"#,
            "]}",
        ],
    ),
    (
        "usual turns",
        G,
        request,
        [
            r#"{"contents":["#,
            r#"{"role":"user","parts":[{"text":"What is the weather in Zurich today, and will it rain?"}]},{"role":"model","parts":[{"text":"It is 18 degrees and sunny in Zurich today; no rain is expected before tomorrow evening."}]}"#,
            "]}",
        ],
    ),
    ("tiny turns", O, request, [r#"{"model":"m","messages":["#, r#"{"role":"user","content":"a"}"#, "]}"]),
    ("tiny turns", R, request, [r#"{"model":"m","input":["#, r#"{"role":"user","content":"a"}"#, "]}"]),
    (
        "tiny turns",
        A,
        request,
        [r#"{"model":"m","max_tokens":5,"messages":["#, r#"{"role":"user","content":"a"}"#, "]}"],
    ),
    ("tiny turns", G, request, [r#"{"contents":["#, r#"{"parts":[{"text":"a"}]}"#, "]}"]),
    (
        "tiny parts",
        O,
        request,
        [r#"{"model":"m","messages":[{"role":"user","content":["#, r#"{"type":"text","text":"a"}"#, "]}]}"],
    ),
    (
        "tiny parts",
        R,
        request,
        [r#"{"model":"m","input":[{"role":"user","content":["#, r#"{"type":"input_text","text":"a"}"#, "]}]}"],
    ),
    (
        "tiny parts",
        A,
        request,
        [
            r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":["#,
            r#"{"type":"text","text":"a"}"#,
            "]}]}",
        ],
    ),
    ("tiny parts", G, request, [r#"{"contents":[{"parts":["#, r#"{"text":"a"}"#, "]}]}"]),
    (
        "tiny tools",
        O,
        request,
        [
            r#"{"model":"m","messages":[{"role":"user","content":"a"}],"tools":["#,
            r#"{"type":"function","function":{"name":"a"}}"#,
            "]}",
        ],
    ),
    (
        "tiny tools",
        A,
        request,
        [
            r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"}],"tools":["#,
            r#"{"name":"a","input_schema":{}}"#,
            "]}",
        ],
    ),
    (
        "tiny tools",
        G,
        request,
        [r#"{"contents":[{"parts":[{"text":"a"}]}],"tools":[{"functionDeclarations":["#, r#"{"name":"a"}"#, "]}]}"],
    ),
    ("empty stops", O, request, [r#"{"model":"m","messages":[{"role":"user","content":"a"}],"stop":["#, r#""""#, "]}"]),
    ("empty members", O, request, [r#"{"model":"m","messages":[{"role":"user","content":"a"}],"#, r#""":0"#, "}"]),
    ("empty objects", O, request, [r#"{"model":"m","messages":["#, "{}", "]}"]),
    ("empty choices", O, response, [r#"{"choices":["#, "{}", "]}"]),
    ("tiny choices", O, response, [r#"{"choices":["#, r#"{"message":{"content":"a"}}"#, "]}"]),
    (
        "tiny parts",
        R,
        response,
        [r#"{"output":[{"type":"message","content":["#, r#"{"type":"output_text","text":"a"}"#, "]}]}"],
    ),
    ("tiny items", R, response, [r#"{"output":["#, r#"{"type":"x"}"#, "]}"]),
    ("tiny parts", A, response, [r#"{"content":["#, r#"{"type":"text","text":"a"}"#, "]}"]),
    ("tiny parts", G, response, [r#"{"candidates":[{"content":{"parts":["#, r#"{"text":"a"}"#, "]}}]}"]),
    ("empty candidates", G, response, [r#"{"candidates":["#, "{}", "]}"]),
    ("tiny models", O, models, [r#"{"data":["#, r#"{"id":"a"}"#, "]}"]),
    (
        "usual models",
        O,
        models,
        [r#"{"data":["#, r#"{"id":"gpt-4o-mini","object":"model","created":1721172741,"owned_by":"system"}"#, "]}"],
    ),
    ("tiny models", G, models, [r#"{"models":["#, r#"{"name":"a"}"#, "]}"]),
    ("words", O, embedding, [r#"{"model":"m","input":["#, r#""apple""#, "]}"]),
    ("empty texts", O, embedding, [r#"{"model":"m","input":["#, r#""""#, "]}"]),
    ("tokens", O, embedding, [r#"{"model":"m","input":[["#, "7", "]]}"]),
    ("empty texts", G, embedding, [r#"{"requests":["#, r#"{"content":{"parts":[{"text":""}]}}"#, "]}"]),
    ("numbers", O, embedded, [r#"{"data":[{"embedding":["#, "0.0123", "]}]}"]),
    ("numbers", G, embedded, [r#"{"embeddings":[{"values":["#, "0.0123", "]}]}"]),
    ("empty lists", G, embedded, [r#"{"embeddings":["#, r#"{"values":[]}"#, "]}"]),
    ("long message", O, error, [r#"{"error":{"message":""#, "aaaa", r#""}}"#]),
    ("list", G, error, ["[", "{}", "]"]),
    (
        "one long event",
        O,
        stream,
        ["data: {\"choices\":[{\"delta\":{\"content\":\"", "aaaa", "\"}}]}\n\ndata: [DONE]\n\n"],
    ),
    (
        "one long event",
        R,
        stream,
        ["data: {\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"delta\":\"", "aaaa", "\"}\n\n"],
    ),
    (
        "one long event",
        A,
        stream,
        [
            "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"",
            "aaaa",
            "\"}}\n\n",
        ],
    ),
    (
        "one long event",
        G,
        stream,
        ["data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"", "aaaa", "\"}]}}]}\n\n"],
    ),
    (
        "usual events",
        O,
        stream,
        [
            "",
            "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"}}]}\n\n",
            "data: [DONE]\n\n",
        ],
    ),
    (
        "usual events",
        R,
        stream,
        [
            "",
            "data: {\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"output_index\":0,\"content_index\":0,\"delta\":\" word\"}\n\n",
            "",
        ],
    ),
    (
        "usual events",
        A,
        stream,
        [
            "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
            "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word\"}}\n\n",
            "",
        ],
    ),
    (
        "usual events",
        G,
        stream,
        ["", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\" word\"}]}}]}\n\n", ""],
    ),
    ("tiny parts", G, stream, ["data: {\"candidates\":[{\"content\":{\"parts\":[", "{\"text\":\"a\"}", "]}}]}\n\n"]),
    ("tiny calls", O, stream, ["data: {\"choices\":[{\"delta\":{\"tool_calls\":[", "{\"id\":\"#\"}", "]}}]}\n\n"]),
    ("many choices", O, stream, ["data: {\"choices\":[", "{\"index\":#}", "]}\n\n"]),
];

#[test]
fn readings_of_large_inputs_are_bounded() {
    let mut over = Vec::new();
    for (name, format, read, [begin, repeated, end]) in CASES {
        let mut body = String::with_capacity(SIZE + 1024);
        body.push_str(begin);
        let separator =
            if begin.ends_with(['"', '\n']) && !repeated.starts_with('"') || begin.is_empty() { "" } else { "," };
        let mut number = 0;
        while body.len() < SIZE {
            if number > 0 {
                body.push_str(separator);
            }
            number += 1;
            body.push_str(&repeated.replace('#', &number.to_string()));
        }
        body.push_str(end);
        let (peak, ()) = measured(|| read(wire_format(*format), body.as_bytes()));
        let factor = peak as f64 / body.len() as f64;
        println!("{:18} {:18} {factor:6.2}", format.name(), name);
        let most = if name.starts_with("tiny") || name.starts_with("empty") { TINY_FACTOR } else { FACTOR };
        if peak > most * body.len() + CONSTANT {
            over.push(format!("{} {name} {factor:.2}", format.name()));
        }
    }
    assert!(over.is_empty(), "{over:#?}");
}

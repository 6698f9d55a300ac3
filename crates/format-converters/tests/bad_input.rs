//! Input that is deep, broken, unheard-of or beyond what floats hold, in every format.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bytes::BytesMut;
use rotator_domain::Format;
use rotator_format_converters::{
    Asked, Ids, Losses, ModelTable, StreamTranslator, Telling, WireFormat, Writing, events_of, ir, wire_format,
};

const DEPTH: usize = 10_000;
/// Beyond what a float of 64 bits holds, and spelled as no printer would.
const NUMBERS: &str = r#"[9007199254740993,-123456789012345678901234567890,0.10,1.5e400]"#;

fn formats() -> impl Iterator<Item = &'static dyn WireFormat> {
    Format::ALL.into_iter().map(wire_format)
}

fn asked() -> Asked {
    Asked { model: Some("model".to_owned()), ..Asked::default() }
}

fn telling(format: Format) -> Telling {
    let request = Arc::new(ir::Request::new(format, "model".to_owned()));
    Telling { request, asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() }
}

fn translated(source: &dyn WireFormat, target: &dyn WireFormat, stream: &[u8]) -> String {
    let mut translator = StreamTranslator::new(source.stream_reader(), target.stream_writer(telling(target.format())));
    let mut out = BytesMut::new();
    translator.push(stream, &mut out);
    translator.finish(&mut out);
    assert!(translator.is_over(), "{:?} to {:?}", source.format(), target.format());
    String::from_utf8(out.to_vec()).unwrap()
}

/// Lets every decoder look at a body, and every encoder at what they make of it.
fn try_all(body: &[u8]) {
    formats().for_each(|source| try_as(source, body));
}

/// Lets the decoders of one format look at a body.
fn try_as(source: &dyn WireFormat, body: &[u8]) {
    let models = ModelTable::default();
    if let Ok(request) = source.read_request(&asked(), body) {
        for target in formats() {
            let mut writing = Writing { models: &models, losses: Losses::default() };
            let _ = target.write_request(&request, &mut writing);
        }
    }
    if let Ok(response) = source.read_response(body) {
        formats().for_each(|target| drop(target.write_response(&response, &mut telling(target.format()))));
    }
    let stream = [b"data: ", body, b"\n\n"].concat();
    translated(source, source, &stream);
    source.read_error(400, body);
    let _ = (source.read_models(body), source.read_model(body), source.read_count(body));
    let _ = (source.read_embedding(&asked(), body), source.read_embedded(body));
    let _ = source.read_embedding(&Asked { is_batch: true, ..asked() }, body);
}

/// A request that calls a tool with these arguments, whose schema holds these values.
fn request(format: Format, json: &str, values: &str) -> String {
    let quoted = serde_json::to_string(json).unwrap();
    match format {
        Format::OpenAi => format!(
            r#"{{"messages":[{{"role":"user","content":"q"}},{{"role":"assistant","tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":{quoted}}}}}]}},{{"role":"tool","tool_call_id":"c","content":"o"}}],"tools":[{{"type":"function","function":{{"name":"f","parameters":{{"type":"object","properties":{{"x":{{"enum":{values}}}}}}}}}}}]}}"#
        ),
        Format::OpenAiResponses => format!(
            r#"{{"input":[{{"role":"user","content":"q"}},{{"type":"function_call","call_id":"c","name":"f","arguments":{quoted}}},{{"type":"function_call_output","call_id":"c","output":"o"}}],"tools":[{{"type":"function","name":"f","parameters":{{"type":"object","properties":{{"x":{{"enum":{values}}}}}}}}}]}}"#
        ),
        Format::Anthropic => format!(
            r#"{{"max_tokens":9,"messages":[{{"role":"user","content":"q"}},{{"role":"assistant","content":[{{"type":"tool_use","id":"c","name":"f","input":{json}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"c","content":"o"}}]}}],"tools":[{{"name":"f","input_schema":{{"type":"object","properties":{{"x":{{"enum":{values}}}}}}}}}]}}"#
        ),
        Format::Gemini => format!(
            r#"{{"contents":[{{"role":"user","parts":[{{"text":"q"}}]}},{{"role":"model","parts":[{{"functionCall":{{"id":"c","name":"f","args":{json}}}}}]}},{{"role":"user","parts":[{{"functionResponse":{{"id":"c","name":"f","response":{{"output":"o"}}}}}}]}}],"tools":[{{"functionDeclarations":[{{"name":"f","parametersJsonSchema":{{"type":"object","properties":{{"x":{{"enum":{values}}}}}}}}}]}}]}}"#
        ),
    }
}

/// An answer that calls a tool with these arguments.
fn response(format: Format, json: &str) -> String {
    let quoted = serde_json::to_string(json).unwrap();
    match format {
        Format::OpenAi => format!(
            r#"{{"choices":[{{"message":{{"tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":{quoted}}}}}]}}}}]}}"#
        ),
        Format::OpenAiResponses => format!(
            r#"{{"status":"completed","output":[{{"type":"function_call","call_id":"c","name":"f","arguments":{quoted}}}]}}"#
        ),
        Format::Anthropic => {
            format!(
                r#"{{"content":[{{"type":"tool_use","id":"c","name":"f","input":{json}}}],"stop_reason":"tool_use"}}"#
            )
        }
        Format::Gemini => format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"functionCall":{{"id":"c","name":"f","args":{json}}}}}]}},"finishReason":"STOP"}}]}}"#
        ),
    }
}

fn arguments(deep: &str) -> String {
    format!(r#"{{"n":{deep}}}"#)
}

#[test]
fn depth_costs_no_stack() {
    let list = format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH));
    let object = format!("{}1{}", r#"{"a":"#.repeat(DEPTH), "}".repeat(DEPTH));
    for deep in [&list, &object] {
        try_all(deep.as_bytes());
        for format in formats() {
            try_as(format, request(format.format(), &arguments(deep), deep).as_bytes());
            try_as(format, response(format.format(), &arguments(deep)).as_bytes());
        }
        for name in ["messages", "input", "contents", "choices", "output", "error"] {
            try_all(format!(r#"{{"{name}":{deep}}}"#).as_bytes());
            try_all(format!(r#"{{"{name}":[{{"{name}":{deep}}}]}}"#).as_bytes());
        }
    }
}

#[test]
fn depth_of_schemas_costs_no_stack() {
    let levels = [
        (r#"{"type":"object","properties":{"a":"#, "}}"),
        (r#"{"type":"array","items":"#, "}"),
        (r#"{"anyOf":["#, "]}"),
    ];
    for (begin, end) in levels {
        let deep = format!("{}{{}}{}", begin.repeat(DEPTH), end.repeat(DEPTH));
        let openai = format!(r#"{{"type":"function","function":{{"name":"f","parameters":{deep}}}}}"#);
        let openai = format!(r#"{{"messages":[{{"role":"user","content":"q"}}],"tools":[{openai}]}}"#);
        try_as(wire_format(Format::OpenAi), openai.as_bytes());
        let gemini = format!(r#"{{"functionDeclarations":[{{"name":"f","parameters":{deep}}}]}}"#);
        let gemini = format!(r#"{{"contents":[{{"parts":[{{"text":"q"}}]}}],"tools":[{gemini}]}}"#);
        try_as(wire_format(Format::Gemini), gemini.as_bytes());
    }
}

#[test]
fn depth_of_parts_and_errors_costs_no_stack() {
    let nested = |begin: &str, end: &str| format!("{}{}", begin.repeat(DEPTH), end.repeat(DEPTH));
    let errors = format!("{}1{}", r#"{"error":"#.repeat(DEPTH), "}".repeat(DEPTH));
    try_all(errors.as_bytes());
    let results = nested(r#"{"type":"tool_result","tool_use_id":"c","content":["#, "]}");
    let thoughts = nested(r#"{"type":"thinking","thinking":["#, "]}");
    for part in [results, thoughts] {
        let request = format!(r#"{{"max_tokens":9,"messages":[{{"role":"user","content":[{part}]}}]}}"#);
        try_as(wire_format(Format::Anthropic), request.as_bytes());
        let answer = format!(r#"{{"choices":[{{"message":{{"content":[{part}]}}}}],"content":[{part}]}}"#);
        try_all(answer.as_bytes());
    }
}

#[test]
fn numbers_keep_every_digit_in_every_direction() {
    let models = ModelTable::default();
    for (source, target) in formats().flat_map(|source| formats().map(move |target| (source, target))) {
        let name = format!("{:?} to {:?}", source.format(), target.format());
        let body = request(source.format(), &arguments(NUMBERS), NUMBERS);
        let request = source.read_request(&asked(), body.as_bytes()).unwrap();
        let mut writing = Writing { models: &models, losses: Losses::default() };
        let call = target.write_request(&request, &mut writing).unwrap();
        let written = String::from_utf8(call.body.to_vec()).unwrap();
        assert_eq!(written.matches(NUMBERS).count(), 2, "{name}: {written}");

        let body = response(source.format(), &arguments(NUMBERS));
        let answer = source.read_response(body.as_bytes()).unwrap();
        let written = target.write_response(&answer, &mut telling(target.format()));
        assert!(String::from_utf8_lossy(&written).contains(NUMBERS), "{name}: {written:?}");

        let (mut writer, mut stream) = (source.stream_writer(telling(source.format())), BytesMut::new());
        events_of(&answer).into_iter().for_each(|event| writer.write(event, &mut stream));
        let written = translated(source, target, &stream);
        assert!(written.contains(NUMBERS), "{name}: {written}");
    }
}

#[test]
fn bytes_that_are_no_text_are_told() {
    for format in formats() {
        let body = request(format.format(), "{}", "[]").replace("\"q\"", "\"\u{fffd}\"");
        let body: Vec<u8> = body.bytes().filter(|byte| !matches!(byte, 0xbf | 0xbd)).collect();
        let error = format.read_request(&asked(), &body).unwrap_err().to_string();
        assert!(error.starts_with("the body is not UTF-8 from byte "), "{error}");
        assert!(format.read_response(b"{\"a\":\"\xff\"}").is_err());
        try_all(&body);
    }
}

#[test]
fn bodies_that_are_cut_anywhere_are_refused() {
    for format in formats() {
        let (question, answer) = (request(format.format(), "{}", "[]"), response(format.format(), "{}"));
        for body in [&question, &answer] {
            for end in 0..body.len() {
                let cut = &body.as_bytes()[..end];
                assert!(format.read_request(&asked(), cut).is_err() && format.read_response(cut).is_err());
            }
        }
        // A stream that is cut ends in an error.
        for end in 0..answer.len() {
            let out = translated(format, format, format!("data: {}\n\n", &answer[..end]).as_bytes());
            assert!(out.contains("error"), "{out}");
        }
    }
}

#[test]
fn unknown_roles_and_parts_of_requests_are_refused_with_their_place() {
    let cases = [
        (Format::OpenAi, r#"{"messages":[{"role":"oracle","content":"q"}]}"#, "messages[0].role"),
        (Format::OpenAi, r#"{"messages":[{"role":"user","content":[{"type":"smell"}]}]}"#, "messages[0].content[0]"),
        (Format::OpenAiResponses, r#"{"input":[{"role":"oracle","content":"q"}]}"#, "input[0].role"),
        (
            Format::OpenAiResponses,
            r#"{"input":[{"role":"user","content":[{"type":"input_smell"}]}]}"#,
            "input[0].content[0]",
        ),
        (Format::Anthropic, r#"{"max_tokens":9,"messages":[{"role":"oracle","content":"q"}]}"#, "messages[0].role"),
        (Format::Gemini, r#"{"contents":[{"role":"oracle","parts":[{"text":"q"}]}]}"#, "contents[0].role"),
        (Format::Gemini, r#"{"contents":[{"parts":[5]}]}"#, "contents[0].parts[0]"),
    ];
    for (format, body, place) in cases {
        let error = wire_format(format).read_request(&asked(), body.as_bytes()).unwrap_err();
        assert!(error.place.starts_with(place), "{body}: {error}");
    }
}

#[test]
fn unknown_parts_of_answers_are_passed_over_or_stay_the_formats_own() {
    let cases = [
        (
            Format::OpenAi,
            r#"{"choices":[{"message":{"role":"oracle","content":[{"type":"smell"},{"type":"text","text":"a"}]}}]}"#,
        ),
        (
            Format::OpenAiResponses,
            r#"{"output":[{"type":"vision"},{"type":"message","role":"oracle","content":[{"type":"smell"},{"type":"output_text","text":"a"}]}]}"#,
        ),
        (Format::Anthropic, r#"{"role":"oracle","content":[{"type":"smell"},{"type":"text","text":"a"}]}"#),
        (Format::Gemini, r#"{"candidates":[{"content":{"role":"oracle","parts":[{"smell":{}},{"text":"a"}]}}]}"#),
    ];
    for (format, body) in cases {
        let response = wire_format(format).read_response(body.as_bytes()).unwrap();
        let texts: Vec<&str> = response.choices[0].parts.iter().filter_map(ir::Part::as_text).collect();
        assert_eq!(texts, ["a"], "{body}");
    }
}

#[test]
fn unknown_events_are_passed_over() {
    let streams = [
        (
            Format::OpenAi,
            vec![
                r#"{"object":"vision"}"#,
                r#"{"choices":[{"delta":{"content":"said","smell":{}},"finish_reason":"stop"}]}"#,
                "[DONE]",
            ],
        ),
        (
            Format::OpenAiResponses,
            vec![
                r#"{"type":"response.vision","x":1}"#,
                r#"{"type":"vision"}"#,
                r#"{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"said"}"#,
                r#"{"type":"response.completed","response":{"status":"completed"}}"#,
            ],
        ),
        (
            Format::Anthropic,
            vec![
                r#"{"type":"vision"}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"said"}}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"smell_delta","smell":"x"}}"#,
                r#"{"type":"content_block_delta","index":7,"delta":{"type":"text_delta","text":"lost"}}"#,
                r#"{"type":"message_stop"}"#,
            ],
        ),
        (
            Format::Gemini,
            vec![
                r#"{"vision":1}"#,
                r#"{"candidates":[{"content":{"parts":[{"smell":1},{"text":"said"}]},"finishReason":"STOP"}]}"#,
            ],
        ),
    ];
    for (format, events) in streams {
        let stream: String = events.iter().map(|event| format!("event: vision\ndata: {event}\n\n")).collect();
        for target in formats() {
            let out = translated(wire_format(format), target, stream.as_bytes());
            let is_well = out.contains("said") && !out.contains("lost") && !out.contains("\"error\":{");
            assert!(is_well, "{format:?} to {:?}: {out}", target.format());
        }
    }
}

//! What is read of answers as they pass.

use proptest::prelude::*;
use rotator_domain::Format;
use serde_json::{Value, json};

use super::*;
use crate::json::document;
use crate::wire_format;

/// What is read of a body that comes in these pieces.
fn read<'a>(format: Format, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Usage> {
    let mut reader = wire_format(format).usage_reader();
    pieces.into_iter().for_each(|piece| reader.push(piece));
    reader.usage()
}

fn read_whole(format: Format, body: &str) -> Option<Usage> {
    let whole = read(format, [body.as_bytes()]);
    for size in [1, 2, 7] {
        assert_eq!(read(format, body.as_bytes().chunks(size)), whole, "{size}: {body}");
    }
    whole
}

fn numbers(usage: Option<Usage>) -> Option<(u64, u64)> {
    usage.map(|usage| (usage.input, usage.output))
}

#[test]
fn the_member_is_found_wherever_it_stands_and_nowhere_else() {
    let usage = r#"{"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":2}}"#;
    let found = [
        format!(r#"{{"usage":{usage}}}"#),
        format!(" \n\u{feff}{{ \"usage\" : {usage} , \"choices\":[{{\"usage\":{{\"prompt_tokens\":1}}}}]}} "),
        format!(
            r#"{{"a":"\"usage\":{{\"prompt_tokens\":9}}\\","b":{{"usage":{{"prompt_tokens":8}}}},"usage":{usage}}}"#
        ),
        format!(r#"{{"\u0075sa\u0067e":{usage},"c":["usage",{{"prompt_tokens":7}}]}}"#),
        format!(r#"{{"usage":{{"prompt_tokens":1}},"usage":{usage}}}"#),
        format!(r#"{{"usage":{usage},"x_groq":{{"usage":{{"prompt_tokens":2}}}}}}"#),
        format!(r#"{{"usage":null,"x_groq":{{"id":"x","usage":{usage}}}}}"#),
        format!(r#"{{"x_groq":{{"usage":{{"prompt_tokens":1}}}},"x_groq":{{"usage":{usage}}}}}"#),
        format!(
            r#"[{{"usage":{{"prompt_tokens":1}}}},[{{"usage":{{"prompt_tokens":2}}}}],"usage",{{"usage":{usage}}}]"#
        ),
    ];
    for body in found {
        let told = read_whole(Format::OpenAi, &body);
        assert_eq!((numbers(told), told.unwrap().cached), (Some((5, 3)), Some(2)), "{body}");
    }
    let nothing = [
        "",
        "{}",
        "[DONE]",
        r#"{"usage":null}"#,
        r#"{"usage":"{}"}"#,
        r#"{"usage":[{"prompt_tokens":1}]}"#,
        r#"{"usage":{"prompt_tokens":"x"}}"#,
        r#"{"usage":{"prompt_tokens":1},"usage":null}"#,
        r#"{"usage":{"prompt_tokens":-1}}"#,
        r#"{"choices":[{"usage":{"prompt_tokens":1}}]}"#,
        r#"{"a":{"x_groq":{"usage":{"prompt_tokens":1}}}}"#,
        r#"{"text":"{\"usage\":{\"prompt_tokens\":1}}"}"#,
        r#"["usage",{"prompt_tokens":1}]"#,
        r#"{"usage":{"prompt_tokens":1"#,
        r#"{"x_groq":{"usage":{"prompt_tokens":1}},"x_groq":5}"#,
    ];
    for body in nothing {
        assert_eq!(read_whole(Format::OpenAi, body), None, "{body}");
    }
    assert_eq!(numbers(read_whole(Format::OpenAi, r#"{"usage":{"prompt_tokens":1},"cut":"#)), Some((1, 0)));
}

#[test]
fn embeddings_and_other_endpoints_tell_their_input() {
    let vendor = r#"{"object":"list","data":[{"embedding":[0.1,-1e-7]}],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    assert_eq!(numbers(read_whole(Format::OpenAi, vendor)), Some((8, 0)));
    assert_eq!(numbers(read_whole(Format::OpenAi, r#"{"usage":{"total_tokens":6}}"#)), Some((6, 0)));
    let gemini = r#"{"embeddings":[{"values":[0.1]}],"usageMetadata":{"promptTokenCount":4}}"#;
    assert_eq!(numbers(read_whole(Format::Gemini, gemini)), Some((4, 0)));
    let image = r#"{"data":[{"b64_json":"AAAA"}],"usage":{"input_tokens":50,"output_tokens":60,"total_tokens":110}}"#;
    assert_eq!(numbers(read_whole(Format::OpenAi, image)), Some((50, 60)));
}

#[test]
fn each_format_counts_the_pieces_of_its_streams() {
    let chat = "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":{\\\"prompt_tokens\\\":99}\"}}],\"usage\":null}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    let in_each_chunk = "data: {\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":1}}\r\n\r\n\
        data: {\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\r\n\r\ndata: {\"usage\":{}}\r\n\r\ndata: [DONE]\r\n\r\n";
    let responses = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n\
        event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":[],\"usage\":{\"input_tokens\":4,\
        \"output_tokens\":2,\"output_tokens_details\":{\"reasoning_tokens\":1}}}}\n\n";
    let anthropic = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"content\":[],\"usage\":{\"input_tokens\":1,\
        \"cache_read_input_tokens\":2,\"cache_creation_input_tokens\":1,\"output_tokens\":1}}}\r\rdata: {\"type\":\"ping\"}\r\r\
        event: message_delta\rdata: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":2}}\r\r";
    let gemini = "data: {\"usageMetadata\":{\"promptTokenCount\":4}}\n\n\
        data: {\"usageMetadata\": {\"candidatesTokenCount\":1,\"thoughtsTokenCount\":1}}\n\n";
    let list = "[{\"usageMetadata\":{\"promptTokenCount\":4,\"candidatesTokenCount\":1}}\n,\r\n\
        {\"usage_metadata\":{\"candidates_token_count\":2}}\n]\n";
    for (format, stream) in [
        (Format::OpenAi, chat),
        (Format::OpenAi, in_each_chunk),
        (Format::OpenAiResponses, responses),
        (Format::Anthropic, anthropic),
        (Format::Gemini, gemini),
        (Format::Gemini, list),
    ] {
        assert_eq!(numbers(read_whole(format, stream)), Some((4, 2)), "{format}: {stream}");
    }
}

#[test]
fn events_are_read_as_the_standard_says() {
    let odd = [
        "\u{feff}data:{\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n",
        ": comment\nid: 1\ndata: {\ndata: \"usage\": {\"prompt_tokens\":4,\ndata:\"completion_tokens\":2}\ndata:}\n\n",
        "data: {\"a\":{}\ndata: ,\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n",
        "data: {\"\\u0075sage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n",
        "data\ndata: {\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}",
        "datum: {\"usage\":{\"prompt_tokens\":1}}\n\ndata: {\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n",
        "data: {\"cut\":[\n\ndata: {\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n",
    ];
    for stream in odd {
        assert_eq!(numbers(read_whole(Format::OpenAi, stream)), Some((4, 2)), "{stream}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let long =
        format!(r#"{{"{}":1,"usage":{{"prompt_tokens":1,"x":"{}"}}}}"#, "n".repeat(100_000), "y".repeat(100_000));
    assert_eq!(read_whole(Format::OpenAi, &long), None);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(r#"{{"a":{deep},"usage":{{"prompt_tokens":1}}}}"#);
    assert_eq!(numbers(read_whole(Format::OpenAi, &body)), Some((1, 0)));
}

/// Values whose members have the names that are looked for, at every depth.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<u16>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "[\"\\\\{}:, a-z\u{e9}]{0,12}".prop_map(Value::String),
        Just(json!("usage")),
        Just(json!("{\"usage\":{\"prompt_tokens\":1}}")),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..5).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let names = [
        "usage",
        "response",
        "message",
        "x_groq",
        "usageMetadata",
        "usage_metadata",
        "prompt_tokens",
        "output_tokens",
        "input_tokens",
        "promptTokenCount",
        "thoughtsTokenCount",
        "cache_read_input_tokens",
        "other\"\\",
    ];
    prop::sample::select(names.to_vec()).prop_map(str::to_owned)
}

/// Members of one name may come more than once, as no `Value` can hold them.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec((name(), value()), 0..6).prop_map(|members| {
        let member = |(name, value): &(String, Value)| format!("{}: {value}", json!(name));
        format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(" ,"))
    })
}

/// What a parser of whole documents reads.
fn parsed(format: Format, documents: &[String]) -> Option<Usage> {
    let UsageReader { mut counter, scanner, .. } = wire_format(format).usage_reader();
    for text in documents {
        let object = Object::read_leniently(document(text.as_bytes()).unwrap()).unwrap();
        if let Some(raw) = find(&object, scanner.places) {
            counter.add(raw);
        }
    }
    counter.known()
}

proptest! {
    #[test]
    fn what_is_read_is_what_a_parser_reads_however_it_is_cut(
        documents in prop::collection::vec(text(), 1..4),
        cuts in prop::collection::vec(1_usize..40, 0..40),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let events: String = documents.iter().map(|text| format!("data: {text}{end}{end}")).collect();
        let list = format!("[{}]", documents.join(",\n"));
        for format in Format::ALL {
            for (body, documents) in [(&documents[0], &documents[..1]), (&events, &documents[..]), (&list, &documents[..])] {
                let (mut pieces, mut rest) = (Vec::new(), body.as_bytes());
                for cut in &cuts {
                    let (piece, more) = rest.split_at((*cut).min(rest.len()));
                    pieces.push(piece);
                    rest = more;
                }
                pieces.push(rest);
                let expected = parsed(format, documents);
                prop_assert_eq!(read(format, pieces), expected, "{}: {}", format, body);
                prop_assert_eq!(read(format, [body.as_bytes()]), expected, "{}: {}", format, body);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_json_are_passed_over(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\u0usage \n\r1d".to_vec()), 0..200)) {
        for format in Format::ALL {
            let whole = read(format, [&bytes[..]]);
            prop_assert_eq!(read(format, bytes.chunks(1)), whole);
            prop_assert_eq!(read(format, bytes.chunks(3)), whole);
        }
    }
}

//! Tests of reading streams.

use super::{Called, calls, parts, read, stream, whole};
use crate::ir::{Delta, Event, Part, PartKind, Stop, StopReason};
use crate::openai::stream::Reader;
use crate::{Json, StreamReader, sse};

/// A stream of one piece of a call in each chunk.
fn pieces(pieces: &[&str]) -> String {
    let deltas: Vec<String> = pieces.iter().map(|piece| format!(r#"{{"tool_calls":[{piece}]}}"#)).collect();
    stream(&deltas.iter().map(String::as_str).collect::<Vec<_>>(), "\"tool_calls\"")
}

#[test]
fn calls_are_told_apart_however_they_are_numbered() {
    let of = |id: &str, name: &str, input: &str| (id.to_owned(), name.to_owned(), input.to_owned());
    let cases: [(&str, String, Vec<Called>); 12] = [
        (
            "as the vendor does",
            pieces(&[
                r#"{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}"#,
                r#"{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}"#,
                r#"{"index":0,"function":{"arguments":"{\"x\":"}}"#,
                r#"{"index":1,"function":{"arguments":"{}"}}"#,
                r#"{"index":0,"function":{"arguments":"1}"}}"#,
            ]),
            vec![of("a", "f", "{\"x\":1}"), of("b", "g", "{}")],
        ),
        (
            "all at index 0",
            pieces(&[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
                r#"{"index":0,"id":"b","function":{"name":"f","arguments":"{\"y\""}}"#,
                r#"{"index":0,"function":{"arguments":":2}"}}"#,
            ]),
            vec![of("a", "f", "{}"), of("b", "f", "{\"y\":2}")],
        ),
        (
            "no index",
            pieces(&[
                r#"{"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
                r#"{"function":{"arguments":":1}"}}"#,
                r#"{"id":"b","function":{"name":"g","arguments":"{}"}}"#,
            ]),
            vec![of("a", "f", "{\"x\":1}"), of("b", "g", "{}")],
        ),
        (
            "indexes that begin elsewhere",
            pieces(&[r#"{"index":3,"id":"a","function":{"name":"f","arguments":"{}"}}"#]),
            vec![of("a", "f", "{}")],
        ),
        (
            "id and name with each piece",
            pieces(&[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}"#,
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            ]),
            vec![of("a", "f", "{\"x\":1}")],
        ),
        (
            "an empty id and no name later on",
            pieces(&[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":null}}"#,
                r#"{"index":0,"id":"","function":{"name":null,"arguments":"{}"}}"#,
            ]),
            vec![of("a", "f", "{}")],
        ),
        (
            "a new id with each piece",
            pieces(&[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}"#,
                r#"{"index":0,"id":"b","function":{"arguments":":1}"}}"#,
            ]),
            vec![of("a", "f", "{\"x\":1}")],
        ),
        (
            "one id for several calls",
            pieces(&[
                r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
                r#"{"index":1,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}"#,
            ]),
            vec![of("a", "f", "{}"), of("a", "f", "{\"x\":1}")],
        ),
        (
            "no ids, whole calls",
            pieces(&[
                r#"{"index":0,"function":{"name":"f","arguments":"{\"a\":\"}\"}"}}"#,
                r#"{"index":0,"function":{"name":"f","arguments":"{}"}}"#,
                r#"{"index":0,"function":{"name":"f","arguments":""}}"#,
            ]),
            vec![of("", "f", "{\"a\":\"}\"}"), of("", "f", "{}")],
        ),
        (
            "the name after the id",
            pieces(&[
                r#"{"index":0,"id":"a"}"#,
                r#"{"index":0,"function":{"arguments":"{"}}"#,
                r#"{"index":0,"function":{"name":"f","arguments":"}"}}"#,
            ]),
            vec![of("a", "f", "{}")],
        ),
        (
            "arguments as an object",
            pieces(&[r#"{"index":0,"id":"a","function":{"name":"f","arguments":{"x": 1.0}}}"#, "null", "5", "{}"]),
            vec![of("a", "f", "{\"x\": 1.0}")],
        ),
        (
            "functions of old",
            stream(
                &[r#"{"function_call":{"name":"f","arguments":""}}"#, r#"{"function_call":{"arguments":"{}"}}"#],
                "\"function_call\"",
            ),
            vec![of("", "f", "{}")],
        ),
    ];
    for (name, text, expected) in cases {
        assert_eq!(calls(&text), expected, "{name}");
    }
}

#[test]
fn a_later_reason_to_end_does_not_count() {
    let call = r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"#;
    let first = stream(&[call], "\"tool_calls\"").replace("data: [DONE]\n\n", "");
    let text = first + &stream(&[], "\"stop\"");
    assert_eq!(whole(&read(&text)).unwrap().choices[0].stop, Some(Stop::of(StopReason::Tools)));
    let text = stream(&[call], "\"stop\"");
    assert_eq!(whole(&read(&text)).unwrap().choices[0].stop, Some(Stop::of(StopReason::Tools)), "a call outweighs it");
}

#[test]
fn streams_are_understood_as_others_than_the_vendor_write_them() {
    let usage = r#"{"prompt_tokens":5,"completion_tokens":3}"#;
    let odd = [
        ": comment\n\n".to_owned(),
        "data: {\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}\n\n".to_owned(),
        "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"delta\":null}]}\n\n".to_owned(),
        "event: message\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"\"}],\"usage\":null}\n\n"
            .to_owned(),
        "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"b\"}]}}]}\r\n\r\n".to_owned(),
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\"usage\":{usage}}}\n\n"),
        "data: {\"choices\":[]}\n\n".to_owned(),
    ]
    .concat();
    for text in [format!("{odd}data: [DONE]\n\ndata: after\n\n"), format!("{odd}data: [DONE]"), odd] {
        let response = whole(&read(&text)).unwrap_or_else(|| panic!("not whole: {text}"));
        assert_eq!((response.id.as_str(), response.model.as_str()), ("c", "m"));
        assert_eq!(response.choices[0].parts, [Part::text("ab")]);
        assert_eq!(response.usage.map(|usage| (usage.input, usage.output)), Some((5, 3)));
    }
}

#[test]
fn thoughts_come_under_all_of_their_names_and_with_what_seals_them() {
    let thought = |part: &Part| match &part.kind {
        PartKind::Reasoning(reasoning) => reasoning.sections.concat(),
        _ => String::new(),
    };
    for name in ["reasoning", "reasoning_content"] {
        let delta = format!(r#"{{"{name}":"hm"}}"#);
        let found = parts(&stream(&[&delta, &delta, r#"{"content":"t"}"#], "\"stop\""));
        assert_eq!((thought(&found[0]).as_str(), found[1].as_text(), found.len()), ("hmhm", Some("t"), 2));
    }
    let sealed = parts(&stream(
        &[
            r#"{"reasoning":"h","reasoning_details":[{"type":"reasoning.text","text":"h","index":0}]}"#,
            r#"{"reasoning":"m","reasoning_details":[{"type":"reasoning.text","text":"m","index":0}]}"#,
            r#"{"content":"","reasoning_details":[{"type":"reasoning.text","signature":"s","index":0}]}"#,
            r#"{"content":"t"}"#,
        ],
        "\"stop\"",
    ));
    let value = r#"[{"type":"reasoning.text","index":0,"signature":"s","text":"hm"}]"#;
    assert_eq!(
        (thought(&sealed[0]).as_str(), sealed[0].opaque.as_ref().map(|own| own.value.as_str())),
        ("hm", Some(value))
    );
    let hidden = parts(&stream(&[r#"{"reasoning_details":[{"type":"reasoning.encrypted","data":"A"}]}"#], "\"stop\""));
    assert!(hidden[0].opaque.is_some() && thought(&hidden[0]).is_empty());
    let signed = r#"{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{}}}"#;
    let events = read(&pieces(&[signed]));
    let opened = events.iter().position(|event| matches!(event, Event::Open { .. })).unwrap();
    assert!(matches!(&events[opened + 1], Event::Delta { delta: Delta::Opaque(_), .. }), "right after the call opens");
}

#[test]
fn several_answers_and_what_stands_beside_text_are_read() {
    let chunk = |index: u32, delta: &str, finish: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":{index},\"delta\":{delta},\"finish_reason\":{finish},\"logprobs\":{{\"content\":[{{\"token\":\"t\"}}]}}}}]}}\n\n"
        )
    };
    let text = [
        chunk(1, r#"{"content":"b"}"#, "null"),
        chunk(0, r#"{"content":"a","annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]}"#, "\"stop\""),
        chunk(1, r#"{"refusal":"no"}"#, "\"length\""),
    ]
    .concat();
    let response = whole(&read(&text)).unwrap();
    assert!(matches!(&response.choices[0].parts[0].kind, PartKind::Text { citations, .. } if citations.len() == 1));
    assert_eq!(response.choices[1].parts, [Part::text("b"), Part::new(PartKind::Refusal("no".into()))]);
    assert_eq!(response.choices[1].stop, Some(Stop::of(StopReason::Length)));
    assert_eq!(response.choices[0].log_probs, Json::from_text(r#"[{"token":"t"},{"token":"t"}]"#));

    let sound = parts(&stream(
        &[
            r#"{"audio":{"id":"a","transcript":"h"}}"#,
            r#"{"audio":{"data":"AA=="}}"#,
            r#"{"audio":{"data":"AQ==","transcript":"i","expires_at":5}}"#,
            r#"{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,A"}}]}"#,
        ],
        "\"stop\"",
    ));
    let PartKind::Media(media) = &sound[1].kind else { panic!("sound") };
    let expected = r#"{"id":"a","expires_at":5,"data":"AAE=","transcript":"hi"}"#;
    assert_eq!(media.extras.as_ref().unwrap().json.get(), expected);
}

#[test]
fn a_stream_that_fails_or_stops_short_ends_in_an_error() {
    let begun = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
    let cases = [
        (String::new(), 502),
        (begun.to_owned(), 502),
        ("data: [DONE]\n\n".to_owned(), 502),
        (format!("{begun}data: {{\"error\":{{\"message\":\"m\",\"code\":529}}}}\n\ndata: [DONE]\n\n"), 529),
        (
            format!(
                "{begun}event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"overloaded_error\"}}}}\n\n"
            ),
            529,
        ),
        (format!("{begun}event: error\ndata: {{\"message\":\"m\",\"code\":\"rate_limit_exceeded\"}}\n\n"), 429),
        (format!("{begun}data: {{\"error\":\"m\"}}\n\n"), 500),
    ];
    for (text, status) in cases {
        let events = read(&text);
        assert!(matches!(events.last(), Some(Event::Error(error)) if error.status == status), "{text}: {events:?}");
        assert!(whole(&events).is_none());
    }
    for broken in ["data: {\n\n", "data: 5\n\n", "data: []\n\n"] {
        let (mut parser, mut reader, mut events) = (sse::Parser::new(1 << 20), Reader::default(), Vec::new());
        assert!(parser.push(broken.as_bytes(), |event| reader.read(&event, &mut events)).is_err(), "{broken}");
    }
    // Who says that the answer is whole is believed, even without a reason.
    assert!(whole(&read(&format!("{begun}data: [DONE]\n\n"))).is_some());
}

//! Tests of whole answers.

use std::sync::Arc;

use rotator_domain::Format;

use super::{read, write};
use crate::ir::{
    Choice, Citation, Media, MediaKind, Native, Opaque, Part, PartKind, Reasoning, Request, Response, Source, Stop,
    StopReason, Tool, ToolCall, ToolInput, Usage,
};
use crate::{Asked, Ids, Json, Losses, Telling};

fn telling() -> Telling {
    let request = Arc::new(Request::new(Format::OpenAi, "asked-for".into()));
    Telling { request, asked: Asked::default(), ids: Ids::new(1), now: 9, losses: Losses::default() }
}

fn written(response: &Response, telling: &mut Telling) -> String {
    String::from_utf8(write(response, telling).to_vec()).unwrap()
}

/// The parts of a message that is written like this.
fn parts_of(message: &str) -> Vec<Part> {
    let body = format!(r#"{{"choices":[{{"message":{message},"finish_reason":null}}]}}"#);
    read(body.as_bytes()).unwrap().choices.remove(0).parts
}

fn arguments(part: &Part) -> (&str, &str, &str) {
    match &part.kind {
        PartKind::ToolCall(call) => (&call.id, &call.name, call.input.as_str()),
        _ => ("", "", ""),
    }
}

fn call(id: &str, input: ToolInput) -> Part {
    Part::new(PartKind::ToolCall(ToolCall { id: id.into(), name: "f".into(), input }))
}

fn of(parts: Vec<Part>, reason: StopReason) -> Response {
    let choices = vec![Choice { parts, stop: Some(Stop::of(reason)), log_probs: None }];
    Response { id: "chatcmpl-1".into(), model: "m".into(), created: Some(5), choices, ..Response::default() }
}

#[test]
fn an_answer_that_is_written_is_read_again() {
    let thought = Part::new(PartKind::Reasoning(Reasoning { sections: vec!["hm".into()], is_summary: false }));
    let mut response = of(
        vec![
            thought,
            Part::text("I look."),
            call("1", ToolInput::Arguments(r#"{"a": 1.0}"#.into())),
            call("2", ToolInput::Text("x".into())),
        ],
        StopReason::Tools,
    );
    response.choices.push(Choice {
        parts: vec![Part::new(PartKind::Refusal("no".into()))],
        stop: Some(Stop::of(StopReason::Filter)),
        log_probs: Json::from_text(r#"[{"token":"n","logprob":-0.10}]"#),
    });
    response.usage = Some(Usage { input: 9, cached: Some(4), cache_written: Some(1), output: 7, reasoning: Some(6) });
    response.tier = Some("default".into());
    let mut telling = telling();
    assert_eq!(read(written(&response, &mut telling).as_bytes()), Ok(response));
    assert!(telling.losses.names().is_empty());
}

#[test]
fn an_answer_is_written_as_the_vendor_writes_it() {
    let body = written(&of(vec![Part::text("a"), Part::text("b")], StopReason::End), &mut telling());
    let expected = concat!(
        r#"{"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":"#,
        r#"{"role":"assistant","content":"ab","refusal":null},"logprobs":null,"finish_reason":"stop"}]}"#
    );
    assert_eq!(body, expected);
    let body = written(&of(vec![call("", ToolInput::Arguments(String::new()))], StopReason::Tools), &mut telling());
    assert!(body.contains(r#""content":null,"refusal":null,"tool_calls":[{"id":"call_"#), "{body}");
    assert!(body.contains(r#""arguments":"{}""#) && body.contains(r#""finish_reason":"tool_calls""#), "{body}");
    let body = written(&of(Vec::new(), StopReason::Length), &mut telling());
    assert!(body.contains(r#""content":"""#) && body.contains(r#""finish_reason":"length""#), "{body}");
    let bare = Response { choices: vec![Choice::default()], ..Response::default() };
    let body = written(&bare, &mut telling());
    assert!(body.contains(r#""created":9,"model":"asked-for""#) && body.starts_with(r#"{"id":"chatcmpl-"#), "{body}");
}

#[test]
fn clients_that_know_functions_only_get_one() {
    let mut telling = telling();
    let mut request = Request::new(Format::OpenAi, "m".into());
    request.has_legacy_calls = true;
    telling.request = Arc::new(request);
    let body = written(&of(vec![call("1", ToolInput::Arguments("{}".into()))], StopReason::Tools), &mut telling);
    assert!(
        body.contains(r#""function_call":{"name":"f","arguments":"{}"}"#) && !body.contains("tool_calls"),
        "{body}"
    );
    assert!(body.contains(r#""finish_reason":"function_call""#));
}

#[test]
fn a_tool_that_takes_free_text_is_called_with_it_whatever_the_upstream_knows() {
    let mut telling = telling();
    let mut request = Request::new(Format::OpenAi, "m".into());
    request.tools = vec![Tool::Custom { name: "f".into(), description: None, grammar: None }];
    telling.request = Arc::new(request);
    let wrapped = call("1", ToolInput::Arguments(r#"{"input":"a \"b\""}"#.into()));
    let body = written(&of(vec![wrapped], StopReason::Tools), &mut telling);
    assert!(body.contains(r#""type":"custom","custom":{"name":"f","input":"a \"b\""}"#), "{body}");
}

#[test]
fn what_the_format_cannot_say_is_left_out_and_named() {
    let media = |kind| Media {
        kind,
        source: Source::Base64("iVBOR".into()),
        mime: None,
        name: None,
        detail: None,
        extras: None,
    };
    let native = Native { format: Format::Anthropic, name: "server_tool_use".into(), json: Json::empty_object() };
    let signed = Part { opaque: Some(Opaque::new(Format::Anthropic, "secret".into())), ..Part::text("t") };
    let parts = vec![
        signed,
        Part::new(PartKind::Native(native)),
        Part::media(media(MediaKind::Video)),
        Part::media(media(MediaKind::Image)),
    ];
    let mut telling = telling();
    let body = written(&of(parts, StopReason::End), &mut telling);
    assert_eq!(telling.losses.names(), ["server_tool_use", "media"]);
    assert!(!body.contains("secret") && !body.contains("server_tool_use"), "{body}");
    let image = r#""images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBOR"}}]"#;
    assert!(body.contains(image), "{body}");
}

#[test]
fn citations_count_from_the_beginning_of_the_whole_text() {
    let citation = |span| Citation { url: Some("u".into()), title: Some("t".into()), span, ..Citation::default() };
    let cited = |text: &str, citations| Part::new(PartKind::Text { text: text.into(), citations });
    let parts =
        vec![cited("é1", vec![citation(Some((0, 1)))]), cited("two", vec![citation(Some((1, 2))), citation(None)])];
    let body = written(&of(parts, StopReason::End), &mut telling());
    let spans = read(body.as_bytes()).unwrap().choices.remove(0).parts.remove(0);
    let PartKind::Text { citations, .. } = spans.kind else { panic!("a text") };
    assert_eq!(
        citations.iter().map(|found| found.span).collect::<Vec<_>>(),
        [Some((0, 1)), Some((3, 4)), Some((2, 5))]
    );
}

#[test]
fn answers_are_understood_as_others_than_the_vendor_write_them() {
    let texts = |message: &str| -> Vec<String> {
        parts_of(message).iter().filter_map(|part| part.as_text().map(str::to_owned)).collect()
    };
    assert_eq!(texts(r#"{"content":[{"type":"text","text":"a"},"b",{"type":"odd"},{"text":"c"}]}"#), ["a", "b", "c"]);
    assert_eq!(texts(r#"{"content":null}"#), [""; 0]);
    assert_eq!(texts(r#"{"content":5,"refusal":7,"tool_calls":"x","annotations":{}}"#), [""; 0]);
    let parts = parts_of(r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#);
    assert!(matches!(&parts[0].kind, PartKind::Reasoning(found) if found.sections == ["hm"]));

    let calls = [
        (r#"{"tool_calls":[{"function":{"name":"f","arguments":{"a": 1.0}}}]}"#, ("", "f", r#"{"a": 1.0}"#)),
        (r#"{"tool_calls":[5,{},{"id":"1","function":{"name":"f","arguments":null}}]}"#, ("1", "f", "")),
        (r#"{"tool_calls":[{"id":"1","type":"custom","custom":{"name":"c","input":"x"}}]}"#, ("1", "c", "x")),
        (r#"{"function_call":{"name":"f","arguments":"{}"}}"#, ("", "f", "{}")),
    ];
    for (message, expected) in calls {
        let parts = parts_of(message);
        assert_eq!(parts.iter().map(arguments).collect::<Vec<_>>(), [expected], "{message}");
    }
    let signed = parts_of(r#"{"tool_calls":[{"function":{"name":"f"},"extra_content":{"google":{"a":1}}}]}"#);
    assert_eq!(signed[0].opaque, Some(Opaque::new(Format::OpenAi, r#"{"google":{"a":1}}"#.into())));

    let cited = parts_of(r#"{"content":"t","annotations":[{"type":"url_citation","url_citation":{"url":"u"}},5]}"#);
    assert!(matches!(&cited[0].kind, PartKind::Text { citations, .. } if citations.len() == 1));
    let images =
        parts_of(r#"{"content":"","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,A"}}]}"#);
    assert!(matches!(&images[0].kind, PartKind::Media(media) if media.kind == MediaKind::Image));
    let sound = parts_of(r#"{"content":null,"audio":{"id":"a","data":"AAAA","transcript":"t"}}"#);
    assert!(matches!(&sound[0].kind, PartKind::Media(media) if media.kind == MediaKind::Audio));
}

#[test]
fn an_end_that_is_not_told_follows_from_what_was_said() {
    let reason = |choice: &str| {
        let body = format!(r#"{{"choices":[{choice}]}}"#);
        read(body.as_bytes()).unwrap().choices.remove(0).stop.unwrap().reason
    };
    let call = r#""message":{"tool_calls":[{"function":{"name":"f"}}]}"#;
    assert_eq!(reason(r#"{"message":{"content":"t"}}"#), StopReason::End);
    assert_eq!(reason(&format!("{{{call}}}")), StopReason::Tools);
    assert_eq!(reason(&format!(r#"{{{call},"finish_reason":"stop"}}"#)), StopReason::Tools);
    assert_eq!(reason(&format!(r#"{{{call},"finish_reason":"length"}}"#)), StopReason::Length);
    assert_eq!(reason(r#"{"message":{},"finish_reason":"odd"}"#), StopReason::Other("odd".into()));
}

#[test]
fn what_is_no_answer_is_told() {
    let deep = format!(r#"{{"choices":[{{"message":{{"content":{}{}}}}}]}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert!(read(deep.as_bytes()).unwrap().choices[0].parts.is_empty());
    for broken in ["", "{", "[]", "{}", r#"{"object":"list"}"#, r#"{"choices":5}"#, r#"{"choices":[{}]}"#] {
        assert!(read(broken.as_bytes()).is_err(), "{broken}");
    }
    let told = read(br#"{"error":{"message":"m","code":429}}"#).unwrap().error.unwrap();
    assert_eq!((told.status, told.message.as_str()), (429, "m"));
    let response = Response { error: Some(told), ..Response::default() };
    assert!(written(&response, &mut telling()).starts_with(r#"{"error":{"message":"m","type":"rate_limit_error""#));
}

#[test]
fn thoughts_within_thoughts_cost_no_stack() {
    let begin = r#"{"type":"thinking","thinking":["#;
    let thoughts = format!("{}{}", begin.repeat(10_000), "]}".repeat(10_000));
    let body = format!(r#"{{"choices":[{{"message":{{"content":[{thoughts},{{"type":"text","text":"a"}}]}}}}]}}"#);
    let response = read(body.as_bytes()).unwrap();
    assert_eq!(response.choices[0].parts.last().and_then(Part::as_text), Some("a"));
}

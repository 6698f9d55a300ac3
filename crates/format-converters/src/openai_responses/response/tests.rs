//! Answers as they are read and written.

use std::sync::Arc;

use rotator_domain::Format;
use serde_json::{Value, json};

use super::super::wire::FORMAT;
use super::{read, write};
use crate::ir::{
    ApiError, Choice, Citation, Media, MediaKind, Native, Opaque, Part, PartKind, Reasoning, Request, Response, Role,
    Source, Stop, StopReason, Tool, ToolCall, ToolInput, Turn, Usage,
};
use crate::json::Json;
use crate::{Asked, Ids, Losses, Telling};

fn telling(request: Request) -> Telling {
    Telling {
        request: Arc::new(request),
        asked: Asked::default(),
        ids: Ids::new(7),
        now: 1_700_000_000,
        losses: Losses::default(),
    }
}

fn plain() -> Request {
    Request::new(FORMAT, "asked".into())
}

fn parse(body: &Value) -> Response {
    read(body.to_string().as_bytes()).unwrap()
}

fn written(response: &Response, request: Request) -> (Value, Vec<String>) {
    let mut telling = telling(request);
    let body = write(response, &mut telling);
    (serde_json::from_slice(&body).unwrap(), telling.losses.names().to_vec())
}

fn of(parts: Vec<Part>) -> Response {
    let choices = vec![Choice { parts, stop: Some(Stop::of(StopReason::End)), log_probs: None }];
    Response { id: "up".into(), model: "m".into(), created: Some(5), choices, ..Response::default() }
}

fn call(input: ToolInput) -> Part {
    Part::new(PartKind::ToolCall(ToolCall { id: "c".into(), name: "f".into(), input }))
}

fn answer() -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 5, "status": "completed", "model": "m",
        "error": null, "incomplete_details": null, "service_tier": "flex",
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "s1"}, {"type": "summary_text", "text": "s2"}], "encrypted_content": "gAAA"},
            {"type": "reasoning", "id": "rs_2", "summary": []},
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [
                {"type": "output_text", "text": "one", "logprobs": [{"token": "one", "logprob": -0.50, "bytes": [], "top_logprobs": []}], "annotations": [
                    {"type": "url_citation", "url": "https://a.example", "title": "t", "start_index": 0, "end_index": 2},
                    {"type": "file_citation", "file_id": "file", "filename": "f.txt", "index": 1}
                ]},
                {"type": "refusal", "refusal": "no"}
            ]},
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{\"a\": 1.0}", "status": "completed"},
            {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "g", "input": "free"},
            {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "aGk="}
        ],
        "usage": {"input_tokens": 10, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
            "output_tokens": 6, "output_tokens_details": {"reasoning_tokens": 3}, "total_tokens": 16}
    })
}

#[test]
fn an_answer_is_read_into_words_of_no_format() {
    let response = parse(&answer());
    assert_eq!((response.id.as_str(), response.model.as_str(), response.created), ("resp_1", "m", Some(5)));
    assert_eq!(response.tier.as_deref(), Some("flex"));
    let choice = &response.choices[0];
    assert_eq!(choice.stop, Some(Stop::of(StopReason::Tools)));
    assert_eq!(choice.parts.len(), 7);
    let PartKind::Reasoning(thought) = &choice.parts[0].kind else { panic!() };
    assert_eq!((&thought.sections[..], thought.is_summary), (&["s1".to_owned(), "s2".to_owned()][..], true));
    let opaque = Opaque { id: Some("rs_1".into()), ..Opaque::new(FORMAT, "gAAA".into()) };
    assert_eq!(choice.parts[0].opaque, Some(opaque));
    let PartKind::Text { text, citations } = &choice.parts[1].kind else { panic!() };
    assert_eq!(
        (text.as_str(), citations[0].url.as_deref(), citations[0].span),
        ("one", Some("https://a.example"), Some((0, 2)))
    );
    assert_eq!(citations[1].title.as_deref(), Some("f.txt"));
    assert!(matches!(&choice.parts[3].kind, PartKind::Native(native) if native.name == "web_search_call"));
    assert!(matches!(&choice.parts[6].kind, PartKind::Media(media) if media.mime.as_deref() == Some("image/png")));
    let log_probs = choice.log_probs.as_ref().unwrap().get();
    assert_eq!(log_probs, r#"[{"bytes":[],"logprob":-0.5,"token":"one","top_logprobs":[]}]"#);
    let usage = Usage { input: 10, cached: Some(4), cache_written: Some(2), output: 6, reasoning: Some(3) };
    assert_eq!(response.usage, Some(usage));
}

#[test]
fn what_is_read_and_written_is_the_same() {
    let response = parse(&answer());
    let (body, dropped) = written(&response, plain());
    assert!(dropped.is_empty());
    assert_eq!(parse(&body), response);
    assert_eq!(body["output"][0]["id"], "rs_1", "the issuer's own reasoning keeps its id");
}

#[test]
fn the_status_tells_why_an_answer_ended() {
    let message = json!([{"type": "message", "content": [{"type": "output_text", "text": "a"}]}]);
    let cases = [
        (json!({"status": "completed"}), Some(StopReason::End)),
        (json!({}), Some(StopReason::End)),
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}),
            Some(StopReason::Length),
        ),
        (json!({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}), Some(StopReason::Filter)),
        (json!({"status": "incomplete"}), Some(StopReason::Length)),
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "odd"}}),
            Some(StopReason::Other("odd".into())),
        ),
        (json!({"status": "in_progress"}), None),
    ];
    for (mut body, expected) in cases {
        body["output"] = message.clone();
        let response = parse(&body);
        assert_eq!(response.choices[0].stop.clone().map(|stop| stop.reason), expected, "{body}");
        assert_eq!(response.error, None);
    }
    let failed =
        parse(&json!({"status": "failed", "output": [], "error": {"code": "rate_limit_exceeded", "message": "slow"}}));
    let error = failed.error.unwrap();
    assert_eq!(
        (error.status, error.message.as_str(), error.code.as_deref()),
        (429, "slow", Some("rate_limit_exceeded"))
    );
    assert_eq!(parse(&json!({"error": {"message": "m"}})).error.unwrap().status, 500);
    assert_eq!(parse(&json!({"status": "failed", "output": []})).error.unwrap().status, 500);
}

#[test]
fn what_is_odd_in_an_answer_is_read_as_far_as_it_makes_sense() {
    let response = parse(&json!({"id": 5, "created_at": 1.75, "output": [
        5,
        {"type": "message", "content": [5, {"type": "odd"}, {"type": "output_text", "text": ""}, {"type": "text", "text": "a"}]},
        {"type": "function_call", "id": "fc", "name": "f", "arguments": {"a": 1}},
        {"type": "image_generation_call", "result": "not base64"},
        {"type": "unheard_of"},
        {"type": "reasoning", "summary": 5, "content": [{"type": "reasoning_text", "text": "t"}]}
    ], "usage": {"input_tokens": "x", "output_tokens": 3}}));
    assert_eq!((response.id.as_str(), response.created), ("", Some(1)));
    let parts = &response.choices[0].parts;
    assert_eq!(parts.len(), 5);
    assert_eq!(parts[0], Part::text("a"));
    let PartKind::ToolCall(call) = &parts[1].kind else { panic!() };
    assert_eq!((call.id.as_str(), call.input.as_str()), ("fc", r#"{"a":1}"#));
    assert!(matches!(parts[2].kind, PartKind::Native(_)));
    let thoughts = Reasoning { sections: vec!["t".into()], is_summary: false };
    assert_eq!(parts[4].kind, PartKind::Reasoning(thoughts));
    assert_eq!(response.usage, Some(Usage { output: 3, ..Usage::default() }));
    for (body, error) in [
        ("{}", "output: is missing"),
        ("[]", "expected an object, found a list"),
        (r#"{"output":5}"#, "output: expected a list, found another number"),
    ] {
        assert_eq!(read(body.as_bytes()).unwrap_err().to_string(), error);
    }
    let deep = format!(r#"{{"output":[{}{}]}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert!(read(deep.as_bytes()).unwrap().choices[0].parts.is_empty());
}

#[test]
fn an_answer_has_every_member_that_the_sdks_expect() {
    let (body, _) = written(&of(vec![Part::text("a")]), plain());
    let expected = json!({
        "id": body["id"], "object": "response", "created_at": 5, "status": "completed", "completed_at": 1_700_000_000,
        "error": null, "incomplete_details": null, "model": "m", "usage": null, "service_tier": null,
        "output": [{"type": "message", "id": body["output"][0]["id"], "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "a", "annotations": [], "logprobs": []}]}],
        "background": false, "instructions": null, "max_output_tokens": null, "max_tool_calls": null, "metadata": {},
        "parallel_tool_calls": true, "previous_response_id": null, "prompt_cache_key": null,
        "reasoning": {"effort": null, "summary": null}, "safety_identifier": null, "store": true, "temperature": null,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_logprobs": 0, "top_p": null,
        "truncation": "disabled", "user": null
    });
    assert_eq!(body, expected);
    assert!(body["id"].as_str().unwrap().starts_with("resp_") && body["id"] != "up");
    assert!(body["output"][0]["id"].as_str().unwrap().starts_with("msg_"));
}

#[test]
fn an_answer_repeats_its_request() {
    let asked = json!({
        "model": "m", "instructions": "sys", "input": "u", "temperature": 0.5, "max_output_tokens": 99, "metadata": {"k": "v"},
        "parallel_tool_calls": false, "previous_response_id": "resp_0", "reasoning": {"effort": "low"}, "store": false,
        "text": {"format": {"type": "json_object"}, "verbosity": "low"}, "tool_choice": {"type": "function", "name": "f"},
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": true}, {"type": "file_search"}],
        "truncation": "auto", "max_tool_calls": 2, "user": "me"
    });
    let request = super::super::request::read(&Asked::default(), asked.to_string().as_bytes()).unwrap();
    let (body, _) = written(&of(vec![Part::text("a")]), request);
    for name in [
        "instructions",
        "temperature",
        "max_output_tokens",
        "metadata",
        "parallel_tool_calls",
        "previous_response_id",
        "store",
        "text",
        "tool_choice",
        "tools",
        "truncation",
        "max_tool_calls",
        "user",
    ] {
        assert_eq!(body[name], asked[name], "{name}");
    }
    assert_eq!(body["reasoning"], json!({"effort": "low", "summary": null}));
}

#[test]
fn an_ending_is_told_by_the_status() {
    let told = |reason| {
        let mut response = of(Vec::new());
        response.choices[0].stop = Some(Stop::of(reason));
        let (body, _) = written(&response, plain());
        (body["status"].as_str().unwrap().to_owned(), body["incomplete_details"].clone())
    };
    let completed = ("completed".to_owned(), Value::Null);
    for reason in [StopReason::End, StopReason::Tools, StopReason::StopString, StopReason::Pause] {
        assert_eq!(told(reason), completed);
    }
    assert_eq!(told(StopReason::Length), ("incomplete".into(), json!({"reason": "max_output_tokens"})));
    assert_eq!(told(StopReason::Filter), ("incomplete".into(), json!({"reason": "content_filter"})));
    let error = ApiError { status: 429, message: "slow".into(), ..ApiError::default() };
    let (body, _) = written(&Response { error: Some(error), ..Response::default() }, plain());
    assert_eq!((&body["status"], &body["model"]), (&json!("failed"), &json!("asked")));
    assert_eq!(body["error"], json!({"code": "rate_limit_exceeded", "message": "slow"}));
}

#[test]
fn opaque_texts_of_others_travel_on_reasoning() {
    let signed = |part: Part, value: &str| Part { opaque: Some(Opaque::new(Format::Gemini, value.into())), ..part };
    let thought = Part::new(PartKind::Reasoning(Reasoning { sections: vec!["t".into()], is_summary: false }));
    let redacted = Opaque { is_redacted: true, ..Opaque::new(Format::Anthropic, "r".into()) };
    let hidden = Part { opaque: Some(redacted), ..Part::new(PartKind::Reasoning(Reasoning::default())) };
    let arguments = || call(ToolInput::Arguments("{}".into()));
    let parts = vec![
        signed(thought, "MA=="),
        hidden,
        signed(Part::text("a"), "MQ=="),
        signed(arguments(), "Mg=="),
        arguments(),
    ];
    let response = of(parts);
    let (body, _) = written(&response, plain());
    let types: Vec<&str> =
        body["output"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        ["reasoning", "reasoning", "message", "reasoning", "reasoning", "function_call", "function_call"]
    );
    assert_eq!(body["output"][0]["summary"], json!([{"type": "summary_text", "text": "t"}]));
    let again = parse(&body);
    let opaque = |parts: &[Part]| parts.iter().map(|part| part.opaque.clone()).collect::<Vec<_>>();
    assert_eq!(opaque(&again.choices[0].parts), opaque(&response.choices[0].parts));
}

#[test]
fn a_call_is_what_the_clients_tool_takes() {
    let mut request = plain();
    request.tools = vec![Tool::Custom { name: "f".into(), description: None, grammar: None }];
    request.turns = vec![Turn::new(Role::User, vec![Part::text("u")])];
    let item = |input: &str, request: Request| {
        let (body, _) = written(&of(vec![call(ToolInput::Arguments(input.into()))]), request);
        let item = &body["output"][0];
        (item["type"].as_str().unwrap().to_owned(), item.get("input").or(item.get("arguments")).cloned().unwrap())
    };
    assert_eq!(item(r#"{"input":"x \"y\""}"#, request.clone()), ("custom_tool_call".into(), json!("x \"y\"")));
    assert_eq!(item("{\"odd\":1}", request), ("custom_tool_call".into(), json!("{\"odd\":1}")));
    assert_eq!(item("", plain()), ("function_call".into(), json!("{}")));
    assert_eq!(item("{\"a\":1e2", plain()), ("function_call".into(), json!("{\"a\":1e2")));
}

#[test]
fn what_has_no_counterpart_is_left_out_and_named() {
    let native = Native { format: Format::Anthropic, name: "server_tool_use".into(), json: Json::empty_object() };
    let sound = Media {
        kind: MediaKind::Audio,
        source: Source::Base64("aGk=".into()),
        mime: None,
        name: None,
        detail: None,
        extras: None,
    };
    let page = Citation { quote: Some("q".into()), ..Citation::default() };
    let link = Citation { url: Some("https://a.example".into()), ..Citation::default() };
    let text = PartKind::Text { text: "aé".into(), citations: vec![page, link] };
    let mut response = of(vec![Part::new(PartKind::Native(native)), Part::media(sound), Part::new(text)]);
    response.choices.push(Choice::default());
    let (body, dropped) = written(&response, plain());
    assert_eq!(dropped, ["n", "server_tool_use", "media", "annotations"]);
    let annotation =
        json!({"type": "url_citation", "url": "https://a.example", "title": "", "start_index": 0, "end_index": 2});
    assert_eq!(body["output"][0]["content"][0]["annotations"], json!([annotation]));
    assert_eq!(body["output"].as_array().unwrap().len(), 1);
}

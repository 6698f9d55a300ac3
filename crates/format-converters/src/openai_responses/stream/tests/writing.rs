//! Streams as the vendor's SDKs want them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::BytesMut;
use rotator_domain::Format;
use serde_json::{Value, json};

use super::super::Writer;
use super::{read, said};
use crate::ir::{
    ApiError, BlockId, BlockKind, Citation, Delta, Event, Native, Opaque, Part, PartKind, Reasoning, Request, Response,
    Stop, StopReason, Tool, ToolCall, ToolInput, Usage,
};
use crate::json::Json;
use crate::openai_responses::wire::FORMAT;
use crate::{Asked, Ids, Losses, StreamWriter, Telling, events_of, sse};

fn telling(request: Request) -> Telling {
    Telling { request: Arc::new(request), asked: Asked::default(), ids: Ids::new(7), now: 9, losses: Losses::default() }
}

fn write_for(request: Request, events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(telling(request));
    let mut out = BytesMut::new();
    for event in events {
        writer.write(event.clone(), &mut out);
    }
    out.to_vec()
}

fn write(events: &[Event]) -> Vec<u8> {
    write_for(Request::new(FORMAT, "asked".into()), events)
}

fn parse(stream: &[u8]) -> Vec<Value> {
    let mut events = Vec::new();
    let each = |event: sse::Event<'_>| {
        let value: Value = serde_json::from_str(&event.data).unwrap();
        assert_eq!(value["type"], event.name.as_ref());
        events.push(value);
        Ok::<(), sse::TooLong>(())
    };
    sse::Parser::new(1 << 24).push(stream, each).unwrap();
    events
}

fn types(stream: &[u8]) -> Vec<String> {
    let name = |event: &Value| event["type"].as_str().unwrap().trim_start_matches("response.").to_owned();
    parse(stream).iter().map(name).collect()
}

/// Takes a stream up as the vendor's SDKs do, which raise where this panics, and gives the whole answer at its end.
fn strictly(stream: &[u8]) -> Value {
    let events = parse(stream);
    assert_eq!(events[0]["type"], "response.created", "the first event");
    let id = &events[0]["response"]["id"];
    let mut items: BTreeMap<u64, Value> = BTreeMap::new();
    let mut done: BTreeMap<u64, Value> = BTreeMap::new();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
        if let Some(response) = event.get("response") {
            assert_eq!(&response["id"], id, "the answer's id");
            for name in [
                "object",
                "created_at",
                "model",
                "output",
                "parallel_tool_calls",
                "tool_choice",
                "tools",
                "metadata",
                "temperature",
            ] {
                assert!(response.get(name).is_some(), "{name}");
            }
            continue;
        }
        let index = event["output_index"].as_u64().expect("an index");
        let name = event["type"].as_str().unwrap();
        if name == "response.output_item.added" {
            assert!(items.insert(index, event["item"].clone()).is_none(), "an index that is taken");
            continue;
        }
        let item = items.get_mut(&index).expect("an item that has begun");
        assert!(!done.contains_key(&index), "nothing after an item's end");
        if name == "response.output_item.done" {
            for name in ["id", "type", "call_id"] {
                assert_eq!(item[name], event["item"][name]);
            }
            if item["type"] != "web_search_call" {
                check_whole(item, &event["item"]);
            }
            done.insert(index, event["item"].clone());
            continue;
        }
        assert_eq!(item["id"], event["item_id"]);
        take(item, name, event);
    }
    let last = events.last().unwrap();
    let ended = last["type"].as_str().unwrap().trim_start_matches("response.").to_owned();
    assert_eq!(last["response"]["status"], ended);
    assert_eq!(last["response"]["output"], json!(done.values().collect::<Vec<_>>()), "the whole answer");
    assert!(ended == "failed" || done.len() == items.len(), "each item ended");
    last["response"].clone()
}

/// Adds an event to the item that it is about.
fn take(item: &mut Value, name: &str, event: &Value) {
    let push = |text: &mut Value, more: &Value| {
        *text = json!(format!("{}{}", text.as_str().expect("a text"), more.as_str().unwrap()));
    };
    let content =
        |item: &mut Value| -> Value { item["content"][event["content_index"].as_u64().unwrap() as usize].clone() };
    match name.trim_start_matches("response.") {
        "content_part.added" => {
            assert_eq!(event["content_index"], item["content"].as_array().unwrap().len());
            item["content"].as_array_mut().unwrap().push(event["part"].clone());
        }
        "output_text.delta" | "refusal.delta" => {
            let place = event["content_index"].as_u64().unwrap() as usize;
            let member = if name.contains("refusal") { "refusal" } else { "text" };
            assert!(member == "refusal" || event["logprobs"].is_array());
            push(&mut item["content"][place][member], &event["delta"]);
        }
        "output_text.annotation.added" => {
            let place = event["content_index"].as_u64().unwrap() as usize;
            let list = item["content"][place]["annotations"].as_array_mut().unwrap();
            assert_eq!(event["annotation_index"], list.len());
            list.push(event["annotation"].clone());
        }
        "output_text.done" => assert_eq!(content(item)["text"], event["text"]),
        "refusal.done" => assert_eq!(content(item)["refusal"], event["refusal"]),
        "content_part.done" => {
            for member in ["text", "refusal", "annotations"] {
                assert_eq!(content(item)[member], event["part"][member]);
            }
        }
        "reasoning_summary_part.added" => {
            assert_eq!(event["summary_index"], item["summary"].as_array().unwrap().len());
            item["summary"].as_array_mut().unwrap().push(event["part"].clone());
        }
        "reasoning_summary_text.delta" => {
            let place = event["summary_index"].as_u64().unwrap() as usize;
            push(&mut item["summary"][place]["text"], &event["delta"]);
        }
        "reasoning_summary_text.done" => {
            assert_eq!(item["summary"][event["summary_index"].as_u64().unwrap() as usize]["text"], event["text"]);
        }
        "reasoning_summary_part.done" => {
            assert_eq!(item["summary"][event["summary_index"].as_u64().unwrap() as usize], event["part"]);
        }
        "function_call_arguments.delta" => push(&mut item["arguments"], &event["delta"]),
        "custom_tool_call_input.delta" => push(&mut item["input"], &event["delta"]),
        "function_call_arguments.done" => {
            assert_eq!((&item["arguments"], &item["name"]), (&event["arguments"], &event["name"]))
        }
        "custom_tool_call_input.done" => assert_eq!(item["input"], event["input"]),
        other => panic!("{other} is no event that is known"),
    }
}

/// An item in pieces is the whole one, but for its status and what never comes in pieces.
fn check_whole(pieces: &Value, whole: &Value) {
    let text = |item: &Value| -> Vec<Value> {
        let parts = item["content"].as_array().into_iter().flatten();
        parts.map(|part| json!([part["type"], part["text"], part["refusal"], part["annotations"]])).collect()
    };
    assert_eq!(text(pieces), text(whole));
    for name in ["summary", "arguments", "input", "name"] {
        assert_eq!(pieces[name], whole[name]);
    }
}

fn start() -> Event {
    Event::Start { id: "up".into(), model: "m".into(), created: Some(5) }
}

fn open(number: u32, kind: BlockKind) -> Event {
    Event::Open { block: BlockId(number), choice: 0, kind }
}

fn call(number: u32, id: &str) -> Event {
    open(number, BlockKind::ToolCall { id: id.into(), name: "f".into(), is_custom: false })
}

fn delta(number: u32, delta: Delta) -> Event {
    Event::Delta { block: BlockId(number), delta }
}

fn text(number: u32, text: &str) -> Event {
    delta(number, Delta::Text(text.into()))
}

fn input(number: u32, input: &str) -> Event {
    delta(number, Delta::Input(input.into()))
}

fn close(number: u32) -> Event {
    Event::Close { block: BlockId(number) }
}

fn stop(reason: StopReason) -> Event {
    Event::Stop { choice: 0, stop: Stop::of(reason) }
}

fn signed(value: &str) -> Delta {
    Delta::Opaque(Opaque::new(Format::Gemini, value.into()))
}

#[test]
fn a_text_is_written_in_the_vendors_grammar() {
    let usage = Usage { input: 5, cached: Some(1), output: 3, reasoning: Some(2), ..Usage::default() };
    let events = [
        start(),
        open(0, BlockKind::Text),
        text(0, "he"),
        text(0, ""),
        text(0, "llo"),
        close(0),
        Event::Usage(usage),
        stop(StopReason::End),
        Event::End,
        text(0, "after the end"),
    ];
    let out = write(&events);
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(types(&out), expected);
    let response = strictly(&out);
    assert_eq!(
        (&response["model"], &response["created_at"], &response["completed_at"]),
        (&json!("m"), &json!(5), &json!(9))
    );
    assert!(response["id"].as_str().unwrap().starts_with("resp_"));
    assert_eq!(
        response["usage"],
        json!({
            "input_tokens": 5, "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 0},
            "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 2}, "total_tokens": 8
        })
    );
    let begun = &parse(&out)[0]["response"];
    assert_eq!(
        (&begun["status"], &begun["output"], &begun["usage"]),
        (&json!("in_progress"), &json!([]), &Value::Null)
    );
}

#[test]
fn reasoning_is_a_summary_in_sections() {
    let opaque = Opaque { id: Some("rs_9".into()), ..Opaque::new(FORMAT, "gAAA".into()) };
    let events = [
        start(),
        open(0, BlockKind::Reasoning { is_summary: false, id: Some("rs_9".into()) }),
        text(0, "one"),
        delta(0, Delta::Section),
        text(0, "two"),
        delta(0, Delta::Opaque(opaque.clone())),
        close(0),
        open(1, BlockKind::Reasoning { is_summary: true, id: None }),
        delta(1, Delta::Opaque(opaque)),
        close(1),
        open(2, BlockKind::Reasoning { is_summary: true, id: None }),
        close(2),
        Event::End,
    ];
    let out = write(&events);
    let section = [
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
    ];
    let item = ["output_item.added", "output_item.done"];
    let expected =
        [&["created", "in_progress", item[0]][..], &section, &section, &item[1..], &item, &["completed"]].concat();
    assert_eq!(types(&out), expected);
    let output = strictly(&out)["output"].clone();
    assert_eq!(
        output[0]["summary"],
        json!([{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}])
    );
    assert_eq!((&output[0]["encrypted_content"], &output[0]["id"]), (&json!("gAAA"), &json!("rs_9")));
    assert_eq!((&output[1]["encrypted_content"], &output[1]["id"]), (&json!("gAAA"), &json!("rs_9")));
}

#[test]
fn an_item_that_began_before_its_id_was_known_carries_it_in_an_envelope() {
    let opaque = Opaque { id: Some("rs_9".into()), ..Opaque::new(FORMAT, "gAAA".into()) };
    let kind = BlockKind::Reasoning { is_summary: true, id: None };
    let events =
        [start(), open(0, kind), text(0, "one"), delta(0, Delta::Opaque(opaque.clone())), close(0), Event::End];
    let item = strictly(&write(&events))["output"][0].clone();
    assert_ne!(item["id"], "rs_9");
    assert_eq!(Opaque::from_slot(FORMAT, item["encrypted_content"].as_str().unwrap()), opaque);
}

#[test]
fn blocks_that_overlap_have_places_of_their_own() {
    let events = [
        start(),
        open(0, BlockKind::Text),
        text(0, "a"),
        call(1, "c1"),
        call(2, ""),
        input(1, "{\"x\":"),
        text(0, "b"),
        input(2, "{\"y\":2}"),
        input(1, "1}"),
        close(0),
        open(3, BlockKind::Text),
        text(3, "c"),
        close(1),
        stop(StopReason::Tools),
        Event::End,
    ];
    let output = strictly(&write(&events))["output"].clone();
    let types: Vec<&str> = output.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["message", "function_call", "function_call", "message"]);
    assert_eq!((&output[1]["arguments"], &output[1]["call_id"]), (&json!("{\"x\":1}"), &json!("c1")));
    assert!(output[2]["call_id"].as_str().unwrap().starts_with("call_"));
    assert_eq!((&output[0]["content"][0]["text"], &output[3]["content"][0]["text"]), (&json!("ab"), &json!("c")));
}

#[test]
fn neighbouring_texts_are_parts_of_one_message() {
    let link = Citation { url: Some("https://a.example".into()), ..Citation::default() };
    let probable = Json::from_text(r#"[{"token":"a","logprob":-0.5}]"#).unwrap();
    let events = [
        start(),
        open(0, BlockKind::Text),
        text(0, "aé"),
        delta(0, Delta::LogProbs(probable)),
        delta(0, Delta::Citation(link)),
        close(0),
        open(1, BlockKind::Text),
        close(1),
        open(2, BlockKind::Refusal),
        text(2, "no"),
        close(2),
        Event::End,
    ];
    let output = strictly(&write(&events))["output"].clone();
    assert_eq!(output.as_array().unwrap().len(), 1);
    let content = &output[0]["content"];
    assert_eq!(content[0]["logprobs"], json!([{"token": "a", "logprob": -0.5}]));
    assert_eq!(content[0]["annotations"][0]["end_index"], 2);
    assert_eq!(content[1], json!({"type": "refusal", "refusal": "no"}));
}

#[test]
fn opaque_texts_travel_beside_what_they_belong_to() {
    let events = [
        start(),
        call(0, "c1"),
        delta(0, signed("MQ==")),
        input(0, "{}"),
        close(0),
        call(1, "c2"),
        Event::Ping,
        input(1, "{}"),
        delta(1, signed("Mg==")),
        close(1),
        open(2, BlockKind::Text),
        text(2, "a"),
        delta(2, signed("Mw==")),
        close(2),
        stop(StopReason::Tools),
        Event::End,
    ];
    let out = write(&events);
    let output = strictly(&out)["output"].clone();
    let types: Vec<&str> = output.as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["reasoning", "function_call", "function_call", "reasoning", "message", "reasoning"]);
    // A client that sends it all back gives each part its own again.
    let body = json!({"model": "m", "input": output}).to_string();
    let request = crate::openai_responses::request::read(&Asked::default(), body.as_bytes()).unwrap();
    let values: Vec<_> = request.parts().map(|part| part.opaque.as_ref().map(|opaque| opaque.value.as_str())).collect();
    assert_eq!(values, [Some("MQ=="), Some("Mg=="), Some("Mw==")]);
}

#[test]
fn a_call_is_what_the_clients_tool_takes() {
    let mut request = Request::new(FORMAT, "m".into());
    request.tools = vec![Tool::Custom { name: "f".into(), description: None, grammar: None }];
    let events = [start(), call(0, "c"), input(0, r#"{"input":"#), input(0, r#""x"}"#), close(0), Event::End];
    let out = write_for(request, &events);
    assert_eq!(strictly(&out)["output"][0]["input"], "x");
    assert_eq!(types(&out)[3..5], ["custom_tool_call_input.delta", "custom_tool_call_input.done"]);
    let bare = strictly(&write(&[start(), call(0, "c"), close(0), Event::End]));
    assert_eq!(bare["output"][0]["arguments"], "{}");
}

#[test]
fn what_came_whole_is_told_whole_or_not_at_all() {
    let native = |format| {
        let json = Json::from_text(r#"{"type":"web_search_call","id":"ws_1","status":"completed"}"#).unwrap();
        BlockKind::Whole(Box::new(Part::new(PartKind::Native(Native { format, name: "n".into(), json }))))
    };
    let events = [start(), open(0, native(Format::Anthropic)), close(0), open(1, native(FORMAT)), close(1), Event::End];
    let out = write(&events);
    assert_eq!(types(&out)[2..], ["output_item.added", "output_item.done", "completed"]);
    assert_eq!(strictly(&out)["output"][0]["id"], "ws_1");
}

#[test]
fn an_answer_that_is_not_whole_says_so() {
    for (reason, expected) in [(StopReason::Length, "max_output_tokens"), (StopReason::Filter, "content_filter")] {
        let response =
            strictly(&write(&[start(), open(0, BlockKind::Text), text(0, "a"), close(0), stop(reason), Event::End]));
        assert_eq!(
            (&response["status"], &response["incomplete_details"]["reason"]),
            (&json!("incomplete"), &json!(expected))
        );
    }
}

#[test]
fn a_failure_never_looks_like_success() {
    let error = ApiError { status: 503, message: "boom".into(), ..ApiError::default() };
    let early = write(&[Event::Error(error.clone()), Event::End]);
    assert_eq!(types(&early), ["created", "in_progress", "failed"]);
    assert_eq!(strictly(&early)["error"], json!({"code": "server_error", "message": "boom"}));
    let events = [start(), open(0, BlockKind::Text), text(0, "a"), call(1, "c"), Event::Error(error), Event::End];
    let late = write(&events);
    assert_eq!(types(&late).last().unwrap(), "failed");
    assert_eq!(strictly(&late)["output"], json!([]));
}

#[test]
fn what_is_written_and_read_is_the_same() {
    let thought = Reasoning { sections: vec!["a".into(), "b".into()], is_summary: true };
    let opaque = Opaque { id: Some("rs_1".into()), ..Opaque::new(FORMAT, "gAAA".into()) };
    let arguments = ToolInput::Arguments("{\"a\": 1.10}".into());
    let cited = Citation {
        url: Some("https://a.example".into()),
        title: Some("t".into()),
        span: Some((0, 1)),
        ..Citation::default()
    };
    let parts = vec![
        Part { opaque: Some(opaque), ..Part::new(PartKind::Reasoning(thought)) },
        Part::new(PartKind::Text { text: "t".into(), citations: vec![cited] }),
        Part::new(PartKind::Refusal("no".into())),
        Part::new(PartKind::ToolCall(ToolCall { id: "1".into(), name: "A".into(), input: arguments })),
        Part::new(PartKind::ToolCall(ToolCall {
            id: "2".into(),
            name: "B".into(),
            input: ToolInput::Text("x".into()),
        })),
    ];
    let stop = Some(Stop::of(StopReason::Tools));
    let choices = vec![crate::ir::Choice { parts, stop, log_probs: Json::from_text(r#"[{"token":"t"}]"#) }];
    let usage = Usage { input: 1, cached: Some(0), cache_written: None, output: 2, reasoning: Some(1) };
    let response = Response {
        id: "resp_1".into(),
        model: "m".into(),
        created: Some(5),
        choices,
        usage: Some(usage),
        ..Response::default()
    };
    let mut events = events_of(&response);
    // Probabilities belong to a text, here the second block.
    for event in &mut events {
        if let Event::Delta { block, delta: Delta::LogProbs(_) } = event {
            *block = BlockId(1);
        }
    }
    let at = events.iter().position(|event| matches!(event, Event::Delta { delta: Delta::LogProbs(_), .. })).unwrap();
    let moved = events.remove(at);
    let to = events.iter().position(|event| *event == close(1)).unwrap();
    events.insert(to, moved);
    let out = write(&events);
    strictly(&out);
    let mut again = said(&read(&out, 13)).into_whole().unwrap();
    for part in again.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        // The id of an item in pieces is made up before it is known, and a citation also comes as it was written.
        part.opaque.iter_mut().for_each(|opaque| opaque.id = Some("rs_1".into()));
        if let PartKind::Text { citations, .. } = &mut part.kind {
            citations.iter_mut().for_each(|citation| citation.native = None);
        }
    }
    assert_eq!(again, response);
}

//! What is remembered for clients whose format leaves it to the server, and other services that step in.

use std::time::Duration;

use http::{Method, StatusCode};
use rotator_domain::Format;
use rotator_format_converters::ir::Opaque;
use rotator_mock_upstream::{Canned, KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::client::{Answer, full};
use crate::server::{CLIENT_KEY, Server};
use crate::vendors::{TEXT, VENDORS, Vendor, ask, create, datas, post, serve_well, service};

const SIGNATURE: &str = "EqQBCkYIBxgCKkAsignature==";

/// What the upstream got last.
fn sent(upstream: &MockUpstream) -> Value {
    serde_json::from_slice(&upstream.requests().pop().unwrap().body).unwrap()
}

async fn respond(server: &Server, body: Value) -> Answer {
    server.send(post(server, "/v1/responses", &body)).await
}

/// The id of an answer or of the one that a stream told.
fn id_of(answer: &Answer, stream: bool) -> String {
    let value = if stream { datas(&answer.text()).pop().unwrap()["response"].clone() } else { answer.json() };
    value["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_conversation_goes_on_from_an_answer_that_the_upstream_does_not_keep() {
    for stream in [false, true] {
        let (server, upstream) = service(Vendor::Chat, Value::Null).await;
        serve_well(&upstream, Vendor::Chat, stream);
        let first = json!({"model": "m", "input": "One?", "instructions": "Be brief.", "stream": stream});
        let id = id_of(&respond(&server, first).await, stream);
        let second = json!({"model": "m", "input": "Two?", "instructions": "Be long.", "previous_response_id": id, "stream": stream});
        let id = id_of(&respond(&server, second).await, stream);
        let third = json!({"model": "m", "input": "Three?", "previous_response_id": id, "stream": stream});
        let answer = respond(&server, third).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let messages = sent(&upstream)["messages"].clone();
        let said: Vec<(String, String)> = messages
            .as_array()
            .unwrap()
            .iter()
            .map(|message| {
                let content = &message["content"];
                let text = content.as_str().or_else(|| content[0]["text"].as_str()).unwrap();
                (message["role"].as_str().unwrap().to_owned(), text.to_owned())
            })
            .collect();
        let expected =
            [("user", "One?"), ("assistant", TEXT), ("user", "Two?"), ("assistant", TEXT), ("user", "Three?")];
        let expected: Vec<_> = expected.iter().map(|(role, text)| ((*role).to_owned(), (*text).to_owned())).collect();
        assert_eq!(said, expected, "stream {stream}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_kept_cannot_be_gone_on_from() {
    let other = "rk-another-client-key-0123456789";
    let keys = format!("{CLIENT_KEY},{other}");
    let server = Server::usual().set("GLOBAL_PROXY_KEYS", &keys).start().await;
    let upstream = MockUpstream::start().await.unwrap();
    create(&server, "s", Vendor::Messages, &upstream, Value::Null).await;
    serve_well(&upstream, Vendor::Messages, false);
    let going_on = |id: &str| json!({"model": "m", "input": "On", "previous_response_id": id});
    let unkept = respond(&server, json!({"model": "m", "input": "One?", "store": false})).await;
    assert!(!unkept.headers.contains_key("x-rotator-dropped"));
    let kept = id_of(&respond(&server, json!({"model": "m", "input": "One?"})).await, false);
    for id in [id_of(&unkept, false).as_str(), "resp_unheard"] {
        let answer = respond(&server, going_on(id)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        assert!(Vendor::Responses.is_error(&answer.json()) && answer.text().contains(id), "{}", answer.text());
    }
    let path = format!("{}/llm/s/v1/responses", server.base);
    let request = http::Request::builder().method(Method::POST).uri(path).header("x-proxy-key", other);
    let stolen = server.send(request.body(full(going_on(&kept).to_string())).unwrap()).await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST, "{}", stolen.text());
    assert_eq!(respond(&server, going_on(&kept)).await.status, StatusCode::OK);
    for (field, value) in [("conversation", json!("conv_1")), ("background", json!(true))] {
        let answer = respond(&server, json!({"model": "m", "input": "x", field: value})).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        assert!(answer.text().contains(field), "{}", answer.text());
    }
}

/// An answer with a signature on its thoughts and a call.
fn signed_call() -> Value {
    let mut answer = Vendor::Messages.answer();
    answer["content"] = json!([
        {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE},
        {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sky"}},
    ]);
    answer["stop_reason"] = json!("tool_use");
    answer
}

fn signed_call_events() -> Vec<String> {
    let event = |name: &str, mut event: Value| {
        event["type"] = json!(name);
        format!("event: {name}\ndata: {event}\n\n")
    };
    let mut begun = signed_call();
    begun["content"] = json!([]);
    begun["stop_reason"] = Value::Null;
    let delta = |index: u32, delta: Value| event("content_block_delta", json!({"index": index, "delta": delta}));
    let open = |index: u32, block: Value| event("content_block_start", json!({"index": index, "content_block": block}));
    let close = |index: u32| event("content_block_stop", json!({"index": index}));
    vec![
        event("message_start", json!({"message": begun})),
        open(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "Hm."})),
        delta(0, json!({"type": "signature_delta", "signature": SIGNATURE})),
        close(0),
        open(1, json!({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}})),
        delta(1, json!({"type": "input_json_delta", "partial_json": "{\"at\":\"sky\"}"})),
        close(1),
        event(
            "message_delta",
            json!({"delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": {"output_tokens": 7}}),
        ),
        event("message_stop", json!({})),
    ]
}

#[tokio::test]
async fn a_signature_survives_a_client_that_has_no_place_for_it() {
    for stream in [false, true] {
        let (server, upstream) = service(Vendor::Messages, Value::Null).await;
        let canned = if stream { Canned::events(signed_call_events()) } else { Canned::json(&signed_call()) };
        upstream.answer("", canned);
        let tools = json!([{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}]);
        let mut question = Vendor::Chat.question(stream);
        question["model"] = json!("claude-sonnet-4-5");
        question["reasoning_effort"] = json!("medium");
        question["max_completion_tokens"] = json!(20_000);
        question["tools"] = tools;
        let answer = server.send(post(&server, "/v1/chat/completions", &question)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert!(answer.text().contains("toolu_1") && !answer.text().contains(SIGNATURE), "{}", answer.text());

        let call =
            json!({"id": "toolu_1", "type": "function", "function": {"name": "look", "arguments": "{\"at\":\"sky\"}"}});
        let messages = question["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": null, "tool_calls": [call]}));
        messages.push(json!({"role": "tool", "tool_call_id": "toolu_1", "content": "blue"}));
        let answer = server.send(post(&server, "/v1/chat/completions", &question)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let turn = sent(&upstream)["messages"][1].clone();
        let thought = json!({"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE});
        assert_eq!((&turn["role"], &turn["content"][0]), (&json!("assistant"), &thought), "stream {stream}: {turn}");
        assert_eq!(turn["content"][1]["id"], "toolu_1", "{turn}");
    }
}

#[tokio::test]
async fn a_service_of_another_format_steps_in() {
    for vendor in VENDORS {
        for other in VENDORS.into_iter().filter(|other| *other != vendor) {
            let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
            let second = MockUpstream::start().await.unwrap();
            let fallback = json!([{"slug": "second", "models": {"m-1": "m-2"}}]);
            create(&server, "s", vendor, &upstream, json!({"output_format": "none", "fallback": fallback})).await;
            create(&server, "second", other, &second, json!({"output_format": "none"})).await;
            upstream.set_key("sk-1", KeyBehaviour::Revoked);
            for stream in [false, true] {
                serve_well(&second, other, stream);
                let answer = ask(&server, vendor, stream).await;
                assert_eq!(answer.status, StatusCode::OK, "{vendor:?}, {other:?}: {}", answer.text());
                let text = answer.text();
                let said = if stream { vendor.text_of_stream(&text) } else { vendor.text_of(&answer.json()) };
                assert_eq!(said, TEXT, "{vendor:?}, {other:?}: {text}");
                let request = second.requests().pop().unwrap();
                let body = String::from_utf8_lossy(&request.body).into_owned();
                assert!(request.path_and_query.contains("m-2") || body.contains("\"m-2\""), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn a_conversation_that_another_service_began_goes_on_at_its_own() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let second = MockUpstream::start().await.unwrap();
    let more = json!({"output_format": "none", "fallback": [{"slug": "second"}], "max_waiting": 0});
    create(&server, "s", Vendor::Responses, &upstream, more).await;
    create(&server, "second", Vendor::Chat, &second, Value::Null).await;
    serve_well(&upstream, Vendor::Responses, false);
    serve_well(&second, Vendor::Chat, false);
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("1".into())));
    let id = id_of(&respond(&server, json!({"model": "m", "input": "One?"})).await, false);
    assert_eq!(second.requests().len(), 1);
    upstream.set_key("sk-1", KeyBehaviour::Good);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let answer = respond(&server, json!({"model": "m", "input": "Two?", "previous_response_id": id})).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!((second.requests().len(), answer.json()["id"].as_str()), (1, Some("resp_1")));
    let body = sent(&upstream);
    assert!(body.get("previous_response_id").is_none_or(Value::is_null), "{body}");
    for text in ["One?", TEXT, "Two?"] {
        assert!(body["input"].to_string().contains(text), "{body}");
    }
}

#[tokio::test]
async fn what_another_upstream_sealed_reaches_nobody_else() {
    let (server, upstream) = service(Vendor::Gemini, json!({"output_format": "none"})).await;
    let envelope = Opaque::new(Format::Anthropic, SIGNATURE.to_owned()).for_slot(Format::Gemini);
    let own = "b3du";
    let said = json!([
        {"text": "Looked.", "thoughtSignature": envelope},
        {"functionCall": {"name": "look", "args": {}}, "thoughtSignature": own},
    ]);
    let answered = json!([{"functionResponse": {"name": "look", "response": {"result": "blue"}}}]);
    let mut question = Vendor::Gemini.question(false);
    question["contents"]
        .as_array_mut()
        .unwrap()
        .extend([json!({"role": "model", "parts": said}), json!({"role": "user", "parts": answered})]);
    for stream in [false, true] {
        serve_well(&upstream, Vendor::Gemini, stream);
        let answer = server.send(post(&server, Vendor::Gemini.path(stream), &question)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let text = answer.text();
        let told = if stream { Vendor::Gemini.text_of_stream(&text) } else { Vendor::Gemini.text_of(&answer.json()) };
        assert_eq!(told, TEXT, "{text}");
        let body = sent(&upstream).to_string();
        assert!(!body.contains(&envelope) && body.contains(own) && body.contains("Looked."), "{body}");
    }
}

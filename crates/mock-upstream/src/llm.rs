//! Small valid answers of the LLM APIs.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use serde_json::{Value, json};

use crate::Recorded;
use crate::body::{MockBody, full};
use crate::ledger::Told;

/// The answer, if the path is one of an LLM API.
pub(crate) fn answer(path: &str, query: &str, request: &Recorded) -> Option<Response<MockBody>> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let model = body["model"].as_str().unwrap_or("mock").to_owned();
    let streams = body["stream"] == true;
    if path.ends_with("/chat/completions") {
        let tells_usage = !streams || body["stream_options"]["include_usage"] == true;
        let mut answer = if streams { chat_stream(&model, tells_usage) } else { json_answer(&chat(&model)) };
        if tells_usage {
            answer.extensions_mut().insert(Told { input: 3, output: 5 });
        }
        return Some(answer);
    }
    if path.ends_with("/messages") {
        let answer = json!({
            "id": "msg_mock", "type": "message", "role": "assistant", "model": model,
            "content": [{"type": "text", "text": "Hello from the mock."}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 3, "output_tokens": 5},
        });
        return Some(json_answer(&answer));
    }
    if path.contains(":generateContent") {
        let answer = json!({
            "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello from the mock."}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5, "totalTokenCount": 8},
        });
        return Some(json_answer(&answer));
    }
    if path.ends_with("/models") && !query.contains("raw") {
        return Some(json_answer(&json!({"object": "list", "data": [{"id": "mock", "object": "model"}]})));
    }
    None
}

fn chat(model: &str) -> Value {
    json!({
        "id": "chatcmpl-mock", "object": "chat.completion", "created": 1_767_225_600, "model": model,
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Hello from the mock."},
        }],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
    })
}

/// Tells what it used where it is asked to, as OpenAI does: in a chunk of its own, and that there is nothing in all others.
fn chat_stream(model: &str, tells_usage: bool) -> Response<MockBody> {
    let chunk = |delta: Value, finish: Value| {
        json!({
            "id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        })
    };
    let mut chunks = vec![
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": "Hello from the mock."}), Value::Null),
        chunk(json!({}), json!("stop")),
    ];
    if tells_usage {
        let mut last = chunk(json!({}), Value::Null);
        chunks.iter_mut().for_each(|chunk| chunk["usage"] = Value::Null);
        last["choices"] = json!([]);
        last["usage"] = json!({"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8});
        chunks.push(last);
    }
    let events: Vec<String> = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
    let mut response = Response::new(full(events.concat() + "data: [DONE]\n\n"));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

fn json_answer(body: &Value) -> Response<MockBody> {
    let mut response = Response::new(full(body.to_string()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

//! What the vendors' clients send and what their upstreams answer, for tests of conversion.

use http::{Method, Request};
use rotator_mock_upstream::{Canned, MockUpstream};
use serde_json::{Value, json};

use crate::client::{Answer, TestBody, full};
use crate::server::Server;

/// A vendor's format, from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vendor {
    Chat,
    Responses,
    Messages,
    Gemini,
}

pub(crate) const VENDORS: [Vendor; 4] = [Vendor::Chat, Vendor::Responses, Vendor::Messages, Vendor::Gemini];

/// The text of every answer below.
pub(crate) const TEXT: &str = "Hello there.";
/// The tokens of every answer below, prompt and answer together.
pub(crate) const TOKENS: u64 = 18;

// === impl Vendor ===

impl Vendor {
    pub(crate) fn api_format(self) -> &'static str {
        match self {
            Self::Chat => "openai_compatible",
            Self::Responses => "openai_responses",
            Self::Messages => "anthropic_native",
            Self::Gemini => "gemini_native",
        }
    }

    /// Where its clients ask.
    pub(crate) fn path(self, stream: bool) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Messages => "/v1/messages",
            Self::Gemini if stream => "/v1beta/models/m-1:streamGenerateContent?alt=sse",
            Self::Gemini => "/v1beta/models/m-1:generateContent",
        }
    }

    /// What its clients ask.
    pub(crate) fn question(self, stream: bool) -> Value {
        match self {
            Self::Chat => json!({"model": "m-1", "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}),
            Self::Responses => json!({"model": "m-1", "stream": stream, "input": "Hi"}),
            Self::Messages => json!({
                "model": "m-1", "stream": stream, "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}],
            }),
            Self::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}),
        }
    }

    /// What its upstreams answer.
    pub(crate) fn answer(self) -> Value {
        match self {
            Self::Chat => json!({
                "id": "chatcmpl-1", "object": "chat.completion", "created": 1_767_225_600, "model": "m-1",
                "choices": [{
                    "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TEXT},
                }],
                "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": TOKENS},
            }),
            Self::Responses => json!({
                "id": "resp_1", "object": "response", "created_at": 1_767_225_600, "status": "completed", "model": "m-1",
                "output": [{
                    "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                    "content": [{"type": "output_text", "text": TEXT, "annotations": []}],
                }],
                "usage": {
                    "input_tokens": 11, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 7,
                    "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": TOKENS,
                },
            }),
            Self::Messages => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": "m-1",
                "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {"input_tokens": 11, "output_tokens": 7},
            }),
            Self::Gemini => json!({
                "candidates": [{
                    "content": {"role": "model", "parts": [{"text": TEXT}]}, "finishReason": "STOP", "index": 0,
                }],
                "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": TOKENS},
                "modelVersion": "m-1", "responseId": "r-1",
            }),
        }
    }

    /// The same in events.
    pub(crate) fn events(self) -> Vec<String> {
        let (first, second) = TEXT.split_at(6);
        match self {
            Self::Chat => {
                let chunk = |choices: Value| {
                    json!({
                        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_767_225_600, "model": "m-1",
                        "choices": choices,
                    })
                };
                let delta =
                    |delta: Value, finish: Value| chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}]));
                let mut usage = chunk(json!([]));
                usage["usage"] = json!({"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": TOKENS});
                let mut events = data([
                    delta(json!({"role": "assistant", "content": first}), Value::Null),
                    delta(json!({"content": second}), Value::Null),
                    delta(json!({}), json!("stop")),
                    usage,
                ]);
                events.push("data: [DONE]\n\n".to_owned());
                events
            }
            Self::Responses => {
                let whole = self.answer();
                let mut begun = whole.clone();
                begun["status"] = json!("in_progress");
                begun["output"] = json!([]);
                begun["usage"] = Value::Null;
                let item = whole["output"][0].clone();
                let part = item["content"][0].clone();
                let place = json!({"item_id": "msg_1", "output_index": 0, "content_index": 0});
                let with = |mut event: Value, more: Value| {
                    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                    event
                };
                let empty = json!({"type": "output_text", "text": "", "annotations": []});
                let opened = with(item.clone(), json!({"content": [], "status": "in_progress"}));
                named([
                    ("response.created", json!({"response": begun})),
                    ("response.in_progress", json!({"response": begun})),
                    ("response.output_item.added", json!({"output_index": 0, "item": opened})),
                    ("response.content_part.added", with(place.clone(), json!({"part": empty}))),
                    ("response.output_text.delta", with(place.clone(), json!({"delta": first}))),
                    ("response.output_text.delta", with(place.clone(), json!({"delta": second}))),
                    ("response.output_text.done", with(place.clone(), json!({"text": TEXT}))),
                    ("response.content_part.done", with(place, json!({"part": part}))),
                    ("response.output_item.done", json!({"output_index": 0, "item": item})),
                    ("response.completed", json!({"response": whole})),
                ])
            }
            Self::Messages => {
                let mut begun = self.answer();
                begun["content"] = json!([]);
                begun["stop_reason"] = Value::Null;
                begun["usage"] = json!({"input_tokens": 11, "output_tokens": 1});
                let delta = |text: &str| json!({"index": 0, "delta": {"type": "text_delta", "text": text}});
                named([
                    ("message_start", json!({"message": begun})),
                    ("content_block_start", json!({"index": 0, "content_block": {"type": "text", "text": ""}})),
                    ("content_block_delta", delta(first)),
                    ("content_block_delta", delta(second)),
                    ("content_block_stop", json!({"index": 0})),
                    (
                        "message_delta",
                        json!({
                            "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": {"output_tokens": 7},
                        }),
                    ),
                    ("message_stop", json!({})),
                ])
            }
            Self::Gemini => {
                let piece = |text: &str| {
                    json!({
                        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}],
                        "modelVersion": "m-1", "responseId": "r-1",
                    })
                };
                let mut last = piece(second);
                last["candidates"][0]["finishReason"] = json!("STOP");
                last["usageMetadata"] = self.answer()["usageMetadata"].clone();
                data([piece(first), last])
            }
        }
    }

    /// The text of an answer as its client reads it.
    pub(crate) fn text_of(self, answer: &Value) -> String {
        let text = match self {
            Self::Chat => &answer["choices"][0]["message"]["content"],
            Self::Responses => {
                let items = answer["output"].as_array().unwrap();
                let message = items.iter().find(|item| item["type"] == "message");
                return message.map(|item| item["content"][0]["text"].as_str().unwrap().to_owned()).unwrap_or_default();
            }
            Self::Messages => &answer["content"][0]["text"],
            Self::Gemini => &answer["candidates"][0]["content"]["parts"][0]["text"],
        };
        text.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The text of a stream as its client reads it.
    pub(crate) fn text_of_stream(self, text: &str) -> String {
        let pieces = datas(text).into_iter().filter_map(|event| {
            let piece = match self {
                Self::Chat => &event["choices"][0]["delta"]["content"],
                Self::Responses if event["type"] == "response.output_text.delta" => &event["delta"],
                Self::Responses => &Value::Null,
                Self::Messages => &event["delta"]["text"],
                Self::Gemini => &event["candidates"][0]["content"]["parts"][0]["text"],
            };
            piece.as_str().map(str::to_owned)
        });
        pieces.collect()
    }

    /// Whether a stream ends as a whole one does.
    pub(crate) fn ends_well(self, text: &str) -> bool {
        let is_last = |wanted: &str| datas(text).last().is_some_and(|event| event["type"] == wanted);
        match self {
            Self::Chat => text.ends_with("data: [DONE]\n\n"),
            Self::Responses => is_last("response.completed"),
            Self::Messages => is_last("message_stop"),
            Self::Gemini => {
                let is_stop = |event: &Value| event["candidates"][0]["finishReason"] == "STOP";
                !text.contains("\"error\"") && datas(text).iter().any(is_stop)
            }
        }
    }

    /// Whether a stream ends with an error in the vendor's grammar.
    pub(crate) fn ends_with_error(self, text: &str) -> bool {
        let events = datas(text);
        let Some(last) = events.last() else { return false };
        !self.ends_well(text)
            && match self {
                Self::Chat => last["error"]["message"].is_string() && !text.contains("[DONE]"),
                Self::Responses => {
                    last["type"] == "response.failed" && last["response"]["error"]["message"].is_string()
                }
                Self::Messages => last["type"] == "error" && last["error"]["message"].is_string(),
                Self::Gemini => last["error"]["code"].is_number(),
            }
    }

    /// An error as its upstreams answer it.
    pub(crate) fn error(self, status: u16, message: &str) -> Value {
        match self {
            Self::Chat | Self::Responses => {
                json!({"error": {"message": message, "type": "x", "param": null, "code": null}})
            }
            Self::Messages => json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}}),
            Self::Gemini => json!({"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}}),
        }
    }

    /// Whether an answer is an error in the vendor's own shape.
    pub(crate) fn is_error(self, answer: &Value) -> bool {
        let error = &answer["error"];
        error["message"].is_string()
            && match self {
                Self::Chat | Self::Responses => error["type"].is_string() && error.get("param").is_some(),
                Self::Messages => answer["type"] == "error" && error["type"].is_string(),
                Self::Gemini => error["code"].is_number() && error["status"].is_string(),
            }
    }
}

fn data<const COUNT: usize>(events: [Value; COUNT]) -> Vec<String> {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

/// Events with names, which are their types too.
fn named<const COUNT: usize>(events: [(&str, Value); COUNT]) -> Vec<String> {
    let write = |(number, (name, mut event)): (usize, (&str, Value))| {
        event["type"] = json!(name);
        if name.starts_with("response.") {
            event["sequence_number"] = json!(number);
        }
        format!("event: {name}\ndata: {event}\n\n")
    };
    events.into_iter().enumerate().map(write).collect()
}

/// The data of a stream's events, but for what is no JSON.
pub(crate) fn datas(text: &str) -> Vec<Value> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// A server, and an upstream of this vendor behind a service that takes every format.
pub(crate) async fn service(vendor: Vendor, more: Value) -> (Server, MockUpstream) {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    create(&server, "s", vendor, &upstream, more).await;
    (server, upstream)
}

/// A service that takes every format.
pub(crate) async fn create(server: &Server, slug: &str, vendor: Vendor, upstream: &MockUpstream, more: Value) {
    let mut config = json!({
        "name": slug, "slug": slug, "config_type": "LLM", "target_base_url": upstream.base_url(),
        "api_format": vendor.api_format(), "output_format": "auto", "api_keys": ["sk-1"],
    });
    if let Some(more) = more.as_object() {
        config.as_object_mut().unwrap().extend(more.clone());
    }
    server.create(config).await;
}

/// A vendor's upstream as it answers everything well.
pub(crate) fn serve_well(upstream: &MockUpstream, vendor: Vendor, stream: bool) {
    let canned = if stream { Canned::events(vendor.events()) } else { Canned::json(&vendor.answer()) };
    upstream.answer("", canned);
}

/// A request with a JSON body at the service `s`.
pub(crate) fn post(server: &Server, path: &str, body: &Value) -> Request<TestBody> {
    let request = server.request(Method::POST, &format!("/llm/s{path}")).header("content-type", "application/json");
    request.body(full(body.to_string())).unwrap()
}

/// Asks as a vendor's client does.
pub(crate) async fn ask(server: &Server, client: Vendor, stream: bool) -> Answer {
    server.send(post(server, client.path(stream), &client.question(stream))).await
}

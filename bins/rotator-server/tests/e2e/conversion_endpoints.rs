//! What the vendors offer besides answers, in each client's format.

use http::{Method, StatusCode};
use rotator_mock_upstream::{Canned, MockUpstream};
use serde_json::{Value, json};

use crate::client::{Answer, full};
use crate::server::Server;
use crate::vendors::{Vendor, create, post, service};

async fn get(server: &Server, path: &str, header: Option<(&str, &str)>) -> Answer {
    let mut request = server.request(Method::GET, &format!("/llm/s{path}"));
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    server.send(request.body(full("")).unwrap()).await
}

#[tokio::test]
async fn models_are_listed_in_the_clients_shape_with_aliases_and_for_a_while_from_memory() {
    let (server, upstream) = service(Vendor::Gemini, json!({"model_aliases": {"fast": "gemini-x"}})).await;
    let model = json!({
        "name": "models/gemini-x", "displayName": "X", "inputTokenLimit": 1000, "outputTokenLimit": 50,
        "supportedGenerationMethods": ["generateContent"],
    });
    upstream.answer("/models", Canned::json(&json!({"models": [model]})));
    upstream.answer("/models/gemini-x", Canned::json(&model));
    let listed = get(&server, "/v1/models", None).await.json();
    let ids: Vec<&str> = listed["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!((listed["object"].as_str(), ids), (Some("list"), vec!["gemini-x", "fast"]));
    let listed = get(&server, "/v1/models", Some(("anthropic-version", "2023-06-01"))).await.json();
    assert_eq!((&listed["data"][1]["id"], &listed["data"][0]["type"]), (&json!("fast"), &json!("model")), "{listed}");
    assert_eq!(upstream.requests().len(), 1, "the second list was not from memory");
    let one = get(&server, "/v1/models/fast", None).await.json();
    assert_eq!((&one["id"], &one["object"]), (&json!("fast"), &json!("model")), "{one}");
    assert!(upstream.requests().pop().unwrap().path_and_query.ends_with("/models/gemini-x"));
    upstream.answer("/models/none", Canned::json(&Vendor::Gemini.error(404, "no such model")).status(404));
    let none = get(&server, "/v1/models/none", None).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(Vendor::Chat.is_error(&none.json()), "{}", none.text());
}

#[tokio::test]
async fn tokens_are_counted_by_the_upstream_or_estimated_and_marked() {
    let question = Vendor::Messages.question(false);
    let (server, upstream) = service(Vendor::Gemini, Value::Null).await;
    upstream.answer(":countTokens", Canned::json(&json!({"totalTokens": 42})));
    let counted = server.send(post(&server, "/v1/messages/count_tokens", &question)).await;
    assert_eq!(counted.json()["input_tokens"], 42, "{}", counted.text());
    assert!(!counted.headers.contains_key("x-rotator-estimate"));

    let (server, upstream) = service(Vendor::Chat, Value::Null).await;
    for (path, field, question) in [
        ("/v1/messages/count_tokens", "input_tokens", question),
        ("/v1/responses/input_tokens", "input_tokens", Vendor::Responses.question(false)),
        ("/v1beta/models/m:countTokens", "totalTokens", Vendor::Gemini.question(false)),
    ] {
        let counted = server.send(post(&server, path, &question)).await;
        assert!(counted.json()[field].as_u64().unwrap() > 0, "{path}: {}", counted.text());
        assert_eq!(counted.headers["x-rotator-estimate"], "tokens");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn embeddings_are_converted_where_the_upstream_has_them() {
    let question = json!({"model": "e-1", "input": ["a", "b"]});
    let (server, upstream) = service(Vendor::Gemini, Value::Null).await;
    let embedded = json!({"embeddings": [{"values": [0.5, 1.0]}, {"values": [0.25, -1]}]});
    upstream.answer("", Canned::json(&embedded));
    let answer = server.send(post(&server, "/v1/embeddings", &question)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["data"][1]["embedding"], json!([0.25, -1]), "{}", answer.text());
    assert!(upstream.requests().pop().unwrap().path_and_query.contains("e-1:batchEmbedContents"));

    let (server, upstream) = service(Vendor::Messages, Value::Null).await;
    let answer = server.send(post(&server, "/v1/embeddings", &question)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text());
    assert!(Vendor::Chat.is_error(&answer.json()), "{}", answer.text());
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn endpoints_without_a_counterpart_say_so_in_the_clients_format() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    create(&server, "s", Vendor::Gemini, &upstream, Value::Null).await;
    for (client, path) in [
        (Vendor::Chat, "/v1/audio/speech"),
        (Vendor::Responses, "/v1/responses/resp_1/cancel"),
        (Vendor::Messages, "/v1/complete"),
    ] {
        let answer = server.send(post(&server, path, &json!({"model": "m"}))).await;
        assert_eq!(answer.status, StatusCode::NOT_IMPLEMENTED, "{path}: {}", answer.text());
        assert!(client.is_error(&answer.json()), "{path}: {}", answer.text());
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(path) && message.contains("gemini"), "{message}");
    }
    // The upstream's own endpoints pass, known or not.
    let answer = server.send(post(&server, "/v1beta/cachedContents", &json!({"a": 1}))).await;
    assert_eq!(answer.json()["body"], "{\"a\":1}");
    assert_eq!(upstream.requests().len(), 1);
}

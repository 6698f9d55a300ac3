//! Which key serves which request.

use std::collections::HashMap;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::json;

use crate::client::{TestClient, full};
use crate::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_seven_keys_each_serves_exactly_a_seventh() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let keys: Vec<String> = (1..=7).map(|number| format!("sk-{number}")).collect();
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    server.generic("s", &upstream.base_url(), &names).await;
    let server = &server;
    // 64 connections share 7,000 requests: 24 send one more than the others.
    let connection = |number: usize| async move {
        let client = TestClient::new();
        for _ in 0..7000 / 64 + usize::from(number < 7000 % 64) {
            let request = server.request(Method::GET, "/proxy/s/echo").body(full("")).unwrap();
            assert_eq!(client.send(request).await.status, StatusCode::OK);
        }
    };
    join_all((0..64).map(connection)).await;
    let hits: Vec<usize> = keys.iter().map(|key| upstream.hits(key)).collect();
    assert_eq!(hits, [1000; 7]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_and_a_limited_key_cost_no_request() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-revoked", KeyBehaviour::Revoked);
    upstream.set_key("sk-limited", KeyBehaviour::Limited(Some("30".to_owned())));
    server.generic("s", &upstream.base_url(), &["sk-revoked", "sk-limited", "sk-good"]).await;
    let mut statuses: HashMap<StatusCode, usize> = HashMap::new();
    for _ in 0..1000 {
        let request = server.request(Method::POST, "/proxy/s/echo").body(full("body")).unwrap();
        let answer = server.send(request).await;
        *statuses.entry(answer.status).or_default() += 1;
        assert_eq!(answer.json()["body"], "body");
    }
    assert_eq!(statuses, HashMap::from([(StatusCode::OK, 1000)]));
    assert_eq!(upstream.hits("sk-good"), 1000);
    assert_eq!(upstream.hits("sk-limited"), 1);
}

#[tokio::test]
async fn when_every_key_is_limited_the_client_hears_when_to_come_back() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("90".to_owned())));
    upstream.set_key("sk-2", KeyBehaviour::Limited(Some("30".to_owned())));
    let id = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    for _ in 0..3 {
        let answer = server.get("/proxy/s/echo").await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        let seconds: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((25..=30).contains(&seconds), "{seconds}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (1, 1));
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    assert!(
        keys.as_array().unwrap().iter().all(|key| key["state"] == "cooling" && key["state_until"].is_string()),
        "{keys}"
    );
}

#[tokio::test]
async fn without_a_usable_key_the_service_is_unavailable() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("empty", &upstream.base_url(), &[]).await;
    let answer = server.get("/proxy/empty/echo").await;
    assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("no_usable_key")));

    upstream.set_key("sk-1", KeyBehaviour::Revoked);
    server.llm("revoked", "anthropic_native", &upstream.base_url(), &["sk-1"]).await;
    let answer = server.get("/llm/revoked/v1/models").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]["type"]), (503, &json!("api_error")));
}

#[tokio::test]
async fn a_forbidden_request_is_tried_with_every_key_and_then_told() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-1", KeyBehaviour::Failing(403));
    upstream.set_key("sk-2", KeyBehaviour::Failing(403));
    server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    let answer = server.get("/proxy/s/echo").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.json()["error"]["message"], "status 403");
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (1, 1));
}

#[tokio::test]
async fn a_clients_own_mistake_and_an_upstreams_fault_are_told_at_once() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    for status in [400, 404, 413, 422, 500, 503] {
        let request = server.request(Method::POST, &format!("/proxy/s/status/{status}")).body(full("")).unwrap();
        assert_eq!(server.send(request).await.status.as_u16(), status);
    }
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (3, 3));
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    assert!(keys.as_array().unwrap().iter().all(|key| key["state"] == "active"), "{keys}");
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated_while_the_upstream_is_at_fault() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1", "sk-2", "sk-3", "sk-4"]).await;
    let answer = server.get("/proxy/s/status/503").await;
    assert_eq!((answer.status.as_u16(), &answer.headers["x-rotator-attempts"]), (503, &http::HeaderValue::from(3)));
    let keyed = server.request(Method::POST, "/proxy/s/status/500").header("idempotency-key", "1");
    let answer = server.send(keyed.body(full("body")).unwrap()).await;
    assert_eq!((answer.status.as_u16(), upstream.requests().len()), (500, 6));
}

#[tokio::test]
async fn a_change_through_the_admin_api_holds_for_the_very_next_request() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    let first = keys[0]["id"].as_i64().unwrap();
    for turn in 0..10 {
        let is_active = turn % 2 == 1;
        server.admin(Method::PATCH, &format!("keys/{first}"), Some(json!({"is_active": is_active}))).await;
        let before = upstream.hits("sk-1");
        server.get("/proxy/s/echo").await;
        server.get("/proxy/s/echo").await;
        assert_eq!(upstream.hits("sk-1") - before, usize::from(is_active), "turn {turn}");
        let status = if is_active { StatusCode::OK } else { StatusCode::NOT_FOUND };
        let path = format!("proxy-configs/{id}/status");
        server.admin(Method::PUT, &path, Some(json!({"is_active": is_active}))).await;
        assert_eq!(server.get("/proxy/s/echo").await.status, status);
        server.admin(Method::PUT, &path, Some(json!({"is_active": true}))).await;
    }
    server.admin(Method::DELETE, &format!("proxy-configs/{id}"), None).await;
    assert_eq!(server.get("/proxy/s/echo").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_large_body_is_sent_once_and_a_small_one_again() {
    let place = Server::usual().set("ROTATOR_REPLAY_LIMIT", "1000");
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("30".to_owned())));
    server.generic("small", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    server.generic("large", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    let post = |slug: &str, size: usize| {
        server.request(Method::POST, &format!("/proxy/{slug}/upload")).body(full("x".repeat(size))).unwrap()
    };
    let small = server.send(post("small", 1000)).await;
    assert_eq!((small.status, small.text()), (StatusCode::OK, "1000".to_owned()));
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (1, 1));
    let large = server.send(post("large", 1001)).await;
    assert_eq!(large.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (2, 1));
}

#[tokio::test]
async fn a_tested_key_says_what_the_upstream_says_and_a_working_one_returns() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("600".to_owned())));
    let id = server.llm("s", "openai_compatible", &format!("{}/v1", upstream.base_url()), &["sk-1"]).await;
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    let path = format!("keys/{}/test", keys[0]["id"]);
    let (status, report) = server.admin(Method::POST, &path, None).await;
    assert_eq!((status, &report["ok"], &report["verdict"]), (StatusCode::OK, &json!(false), &json!("limited")));
    assert_eq!(server.get("/llm/s/models").await.status, StatusCode::TOO_MANY_REQUESTS);
    upstream.set_key("sk-1", KeyBehaviour::Good);
    let (_, report) = server.admin(Method::POST, &path, None).await;
    assert_eq!((&report["ok"], &report["status"]), (&json!(true), &json!(200)));
    assert_eq!(server.get("/llm/s/models").await.status, StatusCode::OK);
    assert_eq!(upstream.requests().last().unwrap().path_and_query, "/v1/models");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_wait_in_line_for_a_key_that_returns_soon() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("1".to_owned())));
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let request = || server.request(Method::POST, "/proxy/s/echo").body(full("")).unwrap();
    let first = server.send(request());
    let returns = async {
        upstream.wait_for(|upstream| upstream.hits("sk-1") == 1).await;
        upstream.set_key("sk-1", KeyBehaviour::Good);
    };
    let (answer, ()) = tokio::join!(first, returns);
    assert_eq!((answer.status, &answer.headers["x-rotator-attempts"]), (StatusCode::OK, &http::HeaderValue::from(2)));
    assert_eq!(upstream.hits("sk-1"), 2);
}

#[tokio::test]
async fn an_error_at_the_start_of_a_stream_is_an_error() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let error = r#"{"error":{"message":"limited","type":"rate_limit_error","code":"rate_limit_exceeded"}}"#;
    upstream.set_key("sk-1", KeyBehaviour::StreamError(error.to_owned()));
    let id = server.llm("s", "openai_compatible", &format!("{}/v1", upstream.base_url()), &["sk-1", "sk-2"]).await;
    let body = json!({"model": "m", "stream": true, "messages": []}).to_string();
    let request = server.request(Method::POST, "/llm/s/chat/completions").header("content-type", "application/json");
    let answer = server.send(request.body(full(body)).unwrap()).await;
    assert_eq!((answer.status, answer.text().contains("Hello from the mock.")), (StatusCode::OK, true));
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (1, 1));
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    assert_eq!((&keys[0]["state"], &keys[0]["state_model"]), (&json!("cooling"), &json!("m")));
    assert_eq!(keys[1]["state"], "active");
}

#[tokio::test]
async fn an_upstream_that_fails_again_and_again_is_left_alone_and_tried_again() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let send = async |path: &str| {
        let request = server.request(Method::POST, path).body(full("")).unwrap();
        let answer = server.send(request).await;
        let code = serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap_or_default()["code"].clone();
        (answer.status.as_u16(), code.as_str().unwrap_or_default().to_owned())
    };
    for _ in 0..5 {
        assert_eq!(send("/proxy/s/close").await, (502, "upstream_broke".to_owned()));
    }
    assert_eq!(send("/proxy/s/echo").await, (503, "upstream_resting".to_owned()));
    assert_eq!(upstream.requests().len(), 5, "nothing was sent");
    let recovered = async { while send("/proxy/s/echo").await.0 != 200 {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), recovered).await.unwrap();
}

#[tokio::test]
async fn a_dead_key_is_told_and_comes_back_by_a_test() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-1", KeyBehaviour::Revoked);
    let id = server.llm("s", "openai_compatible", &format!("{}/v1", upstream.base_url()), &["sk-1", "sk-2"]).await;
    assert_eq!(server.get("/llm/s/models").await.status, StatusCode::OK);
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    assert_eq!((&keys[0]["state"], keys[0]["state_since"].is_string()), (&json!("dead"), true));
    for _ in 0..4 {
        server.get("/llm/s/models").await;
    }
    assert_eq!(upstream.hits("sk-1"), 1);
    upstream.set_key("sk-1", KeyBehaviour::Good);
    let (_, report) = server.admin(Method::POST, &format!("keys/{}/test", keys[0]["id"]), None).await;
    assert_eq!(report["verdict"], "healthy");
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    assert_eq!(keys[0]["state"], "active");
}

#[tokio::test]
async fn what_was_learned_of_keys_outlives_a_restart() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("600".to_owned())));
    upstream.set_key("sk-2", KeyBehaviour::Revoked);
    let id = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2", "sk-3"]).await;
    assert_eq!(server.get("/proxy/s/echo").await.status, StatusCode::OK);
    let keys = format!("proxy-configs/{id}/keys");
    let (_, before) = server.admin(Method::GET, &keys, None).await;
    server.terminate();
    let server = server.ended().await.start().await;
    for _ in 0..10 {
        assert_eq!(server.get("/proxy/s/echo").await.status, StatusCode::OK);
    }
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (1, 1), "a limited key was asked again");
    let (_, after) = server.admin(Method::GET, &keys, None).await;
    for at in 0..2 {
        assert_eq!(
            (&after[at]["state"], &after[at]["state_until"]),
            (&before[at]["state"], &before[at]["state_until"])
        );
    }
}

/// Sends a chat for a model and gives the answer.
async fn chat(server: &Server, slug: &str, model: &str) -> crate::client::Answer {
    let body = json!({"model": model, "messages": []}).to_string();
    let request = server.request(Method::POST, &format!("/llm/{slug}/chat/completions"));
    server.send(request.header("content-type", "application/json").body(full(body)).unwrap()).await
}

#[tokio::test]
async fn an_alias_stands_for_a_model_and_a_fallback_steps_in() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let target = format!("{}/v1", upstream.base_url());
    upstream.set_key("sk-main", KeyBehaviour::Limited(Some("600".to_owned())));
    let config = |slug: &str, key: &str, more: serde_json::Value| {
        let mut config = json!({
            "name": slug, "slug": slug, "config_type": "LLM", "target_base_url": target, "api_keys": [key],
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    server
        .create(config(
            "main",
            "sk-main",
            json!({
                "model_aliases": {"fast": "real-1"}, "rotation_headers": false,
                "fallback": [{"slug": "gone"}, {"slug": "spare", "models": {"real-1": "spare-1"}}],
            }),
        ))
        .await;
    server.create(config("spare", "sk-spare", json!({}))).await;
    let answer = chat(&server, "main", "fast").await;
    assert_eq!((answer.status, &answer.json()["model"]), (StatusCode::OK, &json!("spare-1")));
    assert_eq!(answer.headers["x-rotator-service"], "spare");
    let sent: Vec<serde_json::Value> =
        upstream.requests().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert_eq!((&sent[0]["model"], &sent[1]["model"]), (&json!("real-1"), &json!("spare-1")));

    upstream.set_key("sk-main", KeyBehaviour::Good);
    let (_, keys) = server.admin(Method::GET, "proxy-configs?slug=main", None).await;
    server.admin(Method::POST, &format!("keys/{}/test", keys[0]["api_keys"][0]["id"]), None).await;
    let answer = chat(&server, "main", "fast").await;
    assert_eq!((&answer.json()["model"], answer.headers.contains_key("x-rotator-key")), (&json!("real-1"), false));
}

#[tokio::test]
async fn tiers_models_and_quota_groups_are_kept_to() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.llm("s", "openai_compatible", &format!("{}/v1", upstream.base_url()), &[]).await;
    for key in [
        json!({"key_value": "sk-paid", "tier": 1}),
        json!({"key_value": "sk-free-1", "quota_group": "project", "models": ["small-*"]}),
        json!({"key_value": "sk-free-2", "quota_group": "project", "models": ["small-*"]}),
    ] {
        let (status, error) = server.admin(Method::POST, &format!("proxy-configs/{id}/keys"), Some(key)).await;
        assert_eq!(status, StatusCode::CREATED, "{error}");
    }
    for model in ["small-1", "small-1", "big"] {
        assert_eq!(chat(&server, "s", model).await.status, StatusCode::OK);
    }
    let hits = || ["sk-paid", "sk-free-1", "sk-free-2"].map(|key| upstream.hits(key));
    assert_eq!(hits(), [1, 1, 1]);
    // One key's refusal is that of its whole project, and the paid key steps in.
    upstream.set_key("sk-free-1", KeyBehaviour::Limited(Some("600".to_owned())));
    upstream.set_key("sk-free-2", KeyBehaviour::Limited(Some("600".to_owned())));
    for _ in 0..4 {
        assert_eq!(chat(&server, "s", "small-1").await.status, StatusCode::OK);
    }
    assert_eq!(hits(), [5, 2, 1]);
}

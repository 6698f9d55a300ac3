//! Several nodes that act as one.

use std::sync::Arc;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use rotator_mock_upstream::MockUpstream;
use rotator_test_services::{DatabaseServer, Redis};
use serde_json::{Value, json};

use crate::backend::{Backend, kind};
use crate::changes::{MASTER_KEY, SECOND};
use crate::client::{TestClient, full};
use crate::client_limits::{client_key, spend};
use crate::outcome::until;
use crate::server::{CLIENT_KEY, PASSWORD, Place, Server};
use crate::usage::{total, until_counted};
use crate::webhooks::each_death_is_told_once;

pub(crate) fn place(backend: &Arc<Backend>, node: &str) -> Place {
    let usual = Place::sharing(Some(Arc::clone(backend)));
    let usual = usual.set("ADMIN_PASSWORD", PASSWORD).set("GLOBAL_PROXY_KEYS", CLIENT_KEY).set("LOG_LEVEL", "info");
    usual.set("ROTATOR_MASTER_KEY", MASTER_KEY).set("ROTATOR_NODE_ID", node)
}

/// Nodes with one database and one Redis.
pub(crate) async fn nodes(backend: &Arc<Backend>, names: &[&str]) -> Vec<Server> {
    let mut nodes = Vec::new();
    for name in names {
        nodes.push(place(backend, name).start().await);
    }
    nodes
}

pub(crate) fn backend() -> Arc<Backend> {
    Arc::new(Backend::new().unwrap())
}

async fn ready(node: &Server) -> Value {
    node.get("/readyz").await.json()
}

/// Sends so many requests, in turn to each node, over so many connections; all must be served.
pub(crate) async fn all_are_served(nodes: &[Server], connections: usize, requests: usize) {
    let connection = |number: usize| async move {
        let client = TestClient::new();
        for turn in 0..requests / connections + usize::from(number < requests % connections) {
            let node = &nodes[(number + turn) % nodes.len()];
            let request = node.request(Method::GET, "/proxy/s/echo").body(full("")).unwrap();
            assert_eq!(client.send(request).await.status, StatusCode::OK);
        }
    };
    join_all((0..connections).map(connection)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_seven_keys_each_serves_exactly_a_seventh_of_what_comes_to_three_nodes() {
    let (backend, upstream) = (backend(), MockUpstream::start().await.unwrap());
    let nodes = nodes(&backend, &["one", "two", "three"]).await;
    let keys: Vec<String> = (1..=7).map(|number| format!("sk-{number}")).collect();
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    nodes[0].generic("s", &upstream.base_url(), &names).await;
    for node in &nodes[1..] {
        until("the service is there", async || node.get("/proxy/s/status/204").await.status == 204).await;
    }
    let before: Vec<usize> = keys.iter().map(|key| upstream.hits(key)).collect();
    let served: usize = before.iter().sum();
    all_are_served(&nodes, 32, 21_000 - served).await;
    let hits: Vec<usize> = keys.iter().map(|key| upstream.hits(key)).collect();
    assert_eq!(hits, [3000; 7]);
    for node in &nodes {
        assert_eq!(ready(node).await["cache"], "shared");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_with_room_for_a_thousand_requests_lets_a_thousand_pass_on_three_nodes() {
    let (backend, upstream) = (backend(), MockUpstream::start().await.unwrap());
    let nodes = nodes(&backend, &["one", "two", "three"]).await;
    nodes[0].llm("s", "openai_compatible", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    // The mock says that each took eight tokens.
    let budget = json!({"limits": {"budgets": [{"amount": 8000, "unit": "tokens", "period": "month"}]}});
    let (id, key) = client_key(&nodes[0], budget).await;
    let keys = format!("client-keys/{id}");
    for node in &nodes[1..] {
        until("the key is there", async || {
            let request = http::Request::builder().uri(format!("{}/llm/s/models", node.base));
            let request = request.header("x-proxy-key", &key).body(full("")).unwrap();
            node.send(request).await.status == 200
        })
        .await;
    }
    let before = upstream.requests().len();
    assert_eq!(spend(&nodes, &key, "/llm/s/chat/completions", 64).await, 1000);
    assert_eq!(upstream.requests().len() - before, 1000);
    for node in &nodes {
        let (_, shown) = node.admin(Method::GET, &keys, None).await;
        let standing = &shown["standing"][0];
        assert_eq!((&standing["used"], &standing["reserved"]), (&json!(8000.0), &json!(0.0)), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_nodes_share_what_is_left_of_a_limit_and_a_redis_that_lost_everything_is_told() {
    let (backend, upstream) = (backend(), MockUpstream::start().await.unwrap());
    let mut redis = Redis::start().unwrap();
    let mut nodes = Vec::new();
    for name in ["one", "two"] {
        nodes.push(place(&backend, name).set("REDIS_URL", &redis.url()).start().await);
    }
    nodes[0].llm("s", "openai_compatible", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    let (id, key) = client_key(&nodes[0], json!({"limits": {"rpd": 20}})).await;
    let send = async |node: &Server| {
        let request =
            http::Request::builder().method(Method::POST).uri(format!("{}/llm/s/chat/completions", node.base));
        let request = request.header("x-proxy-key", &key).header("content-type", "application/json");
        node.send(request.body(full(r#"{"model":"m","messages":[]}"#)).unwrap()).await.status
    };
    until("the key is there", async || send(&nodes[1]).await == 200).await;
    for _ in 0..9 {
        assert_eq!(send(&nodes[0]).await, StatusCode::OK);
    }
    until_counted(&nodes[0], 10).await;
    for node in &nodes {
        until("both are counted", async || ready(node).await["nodes"] == 2).await;
    }
    redis.kill().unwrap();
    // Five are left for each.
    for node in &nodes {
        assert_eq!(spend(std::slice::from_ref(node), &key, "/llm/s/chat/completions", 4).await, 5);
    }
    // What a Redis that has lost everything is told is what the database knows, which is a second behind.
    until("all is counted", async || {
        let (requests, limited) = (total(&nodes[0], "requests").await, total(&nodes[0], "errors_limited").await);
        requests - limited == 20
    })
    .await;
    redis.restart().unwrap();
    for node in &nodes {
        until("the node joins again", async || ready(node).await["cache"] == "shared").await;
        assert_eq!(send(node).await, StatusCode::TOO_MANY_REQUESTS);
        let (_, shown) = node.admin(Method::GET, &format!("client-keys/{id}"), None).await;
        assert_eq!(shown["standing"][0]["used"], 20.0, "{shown}");
    }
}

#[tokio::test]
async fn what_one_node_changes_holds_on_the_others_within_a_second() {
    let (backend, upstream) = (backend(), MockUpstream::start().await.unwrap());
    let nodes = nodes(&backend, &["one", "two"]).await;
    let id = nodes[0].generic("s", &upstream.base_url(), &["sk-1"]).await;
    let status = async || nodes[1].get("/proxy/s/status/204").await.status.as_u16();
    let came = until("the service comes", async || status().await == 204).await;
    nodes[0].admin(Method::PUT, &format!("proxy-configs/{id}/status"), Some(json!({"is_active": false}))).await;
    let rested = until("the service rests", async || status().await == 404).await;
    nodes[0].admin(Method::PUT, &format!("proxy-configs/{id}/status"), Some(json!({"is_active": true}))).await;
    let woke = until("the service is back", async || status().await == 204).await;
    nodes[0].admin(Method::DELETE, &format!("proxy-configs/{id}"), None).await;
    let went = until("the service goes", async || status().await == 404).await;
    assert!([came, rested, woke, went].iter().all(|took| *took < SECOND), "{came:?} {rested:?} {woke:?} {went:?}");
    let (_, status) = nodes[1].admin(Method::GET, "status", None).await;
    let ids: Vec<&str> = status["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_nodes_go_on_and_join_again_and_no_client_notices() {
    let (backend, upstream) = (backend(), MockUpstream::start().await.unwrap());
    let mut redis = Redis::start().unwrap();
    let mut nodes = Vec::new();
    for name in ["one", "two"] {
        nodes.push(place(&backend, name).set("REDIS_URL", &redis.url()).start().await);
    }
    nodes[0].generic("s", &upstream.base_url(), &["sk-1", "sk-2", "sk-3"]).await;
    until("the service is there", async || nodes[1].get("/proxy/s/status/204").await.status == 204).await;

    redis.kill().unwrap();
    all_are_served(&nodes, 8, 400).await;
    for node in &nodes {
        let ready = ready(node).await;
        assert_eq!((&ready["status"], &ready["cache"]), (&json!("ready"), &json!("alone")));
        let cache = &ready["dependencies"]["cache"];
        assert!(cache["state"] == "alone" && cache["reason"].is_string(), "{ready}");
        let metrics = String::from_utf8(node.get("/metrics").await.body.to_vec()).unwrap();
        assert!(metrics.contains("rotator_cache_alone 1"), "{metrics}");
    }
    redis.restart().unwrap();
    for node in &nodes {
        until("the node joins again", async || ready(node).await["cache"] == "shared").await;
    }
    all_are_served(&nodes, 8, 400).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_traffic_goes_on_and_nothing_is_changed() {
    let (upstream, redis) = (MockUpstream::start().await.unwrap(), Redis::start().unwrap());
    let (url, server) = private_database();
    let place = Place::sharing(None).set("DATABASE_URL", &url).set("REDIS_URL", &redis.url());
    let place = place.set("ADMIN_PASSWORD", PASSWORD).set("GLOBAL_PROXY_KEYS", CLIENT_KEY).set("REDIS_TIMEOUT", "5");
    let node = place.set("DB_ACQUIRE_TIMEOUT", "1").start().await;
    let id = node.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    drop(server);
    all_are_served(std::slice::from_ref(&node), 4, 100).await;
    let keys = format!("proxy-configs/{id}/keys");
    let (status, told) = node.admin(Method::POST, &keys, Some(json!({"key_value": "sk-3"}))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{told}");
    let answer = node.get("/readyz").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["database"]), (503, &json!("does not answer")));
    let reason = answer.json()["dependencies"]["database"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("answer") && !reason.contains("://"), "{reason}");
    let metrics = String::from_utf8(node.get("/metrics").await.body.to_vec()).unwrap();
    assert!(metrics.contains("rotator_database_up 0"), "{metrics}");
    all_are_served(std::slice::from_ref(&node), 4, 100).await;
}

/// A database server of this test alone, which ends when it is dropped.
fn private_database() -> (String, DatabaseServer) {
    let server = kind().unwrap().start().unwrap();
    let database = server.database().unwrap();
    let url = database.url();
    // It goes with its server.
    std::mem::forget(database);
    (url, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_with_one_state_tell_a_death_once() {
    each_death_is_told_once(&nodes(&backend(), &["one", "two"]).await).await;
}

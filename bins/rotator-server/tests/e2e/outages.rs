//! A database that is away for a while.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request};
use rotator_mock_upstream::MockUpstream;
use rotator_test_services::Redis;
use serde_json::json;

use crate::backend::Backend;
use crate::changes::{MASTER_KEY, SECOND, alone};
use crate::client::{Answer, TestClient, full};
use crate::outcome::{code, text, until};
use crate::relay::Relay;
use crate::request_log::{change, logged};
use crate::server::{CLIENT_KEY, Place, WAITING};

#[tokio::test]
async fn what_was_changed_while_the_database_was_away_is_taken_up_when_it_is_back() {
    let (backend, upstream) = (Arc::new(Backend::new().unwrap()), MockUpstream::start().await.unwrap());
    let mut way = Relay::to(&backend.database.url()).await;
    way.open().await;
    let place = || alone(Place::sharing(Some(Arc::clone(&backend))));
    let near = place().start().await;
    let far = place().set("DATABASE_URL", &way.url()).set("DB_ACQUIRE_TIMEOUT", "1").start().await;
    let id = near.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let status = async || far.get("/proxy/s/status/204").await.status.as_u16();
    until("the service comes", async || status().await == 204).await;

    way.close().await;
    let told = |what: &str| far.output().matches(what).count();
    let lost = "changes of other nodes and commands cannot be seen";
    until("the database is missed", async || told(lost) > 0).await;
    near.admin(Method::PUT, &format!("proxy-configs/{id}/status"), Some(json!({"is_active": false}))).await;
    let other = near.generic("t", &upstream.base_url(), &["sk-1"]).await;
    near.admin(Method::DELETE, &format!("proxy-configs/{other}"), None).await;
    near.generic("u", &upstream.base_url(), &["sk-1"]).await;
    assert_eq!(status().await, 204);

    way.open().await;
    until("the service rests", async || status().await == 404).await;
    let status = async |slug: &str| far.get(&format!("/proxy/{slug}/status/204")).await.status.as_u16();
    until("the new service is there", async || status("u").await == 204).await;
    assert_eq!(status("t").await, 404);
    until("it is told", async || told("changes are seen again") == 1).await;
    assert_eq!(told(lost), 1);
}

#[tokio::test]
async fn requests_are_served_at_once_while_the_database_is_away_and_logged_when_it_is_back() {
    let (backend, upstream) = (Arc::new(Backend::new().unwrap()), MockUpstream::start().await.unwrap());
    let mut way = Relay::to(&backend.database.url()).await;
    way.open().await;
    let place = alone(Place::sharing(Some(backend)));
    let server = place.set("DATABASE_URL", &way.url()).set("DB_ACQUIRE_TIMEOUT", "1").start().await;
    let id = server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    change(&server, id, json!({"log_requests": "bodies"})).await;
    way.close().await;
    let begun = Instant::now();
    while begun.elapsed() < 3 * SECOND {
        let one = Instant::now();
        assert_eq!(server.get("/proxy/s/echo").await.status, 200);
        assert!(one.elapsed() < SECOND, "{:?}", one.elapsed());
    }
    let served = upstream.hits("sk-1");
    way.open().await;
    until("they are logged", async || {
        // Not while the server finds out that the database is back.
        let (status, _) = server.admin(Method::GET, "request-logs?limit=1", None).await;
        status == 200 && logged(&server, "limit=1").await.first().is_some_and(|entry| entry["id"] == served)
    })
    .await;
    let (_, status) = server.admin(Method::GET, "status", None).await;
    assert_eq!(status["lost_log_entries"], 0, "{status}");
}

async fn ask(base: &str, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("{base}{path}")).header("x-proxy-key", CLIENT_KEY);
    TestClient::new().send(request.body(full("")).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_database_and_redis_away_waits_and_then_serves_with_the_others() {
    let (backend, upstream) = (Arc::new(Backend::new().unwrap()), MockUpstream::start().await.unwrap());
    let mut way = Relay::to(&backend.database.url()).await;
    let mut redis = Redis::start().unwrap();
    redis.kill().unwrap();
    let place = |node: &str| {
        let place = Place::sharing(Some(Arc::clone(&backend))).set("ROTATOR_MASTER_KEY", MASTER_KEY);
        place.set("DATABASE_URL", &way.url()).set("REDIS_URL", &redis.url()).set("ROTATOR_NODE_ID", node)
    };
    let (one, other) = (place("one"), place("other"));
    let starting = one.begin();
    let base = starting.waiting().await;
    let answer = ask(&base, Method::GET, "/healthz").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ok\n"));
    let answer = ask(&base, Method::GET, "/readyz").await;
    let reason = "the server waits for it";
    let told = json!({
        "status": "not ready", "database": "does not answer", "cache": "alone", "nodes": 1,
        "dependencies": {
            "database": {"state": "does not answer", "reason": reason}, "cache": {"state": "alone", "reason": reason},
            "usage": {"state": "off", "reason": "the server has not started"},
        },
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (503, told));
    for (method, path) in [
        (Method::GET, "/proxy/s/echo"),
        (Method::POST, "/llm/s/v1/chat/completions"),
        (Method::POST, "/api/admin/login"),
        (Method::GET, "/metrics"),
        (Method::GET, "/"),
    ] {
        let answer = ask(&base, method, path).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0, "{path}");
        assert!(answer.json()["error"].as_str().unwrap().contains("database"), "{path}");
    }
    let log = starting.log();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains(WAITING)).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("onnection refused"), "{log}");
    assert!(log.contains("redis does not answer: this node begins alone"), "{log}");

    way.open().await;
    let mut one = starting.serving().await;
    assert_eq!(one.base, base);
    let shown = one.output();
    assert_eq!(shown.matches("First start. Shown once, keep it:").count(), 1, "{shown}");
    let secret = |name: &str| {
        let line = shown.lines().find_map(|line| line.trim().strip_prefix(name)).unwrap();
        line.trim().to_owned()
    };
    let (password, client_key) = (secret("admin password"), secret("client key"));
    one.log_in(&password).await;
    one.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let other = other.start().await;
    assert!(!other.output().contains("Shown once"));
    redis.restart().unwrap();
    for node in [&one, &other] {
        until("the node shares", async || {
            let ready = node.get("/readyz").await.json();
            (&ready["status"], &ready["cache"], &ready["nodes"]) == (&json!("ready"), &json!("shared"), &json!(2))
        })
        .await;
        let request = Request::get(format!("{}/proxy/s/status/204", node.base)).header("x-proxy-key", &client_key);
        assert_eq!(node.send(request.body(full("")).unwrap()).await.status, 204);
    }
    assert!(one.place().log().contains("the database answers"));
}

#[tokio::test]
async fn a_server_that_waits_for_its_database_ends_at_once_when_it_is_asked_to() {
    let backend = Arc::new(Backend::new().unwrap());
    let way = Relay::to(&backend.database.url()).await;
    let place = Place::sharing(Some(backend)).set("DATABASE_URL", &way.url());
    let starting = place.begin();
    starting.waiting().await;
    let begun = Instant::now();
    let status = starting.terminated().await;
    assert!(status.success(), "{status}");
    assert!(begun.elapsed() < 2 * SECOND, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_command_does_not_wait_for_a_database_that_is_away() {
    let backend = Arc::new(Backend::new().unwrap());
    let way = Relay::to(&backend.database.url()).await;
    let output = Place::sharing(Some(backend)).set("DATABASE_URL", &way.url()).run(&["migrate"]).await;
    let told = text(&output);
    assert!(code(&output) == 1 && told.lines().count() == 1, "{told}");
    assert!(told.contains("the database does not answer") && told.contains("onnection refused"), "{told}");
}

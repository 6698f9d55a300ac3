//! Changes that a server did not make itself: by other nodes, with no Redis between them, and by commands.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use rotator_mock_upstream::MockUpstream;
use serde_json::json;

use crate::client::full;
use crate::client_limits::client_key;
use crate::commands::legacy_file;
use crate::outcome::{code, text, until};
use crate::server::{CLIENT_KEY, PASSWORD, Place, Server};

/// What seals the keys that all nodes read.
pub(crate) const MASTER_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// How soon a change must hold everywhere.
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A node that keeps its rotation in memory.
pub(crate) fn alone(place: Place) -> Place {
    let place = place.set("ADMIN_PASSWORD", PASSWORD).set("GLOBAL_PROXY_KEYS", CLIENT_KEY).set("LOG_LEVEL", "info");
    place.set("ROTATOR_MASTER_KEY", MASTER_KEY).set("CACHE_TYPE", "memory")
}

/// Two nodes with one database and nothing else between them.
pub(crate) async fn two_nodes() -> [Server; 2] {
    let one = alone(Place::new()).start().await;
    let other = alone(Place::sharing(one.place().backend.as_ref().map(Arc::clone)));
    let file = one.place().path("data/api_key_rotator.db");
    let other = match one.place().backend {
        Some(_) => other,
        None => other.set("DATABASE_PATH", file.to_str().unwrap()),
    };
    [one, other.start().await]
}

async fn status(node: &Server) -> u16 {
    node.get("/proxy/s/status/204").await.status.as_u16()
}

#[tokio::test]
async fn without_redis_what_one_node_changes_holds_on_the_other_within_a_second() {
    let ([one, other], upstream) = (two_nodes().await, MockUpstream::start().await.unwrap());
    let mut took = Vec::new();
    let id = one.generic("s", &upstream.base_url(), &["sk-1"]).await;
    took.push(until("the service comes", async || status(&other).await == 204).await);
    assert_eq!(upstream.hits("sk-1"), 1);

    let change = json!({"is_active": false});
    other.admin(Method::PUT, &format!("proxy-configs/{id}/status"), Some(change)).await;
    took.push(until("the service rests", async || status(&one).await == 404).await);
    other.admin(Method::PUT, &format!("proxy-configs/{id}/status"), Some(json!({"is_active": true}))).await;
    took.push(until("the service is back", async || status(&one).await == 204).await);

    one.admin(Method::POST, &format!("proxy-configs/{id}/keys"), Some(json!({"key_value": "sk-2"}))).await;
    let second = async || status(&other).await == 204 && upstream.hits("sk-2") > 0;
    took.push(until("the new key serves", second).await);
    one.admin(Method::DELETE, &format!("proxy-configs/{id}/keys"), None).await;
    took.push(until("no key is left", async || status(&other).await == 503).await);

    one.admin(Method::DELETE, &format!("proxy-configs/{id}"), None).await;
    took.push(until("the service goes", async || status(&other).await == 404).await);
    assert!(took.iter().all(|took| *took < SECOND), "{took:?}");
}

#[tokio::test]
async fn without_redis_a_client_key_changes_on_the_other_node_within_a_second() {
    let ([one, other], upstream) = (two_nodes().await, MockUpstream::start().await.unwrap());
    one.generic("s", &upstream.base_url(), &["sk-1"]).await;
    until("the service comes", async || status(&other).await == 204).await;
    let answered = async |key: &str| {
        let request = Request::get(format!("{}/proxy/s/status/204", other.base)).header("x-proxy-key", key);
        other.send(request.body(full("")).unwrap()).await.status.as_u16()
    };
    let mut took = Vec::new();
    let (id, first) = client_key(&one, json!({})).await;
    took.push(until("the key comes", async || answered(&first).await == 204).await);

    let path = format!("client-keys/{id}");
    let (_, rotated) = one.admin(Method::POST, &format!("{path}/rotate"), Some(json!({}))).await;
    let second = rotated["key_value"].as_str().unwrap();
    took.push(until("the value is replaced", async || answered(second).await == 204).await);
    assert_eq!(answered(&first).await, 401);

    one.admin(Method::PATCH, &path, Some(json!({"services": ["another"]}))).await;
    took.push(until("its policy holds", async || answered(second).await == 403).await);
    one.admin(Method::DELETE, &path, None).await;
    took.push(until("the key goes", async || answered(second).await == 401).await);
    assert!(took.iter().all(|took| *took < SECOND), "{took:?}");
}

#[tokio::test]
async fn a_running_server_sees_what_a_command_imports_within_a_second() {
    let server = alone(Place::new()).start().await;
    assert_eq!(server.get("/proxy/weather/x").await.status, 404);
    legacy_file(&server.place().path("legacy.db")).await;
    let output = server.place().run(&["import-legacy", "legacy.db"]).await;
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert!(text(&output).contains("A running server sees them within a second."), "{}", text(&output));
    // The service takes GET alone, so that the server answers by itself.
    let known = async || {
        let request = server.request(Method::POST, "/proxy/weather/x").body(full("")).unwrap();
        server.send(request).await.status == 405
    };
    let took = until("the imported service is served", known).await;
    assert!(took < SECOND, "{took:?}");
}

#[tokio::test]
async fn a_running_server_forgets_what_a_reset_deletes() {
    let (server, upstream) = (alone(Place::new()).start().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    assert_eq!(status(&server).await, 204);
    let output = server.place().run(&["reset", "--yes"]).await;
    assert_eq!(code(&output), 0, "{}", text(&output));
    let took = until("the service is gone", async || status(&server).await == 404).await;
    assert!(took < SECOND, "{took:?}");
}

//! How services and keys are, told as it changes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::{Method, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::changes::two_nodes;
use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who looks, and what was told.
struct Watcher {
    answer: Response<Incoming>,
    text: String,
    /// The id of the last event that had one.
    last: Option<String>,
    services: BTreeMap<i64, Value>,
    keys: BTreeMap<i64, Value>,
    /// How many snapshots there were, and how many rows of keys.
    snapshots: usize,
    told_keys: usize,
}

impl Watcher {
    async fn new(server: &Server, query: &str, last: Option<&str>) -> Self {
        let mut request = server.admin_request(Method::GET, &format!("events?{query}"), None);
        if let Some(last) = last {
            request.headers_mut().insert("last-event-id", last.parse().unwrap());
        }
        let answer = server.client.head(request).await;
        let kind = &answer.headers()["content-type"];
        assert_eq!((answer.status(), kind), (StatusCode::OK, &"text/event-stream".parse().unwrap()));
        let (services, keys) = (BTreeMap::new(), BTreeMap::new());
        Self { answer, text: String::new(), last: None, services, keys, snapshots: 0, told_keys: 0 }
    }

    /// The next update.
    async fn next(&mut self) -> Value {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(id) = event.lines().find_map(|line| line.strip_prefix("id: ")) {
                    self.last = Some(id.to_owned());
                }
                if let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) {
                    let update: Value = serde_json::from_str(data).unwrap();
                    self.take_up(&update);
                    return update;
                }
                continue;
            }
            let frame = timeout(PATIENCE, self.answer.body_mut().frame()).await.unwrap().unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }

    fn take_up(&mut self, update: &Value) {
        if update["is_snapshot"] == true {
            self.snapshots += 1;
            self.services.clear();
            self.keys.clear();
        }
        let rows = |name: &str| update[name].as_array().cloned().unwrap_or_default();
        for id in rows("gone_services") {
            self.services.remove(&id.as_i64().unwrap());
        }
        for id in rows("gone_keys") {
            self.keys.remove(&id.as_i64().unwrap());
        }
        self.told_keys += rows("keys").len();
        let by_id = |row: Value| (row["id"].as_i64().unwrap(), row);
        self.services.extend(rows("services").into_iter().map(by_id));
        self.keys.extend(rows("keys").into_iter().map(by_id));
    }

    /// Looks until everything was told.
    async fn whole(mut self) -> Self {
        while self.next().await["is_whole"] != true {}
        self
    }

    /// Looks until what is known is like this.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: {:?} {:?}", self.services, self.keys);
            self.next().await;
        }
    }
}

#[tokio::test]
async fn services_and_keys_are_told_whole_and_then_as_they_change() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.generic("s", &upstream.base_url(), &["sk-planted-key-0001", "sk-planted-key-0002"]).await;
    let other = server.generic("other", &upstream.base_url(), &[]).await;
    let mut watcher = Watcher::new(&server, &format!("service={id}"), None).await.whole().await;
    assert_eq!((watcher.snapshots, watcher.services.len(), watcher.keys.len()), (1, 2, 2));
    let quiet = json!({"id": id, "slug": "s", "is_active": true, "rate": 0.0, "error_share": 0.0, "in_flight": 0,
        "keys": {"active": 2, "cooling": 0, "exhausted": 0, "dead": 0}});
    assert_eq!(watcher.services[&id], quiet);
    let first = *watcher.keys.keys().next().unwrap();
    let key = json!({"id": first, "service": id, "name": "sk-pla*****0001", "state": "active", "reason": null, "model": null,
        "until": null, "in_flight": 0, "rate": 0.0, "errors": 0, "last_used": null});
    assert_eq!(watcher.keys[&first], key);

    upstream.set_key("sk-planted-key-0001", KeyBehaviour::Limited(Some("60".to_owned())));
    for _ in 0..6 {
        assert_eq!(server.get("/proxy/s/status/204").await.status, 204);
    }
    watcher.until("a key cools", |watcher| watcher.keys[&first]["state"] == "cooling").await;
    watcher.until("it was used", |watcher| watcher.keys[&first]["errors"] == 1).await;
    let cooling = &watcher.keys[&first];
    assert_eq!((&cooling["reason"], cooling["until"].is_string()), (&json!("limited"), true));
    assert!(cooling["last_used"].is_string());
    watcher.until("requests are counted", |watcher| watcher.services[&id]["rate"].as_f64().unwrap() > 0.0).await;
    let counts = json!({"active": 1, "cooling": 1, "exhausted": 0, "dead": 0});
    watcher.until("it is counted", |watcher| watcher.services[&id]["keys"] == counts).await;
    watcher.until("it is quiet again", |watcher| watcher.services[&id]["rate"] == 0.0).await;

    // What is changed over the API is seen as well.
    let keys = format!("proxy-configs/{id}/keys");
    server.admin(Method::POST, &keys, Some(json!({"key_value": "sk-planted-key-0003", "label": "third"}))).await;
    watcher.until("a key comes", |watcher| watcher.keys.values().any(|key| key["name"] == "third")).await;
    server.admin(Method::PATCH, &format!("keys/{first}"), Some(json!({"is_active": false}))).await;
    watcher.until("a key rests", |watcher| watcher.keys[&first]["state"] == "disabled").await;
    server.admin(Method::DELETE, &format!("keys/{first}"), None).await;
    watcher.until("a key goes", |watcher| !watcher.keys.contains_key(&first)).await;
    server.admin(Method::DELETE, &format!("proxy-configs/{other}"), None).await;
    watcher.until("a service goes", |watcher| !watcher.services.contains_key(&other)).await;
    assert_eq!(watcher.snapshots, 1);
    assert!(!format!("{:?}", watcher.keys).contains("sk-planted"));
}

#[tokio::test]
async fn who_comes_back_is_told_what_has_changed_since() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    let watcher = Watcher::new(&server, &format!("service={id}"), None).await.whole().await;
    let last = watcher.last.clone().unwrap();
    drop(watcher);
    server.generic("new", &upstream.base_url(), &[]).await;
    let mut again = Watcher::new(&server, &format!("service={id}"), Some(&last)).await;
    again.until("the new one is told", |watcher| watcher.services.values().any(|service| service["slug"] == "new")).await;
    assert_eq!((again.snapshots, again.services.len(), again.keys.len()), (0, 1, 0));
    // Of other services' keys nobody was told, and another process knows nothing of it.
    for (query, last) in [(String::new(), last.as_str()), (format!("service={id}"), "0.1."), (format!("service={id}"), "?")] {
        let anew = Watcher::new(&server, &query, Some(last)).await.whole().await;
        assert_eq!((anew.snapshots, anew.services.len()), (1, 2));
    }
}

#[tokio::test]
async fn of_a_large_pool_only_what_changed_is_told() {
    const KEYS: usize = 5_000;
    let (server, upstream) = (Server::usual().set("LOG_LEVEL", "info").start().await, MockUpstream::start().await.unwrap());
    let id = server.generic("s", &upstream.base_url(), &[]).await;
    let keys: Vec<String> = (0..KEYS).map(|number| format!("sk-{number:06}")).collect();
    server.admin(Method::POST, &format!("proxy-configs/{id}/keys/batch"), Some(json!({"keys": keys}))).await;
    let mut watcher = Watcher::new(&server, &format!("service={id}"), None).await.whole().await;
    assert_eq!((watcher.keys.len(), watcher.told_keys), (KEYS, KEYS));
    for _ in 0..3 {
        server.get("/proxy/s/status/204").await;
    }
    let used = |watcher: &Watcher| watcher.keys.values().filter(|key| key["last_used"].is_string()).count();
    watcher.until("three were used", |watcher| used(watcher) == 3).await;
    watcher.until("they rest", |watcher| watcher.keys.values().all(|key| key["rate"] == 0.0)).await;
    let told = watcher.told_keys - KEYS;
    assert!((3..60).contains(&told), "{told}");
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused() {
    let server = Server::new().await;
    for (query, status) in [("service=99", 404), ("service=x", 422), ("services=1", 422)] {
        assert_eq!(server.admin(Method::GET, &format!("events?{query}"), None).await.0, status, "{query}");
    }
    let many = (0..9).map(|id| format!("service={id}")).collect::<Vec<_>>().join("&");
    assert_eq!(server.admin(Method::GET, &format!("events?{many}"), None).await.0, 422);
}

#[tokio::test]
async fn another_node_sees_the_same_services() {
    let ([one, other], upstream) = (two_nodes().await, MockUpstream::start().await.unwrap());
    let mut watcher = Watcher::new(&other, "", None).await.whole().await;
    let id = one.generic("s", &upstream.base_url(), &["sk-1"]).await;
    watcher.until("it comes", |watcher| watcher.services.contains_key(&id)).await;
    assert_eq!(watcher.services[&id]["keys"]["active"], 1);
}

#[tokio::test]
async fn a_server_that_ends_ends_what_goes_on() {
    let server = Server::new().await;
    let mut watcher = Watcher::new(&server, "", None).await;
    watcher.next().await;
    let begun = Instant::now();
    server.terminate();
    while let Some(frame) = timeout(PATIENCE, watcher.answer.body_mut().frame()).await.unwrap() {
        frame.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
    server.ended().await;
}

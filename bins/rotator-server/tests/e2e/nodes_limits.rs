//! Limits that hold over all nodes, from what the upstream has seen.

use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use rotator_mock_upstream::{Asked, KeyBehaviour, MockUpstream};
use serde_json::{Value, json};
use tokio::time::{Instant, interval};

use crate::client::{TestClient, full};
use crate::nodes::{backend, nodes};
use crate::outcome::until;
use crate::server::Server;

const MINUTE: Duration = Duration::from_secs(60);
/// What each key takes in any minute.
const LIMIT: usize = 60;
const KEYS: [&str; 3] = ["sk-1", "sk-2", "sk-3"];
/// Half as much again as the keys take in the first minute: the rest waits for the second one.
const REQUESTS: usize = KEYS.len() * LIMIT * 3 / 2;
/// How many come in a second.
const RATE: f64 = 20.0;

/// An upstream with limits that it does not tell, and a service on three nodes before it.
async fn service(policy: Value) -> (Vec<Server>, MockUpstream) {
    let upstream = MockUpstream::start().await.unwrap();
    for key in KEYS {
        upstream.set_key(key, KeyBehaviour::Sliding { limit: LIMIT, length: MINUTE });
    }
    let nodes = nodes(&backend(), &["one", "two", "three"]).await;
    let mut service = json!({
        "name": "s", "slug": "s", "config_type": "GENERIC", "target_url": upstream.base_url(), "method": "ANY",
        "api_key_location": "header", "api_key_name": "Authorization", "api_key_prefix": "Bearer ", "api_keys": KEYS,
        "max_wait_ms": 90_000, "deadline_ms": 90_000,
    });
    service.as_object_mut().unwrap().extend(policy.as_object().unwrap().clone());
    nodes[0].create(service).await;
    for node in &nodes[1..] {
        until("the service is there", async || node.get("/proxy/s/none").await.status != 404).await;
    }
    (nodes, upstream)
}

/// Requests at an even rate, in turn to each node; gives how many were not served.
async fn offer(nodes: &[Server], requests: usize) -> usize {
    let client = TestClient::new();
    let mut ticks = interval(Duration::from_secs_f64(1.0 / RATE));
    let mut sent = Vec::new();
    for number in 0..requests {
        ticks.tick().await;
        let request =
            nodes[number % nodes.len()].request(Method::POST, "/proxy/s/slow?ms=30").body(full("{}")).unwrap();
        let client = client.clone();
        sent.push(tokio::spawn(async move { client.send(request).await.status }));
    }
    let statuses = join_all(sent).await;
    statuses.into_iter().filter(|status| *status.as_ref().unwrap() != StatusCode::OK).count()
}

/// The most of some requests in any minute.
fn most_in_a_minute<'a>(asked: impl Iterator<Item = &'a Asked> + Clone) -> usize {
    let until = |begin: Instant| asked.clone().filter(move |one| one.at >= begin && one.at - begin < MINUTE).count();
    asked.clone().map(|one| until(one.at)).max().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_limit_holds_over_all_nodes_from_the_first_refusal_on() {
    let (nodes, upstream) = service(json!({})).await;
    assert_eq!(offer(&nodes, REQUESTS).await, 0, "clients that were not served");
    for key in KEYS {
        let asked = upstream.asked(key);
        let (refused, served): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(|one| one.is_refused);
        let first = refused.first().expect("the limit was met").at;
        // Those that were on their way when the first was refused were sent before anybody could know.
        let on_their_way = refused.iter().filter(|one| one.at - first < Duration::from_millis(500)).count();
        println!("{key}: {} served, {} refused, {on_their_way} of them at first", served.len(), refused.len());
        assert!(served.len() > LIMIT && served[LIMIT - 1].at <= first, "nothing else kept the key from being asked");
        assert!(most_in_a_minute(served.into_iter()) <= LIMIT);
        assert!(on_their_way <= 3, "{on_their_way} were on their way");
        // What was learned is tried with one more from time to time, and else kept.
        assert!(refused.len() - on_their_way <= LIMIT / 10, "{} more were refused", refused.len() - on_their_way);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declared_limit_holds_over_all_nodes_and_no_request_is_refused() {
    let (nodes, upstream) = service(json!({"limits": {"rpm": LIMIT}})).await;
    assert_eq!(offer(&nodes, REQUESTS).await, 0, "clients that were not served");
    for key in KEYS {
        let asked = upstream.asked(key);
        println!("{key}: {} asked, {} in the fullest minute", asked.len(), most_in_a_minute(asked.iter()));
        assert!(most_in_a_minute(asked.iter()) <= LIMIT && asked.iter().all(|one| !one.is_refused));
    }
}

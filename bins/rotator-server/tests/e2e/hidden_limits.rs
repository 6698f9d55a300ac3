//! Upstream keys with limits that nobody told the server.

use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::json;
use tokio::time::{Instant, interval, timeout};

use crate::client::{TestClient, full};
use crate::server::Server;

/// How long one request takes upstream.
const SERVICE_TIME: Duration = Duration::from_millis(200);
/// How long clients keep coming.
const LENGTH: Duration = Duration::from_secs(6);

/// What the keys can serve together, in requests a second: ten serve two at once and say nothing of it, ten serve 20 in two
/// seconds and tell.
const CAPACITY: f64 = 10.0 * 2.0 / 0.2 + 10.0 * 20.0 / 2.0;

async fn upstream_with_limits() -> (MockUpstream, Vec<String>) {
    let upstream = MockUpstream::start().await.unwrap();
    let keys: Vec<String> = (0..20).map(|number| format!("sk-{number}")).collect();
    for (number, key) in keys.iter().enumerate() {
        let behaviour = if number % 2 == 0 {
            KeyBehaviour::AtOnce(2)
        } else {
            KeyBehaviour::Window { limit: 20, length: Duration::from_secs(2), tells: true }
        };
        upstream.set_key(key, behaviour);
    }
    (upstream, keys)
}

/// Requests at an even rate, each on its way while the others are; gives how they ended.
async fn offered(server: &Server, per_second: f64) -> Vec<StatusCode> {
    let client = TestClient::new();
    let mut ticks = interval(Duration::from_secs_f64(1.0 / per_second));
    let begun = Instant::now();
    let mut requests = Vec::new();
    while begun.elapsed() < LENGTH {
        ticks.tick().await;
        let path = format!("/proxy/s/slow?ms={}", SERVICE_TIME.as_millis());
        let request = server.request(Method::POST, &path).body(full("")).unwrap();
        let client = client.clone();
        requests.push(tokio::spawn(async move { client.send(request).await.status }));
    }
    join_all(requests).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_sees_a_429_while_some_key_can_serve() {
    let (server, (upstream, keys)) = (Server::new().await, upstream_with_limits().await);
    let service = json!({
        "name": "s", "slug": "s", "config_type": "GENERIC", "target_url": upstream.base_url(), "method": "ANY",
        "api_key_location": "header", "api_key_name": "Authorization", "api_key_prefix": "Bearer ", "api_keys": keys,
        // On a busy machine the upstream serves less than it is meant to, and who waits waits longer.
        "max_wait_ms": 45_000,
    });
    server.create(service).await;
    let statuses = timeout(Duration::from_secs(60), offered(&server, 0.95 * CAPACITY)).await.unwrap();
    let served = statuses.iter().filter(|status| **status == StatusCode::OK).count();
    assert_eq!(served, statuses.len(), "{} of {}", statuses.len() - served, statuses.len());
    // How many calls that wastes depends on how late its places are seen to be free, which is a matter of the machine here;
    // `cargo xtask simulate` bounds it in virtual time.
    println!("{served} served, {} of {} upstream calls refused", upstream.refused(), upstream.requests().len());
}

//! What requests used is counted: nothing is lost and nothing counts twice.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::client::full;
use crate::server::Server;

/// The figures that the admin API tells, each group by what it is kept apart by.
pub(crate) async fn usage(server: &Server, by: &str) -> Vec<(Vec<Value>, BTreeMap<String, u64>)> {
    let (status, report) = server.admin(Method::GET, &format!("usage?by={by}&grain=minute"), None).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    let group = |group: &Value| {
        let names = by.split(',').filter(|name| !name.is_empty());
        let place = names.map(|name| group[name].clone()).collect();
        (place, serde_json::from_value(group["figures"].clone()).unwrap())
    };
    report["groups"].as_array().unwrap().iter().map(group).collect()
}

/// One figure of all.
pub(crate) async fn total(server: &Server, figure: &str) -> u64 {
    let all = usage(server, "").await.pop().map(|(_, figures)| figures).unwrap_or_default();
    all.get(figure).copied().unwrap_or_default()
}

/// Waits until so many requests are counted; more than that are an error.
pub(crate) async fn until_counted(server: &Server, requests: u64) {
    let begun = Instant::now();
    loop {
        let counted = total(server, "requests").await;
        if counted == requests {
            return;
        }
        assert!(counted < requests, "{counted} of {requests} requests are counted");
        assert!(begun.elapsed() < Duration::from_secs(30), "only {counted} of {requests} requests are counted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn send(server: &Server, path: &str, body: &'static str, times: u64) -> StatusCode {
    let mut status = StatusCode::OK;
    for _ in 0..times {
        status = server.send(server.request(Method::POST, path).body(full(body)).unwrap()).await.status;
    }
    status
}

#[tokio::test]
async fn requests_and_attempts_count_with_the_key_that_they_were_sent_with() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let service = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    assert_eq!(send(&server, "/proxy/s/echo", "12345", 10).await, 200);
    assert_eq!(send(&server, "/proxy/s/status/404", "", 3).await, 404);
    assert_eq!(send(&server, "/proxy/s/status/500", "", 1).await, 500);
    assert_eq!(send(&server, "/proxy/other/echo", "", 1).await, 404);
    until_counted(&server, 14).await;
    let all = usage(&server, "service,client").await;
    assert_eq!(all.len(), 1, "{all:?}");
    let (place, figures) = &all[0];
    assert_eq!(place, &[json!(service), Value::Null]);
    let figure = |name: &str| figures.get(name).copied().unwrap_or_default();
    assert_eq!((figure("attempts"), figure("errors_client"), figure("errors_upstream")), (14, 3, 1));
    assert_eq!((figure("attempts_failed"), figure("bytes_in")), (1, 50));
    assert!(figure("bytes_out") > 50 && figure("input_tokens") == 0 && figure("uncounted") == 0);
    let keys: Vec<u64> = usage(&server, "key").await.iter().map(|(_, figures)| figures["requests"]).collect();
    assert_eq!(keys, [7, 7]);
}

#[tokio::test]
async fn an_attempt_that_a_limit_ended_counts_with_its_own_key() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("60".to_owned())));
    assert_eq!(send(&server, "/proxy/s/echo", "", 4).await, 200);
    until_counted(&server, 4).await;
    let keys = usage(&server, "key").await;
    let of = |key: usize, name: &str| keys[key].1.get(name).copied().unwrap_or_default();
    assert_eq!((of(0, "requests"), of(0, "attempts"), of(0, "attempts_limited")), (0, 1, 1));
    assert_eq!((of(1, "requests"), of(1, "attempts"), of(1, "attempts_limited")), (4, 4, 0));
}

#[tokio::test]
async fn a_client_that_goes_away_counts_as_one() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let request = server.request(Method::GET, "/proxy/s/hang").body(full("")).unwrap();
    let sent = tokio::time::timeout(Duration::from_millis(300), server.client.clone().try_send(request)).await;
    assert!(sent.is_err());
    until_counted(&server, 1).await;
    assert_eq!(total(&server, "errors_aborted").await, 1);
    // The upstream was asked, and has not failed.
    assert_eq!(upstream.hits("sk-1"), 1);
    assert_eq!((total(&server, "attempts").await, total(&server, "attempts_failed").await), (1, 0));
    let attempts = "rotator_upstream_attempts_total{service=\"s\",outcome=\"aborted\"} 1";
    assert!(server.get("/metrics").await.text().contains(attempts));
}

#[tokio::test]
async fn every_answered_request_is_counted_once_after_a_kill() {
    let upstream = MockUpstream::start().await.unwrap();
    let mut server = Server::usual().set("LOG_LEVEL", "info").start().await;
    server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    for round in 1..=5 {
        assert_eq!(send(&server, "/proxy/s/echo", "", 40).await, 200);
        // Its last figures are on its disk, and nowhere else.
        server = server.kill().start().await;
        until_counted(&server, round * 40).await;
    }
    server.terminate();
    let server = server.ended().await.start().await;
    assert_eq!(total(&server, "requests").await, 200);
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let server = Server::new().await;
    for (query, field) in [
        ("by=colour", "by"),
        ("grain=week", "grain"),
        ("since=yesterday", "since"),
        ("since=2030-01-01T00:00:00Z&until=2029-01-01T00:00:00Z", "since"),
        ("until=x", "until"),
        ("client=x", "client"),
        ("limit=0", "limit"),
        ("limit=10001", "limit"),
        ("service=x", "query"),
        ("colour=red", "query"),
    ] {
        let (status, told) = server.admin(Method::GET, &format!("usage?{query}"), None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {told}");
        assert!(told["fields"].to_string().contains(field), "{query}: {told}");
    }
}

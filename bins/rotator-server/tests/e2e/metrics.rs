//! What `/metrics` tells, to whom, and that the dashboard and the alert rules ask for what there is.

use std::collections::BTreeMap;
use std::path::Path;

use http::{Method, Request};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::client::{TestClient, full};
use crate::exposition::Exposition;
use crate::outcome::until;
use crate::promql::{Selector, selectors};
use crate::server::Server;

const CHAT: &str = r#"{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;

/// A server that has seen some of everything.
async fn used() -> (Server, MockUpstream) {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("g", &upstream.base_url(), &["sk-1", "sk-2", "sk-3", "sk-4"]).await;
    server.llm("l", "openai_compatible", &upstream.base_url(), &["sk-l"]).await;
    server.generic("unused", &upstream.base_url(), &["sk-u"]).await;
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("60".to_owned())));
    upstream.set_key("sk-2", KeyBehaviour::Revoked);
    for (path, expected) in [("/proxy/g/echo", 200), ("/proxy/g/echo", 200), ("/proxy/g/status/404", 404)] {
        assert_eq!(server.get(path).await.status, expected);
    }
    assert_eq!(server.get("/proxy/nowhere/echo").await.status, 404);
    let wrong = Request::get(format!("{}/proxy/g/echo", server.base)).header("x-proxy-key", "wrong");
    assert_eq!(server.send(wrong.body(full("")).unwrap()).await.status, 401);
    let chat = server.request(Method::POST, "/llm/l/v1/chat/completions").header("content-type", "application/json");
    assert_eq!(server.send(chat.body(full(CHAT)).unwrap()).await.status, 200);
    (server, upstream)
}

#[tokio::test]
async fn the_page_is_valid_and_tells_what_happened() {
    let (server, _upstream) = used().await;
    let hanging = server.request(Method::GET, "/proxy/g/hang").body(full("")).unwrap();
    let client = TestClient::new();
    let hanging = tokio::spawn(async move { client.try_send(hanging).await });
    until("it hangs", async || {
        let page = server.get("/metrics").await.text();
        page.contains(r#"rotator_requests_in_flight{service="g"} 1"#)
    })
    .await;
    let page = Exposition::of(&server).await;
    let requests = |service, outcome, status| {
        page.sum("rotator_requests", &[("service", service), ("outcome", outcome), ("status", status)])
    };
    assert_eq!(requests("g", "ok", "2xx"), 2.0);
    assert_eq!(requests("g", "client", "4xx"), 1.0);
    assert_eq!(requests("l", "ok", "2xx"), 1.0);
    // A service that is not there, and a client key that is not.
    assert_eq!(requests("-", "client", "4xx"), 2.0);
    assert_eq!(page.sum("rotator_requests", &[]), 6.0);
    for histogram in ["rotator_request_duration_seconds", "rotator_request_first_byte_seconds"] {
        for (service, count) in [("g", 3.0), ("l", 1.0), ("-", 2.0)] {
            assert_eq!(page.sum(histogram, &[("service", service)]), count, "{histogram}");
        }
    }
    let attempts = |outcome| page.sum("rotator_upstream_attempts", &[("service", "g"), ("outcome", outcome)]);
    assert_eq!([attempts("healthy"), attempts("limited"), attempts("dead")], [2.0, 1.0, 1.0]);
    assert_eq!(attempts("client_fault"), 1.0);
    let keys = |service, state| page.sum("rotator_keys", &[("service", service), ("state", state)]);
    assert_eq!(["active", "cooling", "exhausted", "dead"].map(|state| keys("g", state)), [2.0, 1.0, 0.0, 1.0]);
    assert_eq!((keys("l", "active"), keys("unused", "active")), (1.0, 0.0));
    let tokens = |kind| page.sum("rotator_tokens", &[("service", "l"), ("kind", kind)]);
    assert_eq!((tokens("input"), tokens("output"), page.sum("rotator_tokens", &[("service", "g")])), (3.0, 5.0, 0.0));
    let cost = page.sum("rotator_cost_dollars", &[("service", "l")]);
    assert!((cost - (3.0 * 0.15 + 5.0 * 0.6) / 1e6).abs() < 1e-12, "{cost}");
    assert_eq!(page.sum("rotator_received_bytes", &[("service", "l")]), CHAT.len() as f64);
    assert!(page.sum("rotator_sent_bytes", &[("service", "l")]) > 0.0);
    assert_eq!(page.sum("rotator_requests_in_flight", &[]), 1.0);
    assert_eq!(page.sum("rotator_requests_waiting", &[]), 0.0);
    assert!(page.sum("rotator_upstream_connections", &[]) >= 1.0);
    assert!(page.sum("rotator_upstream_connections_opened", &[]) >= 1.0);
    assert_eq!((page.sum("rotator_database_up", &[]), page.sum("rotator_cache_alone", &[])), (1.0, 0.0));
    assert!(page.sum("rotator_usage_behind_seconds", &[]) < 30.0);
    assert_eq!(page.sum("rotator_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    assert!(page.sum("process_resident_memory_bytes", &[]) > 1e6 && page.sum("process_open_fds", &[]) > 5.0);
    hanging.abort();
}

#[tokio::test]
async fn a_request_that_waits_for_a_key_is_seen() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("5".to_owned())));
    let waiting = server.request(Method::GET, "/proxy/s/echo").body(full("")).unwrap();
    let client = TestClient::new();
    let waiting = tokio::spawn(async move { client.try_send(waiting).await });
    until("it waits", async || {
        let page = server.get("/metrics").await.text();
        page.contains(r#"rotator_requests_waiting{service="s"} 1"#)
    })
    .await;
    waiting.abort();
    until("it has gone", async || {
        let page = server.get("/metrics").await.text();
        page.contains(r#"rotator_requests_waiting{service="s"} 0"#)
    })
    .await;
}

#[tokio::test]
async fn metrics_are_told_to_who_shows_the_token_at_an_address_of_their_own() {
    let token = "planted-metrics-token";
    let server = Server::usual().set("METRICS_TOKEN", token).set("METRICS_LISTEN", "127.0.0.1:0").start().await;
    let log = server.place().log();
    let line = log.lines().find(|line| line.contains("metrics are told at")).unwrap();
    let base = format!("http://{}", line.split_once("address=").unwrap().1.trim());
    let ask = async |path: &str, shown: Option<&str>| {
        let mut request = Request::get(format!("{base}{path}"));
        if let Some(shown) = shown {
            request = request.header("authorization", shown);
        }
        server.send(request.body(full("")).unwrap()).await
    };
    for shown in [None, Some("Bearer wrong"), Some("Basic planted-metrics-token"), Some("planted-metrics-token")] {
        let answer = ask("/metrics", shown).await;
        assert_eq!((answer.status.as_u16(), &answer.headers["www-authenticate"]), (401, &"Bearer".parse().unwrap()));
        assert!(answer.body.is_empty());
    }
    let answer = ask("/metrics", Some(&format!("bearer {token}"))).await;
    assert_eq!(answer.status, 200);
    Exposition::read(&answer.text());
    for path in ["/", "/healthz", "/proxy/s/x", "/api/admin/app-config"] {
        assert_eq!(ask(path, None).await.status, 404, "{path}");
    }
    assert_eq!(server.get("/metrics").await.status, 404);
    assert_eq!(server.get("/healthz").await.status, 200);
    assert!(!server.output().contains(token));
}

/// A file of the deployment.
fn deployed(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(path)).unwrap()
}

/// All members of this name, however deep.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (member, value) in object {
                match value {
                    Value::String(text) if member == name => found.push(text),
                    value => members(value, name, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| members(value, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are() {
    let (server, _upstream) = used().await;
    let names: BTreeMap<String, Vec<String>> = Exposition::of(&server).await.names();
    let dashboard: Value = serde_json::from_str(&deployed("grafana/dashboard.json")).unwrap();
    let alerts: Value = yaml_serde::from_str(&deployed("prometheus/alerts.yml")).unwrap();
    let mut queries = Vec::new();
    members(&dashboard, "expr", &mut queries);
    members(&dashboard, "definition", &mut queries);
    assert!(queries.len() > 40, "{}", queries.len());
    let of_dashboard = queries.len();
    members(&alerts, "expr", &mut queries);
    assert!(queries.len() > of_dashboard + 8);
    let mut asked = std::collections::BTreeSet::new();
    for query in queries {
        let found = selectors(query);
        assert!(!found.is_empty(), "{query}");
        for Selector { metric, labels } in found {
            // What Prometheus itself adds.
            if metric == "up" {
                continue;
            }
            let known = names.get(&metric).unwrap_or_else(|| panic!("{query}: there is no {metric}"));
            let is_known = |label: &String| known.contains(label) || label == "instance" || label == "job";
            assert!(labels.iter().all(is_known), "{query}: {metric} has only {known:?}");
            asked.insert(metric);
        }
    }
    // And of what there is nothing is forgotten.
    let families = |name: &str| name.trim_end_matches("_bucket").trim_end_matches("_count").trim_end_matches("_sum").to_owned();
    let asked: Vec<String> = asked.iter().map(|name| families(name)).collect();
    for name in names.keys() {
        assert!(asked.contains(&families(name)), "neither the dashboard nor an alert shows {name}");
    }
}

#[tokio::test]
async fn readiness_says_what_is_wrong() {
    let server = Server::new().await;
    let ready = server.get("/readyz").await.json();
    assert_eq!((&ready["status"], &ready["database"]), (&json!("ready"), &json!("ok")));
    let state = |name: &str| ready["dependencies"][name]["state"].clone();
    assert_eq!((state("database"), state("usage")), (json!("ok"), json!("ok")));
    assert_eq!(state("cache"), ready["cache"]);
    assert_eq!(ready["dependencies"]["database"].get("reason"), None);
    let silent = Server::usual().set("ROTATOR_USAGE", "false").start().await;
    let ready = silent.get("/readyz").await.json();
    let usage = json!({"state": "off", "reason": "usage is not counted"});
    assert_eq!((&ready["status"], &ready["dependencies"]["usage"]), (&json!("ready"), &usage));
}

//! Planted secrets appear nowhere.

use std::path::Path;

use http::{Method, Request};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::json;

use crate::client::{Answer, full};
use crate::outcome::until;
use crate::request_log::{change, logged};
use crate::server::{CLIENT_KEY, PASSWORD, Server};

const JWT_SECRET: &str = "planted-jwt-secret-0123456789-0123456789";
const MASTER_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const UPSTREAM_KEYS: [&str; 3] =
    ["sk-planted-upstream-good", "sk-planted-upstream-limited", "sk-planted-upstream-revoked"];
const WRONG: &str = "planted-wrong-secret-0123456789";

/// All of them, and the parts by which they would be noticed.
fn planted() -> Vec<&'static str> {
    [&[CLIENT_KEY, PASSWORD, JWT_SECRET, MASTER_KEY, WRONG][..], &UPSTREAM_KEYS].concat()
}

fn assert_clean(place: &str, text: &str) {
    for secret in planted() {
        assert!(!text.contains(secret), "{secret} stands in {place}");
    }
}

fn shown(answer: &Answer) -> String {
    format!("{:?} {}", answer.headers, answer.text())
}

#[tokio::test]
async fn no_planted_secret_is_in_a_log_an_error_a_metric_an_answer_or_the_database() {
    let place = Server::usual().set("JWT_SECRET", JWT_SECRET).set("ROTATOR_MASTER_KEY", MASTER_KEY);
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    upstream.set_key(UPSTREAM_KEYS[1], KeyBehaviour::Limited(Some("30".to_owned())));
    upstream.set_key(UPSTREAM_KEYS[2], KeyBehaviour::Revoked);
    let base = upstream.base_url();
    let generic = server.generic("g", &base, &UPSTREAM_KEYS).await;
    let llm = server.llm("l", "openai_compatible", &base, &UPSTREAM_KEYS).await;
    for id in [generic, llm] {
        change(&server, id, json!({"log_requests": "bodies"})).await;
    }
    server.llm("dead", "gemini_native", "http://127.0.0.1:9", &UPSTREAM_KEYS).await;
    server.generic("broken", &format!("{base}/close"), &UPSTREAM_KEYS).await;

    let mut answers = Vec::new();
    // Good, refused, broken and unreachable upstreams; the client key in a header, a query and a body. What the mock
    // upstream echoes is the request that reached it, so that an answer shows a client key that did.
    for path in ["/proxy/g/echo", "/proxy/g/status/500", "/proxy/broken/x", "/proxy/nowhere/x", "/proxy/g/%2e%2e/x"] {
        answers.push(server.get(path).await);
        answers.push(server.get(path).await);
    }
    for path in ["/llm/l/v1/echo", "/llm/dead/v1beta/models", "/llm/l/hang-not"] {
        let uri = format!("{}{path}?key={CLIENT_KEY}", server.base);
        answers.push(server.send(Request::get(uri).body(full("")).unwrap()).await);
        let body = json!({"api_key": CLIENT_KEY, "model": "m"}).to_string();
        let request = Request::post(format!("{}{path}", server.base)).header("content-type", "application/json");
        answers.push(server.send(request.body(full(body)).unwrap()).await);
    }
    // Wrong secrets.
    let request = Request::get(format!("{}/proxy/g/echo", server.base)).header("x-proxy-key", WRONG);
    answers.push(server.send(request.body(full("")).unwrap()).await);
    answers
        .push(server.send(Request::get(format!("{}/llm/l/x?key={WRONG}", server.base)).body(full("")).unwrap()).await);
    let request =
        Request::get(format!("{}/api/admin/status", server.base)).header("authorization", format!("Bearer {WRONG}"));
    answers.push(server.send(request.body(full("")).unwrap()).await);
    let admin = async |method, path: &str, body| server.admin_answer(method, path, body).await;
    answers.push(admin(Method::POST, "login", Some(json!({"username": "admin", "password": WRONG}))).await);
    answers.push(admin(Method::POST, "login", Some(json!({"username": 1, "password": WRONG}))).await);
    // Secrets in the wrong places of the admin API.
    let keys = format!("proxy-configs/{generic}/keys");
    answers.push(admin(Method::POST, &keys, Some(json!({"key_value": format!("{WRONG}\n")}))).await);
    answers.push(admin(Method::POST, &keys, Some(json!({"key_value": {WRONG: 1}}))).await);
    answers.push(admin(Method::POST, &keys, Some(json!({WRONG: 1}))).await);
    answers.push(admin(Method::POST, &format!("{keys}/batch"), Some(json!({"keys": [format!("{WRONG}\u{1}")]}))).await);
    // Every list, and everything in the log.
    until("requests are logged", async || logged(&server, "limit=1000").await.len() >= 10).await;
    for entry in logged(&server, "limit=1000").await {
        answers.push(admin(Method::GET, &format!("request-logs/{}", entry["id"]), None).await);
    }
    for path in ["proxy-configs", &keys, "audit", "tokens", "status", "app-config", "openapi.json", "me", "usage?by=model", "request-logs"] {
        answers.push(admin(Method::GET, path, None).await);
    }
    for path in ["/metrics", "/readyz", "/", "/docs/"] {
        answers.push(server.send(Request::get(format!("{}{path}", server.base)).body(full("")).unwrap()).await);
    }
    let ids = answers.iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>();
    for (at, answer) in answers.iter().enumerate() {
        // The name of an unknown field is repeated, so that its writer finds it.
        let text = shown(answer).replace(&format!("\"{WRONG}\",\"message\":\"is not known here\""), "");
        assert_clean(&format!("answer {at} of {ids:?}"), &text.replace(&format!("{WRONG}: is not known here"), ""));
    }
    for request in upstream.requests() {
        assert!(!format!("{request:?} {}", String::from_utf8_lossy(&request.body)).contains(CLIENT_KEY), "{request:?}");
    }

    assert_clean_files(&server.place().path("data"));
    server.terminate();
    let place = server.ended().await;
    let read = |name: &str| String::from_utf8_lossy(&std::fs::read(place.path(name)).unwrap()).into_owned();
    let log = read("stderr.log");
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is not at its fullest");
    assert_clean("the log", &log);
    assert_clean("the terminal", &read("stdout.log"));
    if let Some(backend) = &place.backend {
        let dump = backend.dump();
        assert!(dump.contains("GENERIC"), "{dump}");
        assert_clean("the database", &dump);
        return;
    }
    assert_clean_files(&place.path("data"));
}

fn assert_clean_files(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_clean_files(&path);
        } else {
            assert_clean(&path.display().to_string(), &String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

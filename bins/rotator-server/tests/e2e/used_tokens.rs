//! What answers say that they used, and asking for it where only that makes them say it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::{Method, Request, StatusCode};
use rotator_mock_upstream::{Canned, KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::client::{Answer, full};
use crate::server::Server;
use crate::vendors::{VENDORS, Vendor};

const CHAT: &str = "/v1/chat/completions";
/// A stream whose client does not ask what it used.
const PLAIN: &str = r#"{ "model":"m-1","stream" : true, "messages":[{"role":"user","content":"\u00e9"}],"n":1 }"#;
const ASKING: &str = r#"{ "model":"m-1","stream" : true, "messages":[{"role":"user","content":"\u00e9"}],"n":1 ,"stream_options":{"include_usage":true}}"#;

async fn create(server: &Server, slug: &str, vendor: Vendor, upstream: &MockUpstream, more: Value) {
    let mut config = json!({
        "name": slug, "slug": slug, "config_type": "LLM", "target_base_url": upstream.base_url(),
        "api_format": vendor.api_format(), "api_keys": ["sk-1"],
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.create(config).await;
}

async fn service(more: Value) -> (Server, MockUpstream) {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    create(&server, "s", Vendor::Chat, &upstream, more).await;
    (server, upstream)
}

async fn ask(server: &Server, body: &str) -> Answer {
    let request = server.request(Method::POST, &format!("/llm/s{CHAT}")).header("content-type", "application/json");
    server.send(request.header("accept-encoding", "gzip, br").body(full(body.to_owned())).unwrap()).await
}

/// The same without the server.
async fn ask_directly(server: &Server, upstream: &MockUpstream, body: &str) -> Answer {
    let request = Request::post(format!("{}{CHAT}", upstream.base_url())).header("content-type", "application/json");
    server.send(request.body(full(body.to_owned())).unwrap()).await
}

fn sent(upstream: &MockUpstream) -> String {
    String::from_utf8(upstream.requests().pop().unwrap().body).unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_stream_is_asked_what_it_used_and_its_client_sees_nothing_of_it() {
    let (server, upstream) = service(json!({})).await;
    let answer = ask(&server, PLAIN).await;
    assert_eq!(sent(&upstream), ASKING);
    let request = upstream.requests().pop().unwrap();
    assert_eq!(request.values("content-length"), [ASKING.len().to_string()]);
    assert_eq!(request.values("accept-encoding"), ["identity"]);
    let direct = ask_directly(&server, &upstream, PLAIN).await;
    assert_eq!((answer.status, answer.text()), (direct.status, direct.text()));
    assert!(!answer.text().contains("usage"), "{}", answer.text());
}

#[tokio::test]
async fn who_asks_gets_what_the_upstream_says() {
    let (server, upstream) = service(json!({})).await;
    for body in [ASKING, r#"{"model":"m-1"}"#] {
        let answer = ask(&server, body).await;
        assert_eq!(sent(&upstream), body);
        assert_eq!(upstream.requests().pop().unwrap().values("accept-encoding"), ["gzip, br"]);
        assert_eq!(answer.body, ask_directly(&server, &upstream, body).await.body);
        assert!(answer.text().contains(r#""total_tokens":8"#), "{}", answer.text());
    }
}

#[tokio::test]
async fn an_upstream_that_refuses_to_be_asked_is_not() {
    let (server, upstream) = service(json!({"asks_for_usage": false})).await;
    assert_eq!(ask(&server, PLAIN).await.status, StatusCode::OK);
    assert_eq!(sent(&upstream), PLAIN);
    // Nor for the client of another format.
    for (slug, is_asked) in [("asked", true), ("unasked", false)] {
        let more = json!({"asks_for_usage": is_asked, "output_format": "anthropic"});
        create(&server, slug, Vendor::Chat, &upstream, more).await;
        let request = server.request(Method::POST, &format!("/llm/{slug}/v1/messages"));
        let body = full(Vendor::Messages.question(true).to_string());
        let request = request.header("content-type", "application/json").body(body).unwrap();
        assert_eq!(server.send(request).await.status, StatusCode::OK);
        assert_eq!(sent(&upstream).contains("stream_options"), is_asked);
    }
}

#[tokio::test]
async fn the_next_key_and_the_fallback_are_asked_as_well() {
    let more = json!({"api_keys": ["sk-1", "sk-2"], "fallback": [{"slug": "other"}], "max_waiting": 0});
    let (server, upstream) = service(more).await;
    let other = MockUpstream::start().await.unwrap();
    create(&server, "other", Vendor::Chat, &other, json!({"asks_for_usage": false})).await;
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("60".to_owned())));
    let direct = ask_directly(&server, &other, PLAIN).await;
    for _ in 0..2 {
        assert_eq!(ask(&server, PLAIN).await.body, direct.body);
    }
    let bodies: Vec<Vec<u8>> = upstream.requests().into_iter().map(|request| request.body).collect();
    assert!(bodies.len() > 2 && bodies.iter().all(|body| body == ASKING.as_bytes()), "{}", bodies.len());
    upstream.set_key("sk-2", KeyBehaviour::Limited(Some("60".to_owned())));
    assert_eq!(ask(&server, PLAIN).await.body, direct.body);
    // The other service does not want to be asked; what the first one was told is not left over.
    assert_eq!(sent(&other), PLAIN);
    assert_eq!(other.requests().pop().unwrap().values("accept-encoding"), ["gzip, br"]);
}

#[tokio::test]
async fn bodies_that_cannot_be_looked_into_pass_as_they_are() {
    let (server, upstream) = service(json!({})).await;
    let request = server.request(Method::POST, &format!("/llm/s{CHAT}")).header("content-type", "application/json");
    let request = request.header("content-encoding", "gzip");
    server.send(request.body(full(gzip(PLAIN))).unwrap()).await;
    assert_eq!(upstream.requests().pop().unwrap().body, gzip(PLAIN));
    let long = format!(r#"{{"stream":true,"x":"{}"}}"#, "y".repeat(33 << 20));
    assert_eq!(ask(&server, &long).await.status, StatusCode::OK);
    assert_eq!(upstream.requests().pop().unwrap().body_length, long.len() as u64);
}

#[tokio::test]
async fn what_answers_used_counts_against_the_limits_in_every_format() {
    for vendor in VENDORS {
        for (stream, is_compressed) in [(false, false), (true, false), (false, true), (true, true)] {
            let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
            create(&server, "s", vendor, &upstream, json!({"limits": {"tpm": 1500}, "max_waiting": 0})).await;
            let text = if stream { vendor.events().concat() } else { vendor.answer().to_string() };
            // The first answer alone uses the minute up.
            let text = text.replace(":11,", ":1100,").replace(":11}", ":1100}").replace(":7", ":700");
            let bytes = if is_compressed { gzip(&text) } else { text.clone().into_bytes() };
            let mut canned = match serde_json::from_str(&text) {
                Ok(value) if !is_compressed => Canned::json(&value),
                _ => Canned::events([bytes.clone()]),
            };
            if is_compressed {
                canned = canned.header("content-encoding", "gzip");
            }
            upstream.answer("", canned);
            let question = vendor.question(stream).to_string();
            let mut statuses = Vec::new();
            for _ in 0..2 {
                let request = server.request(Method::POST, &format!("/llm/s{}", vendor.path(stream)));
                let request = request.header("content-type", "application/json").body(full(question.clone())).unwrap();
                let answer = server.send(request).await;
                statuses.push(answer.status);
                if statuses.len() == 1 && (is_compressed || vendor != Vendor::Chat) {
                    assert_eq!(answer.body, bytes, "{vendor:?}: the client's bytes stay as they are");
                }
            }
            let expected = [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS];
            assert_eq!(statuses, expected, "{vendor:?}, stream {stream}, compressed {is_compressed}");
        }
    }
}

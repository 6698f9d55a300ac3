//! What goes wrong, on either side, and who is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream;
use http::{Method, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use rotator_mock_upstream::MockUpstream;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::client::{TestBody, TestClient, full};
use crate::server::{CLIENT_KEY, Server};

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(10);

fn impatient(slug: &str, target: &str) -> Value {
    json!({
        "name": slug, "slug": slug, "config_type": "GENERIC", "target_url": target, "method": "ANY",
        "api_key_location": "header", "api_key_name": "X-Key", "api_keys": ["sk-1", "sk-2"],
        "first_byte_timeout_ms": 200, "idle_timeout_ms": 1000,
    })
}

/// A body that pauses before its second half, or for ever.
fn pausing(pause: Option<Duration>) -> TestBody {
    let pieces = stream::unfold(0, move |sent| async move {
        match (sent, pause) {
            (0, _) => {}
            (1, Some(pause)) => tokio::time::sleep(pause).await,
            (1, None) => std::future::pending().await,
            _ => return None,
        }
        Some((Ok(Frame::data(Bytes::from_static(b"half "))), sent + 1))
    });
    StreamBody::new(pieces).boxed_unsync()
}

#[tokio::test]
async fn the_time_in_which_a_client_sends_its_body_is_not_the_upstreams() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.create(impatient("s", &upstream.base_url())).await;
    // The pause is the thing under test: it is longer than the upstream may take to answer.
    let request =
        server.request(Method::POST, "/proxy/s/echo").body(pausing(Some(Duration::from_millis(500)))).unwrap();
    let answer = server.send(request).await;
    assert_eq!((answer.status, &answer.json()["body"]), (StatusCode::OK, &json!("half half ")));
}

#[tokio::test]
async fn a_client_that_stalls_in_its_body_is_told_so() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.create(impatient("s", &upstream.base_url())).await;
    let mut config = impatient("l", &upstream.base_url());
    config["config_type"] = json!("LLM");
    config["api_format"] = json!("openai_compatible");
    config["target_base_url"] = config["target_url"].take();
    server.create(config).await;
    for (path, content_type) in [("/proxy/s/echo", "text/plain"), ("/llm/l/v1/chat/completions", "application/json")] {
        let request = server.request(Method::POST, path).header("content-type", content_type);
        let answer = timeout(PATIENCE, server.send(request.body(pausing(None)).unwrap())).await.unwrap();
        assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{path}: {}", answer.text());
        assert!(answer.text().contains("body_stalled"), "{path}: {}", answer.text());
    }
    timeout(PATIENCE, upstream.wait_for(|upstream| upstream.open_connections() == 0)).await.unwrap();
}

/// An address at which nobody listens.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn an_upstream_that_fails_is_told_apart_from_one_that_hangs() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    for (slug, target) in [("down", format!("http://{}", free_address())), ("up", upstream.base_url())] {
        server.create(impatient(slug, &target)).await;
    }
    for (path, status, code) in [
        ("/proxy/down/echo", 502, "upstream_unreachable"),
        ("/proxy/up/close", 502, "upstream_broke"),
        ("/proxy/up/hang", 504, "upstream_timeout"),
    ] {
        let begun = Instant::now();
        let request = server.request(Method::POST, path).body(full("")).unwrap();
        let answer = timeout(PATIENCE, server.send(request)).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)), "{path}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{path}: {} ms", begun.elapsed().as_millis());
    }
    // A request that may have run is not sent again, and no key is to blame.
    assert_eq!(upstream.requests().len(), 2);
    for _ in 0..2 {
        assert_eq!(server.get("/proxy/up/echo").await.status, StatusCode::OK);
    }
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn a_shutdown_lets_every_answer_end_and_takes_no_more_connections() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    server.llm("l", "openai_compatible", &upstream.base_url(), &["sk-1"]).await;
    let mut streams = Vec::new();
    for client in [TestClient::new(), TestClient::http2()] {
        for path in ["/proxy/s/sse?end=3", "/llm/l/sse?end=3"] {
            let request = server.request(Method::GET, path).body(full("")).unwrap();
            let mut response = client.head(request).await;
            response.body_mut().frame().await.unwrap().unwrap();
            streams.push(response);
        }
    }
    server.terminate();
    let address = server.base.trim_start_matches("http://").to_owned();
    let refused = async { while tokio::net::TcpStream::connect(&address).await.is_ok() {} };
    timeout(PATIENCE, refused).await.unwrap();
    for _ in 0..2 * streams.len() {
        upstream.release_event();
    }
    for response in streams {
        let rest = timeout(PATIENCE, response.into_body().collect()).await.unwrap().unwrap().to_bytes();
        assert_eq!(rest, "data: {\"event\":1}\n\ndata: {\"event\":2}\n\n");
    }
    timeout(PATIENCE, server.ended()).await.unwrap();
    assert_eq!(upstream.abandoned(), 0);
}

#[tokio::test]
async fn a_shutdown_ends_even_so_when_a_grace_is_set() {
    let place = Server::usual().set("ROTATOR_SHUTDOWN_GRACE", "0.2");
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let request = server.request(Method::GET, "/proxy/s/sse").body(full("")).unwrap();
    let mut response = server.client.head(request).await;
    response.body_mut().frame().await.unwrap().unwrap();
    server.terminate();
    timeout(PATIENCE, server.ended()).await.unwrap();
    let rest = timeout(PATIENCE, response.into_body().collect()).await.unwrap();
    assert!(rest.is_err(), "cut, not ended as if whole");
}

#[tokio::test]
async fn a_body_that_the_client_cuts_short_counts_against_no_key() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.generic("s", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    for framing in ["content-length: 1000\r\n\r\ncut short", "transfer-encoding: chunked\r\n\r\n3e8\r\ncut short"] {
        let head = format!("POST /proxy/s/upload HTTP/1.1\r\nhost: x\r\nx-proxy-key: {CLIENT_KEY}\r\n{framing}");
        let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let arrived = upstream.hits("sk-1") + upstream.hits("sk-2");
        timeout(PATIENCE, upstream.wait_for(|upstream| upstream.open_connections() == 1)).await.unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let answer = tokio::task::spawn_blocking(move || {
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        });
        let answer = timeout(PATIENCE, answer).await.unwrap().unwrap().unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
        timeout(PATIENCE, upstream.wait_for(|upstream| upstream.open_connections() == 0)).await.unwrap();
        assert!(upstream.hits("sk-1") + upstream.hits("sk-2") <= arrived + 1, "sent once at the most");
    }
    assert!(upstream.requests().is_empty(), "no upstream took a half for a whole");
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    assert!(keys.as_array().unwrap().iter().all(|key| key["state"] == "active"), "{keys}");
    let before = (upstream.hits("sk-1"), upstream.hits("sk-2"));
    for _ in 0..2 {
        assert_eq!(server.get("/proxy/s/echo").await.status, StatusCode::OK);
    }
    assert_eq!((upstream.hits("sk-1"), upstream.hits("sk-2")), (before.0 + 1, before.1 + 1));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_the_upstream_has_it_whole() {
    let place = Server::usual().set("ROTATOR_MAX_REQUEST_BODY", "1000");
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    server.llm("l", "anthropic_native", &upstream.base_url(), &["sk-1"]).await;
    let post = |path: &str| server.request(Method::POST, path).header("content-type", "application/json");
    let generic = server.send(post("/proxy/s/upload").body(full("x".repeat(1001))).unwrap()).await;
    assert_eq!((generic.status.as_u16(), &generic.json()["code"]), (413, &json!("body_too_long")));
    let llm = server.send(post("/llm/l/v1/messages").body(full("x".repeat(1001))).unwrap()).await;
    assert_eq!((llm.status.as_u16(), &llm.json()["type"]), (413, &json!("error")));
    assert_eq!(upstream.hits("sk-1"), 0);
    // Without a length it shows only on the way.
    let pieces = stream::iter((0..3).map(|_| Ok(Frame::data(Bytes::from(vec![b'x'; 500])))));
    let answer = server.send(post("/proxy/s/upload").body(StreamBody::new(pieces).boxed_unsync()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (413, &json!("body_too_long")));
    assert!(upstream.requests().is_empty());
    let whole = server.send(post("/proxy/s/upload").body(full("x".repeat(1000))).unwrap()).await;
    assert_eq!((whole.status, whole.text()), (StatusCode::OK, "1000".to_owned()));
}

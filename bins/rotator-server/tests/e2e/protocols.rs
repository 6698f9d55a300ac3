//! HTTP/1.1 and HTTP/2 on either side, trailers, and `Expect`.

use std::time::Duration;

use http::{Method, StatusCode, Version};
use rotator_mock_upstream::MockUpstream;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{TestClient, full, with_trailers};
use crate::server::{CLIENT_KEY, Server};

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// The services: one at each door for each version of HTTP that the upstream is spoken to in.
const SERVICES: [(&str, Version); 4] = [
    ("/proxy/s1", Version::HTTP_11),
    ("/proxy/s2", Version::HTTP_2),
    ("/llm/l1", Version::HTTP_11),
    ("/llm/l2", Version::HTTP_2),
];

async fn services() -> (Server, MockUpstream) {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    for (number, version) in [("1", "auto"), ("2", "http2")] {
        let service = |slug: String| json!({"name": slug, "slug": slug, "http_version": version, "api_keys": ["sk-1"]});
        let mut generic = service(format!("s{number}"));
        generic["config_type"] = json!("GENERIC");
        generic["target_url"] = json!(upstream.base_url());
        generic["method"] = json!("ANY");
        generic["api_key_location"] = json!("header");
        generic["api_key_name"] = json!("X-Key");
        server.create(generic).await;
        let mut llm = service(format!("l{number}"));
        llm["config_type"] = json!("LLM");
        llm["target_base_url"] = json!(upstream.base_url());
        llm["api_format"] = json!("openai_compatible");
        server.create(llm).await;
    }
    (server, upstream)
}

/// Reads until `text` has come, and gives what has been read.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let mut piece = [0; 1024];
        let size = timeout(PATIENCE, stream.read(&mut piece)).await.unwrap().unwrap();
        assert!(size > 0, "ended after {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&piece[..size]);
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn every_pair_of_versions_passes_bodies_and_trailers_both_ways() {
    let (server, upstream) = services().await;
    for client in [TestClient::new(), TestClient::http2()] {
        for (service, version) in SERVICES {
            // An LLM body may be looked into first.
            for content_type in ["application/json", "application/grpc"] {
                let request = server
                    .request(Method::POST, &format!("{service}/trailers"))
                    .header("content-type", content_type)
                    .header("te", "trailers")
                    .header("trailer", "x-checksum");
                let trailers = [("x-checksum", "abc"), ("x-api-key", CLIENT_KEY)];
                let answer = client.send(request.body(with_trailers("{\"a\": 1}", &trailers)).unwrap()).await;
                let case = format!("{service}, {content_type}");
                assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"body"[..]), "{case}");
                let trailers = answer.trailers.unwrap();
                assert_eq!((&trailers["x-checksum"], trailers.len()), (&"abc".parse().unwrap(), 2), "{case}");
                assert_eq!(trailers["x-upstream-trailer"], "1", "{case}");
                let arrived = upstream.requests().pop().unwrap();
                assert_eq!((arrived.version, arrived.body), (version, b"{\"a\": 1}".to_vec()), "{case}");
                assert_eq!(arrived.trailers.unwrap()["x-checksum"], "abc", "{case}");
                assert_eq!(arrived.headers["te"], "trailers", "{case}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_says_the_version_of_its_own_side() {
    let (server, upstream) = services().await;
    for (client, version) in [(TestClient::new(), Version::HTTP_11), (TestClient::http2(), Version::HTTP_2)] {
        for (service, _) in SERVICES {
            let request = server.request(Method::GET, &format!("{service}/headers")).body(full("")).unwrap();
            let response = client.head(request).await;
            assert_eq!((response.status(), response.version()), (StatusCode::OK, version), "{service}");
            let cookies = response.headers().get_all("set-cookie").iter().count();
            assert_eq!((cookies, response.headers()["x-latin1"].as_bytes()), (2, &b"caf\xe9"[..]), "{service}");
            assert!(!response.headers().contains_key("connection"), "{service}");
        }
    }
    assert!(upstream.requests().iter().all(|request| request.values("host").len() <= 1));
}

#[tokio::test]
async fn the_pieces_of_a_cookie_in_http2_are_one_header_in_http1() {
    let (server, upstream) = services().await;
    for (service, version) in SERVICES {
        let request = server.request(Method::GET, &format!("{service}/x"));
        let request = request.header("cookie", "a=1").header("cookie", "b=2").header("cookie", "c=3");
        TestClient::http2().send(request.body(full("")).unwrap()).await;
        let arrived = upstream.requests().pop().unwrap();
        assert_eq!(arrived.version, version);
        assert_eq!(arrived.values("cookie").join("; "), "a=1; b=2; c=3", "{service}");
        if version == Version::HTTP_11 {
            assert_eq!(arrived.values("cookie").len(), 1, "{service}");
        }
    }
}

#[tokio::test]
async fn a_client_that_expects_to_be_told_so_hears_that_it_may_go_on() {
    let (server, upstream) = services().await;
    for (service, _) in SERVICES {
        let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "POST {service}/echo HTTP/1.1\r\nHost: x\r\nX-Proxy-Key: {CLIENT_KEY}\r\nExpect: 100-continue\r\n\
             Content-Length: 6\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let interim = read_until(&mut stream, "\r\n\r\n").await;
        assert_eq!(interim, "HTTP/1.1 100 Continue\r\n\r\n", "{service}");
        stream.write_all(b"a body").await.unwrap();
        let answer = read_until(&mut stream, "a body").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{service}: {answer}");
        assert_eq!(upstream.requests().pop().unwrap().body, b"a body");
    }
}

#[tokio::test]
async fn a_client_that_expects_to_be_told_so_and_has_no_key_keeps_its_body() {
    let (server, upstream) = services().await;
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
    let head = "POST /proxy/s1/echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn requests_on_one_connection_do_not_wait_for_each_other_in_http2() {
    let (server, upstream) = services().await;
    let client = TestClient::http2();
    for service in ["/proxy/s1", "/proxy/s2"] {
        let request = |path: &str| server.request(Method::GET, &format!("{service}{path}")).body(full("")).unwrap();
        let slow = client.head(request("/sse?end=2")).await;
        let quick = timeout(PATIENCE, client.send(request("/echo"))).await.unwrap();
        assert_eq!(quick.status, StatusCode::OK, "{service}");
        upstream.release_event();
        let events = timeout(PATIENCE, http_body_util::BodyExt::collect(slow.into_body())).await.unwrap().unwrap();
        assert_eq!(events.to_bytes(), "data: {\"event\":0}\n\ndata: {\"event\":1}\n\n", "{service}");
    }
}

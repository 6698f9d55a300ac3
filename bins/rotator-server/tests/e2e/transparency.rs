//! What passes through unchanged, and what does not pass.

use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use rotator_mock_upstream::{MockUpstream, Recorded};
use serde_json::json;

use crate::client::{Answer, TestClient, full};
use crate::server::Server;

/// The doors: a generic service `s` and an LLM service `l` with the same upstream.
const DOORS: [&str; 2] = ["/proxy/s", "/llm/l"];

async fn both_doors() -> (Server, MockUpstream) {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    server.llm("l", "openai_compatible", &upstream.base_url(), &["sk-1"]).await;
    (server, upstream)
}

/// What reached the upstream of a request with these headers.
async fn arrived(server: &Server, upstream: &MockUpstream, path: &str, headers: &[(&str, &[u8])]) -> Recorded {
    let mut request = server.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
    }
    let answer = server.send(request.body(full("")).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    upstream.requests().pop().unwrap()
}

/// The same request to the upstream itself and through each door.
async fn compared(server: &Server, upstream: &MockUpstream, method: Method, path: &str) -> Answer {
    let direct = Request::builder().method(method.clone()).uri(format!("{}{path}", upstream.base_url()));
    let mut direct = server.send(direct.body(full("")).unwrap()).await;
    direct.headers.remove("date");
    for door in DOORS {
        let request = server.request(method.clone(), &format!("{door}{path}"));
        let mut answer = server.send(request.body(full("")).unwrap()).await;
        answer.headers.remove("date");
        // What the server itself tells of the rotation.
        for own in ["x-rotator-service", "x-rotator-key", "x-rotator-attempts", "x-request-id"] {
            assert!(answer.headers.remove(own).is_some(), "{method} {door}{path}: no {own}");
        }
        assert_eq!(answer.status, direct.status, "{method} {door}{path}");
        assert_eq!(answer.headers, direct.headers, "{method} {door}{path}");
        assert_eq!(answer.body, direct.body, "{method} {door}{path}");
    }
    direct
}

#[tokio::test]
async fn path_and_query_arrive_as_they_were_written() {
    let (server, upstream) = both_doors().await;
    for rest in [
        "/a%2Fb/c%20d/e+f/%C3%A9/%7Eg/~h/i;p=1,2/@:!$&'()*",
        "/a//b/./c/",
        "/x?a=1&b=2&a=3&a=&empty&=nameless&&last",
        "/x?plus=a+b&slash=%2F&space=%20&lower=%2f&tilde=%7E~&eq==&q=?&at=@:/",
        "/x?",
    ] {
        for door in DOORS {
            let request = arrived(&server, &upstream, &format!("{door}{rest}"), &[]).await;
            assert_eq!(request.path_and_query, rest.trim_end_matches('?'), "{door}");
        }
    }
    for (path, expected) in [("/proxy/s", "/"), ("/proxy/s/", "/"), ("/proxy/s?a=1", "/?a=1")] {
        assert_eq!(arrived(&server, &upstream, path, &[]).await.path_and_query, expected);
    }
}

#[tokio::test]
async fn every_value_of_a_request_header_arrives_in_order() {
    let (server, upstream) = both_doors().await;
    let headers: &[(&str, &[u8])] = &[
        ("accept", b"a/b"),
        ("x-many", b"1, 2"),
        ("accept", b"c/d;q=0.5"),
        ("x-many", b"3"),
        ("x-many", b""),
        ("user-agent", b"curl/8.5.0 (a test)"),
        ("x-latin1", b"caf\xe9"),
        ("accept-encoding", b"gzip, br"),
        ("if-none-match", b"\"x\""),
        ("cookie", b"a=1; b=2"),
        ("origin", b"https://app.example"),
        ("range", b"bytes=0-9"),
    ];
    for door in DOORS {
        let request = arrived(&server, &upstream, &format!("{door}/x"), headers).await;
        for (name, _) in headers {
            let sent: Vec<&[u8]> = headers.iter().filter(|(other, _)| other == name).map(|(_, value)| *value).collect();
            let values: Vec<&[u8]> = request.headers.get_all(*name).iter().map(HeaderValue::as_bytes).collect();
            assert_eq!(values, sent, "{door}: {name}");
        }
        assert_eq!(request.values("host"), [upstream.address().to_string()], "{door}");
        assert_eq!(request.values("authorization"), ["Bearer sk-1"], "{door}");
        // Nothing is added: neither a forwarding header nor anything else.
        let known =
            |name: &str| name == "host" || name == "authorization" || headers.iter().any(|(own, _)| *own == name);
        let unknown: Vec<&HeaderName> = request.headers.keys().filter(|name| !known(name.as_str())).collect();
        assert!(unknown.is_empty(), "{door}: {unknown:?}");
    }
}

#[tokio::test]
async fn no_user_agent_and_no_accept_are_made_up() {
    let (server, upstream) = both_doors().await;
    for door in DOORS {
        let request = arrived(&server, &upstream, &format!("{door}/x"), &[]).await;
        let names: Vec<&str> = request.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!((names.len(), names.contains(&"user-agent")), (2, false), "{door}: {names:?}");
    }
}

#[tokio::test]
async fn headers_of_one_connection_end_with_it_both_ways() {
    let (server, upstream) = both_doors().await;
    let headers: &[(&str, &[u8])] = &[
        ("connection", b"keep-alive, X-Private"),
        ("connection", b"x-other"),
        ("x-private", b"1"),
        ("x-other", b"1"),
        ("x-stays", b"1"),
        ("keep-alive", b"timeout=5"),
        ("proxy-connection", b"keep-alive"),
        ("proxy-authorization", b"Basic eDp5"),
        ("te", b"gzip, deflate"),
    ];
    for door in DOORS {
        let request = arrived(&server, &upstream, &format!("{door}/x"), headers).await;
        for (name, _) in headers {
            assert_eq!(request.headers.contains_key(*name), *name == "x-stays", "{door}: {name}");
        }
        let answer = server.get(&format!("{door}/headers")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.headers.contains_key("connection") && !answer.headers.contains_key("x-private"), "{door}");
        let cookies: Vec<&HeaderValue> = answer.headers.get_all("set-cookie").iter().collect();
        assert_eq!(cookies, ["a=1", "b=2"], "{door}");
        assert_eq!(answer.headers["x-latin1"].as_bytes(), b"caf\xe9", "{door}");
    }
}

#[tokio::test]
async fn an_answer_is_the_upstreams_own() {
    let (server, upstream) = both_doors().await;
    for path in ["/status/204", "/status/304", "/status/418", "/status/599", "/download?bytes=100000", "/sse?n=3"] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            compared(&server, &upstream, method, path).await;
        }
    }
    let gzip = compared(&server, &upstream, Method::GET, "/gzip").await;
    assert_eq!(
        (&gzip.headers["content-encoding"], &gzip.body[..2]),
        (&HeaderValue::from_static("gzip"), &[31, 139][..])
    );
    let head = compared(&server, &upstream, Method::HEAD, "/download?bytes=100000").await;
    assert_eq!((&head.headers["content-length"], head.body.len()), (&HeaderValue::from_static("100000"), 0));
    let redirect = compared(&server, &upstream, Method::GET, "/redirect").await;
    assert_eq!(redirect.status, StatusCode::FOUND);
    assert_eq!(redirect.headers["location"], "https://elsewhere.example/");
}

#[tokio::test]
async fn every_method_arrives_with_its_body() {
    let (server, upstream) = both_doors().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "M-SEARCH", "get"] {
        for door in DOORS {
            let request = server.request(Method::from_bytes(method.as_bytes()).unwrap(), &format!("{door}/x"));
            let answer = server.send(request.body(full("a body")).unwrap()).await;
            assert_eq!(answer.json(), json!({"method": method, "path": "/x", "body": "a body"}), "{door}");
        }
    }
    assert_eq!(upstream.requests().len(), 20);
}

#[tokio::test]
async fn a_method_that_the_service_does_not_serve_is_refused_with_those_that_it_does() {
    let (server, upstream) = both_doors().await;
    server
        .create(json!({
            "name": "two", "slug": "two", "config_type": "GENERIC", "target_url": upstream.base_url(),
            "method": "GET,POST", "api_key_location": "header", "api_key_name": "X-Key", "api_keys": ["sk-1"],
        }))
        .await;
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS, Method::from_bytes(b"PROPFIND").unwrap()] {
        let answer = server.send(server.request(method, "/proxy/two/x").body(full("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers["allow"], "GET, POST");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    assert!(upstream.requests().is_empty());
    for method in [Method::GET, Method::POST] {
        let answer = TestClient::http2().send(server.request(method, "/proxy/two/x").body(full("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn what_a_client_says_of_its_trace_arrives_as_it_was_said() {
    let (server, upstream) = both_doors().await;
    let trace: [(&str, &[u8]); 3] = [
        ("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("tracestate", b"vendor=1,other=2"),
        ("baggage", b"user=7"),
    ];
    for door in DOORS {
        let seen = arrived(&server, &upstream, &format!("{door}/echo"), &trace).await;
        for (name, value) in trace {
            assert_eq!(seen.values(name), [String::from_utf8_lossy(value)], "{door}");
        }
        // Who says nothing of one is in none.
        let seen = arrived(&server, &upstream, &format!("{door}/echo"), &[]).await;
        assert!(seen.values("traceparent").is_empty() && seen.values("tracestate").is_empty(), "{door}");
    }
}

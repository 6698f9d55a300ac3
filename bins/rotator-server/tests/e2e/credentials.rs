//! Client keys: where they are accepted, and that none reaches an upstream.

use http::request::Builder;
use http::{Method, Request, StatusCode};
use rotator_mock_upstream::{MockUpstream, Recorded};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Answer, full, with_trailers};
use crate::server::{CLIENT_KEY, Server};

const OTHER_KEY: &str = "rk-planted-other-client-key-0123456789";
const UPSTREAM_KEY: &str = "sk-upstream/1+2=3";

/// What each LLM format calls a chat, and where its upstream key belongs.
const FORMATS: [(&str, &str, &str, &str); 3] = [
    ("openai_compatible", "/v1/chat/completions", "authorization", "Bearer sk-upstream/1+2=3"),
    ("anthropic_native", "/v1/messages", "x-api-key", UPSTREAM_KEY),
    ("gemini_native", "/v1beta/models/m:generateContent", "x-goog-api-key", UPSTREAM_KEY),
];

/// The headers in which an upstream could look for a key.
const KEY_HEADERS: [&str; 5] = ["authorization", "x-api-key", "x-anthropic-api-key", "x-goog-api-key", "x-proxy-key"];

/// Where a client can show its key, with the key in its place.
const PLACES: [Place; 7] = [
    Place::Header("authorization", "Bearer "),
    Place::Header("x-api-key", ""),
    Place::Header("x-anthropic-api-key", ""),
    Place::Header("x-goog-api-key", ""),
    Place::Header("x-proxy-key", ""),
    Place::Query,
    Place::Body,
];

#[derive(Clone, Copy, Debug)]
enum Place {
    Header(&'static str, &'static str),
    Query,
    Body,
}

fn post(server: &Server, path: &str) -> Builder {
    Request::builder()
        .method(Method::POST)
        .uri(format!("{}{path}", server.base))
        .header("content-type", "application/json")
}

fn chat() -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
}

/// Sends a chat with `key` in this place.
async fn send(server: &Server, path: &str, place: Place, key: &str) -> Answer {
    let (request, mut body) = (post(server, path), chat());
    let request = match place {
        Place::Header(name, prefix) => request.header(name, format!("{prefix}{key}")),
        Place::Query => post(server, &format!("{path}?alt=sse&key={key}&x=%20")),
        Place::Body => {
            body["api_key"] = json!(key);
            request
        }
    };
    server.send(request.body(full(body.to_string())).unwrap()).await
}

/// Fails if the client key is anywhere in what arrived.
fn assert_no_client_key(request: &Recorded, case: &str) {
    let seen = format!("{} {:?} {:?}", request.path_and_query, request.headers, request.trailers);
    assert!(!seen.contains(CLIENT_KEY) && !seen.contains(OTHER_KEY), "{case}: {seen}");
    let body = String::from_utf8_lossy(&request.body);
    assert!(!body.contains(CLIENT_KEY) && !body.contains("api_key"), "{case}: {body}");
}

#[tokio::test]
async fn at_the_llm_door_a_key_is_taken_from_every_place_and_never_passed_on() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    for (format, path, key_header, key_value) in FORMATS {
        let slug = format.replace('_', "-");
        server.llm(&slug, format, &upstream.base_url(), &[UPSTREAM_KEY]).await;
        for place in PLACES {
            let case = format!("{format}, {place:?}");
            let answer = send(&server, &format!("/llm/{slug}{path}"), place, CLIENT_KEY).await;
            assert_eq!(answer.status, StatusCode::OK, "{case}: {}", answer.text());
            let request = upstream.requests().pop().unwrap();
            assert_no_client_key(&request, &case);
            let query = if matches!(place, Place::Query) { "?alt=sse&x=%20" } else { "" };
            assert_eq!(request.path_and_query, format!("{path}{query}"), "{case}");
            for name in KEY_HEADERS {
                let expected: &[&str] = if name == key_header { &[key_value] } else { &[] };
                assert_eq!(request.values(name), expected, "{case}: {name}");
            }
            assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), chat(), "{case}");
        }
    }
    let places = FORMATS.len() * PLACES.len();
    assert_eq!((upstream.requests().len(), upstream.hits(UPSTREAM_KEY)), (places, places));
}

#[tokio::test]
async fn a_key_shown_in_several_places_goes_from_all_of_them() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.llm("l", "openai_compatible", &upstream.base_url(), &[UPSTREAM_KEY]).await;
    let encoded = CLIENT_KEY.replace('-', "%2D");
    let mut body = chat();
    body["api_key"] = json!(CLIENT_KEY);
    let request = post(&server, &format!("/llm/l/v1/chat/completions?key={encoded}&again={encoded}&keep=1"))
        .header("authorization", format!("Bearer {CLIENT_KEY}"))
        .header("x-api-key", CLIENT_KEY)
        .header("x-goog-api-key", CLIENT_KEY)
        .header("x-another", CLIENT_KEY)
        .header("x-anthropic-api-key", "not a valid one");
    let answer = server.send(request.body(full(body.to_string())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK);
    let request = upstream.requests().pop().unwrap();
    assert_no_client_key(&request, "everywhere");
    assert_eq!(request.path_and_query, "/v1/chat/completions?keep=1");
    assert!(request.values("x-anthropic-api-key").is_empty());
}

#[tokio::test]
async fn no_copy_of_a_client_key_is_passed_on_wherever_it_stands() {
    let place = Server::usual().set("GLOBAL_PROXY_KEYS", &format!("{CLIENT_KEY},{OTHER_KEY}"));
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    server.llm("l", "openai_compatible", &upstream.base_url(), &[UPSTREAM_KEY]).await;
    server.generic("s", &upstream.base_url(), &[UPSTREAM_KEY]).await;
    let sent = chat().to_string();
    let with = |members: &str| format!("{{{members},{}", &sent[1..]);
    for body in [
        sent.clone(),
        with(&format!(r#""api_key":"{OTHER_KEY}""#)),
        with(&format!(r#""api_key":"something else","api_key":"{CLIENT_KEY}""#)),
        with(&format!(r#""api_key":["{CLIENT_KEY}"],"api_key":"{CLIENT_KEY}""#)),
    ] {
        for path in ["/llm/l/v1/chat/completions", "/proxy/s/v1/chat/completions"] {
            if path.starts_with("/proxy") && body != sent {
                continue;
            }
            let request = post(&server, &format!("{path}?callback=https%3A%2F%2Fx%2F%3Fkey%3D{CLIENT_KEY}&keep=1"))
                .header("x-proxy-key", CLIENT_KEY)
                .header("referer", format!("https://app.example/?key={CLIENT_KEY}"))
                .header("cookie", format!("session=1; key={CLIENT_KEY}"))
                .header("te", "trailers")
                .header("trailer", "x-api-key, x-copy, x-sum");
            let trailers = [("x-api-key", CLIENT_KEY), ("x-copy", CLIENT_KEY), ("x-sum", "1")];
            let answer = server.send(request.body(with_trailers(body.clone(), &trailers)).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let request = upstream.requests().pop().unwrap();
            assert_no_client_key(&request, &format!("{path} {body}"));
            assert_eq!(request.path_and_query.split_once('?').unwrap().1, "keep=1");
            assert_eq!(request.trailers.unwrap()["x-sum"], "1");
            assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), chat());
        }
    }
}

#[tokio::test]
async fn at_the_generic_door_the_upstream_key_goes_where_the_service_says() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let service = |slug: &str, location: &str, name: &str, prefix: &str| {
        json!({
            "name": slug, "slug": slug, "config_type": "GENERIC", "method": "ANY", "api_keys": [UPSTREAM_KEY],
            "target_url": format!("{}/base?fixed=1", upstream.base_url()),
            "api_key_location": location, "api_key_name": name, "api_key_prefix": prefix,
        })
    };
    let encoded = "sk%2Dupstream%2F1%2B2%3D3";
    server.create(service("bearer", "header", "Authorization", "Bearer ")).await;
    server.create(service("plain", "header", "X-Own-Key", "")).await;
    server.create(service("query", "query", "api_key", "")).await;
    server.create(service("prefixed", "query", "key", "Token ")).await;
    for (slug, header, query) in [
        ("bearer", Some(("authorization", "Bearer sk-upstream/1+2=3")), String::new()),
        ("plain", Some(("x-own-key", UPSTREAM_KEY)), String::new()),
        ("query", None, format!("&api%5Fkey={encoded}")),
        ("prefixed", None, format!("&key=Token%20{encoded}")),
    ] {
        let answer = server.get(&format!("/proxy/{slug}/echo?a=1")).await;
        assert_eq!(answer.status, StatusCode::OK, "{slug}: {}", answer.text());
        let request = upstream.requests().pop().unwrap();
        assert_no_client_key(&request, slug);
        assert_eq!(request.path_and_query, format!("/base/echo?fixed=1&a=1{query}"), "{slug}");
        for name in KEY_HEADERS.iter().copied().chain(["x-own-key"]) {
            let expected: Vec<&str> = header.iter().filter(|(own, _)| *own == name).map(|(_, value)| *value).collect();
            assert_eq!(request.values(name), expected, "{slug}: {name}");
        }
    }
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_told_in_the_clients_own_format() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    for (format, path, _, _) in FORMATS {
        let slug = format.replace('_', "-");
        server.llm(&slug, format, &upstream.base_url(), &[UPSTREAM_KEY]).await;
        let path = format!("/llm/{slug}{path}");
        let missing = server.send(post(&server, &path).body(full(chat().to_string())).unwrap()).await;
        let mut answers = vec![("missing".to_owned(), missing)];
        for place in PLACES {
            answers.push((format!("{place:?}"), send(&server, &path, place, "rk-wrong").await));
        }
        for (case, answer) in answers {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{format}, {case}");
            assert_eq!(answer.headers["content-type"], "application/json");
            let body = answer.json();
            let told = match format {
                "openai_compatible" => {
                    body["error"]["message"].is_string() && body["error"]["code"] == "invalid_client_key"
                }
                "anthropic_native" => body["type"] == "error" && body["error"]["type"] == "authentication_error",
                _ => body["error"]["code"] == 401 && body["error"]["status"] == "UNAUTHENTICATED",
            };
            assert!(told, "{format}, {case}: {body}");
        }
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn at_the_generic_door_refusals_are_problem_documents() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &[UPSTREAM_KEY]).await;
    let get = |path: &str| Request::builder().uri(format!("{}{path}", server.base));
    for (request, status, code) in [
        (get("/proxy/s/echo"), 401, "invalid_client_key"),
        (get("/proxy/s/echo").header("x-proxy-key", "rk-wrong"), 401, "invalid_client_key"),
        (get("/proxy/s/echo").header("x-proxy-key", ""), 401, "invalid_client_key"),
        // Only its own header counts here.
        (get("/proxy/s/echo").header("authorization", format!("Bearer {CLIENT_KEY}")), 401, "invalid_client_key"),
        (get(&format!("/proxy/s/echo?key={CLIENT_KEY}")), 401, "invalid_client_key"),
        (get("/proxy/unknown/echo").header("x-proxy-key", CLIENT_KEY), 404, "no_service"),
        // Who shows no valid key does not learn which services there are.
        (get("/proxy/unknown/echo"), 401, "invalid_client_key"),
    ] {
        let answer = server.send(request.body(full("")).unwrap()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (status, &json!(code)));
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.json()["detail"].is_string() && answer.json()["status"] == status);
    }
    let answer = send(&server, "/llm/s/v1/messages", Place::Header("x-api-key", ""), CLIENT_KEY).await;
    assert_eq!((answer.status, &answer.json()["type"]), (StatusCode::NOT_FOUND, &json!("error")));
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_path_that_climbs_is_refused_however_it_is_written() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &format!("{}/base", upstream.base_url()), &[UPSTREAM_KEY]).await;
    server.llm("l", "openai_compatible", &format!("{}/base", upstream.base_url()), &[UPSTREAM_KEY]).await;
    let climbs = [
        "..",
        "../echo",
        "a/../../echo",
        "%2e%2e/echo",
        ".%2e/echo",
        "%2E%2E%2fecho",
        "..%5cecho",
        "..\\echo",
        "..;/x",
    ];
    for climb in climbs.iter().chain(&["%252e%252e/echo"]) {
        for door in ["proxy/s", "llm/l"] {
            let mut stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
            let head = format!(
                "GET /{door}/{climb} HTTP/1.1\r\nhost: x\r\nx-proxy-key: {CLIENT_KEY}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 4"), "{door}/{climb}: {answer}");
        }
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

//! Single requests are kept where their service asks for it, without secrets, and without slowing any.

use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tokio::time::timeout;

use crate::changes::two_nodes;
use crate::client::full;
use crate::outcome::until;
use crate::server::{CLIENT_KEY, Server};

const PATIENCE: Duration = Duration::from_secs(30);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Changes fields of a service.
pub(crate) async fn change(server: &Server, id: i64, fields: Value) {
    let path = format!("proxy-configs/{id}");
    let (_, mut config) = server.admin(Method::GET, &path, None).await;
    for (name, value) in fields.as_object().unwrap() {
        config[name] = value.clone();
    }
    let (status, answer) = server.admin(Method::PUT, &path, Some(config)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// What the log holds, the newest first.
pub(crate) async fn logged(server: &Server, query: &str) -> Vec<Value> {
    let (status, entries) = server.admin(Method::GET, &format!("request-logs?{query}"), None).await;
    assert_eq!(status, StatusCode::OK, "{entries}");
    entries.as_array().unwrap().clone()
}

/// Waits until so many requests are logged.
pub(crate) async fn until_logged(server: &Server, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let entries = logged(server, "limit=1000").await;
        if entries.len() >= count {
            assert_eq!(entries.len(), count, "{entries:?}");
            return entries;
        }
        assert!(begun.elapsed() < PATIENCE, "only {} of {count} requests are logged", entries.len());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One request with its bodies.
async fn detail(server: &Server, entry: &Value) -> Value {
    let (status, detail) = server.admin(Method::GET, &format!("request-logs/{}", entry["id"]), None).await;
    assert_eq!(status, StatusCode::OK, "{detail}");
    detail
}

/// A server with a chat service that logs like this.
async fn chat(fields: Value) -> (Server, MockUpstream, i64) {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.llm("l", "openai_compatible", &upstream.base_url(), &["sk-1", "sk-2"]).await;
    change(&server, id, fields).await;
    (server, upstream, id)
}

fn question(server: &Server, body: &Value) -> Request<crate::client::TestBody> {
    let request = server.request(Method::POST, "/llm/l/v1/chat/completions");
    request.header("content-type", "application/json").body(full(body.to_string())).unwrap()
}

#[tokio::test]
async fn a_request_is_kept_with_all_that_became_of_it_where_its_service_asks_for_it() {
    let (server, upstream, id) = chat(json!({"strategy": "fill_first"})).await;
    let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]});
    server.send(question(&server, &body)).await;
    change(&server, id, json!({"log_requests": "metadata"})).await;
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("30".to_owned())));
    let path = "/llm/l/v1/chat/completions?a=1&access_token=planted&key=planted";
    let request = server.request(Method::POST, path).header("content-type", "application/json");
    let request = request.header("user-agent", "tester/1").header("cookie", "session=planted");
    let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01")).header("x-request-id", "r-7");
    assert_eq!(server.send(request.body(full(body.to_string())).unwrap()).await.status, 200);
    let entries = until_logged(&server, 1).await;
    let entry = &entries[0];
    assert!(!entry.to_string().contains("planted"), "{entry}");
    let (_, config) = server.admin(Method::GET, &format!("proxy-configs/{id}"), None).await;
    let (limited, served) = (&config["api_keys"][0]["id"], &config["api_keys"][1]["id"]);
    let expected = json!({
        "service": id, "key": served, "client": null, "model": "gpt-4o-mini", "method": "POST", "status": 200, "end": "whole",
        "path": "/llm/l/v1/chat/completions?a=1&access_token=*****", "trace_id": TRACE, "request_id": "r-7",
        "tokens": {"input": 3, "cached": 0, "cache_written": 0, "output": 5, "reasoning": 0}, "address": "127.0.0.1",
        "headers": {"content-type": "application/json", "user-agent": "tester/1"}, "answer_type": "application/json",
        "bytes_in": body.to_string().len(), "has_bodies": false,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&entry[name], value, "{name} of {entry}");
    }
    let attempts = entry["attempts"].as_array().unwrap();
    let told: Vec<_> = attempts.iter().map(|attempt| (&attempt["key"], attempt["verdict"].as_str().unwrap())).collect();
    assert_eq!(told, [(limited, "limited"), (served, "healthy")], "{entry}");
    // 3 tokens at 0.15 and 5 at 0.6 US dollars a million.
    assert_eq!(entry["cost_nanodollars"], 3 * 150 + 5 * 600, "{entry}");
    assert!(entry["bytes_out"].as_u64().unwrap() > 0 && entry["duration_ms"].as_u64().unwrap() < 60_000, "{entry}");
    // Without bodies there is nothing to write down about whoever reads it.
    let whole = detail(&server, entry).await;
    assert_eq!((whole.get("request_body"), whole.get("answer_body")), (None, None));
    let (_, audit) = server.admin(Method::GET, "audit", None).await;
    assert!(!audit.to_string().contains("request.read"), "{audit}");

    // What is refused without an upstream is kept as well; what no client key let in is not.
    change(&server, id, json!({"is_active": false})).await;
    let other = server.generic("g", &upstream.base_url(), &["sk-1"]).await;
    change(&server, other, json!({"log_requests": "metadata", "method": "POST"})).await;
    assert_eq!(server.get("/proxy/g/x").await.status, 405);
    let stranger = Request::get(format!("{}/proxy/g/x", server.base)).header("x-proxy-key", "rk-stranger");
    assert_eq!(server.send(stranger.body(full("")).unwrap()).await.status, 401);
    let entries = until_logged(&server, 2).await;
    assert_eq!((&entries[0]["status"], &entries[0]["key"], &entries[0]["attempts"]), (&json!(405), &Value::Null, &json!([])));
}

#[tokio::test]
async fn bodies_are_kept_redacted_cut_and_as_text_and_reading_them_is_written_down() {
    let fields = json!({"log_requests": "bodies", "log_redact": ["/messages/*/content", "/choices/*/delta/content"]});
    let (server, _upstream, id) = chat(fields).await;
    let ask = json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "planted prompt"}]});
    let answer = server.send(question(&server, &ask)).await;
    assert!(answer.text().contains("Hello from the mock."));
    let entries = until_logged(&server, 1).await;
    let whole = detail(&server, &entries[0]).await;
    let request: Value = serde_json::from_str(whole["request_body"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(request, json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "[redacted]"}]}));
    let streamed = whole["answer_body"]["text"].as_str().unwrap();
    assert!(streamed.starts_with("data: {") && streamed.ends_with("data: [DONE]\n\n"), "{streamed}");
    assert!(streamed.contains("\"content\":\"[redacted]\"") && !streamed.contains("mock."), "{streamed}");
    assert_eq!((&whole["answer_body"]["is_cut"], &whole["has_bodies"]), (&json!(false), &json!(true)));
    let (_, audit) = server.admin(Method::GET, "audit", None).await;
    let read = audit.as_array().unwrap().iter().find(|entry| entry["action"] == "request.read").unwrap();
    assert_eq!(read["subject"], format!("request:{}", entries[0]["id"]));

    change(&server, id, json!({"log_redact": null, "log_body_limit": 20})).await;
    server.send(question(&server, &ask)).await;
    let entries = until_logged(&server, 2).await;
    let whole = detail(&server, &entries[0]).await;
    let text = ask.to_string();
    assert_eq!(whole["request_body"], json!({"text": &text[..20], "is_cut": true}));
    assert_eq!(whole["answer_body"]["is_cut"], true);

    // Compressed at the upstream; bytes that are no text.
    let upstream = MockUpstream::start().await.unwrap();
    let generic = server.generic("g", &upstream.base_url(), &["sk-1"]).await;
    change(&server, generic, json!({"log_requests": "bodies"})).await;
    let request = server.request(Method::POST, "/proxy/g/gzip").body(full(vec![0xff, 0, 1])).unwrap();
    assert_eq!(server.send(request).await.status, 200);
    let entries = until_logged(&server, 3).await;
    let whole = detail(&server, &entries[0]).await;
    assert_eq!(whole["request_body"], json!({"base64": "/wAB", "is_cut": false}));
    assert_eq!(whole["answer_body"], json!({"text": "x", "is_cut": false}));
}

#[tokio::test]
async fn no_key_is_in_the_log_wherever_it_was_shown_or_repeated() {
    const UPSTREAM_KEY: &str = "sk-planted-in-the-query/0123456789";
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let generic = server
        .create(json!({
            "name": "g", "slug": "g", "config_type": "GENERIC", "target_url": upstream.base_url(), "method": "ANY",
            "api_key_location": "query", "api_key_name": "secret", "api_keys": [UPSTREAM_KEY], "log_requests": "bodies",
        }))
        .await;
    let llm = server.llm("l", "openai_compatible", &upstream.base_url(), &[UPSTREAM_KEY]).await;
    change(&server, llm, json!({"log_requests": "bodies"})).await;
    let repeated = json!({"model": "m", "api_key": CLIENT_KEY, "note": format!("mine is {CLIENT_KEY}, yours {UPSTREAM_KEY}")});
    for path in ["/proxy/g/echo", "/proxy/g/echo?a=rk-planted-client-key-0123456789", "/llm/l/v1/echo"] {
        let request = server.request(Method::POST, path).header("content-type", "application/json");
        let request = request.header("user-agent", CLIENT_KEY).header("x-request-id", CLIENT_KEY);
        let request = request.header("cookie", "session=planted-cookie").header("authorization", "Bearer planted-own");
        let answer = server.send(request.body(full(repeated.to_string())).unwrap()).await;
        assert_eq!(answer.status, 200);
        // The upstream tells the key that it was shown.
        let shown = answer.text().contains("sk%2Dplanted") || answer.text().contains(UPSTREAM_KEY);
        assert!(shown, "{}", answer.text());
    }
    let mut seen = 0;
    for entry in until_logged(&server, 3).await {
        let whole = detail(&server, &entry).await;
        seen += usize::from(whole["answer_body"]["text"].as_str().unwrap().contains("mine is *****, yours *****"));
        let text = whole.to_string();
        assert!(!text.contains("planted"), "{text}");
        assert!(text.matches("*****").count() > 3, "{text}");
    }
    assert_eq!(seen, 3);
    // A key that is cut off in the middle.
    let before = r#"{"note":""#.len() + 6;
    change(&server, generic, json!({"log_body_limit": before})).await;
    let request = server.request(Method::POST, "/proxy/g/echo").body(full(json!({"note": CLIENT_KEY}).to_string()));
    server.send(request.unwrap()).await;
    let entries = until_logged(&server, 4).await;
    let whole = detail(&server, &entries[0]).await;
    assert_eq!(whole["request_body"], json!({"text": r#"{"note":"*****"#, "is_cut": true}));
    if let Some(backend) = &server.place().backend {
        assert!(!backend.dump().contains("planted-c"), "{}", backend.dump());
    }
}

#[tokio::test]
async fn the_log_is_searched_page_by_page_and_what_is_wrong_is_named() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let id = server.generic("g", &upstream.base_url(), &["sk-1"]).await;
    change(&server, id, json!({"log_requests": "metadata"})).await;
    for status in ["200", "404", "500", "503", "200"] {
        let request = server.request(Method::GET, &format!("/proxy/g/status/{status}")).header("x-request-id", status);
        server.send(request.body(full("")).unwrap()).await;
    }
    until_logged(&server, 5).await;
    let statuses = async |query: &str| {
        let entries = logged(&server, query).await;
        entries.iter().map(|entry| entry["status"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("", vec![200, 503, 500, 404, 200]),
        ("status=5xx", vec![503, 500]),
        ("status=404", vec![404]),
        ("trace=503", vec![503]),
        ("since=1h&until=2100-01-01&client=none&status=404", vec![404]),
        ("until=1h", vec![]),
        ("client=7", vec![]),
        ("model=m", vec![]),
    ] {
        assert_eq!(statuses(query).await, expected, "{query}");
    }
    let path = format!("request-logs?service={id}&status=2xx&limit=1");
    let first = server.admin_answer(Method::GET, &path, None).await;
    let link = first.headers["link"].to_str().unwrap().to_owned();
    let next = link.strip_prefix("</api/admin/").and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap();
    let second = server.admin_answer(Method::GET, next, None).await;
    let ids = [&first, &second].map(|answer| answer.json()[0]["id"].as_i64().unwrap());
    assert!(ids[0] > ids[1], "{ids:?}");
    assert_eq!(first.json().as_array().unwrap().len(), 1);
    for (query, field) in [
        ("since=yesterday", "since"),
        ("status=many", "status"),
        ("client=me", "client"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("surprise=1", "query"),
    ] {
        let (status, error) = server.admin(Method::GET, &format!("request-logs?{query}"), None).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{query}");
    }
    assert_eq!(server.admin(Method::GET, "request-logs/99999", None).await.0, 404);
    assert_eq!(server.admin(Method::GET, "request-logs/tail?since=1h", None).await.0, 422);
    let stranger = Request::get(format!("{}/api/admin/request-logs/tail", server.base));
    assert_eq!(server.send(stranger.body(full("")).unwrap()).await.status, 401);
}

#[tokio::test]
async fn a_request_has_one_id_in_its_answer_in_the_log_of_requests_and_in_the_servers_own() {
    let server = Server::usual().set("LOG_LEVEL", "warn").set("LOG_FORMAT", "text").start().await;
    // Nobody answers there, which is logged.
    let id = server.llm("l", "openai_compatible", "http://127.0.0.1:9", &["sk-1"]).await;
    change(&server, id, json!({"log_requests": "metadata"})).await;
    let body = json!({"model": "m", "messages": []});
    let mut ids = Vec::new();
    // One that is made here, one of the client's own, and one in the place of what no log can hold.
    for told in [None, Some("mine-1"), Some("not mine")] {
        let mut request = question(&server, &body);
        if let Some(told) = told {
            request.headers_mut().insert("x-request-id", told.parse().unwrap());
        }
        let answer = server.send(request).await;
        ids.push(answer.headers["x-request-id"].to_str().unwrap().to_owned());
    }
    assert_eq!((ids[0].len(), ids[1].as_str(), ids[2].len()), (32, "mine-1", 32));
    let entries = until_logged(&server, 3).await;
    let found: Vec<&str> = entries.iter().rev().map(|entry| entry["request_id"].as_str().unwrap()).collect();
    assert_eq!(found, ids);
    let log = server.place().log();
    for id in &ids {
        assert!(log.contains(&format!("request.id={id}")), "{id}");
        assert_eq!(logged(&server, &format!("trace={id}")).await.len(), 1);
    }
}

/// Begins to follow the log.
async fn follow(server: &Server, query: &str, last: Option<&str>) -> Response<Incoming> {
    let mut request = server.admin_request(Method::GET, &format!("request-logs/tail?{query}"), None);
    if let Some(last) = last {
        request.headers_mut().insert("last-event-id", last.parse().unwrap());
    }
    let mut tail = server.client.head(request).await;
    assert_eq!((tail.status(), &tail.headers()["content-type"]), (StatusCode::OK, &"text/event-stream".parse().unwrap()));
    // It says from where on it follows.
    assert!(timeout(PATIENCE, piece(&mut tail)).await.unwrap().unwrap().starts_with("retry: 1000\nid: "));
    tail
}

async fn piece(tail: &mut Response<Incoming>) -> Option<String> {
    let frame = tail.body_mut().frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

/// The next events, each with its id and its request's path.
async fn events(tail: &mut Response<Incoming>, count: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while found.len() < count {
        let text = timeout(PATIENCE, piece(tail)).await.unwrap().unwrap();
        for event in text.split_terminator("\n\n") {
            let Some((id, data)) = event.strip_prefix("id: ").and_then(|event| event.split_once("\ndata: ")) else { continue };
            let entry: Value = serde_json::from_str(data).unwrap();
            assert_eq!(entry["id"].to_string(), id);
            found.push((id.to_owned(), entry["path"].as_str().unwrap().to_owned()));
        }
    }
    found
}

fn paths(events: &[(String, String)]) -> Vec<&str> {
    events.iter().map(|(_, path)| path.as_str()).collect()
}

#[tokio::test]
async fn the_log_is_followed_over_nodes_and_goes_on_where_it_was_left() {
    let ([one, other], upstream) = (two_nodes().await, MockUpstream::start().await.unwrap());
    let id = one.generic("s", &upstream.base_url(), &["sk-1"]).await;
    change(&one, id, json!({"log_requests": "metadata"})).await;
    until("the other node knows the service", async || other.get("/proxy/s/status/204").await.status == 204).await;
    until("it is logged", async || !logged(&one, "").await.is_empty()).await;
    let (mut all, mut errors) = (follow(&one, "", None).await, follow(&one, "status=4xx", None).await);
    one.get("/proxy/s/status/201").await;
    other.get("/proxy/s/status/404").await;
    one.get("/proxy/s/status/410").await;
    let mut seen = events(&mut all, 3).await;
    assert_eq!(paths(&events(&mut errors, 2).await).len(), 2);
    drop(all);
    other.get("/proxy/s/status/202").await;
    one.get("/proxy/s/status/203").await;
    let mut again = follow(&other, "", Some(&seen[2].0)).await;
    seen.extend(events(&mut again, 2).await);
    let mut sorted = paths(&seen);
    sorted.sort_unstable();
    assert_eq!(sorted, ["201", "202", "203", "404", "410"].map(|status| format!("/proxy/s/status/{status}")));

    // Whoever follows keeps no server from ending.
    let begun = Instant::now();
    other.terminate();
    assert_eq!(timeout(PATIENCE, async { while piece(&mut again).await.is_some() {} }).await, Ok(()));
    other.ended().await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn traffic_goes_on_while_the_storage_refuses_the_log() {
    let (server, _upstream, _) = chat(json!({"log_requests": "bodies"})).await;
    let ask = json!({"model": "m", "messages": [{"role": "user", "content": "Hello"}]});
    assert_eq!(server.send(question(&server, &ask)).await.status, 200);
    until_logged(&server, 1).await;
    execute(&server, "DROP TABLE request_log").await;
    let lost = async || server.admin(Method::GET, "status", None).await.1["lost_log_entries"].as_u64().unwrap();
    assert_eq!(lost().await, 0);
    for _ in 0..50 {
        assert_eq!(server.send(question(&server, &ask)).await.status, 200);
    }
    until("they are counted as lost", async || lost().await == 50).await;
    let metrics = server.get("/metrics").await.text();
    assert!(metrics.contains("\nrotator_request_log_lost_total 50\n"), "{metrics}");
    until("it is told", async || server.output().contains("requests cannot be logged as fast as they come")).await;
    assert_eq!(server.output().matches("requests cannot be logged").count(), 1);
}

/// Changes the server's database behind its back.
async fn execute(server: &Server, statement: &'static str) {
    match &server.place().backend {
        Some(backend) => drop(backend.database.execute(statement).unwrap()),
        None => {
            let file = server.place().path("data/api_key_rotator.db");
            let mut connection = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        }
    }
}

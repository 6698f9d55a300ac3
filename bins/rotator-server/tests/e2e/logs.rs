//! What is logged: each request by its id, and as much as somebody wants to know while the server runs.

use http::{Method, StatusCode};
use rotator_mock_upstream::{Canned, MockUpstream};
use serde_json::{Value, json};

use crate::client::{Answer, full};
use crate::server::{Place, Server};

/// Nothing listens here.
const NOWHERE: &str = "http://127.0.0.1:9";
const OWN_ID: &str = "Root=1-67891233-abcdef012345678912345678";

async fn ask(server: &Server, path: &str, id: Option<&str>) -> Answer {
    let request = server.request(Method::GET, path);
    let request = id.into_iter().fold(request, |request, id| request.header("x-request-id", id));
    server.send(request.body(full("")).unwrap()).await
}

fn id(answer: &Answer) -> String {
    let ids: Vec<_> = answer.headers.get_all("x-request-id").iter().collect();
    assert_eq!(ids.len(), 1);
    ids[0].to_str().unwrap().to_owned()
}

fn place(format: &str) -> Place {
    Server::usual().set("LOG_LEVEL", "warn").set("LOG_FORMAT", format)
}

#[tokio::test]
async fn every_line_of_a_request_says_its_id() {
    let text = place("text").start().await;
    text.generic("gone", NOWHERE, &["sk-1", "sk-2"]).await;
    let answer = ask(&text, "/proxy/gone/x", Some(OWN_ID)).await;
    assert_eq!((answer.status, id(&answer).as_str()), (StatusCode::BAD_GATEWAY, OWN_ID));
    let log = text.place().log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("an attempt brought no answer")).collect();
    assert!(lines.len() >= 2 && lines.iter().all(|line| line.contains(&format!("request.id={OWN_ID}"))), "{log}");

    let json = place("json").start().await;
    json.generic("gone", NOWHERE, &["sk-1"]).await;
    let (one, other) = (ask(&json, "/proxy/gone/x", None).await, ask(&json, "/proxy/gone/x", None).await);
    assert_ne!(id(&one), id(&other));
    let log = json.place().log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&Value> = lines.iter().map(|line| &line["span"]["request.id"]).filter(|id| !id.is_null()).collect();
    assert_eq!((ids.first(), ids.last()), (Some(&&json!(id(&one))), Some(&&json!(id(&other)))), "{log}");
}

#[tokio::test]
async fn an_id_goes_on_only_where_its_client_made_it_and_the_upstreams_own_comes_back() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("s", &upstream.base_url(), &["sk-1"]).await;
    let answer = ask(&server, "/proxy/s/echo", None).await;
    assert_eq!((answer.status, id(&answer).len()), (StatusCode::OK, 32));
    assert!(upstream.requests().pop().unwrap().values("x-request-id").is_empty());
    assert_eq!(id(&ask(&server, "/proxy/s/echo", Some(OWN_ID)).await), OWN_ID);
    assert_eq!(upstream.requests().pop().unwrap().values("x-request-id"), [OWN_ID]);
    // What no log can hold is the client's own business all the same.
    let odd = "a b\tc";
    assert_eq!(id(&ask(&server, "/proxy/s/echo", Some(odd)).await).len(), 32);
    assert_eq!(upstream.requests().pop().unwrap().values("x-request-id"), [odd]);
    upstream.answer("/told", Canned::json(&json!({})).header("x-request-id", "req-7"));
    assert_eq!(id(&ask(&server, "/proxy/s/told", Some(OWN_ID)).await), "req-7");
    // Refusals have one as well.
    assert_eq!(id(&ask(&server, "/proxy/nowhere/x", None).await).len(), 32);
}

#[tokio::test]
async fn the_level_is_changed_while_the_server_runs() {
    let server = Server::usual().set("LOG_LEVEL", "warn").start().await;
    let level = async || server.admin(Method::GET, "log-level", None).await.1["level"].clone();
    let set = async |level: &str| server.admin(Method::PUT, "log-level", Some(json!({"level": level}))).await;
    let refusals = || server.place().log().matches("answered without the upstream").count();
    assert_eq!(level().await, "warn");
    server.get("/proxy/nowhere/x").await;
    assert_eq!(refusals(), 0);
    assert_eq!(set("debug").await, (StatusCode::OK, json!({"level": "debug"})));
    server.get("/proxy/nowhere/x").await;
    assert_eq!(refusals(), 1);
    for wrong in ["", "a=b=c", &"a".repeat(2000)] {
        let (status, error) = set(wrong).await;
        assert_eq!(
            (status, &error["fields"][0]["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("level")),
            "{error}"
        );
    }
    assert_eq!(level().await, "debug");
    assert_eq!(set("rotator_proxy_core=error,warn").await.0, StatusCode::OK);
    server.get("/proxy/nowhere/x").await;
    assert_eq!(refusals(), 1);
    let (_, audit) = server.admin(Method::GET, "audit", None).await;
    let changes: Vec<&Value> =
        audit.as_array().unwrap().iter().filter(|entry| entry["action"] == "log_level.change").collect();
    assert_eq!((changes.len(), &changes[1]["detail"]), (2, &json!("from warn to debug")), "{audit}");
}

//! The admin API's routes, sessions and lists.

use std::time::Duration;

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::client::full;
use crate::server::{PASSWORD, Server};

const UNKNOWN: &str = "http://127.0.0.1:9";

/// A request without anything but what is named.
async fn ask(server: &Server, method: &str, path: &str, token: Option<&str>) -> StatusCode {
    let mut request = Request::builder().method(method).uri(format!("{}{path}", server.base));
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    let request = request.header("content-type", "application/json").body(full("{}")).unwrap();
    server.send(request).await.status
}

/// A path of the document with something that is not there in place of each parameter.
pub(crate) fn concrete(path: &str) -> String {
    path.replace("{id}", "999999").replace("{name}", "nobody").replace("{model}", "nothing")
}

#[tokio::test]
async fn no_route_but_the_public_ones_answers_without_a_token() {
    let server = Server::new().await;
    let (_, document) = server.admin(Method::GET, "openapi.json", None).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut routes = vec![
        ("GET".to_owned(), "/api/admin/openapi.json".to_owned()),
        ("GET".to_owned(), "/api/admin/nowhere".to_owned()),
        ("PURGE".to_owned(), "/api/admin/proxy-configs".to_owned()),
    ];
    for (path, methods) in document["paths"].as_object().unwrap() {
        let concrete = concrete(path);
        routes.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), concrete.clone())));
    }
    assert!(routes.len() > 20, "{routes:?}");
    let public = [("GET", "/admin/app-config"), ("POST", "/admin/login"), ("POST", "/admin/login/browser")];
    let tokens = [None, Some("Bearer "), Some("Bearer x.y.z"), Some("Basic YWRtaW46YWRtaW4="), Some("Bearer rat-x")];
    for (method, path) in routes {
        for path in [path.clone(), path.replacen("/api/admin", "/admin", 1)] {
            let is_public = public.contains(&(method.as_str(), path.trim_start_matches("/api")));
            for token in tokens {
                let is_refused = ask(&server, &method, &path, token).await == StatusCode::UNAUTHORIZED;
                assert_eq!(is_refused, !is_public, "{method} {path} with {token:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_session_that_was_ended_has_expired_or_was_signed_by_another_opens_nothing() {
    let server = Server::new().await;
    let (_, login) = server.admin(Method::POST, "login", Some(login(PASSWORD))).await;
    assert_eq!((&login["token_type"], &login["success"]), (&json!("bearer"), &json!(true)));
    let bearer = format!("Bearer {}", login["access_token"].as_str().unwrap());
    let path = "/api/admin/status";
    assert_eq!(ask(&server, "GET", path, Some(&bearer)).await, StatusCode::OK);
    assert_eq!(ask(&server, "POST", "/api/admin/logout", Some(&bearer)).await, StatusCode::OK);
    assert_eq!(ask(&server, "GET", path, Some(&bearer)).await, StatusCode::UNAUTHORIZED);

    // What another server signed.
    let other = Server::usual().set("ROTATOR_SESSION_TTL", "1").start().await;
    let (_, login) = other.admin(Method::POST, "login", Some(self::login(PASSWORD))).await;
    let bearer = format!("Bearer {}", login["access_token"].as_str().unwrap());
    assert_eq!(ask(&server, "GET", path, Some(&bearer)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(login["expires_in"], 1);
    let expired = async { while ask(&other, "GET", path, Some(&bearer)).await != StatusCode::UNAUTHORIZED {} };
    tokio::time::timeout(Duration::from_secs(10), expired).await.unwrap();
}

#[tokio::test]
async fn a_browser_holds_its_session_in_a_cookie_that_no_script_and_no_other_site_can_use() {
    let server = Server::new().await;
    let ask = async |method: &str, headers: &[(&str, &str)], body: Value| {
        let path = if method == "POST" { "login/browser" } else { "session" };
        let mut request = Request::builder().method(method).uri(format!("{}/api/admin/{path}", server.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/json").body(full(body.to_string())).unwrap();
        server.send(request).await
    };
    let own_page = ("x-rotator-csrf", "1");
    assert_eq!(ask("POST", &[], login(PASSWORD)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask("POST", &[own_page], login("wrong")).await.status, StatusCode::UNAUTHORIZED);
    let begun = ask("POST", &[own_page], login(PASSWORD)).await;
    assert_eq!((begun.status, begun.json()), (StatusCode::OK, json!({"message": "logged in"})));
    let set = begun.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict") && set.contains("; Path=/api/admin;"), "{set}");
    let cookie = ("cookie", set.split(';').next().unwrap());

    let shown = ask("GET", &[cookie], json!({})).await.json();
    assert_eq!((&shown["username"], &shown["role"]), (&json!("admin"), &json!("admin")));
    assert!(shown["expires_at"].is_string());
    assert_eq!(ask("DELETE", &[cookie], json!({})).await.status, StatusCode::FORBIDDEN);
    let other_site = ("sec-fetch-site", "cross-site");
    assert_eq!(ask("DELETE", &[cookie, own_page, other_site], json!({})).await.status, StatusCode::FORBIDDEN);
    let ended = ask("DELETE", &[cookie, own_page], json!({})).await;
    assert!(ended.headers["set-cookie"].to_str().unwrap().starts_with("rotator_session=; "));
    // The token itself has ended, not its cookie alone.
    assert_eq!(ask("GET", &[cookie], json!({})).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn failed_logins_are_slowed_even_when_the_password_is_right_at_last() {
    let server = Server::new().await;
    for _ in 0..5 {
        let (status, error) = server.admin(Method::POST, "login", Some(login("wrong"))).await;
        assert_eq!((status, error["error"].is_string()), (StatusCode::UNAUTHORIZED, true));
    }
    let slowed = server.admin_answer(Method::POST, "login", Some(login(PASSWORD))).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
    let seconds: u64 = slowed.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    // Another name from the same address is not locked out.
    let (status, _) = server.admin(Method::POST, "login", Some(json!({"username": "b", "password": "b"}))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (_, log) = server.admin(Method::GET, "audit", None).await;
    let failed = log.as_array().unwrap().iter().filter(|entry| entry["action"] == "login.fail");
    assert_eq!(failed.count(), 6);
}

fn login(password: &str) -> Value {
    json!({"username": "admin", "password": password})
}

#[tokio::test]
async fn lists_come_in_pages_that_name_the_next_one() {
    let server = Server::new().await;
    let id = server.generic("s", UNKNOWN, &[]).await;
    let keys: Vec<String> = (0..25).map(|number| format!("sk-{number:010}")).collect();
    let (status, report) = server.admin(Method::POST, &keys_of(id), Some(batch(&keys))).await;
    assert_eq!((status, &report["success_count"]), (StatusCode::OK, &json!(25)));
    let (mut seen, mut next) = (Vec::new(), Some(format!("proxy-configs/{id}/keys?limit=10")));
    while let Some(path) = next {
        let page = server.admin_answer(Method::GET, &path, None).await;
        assert_eq!(page.headers["x-total-count"], "25");
        seen.extend(page.json().as_array().unwrap().iter().map(|key| key["id"].as_i64().unwrap()));
        next = page.headers.get("link").map(|link| {
            let link = link.to_str().unwrap();
            assert!(link.ends_with("; rel=\"next\""), "{link}");
            let target = link.trim_start_matches('<').split('>').next().unwrap();
            target.strip_prefix("/api/admin/").unwrap().to_owned()
        });
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| a < b));
    for query in ["limit=0", "limit=1001", "limit=x", "after=x"] {
        let (status, _) = server.admin(Method::GET, &format!("proxy-configs?{query}"), None).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
}

fn keys_of(id: i64) -> String {
    format!("proxy-configs/{id}/keys/batch")
}

fn batch(keys: &[String]) -> Value {
    json!({"keys": keys})
}

#[tokio::test]
async fn a_batch_trims_drops_blanks_skips_doubles_and_names_bad_entries_by_place() {
    let server = Server::new().await;
    let id = server.generic("s", UNKNOWN, &["sk-there-already"]).await;
    let keys = [" sk-new-1 ", "", "  ", "sk-new-1", "sk-there-already", "sk-bad\nkey", "sk-new-2", "sk-\u{fc}"];
    let (_, report) = server.admin(Method::POST, &keys_of(id), Some(json!({"keys": keys}))).await;
    let counts = ["success_count", "skipped_count", "failed_count"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(counts, [2, 2, 2], "{report}");
    assert_eq!((&report["failed_keys"][0]["line"], &report["failed_keys"][1]["line"]), (&json!(6), &json!(8)));
    assert!(!report.to_string().contains("sk-bad"), "{report}");
}

#[tokio::test]
async fn what_an_answer_says_may_be_written_back_under_either_prefix() {
    let server = Server::new().await;
    let id = server
        .create(json!({
            "name": "N", "slug": "n", "config_type": "llm", "target_base_url": "https://api.openai.com/v1",
            "api_format": "openai_compatible", "output_format": "none", "idle_timeout_ms": 5000, "api_keys": ["sk-1"],
        }))
        .await;
    let path = format!("proxy-configs/{id}");
    let (_, before) = server.admin(Method::GET, &path, None).await;
    assert_eq!(before["config_type"], "LLM");
    let (status, after) = server.admin(Method::PUT, &path, Some(before.clone())).await;
    assert_eq!(status, StatusCode::OK, "{after}");
    let same = |name: &str| before[name] == after[name];
    let changed: Vec<&String> = before.as_object().unwrap().keys().filter(|name| !same(name)).collect();
    assert!(changed.iter().all(|name| ["updated_at", "version"].contains(&name.as_str())), "{changed:?}");
    let request = Request::get(format!("{}/admin/{path}", server.base)).header("authorization", server.bearer());
    assert_eq!(server.send(request.body(full("")).unwrap()).await.json(), after);
}

#[tokio::test]
async fn keys_leave_masked_but_for_an_export_that_the_log_names() {
    let server = Server::new().await;
    let id = server.generic("s", UNKNOWN, &["sk-planted-upstream-key-1", "short"]).await;
    let (_, config) = server.admin(Method::GET, &format!("proxy-configs/{id}"), None).await;
    let (_, keys) = server.admin(Method::GET, &format!("proxy-configs/{id}/keys"), None).await;
    assert_eq!(config["api_keys"], keys);
    assert_eq!((&keys[0]["key_value"], &keys[1]["key_value"]), (&json!("sk-pla*****ey-1"), &json!("*****")));
    let (_, exported) = server.admin(Method::POST, &format!("proxy-configs/{id}/keys/export"), None).await;
    assert_eq!(exported["keys"][0]["key_value"], "sk-planted-upstream-key-1");
    let (_, log) = server.admin(Method::GET, "audit?limit=1", None).await;
    assert_eq!((&log[0]["action"], &log[0]["actor"]), (&json!("keys.export"), &json!("admin")));
    assert_eq!((&log[0]["subject"], &log[0]["remote"]), (&json!(format!("service:{id}")), &json!("127.0.0.1")));
}

#[tokio::test]
async fn a_patch_changes_only_what_it_names() {
    let server = Server::new().await;
    let id = server.generic("s", UNKNOWN, &[]).await;
    let new = json!({"key_value": "sk-1", "label": "main"});
    let (status, key) = server.admin(Method::POST, &format!("proxy-configs/{id}/keys"), Some(new.clone())).await;
    assert_eq!((status, &key["is_active"], &key["proxy_config_id"]), (StatusCode::CREATED, &json!(true), &json!(id)));
    let (status, error) = server.admin(Method::POST, &format!("proxy-configs/{id}/keys"), Some(new)).await;
    assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::CONFLICT, &json!("key_value")));
    let path = format!("keys/{}", key["id"]);
    for (patch, is_active, label) in [
        (json!({"is_active": false}), false, json!("main")),
        (json!({"label": null}), false, Value::Null),
        (json!({"label": "b", "is_active": true}), true, json!("b")),
        (json!({}), true, json!("b")),
    ] {
        let (_, changed) = server.admin(Method::PATCH, &path, Some(patch)).await;
        assert_eq!((&changed["is_active"], &changed["label"]), (&json!(is_active), &label));
    }
    assert_eq!(server.admin(Method::DELETE, &path, None).await.0, StatusCode::OK);
    assert_eq!(server.admin(Method::DELETE, &path, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_at_docs_needs_nothing_from_another_host() {
    let server = Server::new().await;
    let page = server.send(Request::get(format!("{}/docs/", server.base)).body(full("")).unwrap()).await;
    assert_eq!(page.status, StatusCode::OK);
    let page = page.text();
    let sources = page.split(['"', '\'']).filter(|part| part.starts_with("http") || part.starts_with("//"));
    let foreign: Vec<&str> = sources.filter(|source| !source.starts_with(&server.base)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    for (file, kind) in [("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css"), ("docs.js", "text/javascript")] {
        assert!(page.contains(file), "{page}");
        let answer = server.send(Request::get(format!("{}/docs/{file}", server.base)).body(full("")).unwrap()).await;
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(kind), "{:?}", answer.headers);
        assert!(!answer.text().is_empty());
    }
    let missing = server.send(Request::get(format!("{}/docs/swagger-ui.js", server.base)).body(full("")).unwrap()).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let config = server.send(Request::get(format!("{}/admin/app-config", server.base)).body(full("")).unwrap()).await;
    assert_eq!(config.json()["version"], env!("CARGO_PKG_VERSION"));
}

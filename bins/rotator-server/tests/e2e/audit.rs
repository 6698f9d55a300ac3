//! The audit log: an entry for every write, with what changed and without a secret.

use std::collections::BTreeSet;

use http::{Method, Request, StatusCode};
use rotator_mock_upstream::MockUpstream;
use serde_json::{Value, json};

use crate::client::full;
use crate::server::{PASSWORD, Server};
use crate::users::{call, session};

const KEYS: [&str; 4] =
    ["sk-planted-first-key-000", "sk-planted-second-key-00", "sk-planted-third-key-000", "sk-planted-fourth-key-00"];
const JANES: &str = "planted-password-of-jane";
const NEW: &str = "planted-new-password";

/// A write: the operation as the document names it, the path, the body, and the action that the log tells.
type Write<'a> = (&'a str, String, Value, &'a str);

/// Does writes as the administrator, and looks that each is told by the entry that it adds. Gives what they answered.
async fn write(server: &Server, done: &mut BTreeSet<String>, writes: Vec<Write<'_>>) -> Vec<Value> {
    let mut answers = Vec::new();
    for (operation, path, body, action) in writes {
        let before = newest(server).await;
        let method = Method::from_bytes(operation.split(' ').next().unwrap().as_bytes()).unwrap();
        let request = server.admin_request(method, &path, Some(body));
        let answer = server.send(request).await;
        assert!(answer.status.is_success(), "{operation}: {} {}", answer.status, answer.text());
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        let (_, log) = server.admin(Method::GET, "audit?limit=1", None).await;
        let entry = &log[0];
        assert!(entry["id"].as_i64().unwrap() > before, "{operation} is not told");
        let told = [&entry["action"], &entry["actor"], &entry["remote"], &entry["request_id"]];
        assert_eq!(told, [&json!(action), &json!("admin"), &json!("127.0.0.1"), &json!(id)], "{operation}: {entry}");
        done.insert(operation.to_owned());
        answers.push(serde_json::from_slice(&answer.body).unwrap_or(Value::Null));
    }
    answers
}

async fn newest(server: &Server) -> i64 {
    let (_, log) = server.admin(Method::GET, "audit?limit=1", None).await;
    log[0]["id"].as_i64().unwrap()
}

fn id(answer: &Value) -> &Value {
    &answer["id"]
}

/// The changes of the newest entry with this action.
async fn changes(server: &Server, action: &str) -> Value {
    let (_, log) = server.admin(Method::GET, &format!("audit?action={action}&limit=1"), None).await;
    log[0]["changes"].clone()
}

#[tokio::test]
async fn every_write_is_told_with_what_changed_and_without_a_secret() {
    let (mut server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    let mut done = BTreeSet::new();
    let config = |name: &str| {
        json!({
            "name": name, "slug": "s", "config_type": "GENERIC", "target_url": upstream.base_url(), "method": "ANY",
            "api_key_location": "header", "api_key_name": "Authorization",
        })
    };
    let mut with_keys = config("one");
    with_keys["api_keys"] = json!([KEYS[0]]);
    let made = write(&server, &mut done, vec![("POST /proxy-configs", "proxy-configs".into(), with_keys, "config.create")]).await;
    let of = format!("proxy-configs/{}", id(&made[0]));
    write(&server, &mut done, vec![("PUT /proxy-configs/{id}", of.clone(), config("two"), "config.update")]).await;
    assert_eq!(changes(&server, "config.update").await, json!({"name": {"before": "one", "after": "two"}}));
    let made = write(&server, &mut done, vec![
        ("PUT /proxy-configs/{id}/status", format!("{of}/status"), json!({"is_active": false}), "config.update"),
        ("PUT /proxy-configs/{id}/status", format!("{of}/status"), json!({"is_active": true}), "config.update"),
        ("POST /proxy-configs/{id}/keys", format!("{of}/keys"), json!({"key_value": KEYS[1], "weight": 2}), "key.create"),
        ("POST /proxy-configs/{id}/keys/batch", format!("{of}/keys/batch"), json!({"keys": [KEYS[2]]}), "keys.import"),
        ("PUT /proxy-configs/{id}/keys", format!("{of}/keys"), json!({"keys": [{"key_value": KEYS[3]}]}), "keys.apply"),
        ("POST /proxy-configs/{id}/keys/export", format!("{of}/keys/export"), json!({}), "keys.export"),
        ("POST /proxy-configs/{id}/keys/test", format!("{of}/keys/test"), json!({}), "keys.test"),
    ])
    .await;
    let status = json!({"is_active": {"before": false, "after": true}});
    assert_eq!(changes(&server, "config.update").await, status);
    assert_eq!(changes(&server, "key.create").await["key_value"], json!({"after": "sk-pla*****y-00"}));
    let key = format!("keys/{}", id(&made[2]));
    write(&server, &mut done, vec![
        ("PATCH /keys/{id}", key.clone(), json!({"weight": 7, "label": "main"}), "key.update"),
        ("POST /keys/{id}/test", format!("{key}/test"), json!({}), "key.test"),
        ("POST /keys/{id}/reveal", format!("{key}/reveal"), json!({}), "key.reveal"),
        (
            "POST /proxy-configs/{id}/keys/bulk",
            format!("{of}/keys/bulk"),
            json!({"filter": {"q": "main"}, "action": "change", "change": {"tier": 3, "label": "other"}}),
            "keys.bulk",
        ),
        ("DELETE /keys/{id}", key, json!({}), "key.delete"),
        ("DELETE /proxy-configs/{id}/keys", format!("{of}/keys"), json!({}), "keys.clear"),
    ])
    .await;
    let expected = json!({"count": {"after": 1}, "label": {"after": "other"}, "tier": {"after": 3}});
    assert_eq!(changes(&server, "keys.bulk").await, expected);
    let expected = json!({"label": {"after": "main"}, "weight": {"before": 2, "after": 7}});
    assert_eq!(changes(&server, "key.update").await, expected);
    assert_eq!(changes(&server, "key.delete").await["weight"], json!({"before": 7}));
    assert_eq!(changes(&server, "keys.clear").await, json!({"deleted_count": {"after": 3}}));

    let made = write(&server, &mut done, vec![("POST /client-keys", "client-keys".into(), json!({"name": "c"}), "client_key.create")]).await;
    let client_key = made[0]["key_value"].as_str().unwrap().to_owned();
    let client = format!("client-keys/{}", id(&made[0]));
    let made = write(&server, &mut done, vec![
        ("PATCH /client-keys/{id}", client.clone(), json!({"limits": {"rpm": 5}}), "client_key.update"),
        ("POST /client-keys/{id}/rotate", format!("{client}/rotate"), json!({}), "client_key.rotate"),
        ("DELETE /client-keys/{id}", client, json!({}), "client_key.delete"),
        ("POST /tokens", "tokens".into(), json!({"name": "t", "scope": "operator"}), "token.create"),
    ])
    .await;
    assert_eq!(changes(&server, "client_key.update").await, json!({"limits": {"before": {}, "after": {"rpm": 5}}}));
    let rotated = made[1]["key_value"].as_str().unwrap().to_owned();
    let token = made[3]["token"].as_str().unwrap().to_owned();
    let token_path = format!("tokens/{}", id(&made[3]));
    let jane = json!({"name": "jane", "password": JANES, "role": "operator"});
    let own = json!({"current_password": PASSWORD, "new_password": NEW});
    write(&server, &mut done, vec![
        ("DELETE /tokens/{id}", token_path, json!({}), "token.delete"),
        ("PUT /log-level", "log-level".into(), json!({"level": "trace"}), "log_level.change"),
        ("POST /users", "users".into(), jane, "user.create"),
        ("PATCH /users/{name}", "users/jane".into(), json!({"role": "viewer", "password": NEW}), "user.update"),
    ])
    .await;
    let told = changes(&server, "user.update").await;
    assert_eq!(told["role"], json!({"before": "operator", "after": "viewer"}));
    assert_eq!(told["password"], json!({"before": "*****", "after": "*****"}));
    write(&server, &mut done, vec![
        ("DELETE /users/{name}", "users/jane".into(), json!({}), "user.delete"),
        ("PUT /prices/{model}", "prices/house-*".into(), json!({"input": 1, "output": 2}), "price.set"),
        ("DELETE /prices/{model}", "prices/house-*".into(), json!({}), "price.unset"),
        ("PUT /me/password", "me/password".into(), own, "user.update"),
        ("DELETE /proxy-configs/{id}", of, json!({}), "config.delete"),
    ])
    .await;
    assert_eq!(changes(&server, "config.delete").await["name"], json!({"before": "two"}));
    let hook = json!({"name": "ops", "url": "http://127.0.0.1:9/planted-part-of-an-address", "events": ["key.dead"]});
    let made =
        write(&server, &mut done, vec![("POST /webhooks", "webhooks".into(), hook, "webhook.create")]).await;
    let secret = made[0]["secret"].as_str().unwrap().to_owned();
    let hook = format!("webhooks/{}", id(&made[0]));
    write(&server, &mut done, vec![
        ("PATCH /webhooks/{id}", hook.clone(), json!({"name": "other"}), "webhook.update"),
        ("POST /webhooks/{id}/rotate", format!("{hook}/rotate"), json!({}), "webhook.rotate"),
        ("POST /webhooks/{id}/test", format!("{hook}/test"), json!({}), "webhook.test"),
        ("DELETE /webhooks/{id}", hook, json!({}), "webhook.delete"),
    ])
    .await;
    assert_eq!(changes(&server, "webhook.update").await, json!({"name": {"before": "ops", "after": "other"}}));
    // What begins and ends a session, in both ways; a wrong password ends the list.
    let login = |password: &str| json!({"username": "admin", "password": password});
    let browser = server.admin_request(Method::POST, "login/browser", Some(login(NEW)));
    let (mut parts, body) = browser.into_parts();
    parts.headers.insert("x-rotator-csrf", "1".parse().unwrap());
    assert_eq!(server.send(Request::from_parts(parts, body)).await.status, StatusCode::OK);
    for (method, path) in [(Method::POST, "logout"), (Method::DELETE, "session")] {
        assert_eq!(server.admin(method, path, None).await.0, StatusCode::OK, "{path}");
        server.log_in(NEW).await;
    }
    assert_eq!(server.admin(Method::POST, "login", Some(login(PASSWORD))).await.0, StatusCode::UNAUTHORIZED);
    let sessions = ["POST /login", "POST /login/browser", "POST /logout", "DELETE /session"];
    done.extend(sessions.map(str::to_owned));

    let (_, log) = server.admin(Method::GET, "audit", None).await;
    let actions: Vec<&str> = log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..6], ["login.fail", "login", "logout", "login", "logout", "login"]);
    let planted = [&KEYS[..], &[JANES, NEW, PASSWORD, &client_key, &rotated, &token, &secret, "planted-part-of-an-address"]].concat();
    for secret in planted {
        assert!(!log.to_string().contains(secret), "{secret} stands in the audit log");
    }
    let (_, document) = server.admin(Method::GET, "openapi.json", None).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|method| *method != "get") {
            let operation = format!("{} {}", method.to_uppercase(), path.strip_prefix("/api/admin").unwrap());
            assert!(done.contains(&operation), "nobody looks whether {operation} is told");
        }
    }
}

#[tokio::test]
async fn what_is_refused_is_not_told_as_done() {
    let server = Server::new().await;
    let jane = json!({"name": "jane", "password": JANES, "role": "viewer"});
    server.admin(Method::POST, "users", Some(jane)).await;
    let bearer = session(&server, "jane", JANES).await.unwrap();
    let before = newest(&server).await;
    for (method, path) in [(Method::POST, "client-keys"), (Method::DELETE, "users/admin"), (Method::PUT, "log-level")] {
        let (status, _) = call(&server, &bearer, method, path, Some(json!({"name": "c", "level": "info"}))).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    assert_eq!(server.admin(Method::DELETE, "users/admin", None).await.0, StatusCode::CONFLICT);
    assert_eq!(newest(&server).await, before);
}

#[tokio::test]
async fn the_log_is_searched_and_comes_in_pages() {
    let server = Server::new().await;
    let (_, token) = server.admin(Method::POST, "tokens", Some(json!({"name": "ci", "scope": "operator"}))).await;
    let token = token["token"].as_str().unwrap();
    let (_, key) = call(&server, token, Method::POST, "client-keys", Some(json!({"name": "c"}))).await;
    let subject = format!("client_key:{}", key["id"]);
    for name in ["d", "e", "f"] {
        let path = format!("client-keys/{}", key["id"]);
        server.admin(Method::PATCH, &path, Some(json!({"name": name}))).await;
    }
    let found = async |query: &str| {
        let (status, log) = server.admin(Method::GET, &format!("audit?{query}"), None).await;
        assert_eq!(status, StatusCode::OK, "{query}: {log}");
        log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let update = "client_key.update";
    assert_eq!(found("action=client_key.*").await, [update, update, update, "client_key.create"]);
    assert_eq!(found("actor=token:ci").await, ["client_key.create"]);
    assert_eq!(found(&format!("subject={subject}&actor=admin&limit=2")).await, [update, update]);
    assert_eq!(found("action=client_key.create&actor=admin&since=1h").await, ["client_key.create"]);
    assert!(found("until=1h").await.is_empty() && found("since=2101-01-01T00:00:00Z").await.is_empty());
    for (query, field) in [("since=x", "since"), ("action=A", "action"), ("action=", "action"), ("limit=0", "limit")] {
        let (status, error) = server.admin(Method::GET, &format!("audit?{query}"), None).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
    }
    let (_, log) = server.admin(Method::GET, "audit?actor=token:ci", None).await;
    assert_eq!((&log[0]["owner"], &log[0]["subject"]), (&json!("admin"), &json!(subject)));
    let page = server.admin_answer(Method::GET, "audit?action=client_key.*&limit=3", None).await;
    let link = page.headers["link"].to_str().unwrap();
    assert!(link.contains("action=client_key.*") && link.contains("limit=3"), "{link}");
    let next = link.trim_start_matches("</api/admin/").split('>').next().unwrap();
    assert_eq!(found(next.trim_start_matches("audit?")).await, ["client_key.create"]);
}

#[tokio::test]
async fn the_log_tells_the_client_behind_trusted_proxies_and_its_request_id() {
    let server = Server::usual().set("ROTATOR_TRUSTED_PROXIES", "127.0.0.1").start().await;
    let login = async |from: &str, password: &str| {
        let body = json!({"username": "admin", "password": password}).to_string();
        let request = Request::post(format!("{}/api/admin/login", server.base)).header("x-forwarded-for", from);
        let request = request.header("content-type", "application/json").header("x-request-id", "r-7");
        server.send(request.body(full(body)).unwrap()).await
    };
    for _ in 0..5 {
        login("192.0.2.7", "wrong").await;
    }
    // Whoever guesses is slowed, and not everybody behind the same proxy.
    assert_eq!(login("192.0.2.7", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    let answer = login("192.0.2.8", PASSWORD).await;
    assert_eq!((answer.status, answer.headers["x-request-id"].to_str().unwrap()), (StatusCode::OK, "r-7"));
    let (_, log) = server.admin(Method::GET, "audit?action=login&limit=1", None).await;
    assert_eq!((&log[0]["remote"], &log[0]["request_id"]), (&json!("192.0.2.8"), &json!("r-7")));
    let (_, log) = server.admin(Method::GET, "audit?action=login.fail", None).await;
    assert!(log.as_array().unwrap().len() == 5 && log[0]["remote"] == "192.0.2.7", "{log}");
}

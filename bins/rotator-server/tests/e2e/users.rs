//! Users with roles, their sessions and their tokens.

use std::time::Duration;

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::admin::concrete;
use crate::client::full;
use crate::outcome::until;
use crate::server::{PASSWORD, Server};

const SECRET: &str = "planted-password-of-jane";
const OTHER: &str = "planted-other-password";

/// Calls the admin API as somebody.
pub(crate) async fn call(
    server: &Server,
    bearer: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(format!("{}/api/admin/{path}", server.base));
    let request = request.header("authorization", format!("Bearer {bearer}")).header("content-type", "application/json");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let answer = server.send(request.body(full(body)).unwrap()).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

/// Begins a session, where that works.
pub(crate) async fn session(server: &Server, name: &str, password: &str) -> Option<String> {
    let login = json!({"username": name, "password": password});
    let (status, session) = server.admin(Method::POST, "login", Some(login)).await;
    (status == StatusCode::OK).then(|| session["access_token"].as_str().unwrap().to_owned())
}

/// Makes a user and begins a session of theirs.
pub(crate) async fn user(server: &Server, name: &str, role: &str) -> String {
    let body = json!({"name": name, "password": SECRET, "role": role});
    let (status, made) = server.admin(Method::POST, "users", Some(body)).await;
    assert_eq!((status, &made["name"], &made["role"]), (StatusCode::CREATED, &json!(name), &json!(role)), "{made}");
    session(server, name, SECRET).await.unwrap()
}

/// Makes a token as somebody, and gives its value and its id.
async fn token(server: &Server, bearer: &str, body: Value) -> (String, i64) {
    let (status, token) = call(server, bearer, Method::POST, "tokens", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{token}");
    (token["token"].as_str().unwrap().to_owned(), token["id"].as_i64().unwrap())
}

async fn is_let_in(server: &Server, bearer: &str) -> bool {
    call(server, bearer, Method::GET, "status", None).await.0 == StatusCode::OK
}

async fn patch(server: &Server, name: &str, body: Value) -> (StatusCode, Value) {
    server.admin(Method::PATCH, &format!("users/{name}"), Some(body)).await
}

/// Who the bearer is to the server.
async fn me(server: &Server, bearer: &str) -> Value {
    call(server, bearer, Method::GET, "me", None).await.1
}

#[tokio::test]
async fn each_role_is_refused_what_it_may_not_and_nothing_else() {
    let server = Server::new().await;
    let mut bearers = Vec::new();
    for (rank, role) in ["viewer", "operator", "admin"].into_iter().enumerate() {
        let bearer = user(&server, &format!("a {role}"), role).await;
        let body = json!({"name": role, "scope": role});
        bearers.push((rank, token(&server, &bearer, body).await.0));
        bearers.push((rank, bearer));
    }
    let (_, document) = server.admin(Method::GET, "openapi.json", None).await;
    let (mut writes, mut own) = (0, Vec::new());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            // Nothing has this id, so that whoever is let in changes nothing.
            let concrete = self::concrete(path.strip_prefix("/api/admin/").unwrap());
            let Some(needed) = operation["x-required-role"].as_str() else {
                assert!(["app-config", "login", "login/browser"].contains(&concrete.as_str()), "{method} {path} has no permission");
                continue;
            };
            let needed_rank = ["viewer", "operator", "admin"].iter().position(|role| *role == needed).unwrap();
            let is_write = method != "get";
            writes += usize::from(is_write);
            if is_write && needed == "viewer" {
                own.push(format!("{method} {concrete}"));
                continue;
            }
            for (rank, bearer) in &bearers {
                let verb = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                // These would go on.
                let asked = concrete.replace("request-logs/tail", "request-logs/tail?limit=1");
                let asked = if asked == "events" { "events?service=x" } else { asked.as_str() };
                let (status, answer) = call(&server, bearer, verb, asked, Some(json!({}))).await;
                let is_refused = status == StatusCode::FORBIDDEN;
                assert_eq!(is_refused, *rank < needed_rank, "{method} {path} at rank {rank}: {status} {answer}");
                if is_refused {
                    assert_eq!(answer["error"], format!("the role {needed} is needed"));
                    let alike = self::concrete(path.strip_prefix("/api").unwrap());
                    let request = Request::builder().method(method.to_uppercase().as_str());
                    let request = request.uri(format!("{}{alike}", server.base));
                    let request = request.header("authorization", format!("Bearer {bearer}"));
                    assert_eq!(server.send(request.body(full("")).unwrap()).await.status, StatusCode::FORBIDDEN);
                }
            }
        }
    }
    assert!(writes >= 22, "{writes}");
    own.sort();
    assert_eq!(own, ["delete session", "delete tokens/999999", "post logout", "post tokens", "put me/password"]);
}

#[tokio::test]
async fn users_are_made_changed_listed_and_deleted() {
    let server = Server::new().await;
    let jane = user(&server, "jane doe", "operator").await;
    assert_eq!(me(&server, &jane).await, json!({"name": "jane doe", "user": "jane doe", "role": "operator"}));
    let (_, users) = server.admin(Method::GET, "users", None).await;
    let named: Vec<_> = users.as_array().unwrap().iter().map(|user| (&user["name"], &user["role"], &user["disabled"])).collect();
    assert_eq!(named, [
        (&json!("admin"), &json!("admin"), &json!(false)),
        (&json!("jane doe"), &json!("operator"), &json!(false)),
    ]);
    assert!(!users.to_string().contains("argon2"), "{users}");
    let taken = json!({"name": "jane doe", "password": OTHER});
    let (status, error) = server.admin(Method::POST, "users", Some(taken)).await;
    assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::CONFLICT, &json!("name")), "{error}");
    let (status, plain) = server.admin(Method::POST, "users", Some(json!({"name": "p", "password": OTHER}))).await;
    assert_eq!((status, &plain["role"]), (StatusCode::CREATED, &json!("viewer")));

    // Another role holds for the next request.
    assert_eq!(patch(&server, "jane%20doe", json!({"role": "viewer"})).await.0, StatusCode::OK);
    let (status, _) = call(&server, &jane, Method::PUT, "log-level", Some(json!({"level": "info"}))).await;
    assert_eq!((status, me(&server, &jane).await["role"].clone()), (StatusCode::FORBIDDEN, json!("viewer")));
    assert_eq!(server.admin(Method::DELETE, "users/jane%20doe", None).await.0, StatusCode::OK);
    assert!(!is_let_in(&server, &jane).await && session(&server, "jane doe", SECRET).await.is_none());
    // Sessions of a deleted user open nothing for another one of the same name.
    let again = user(&server, "jane doe", "admin").await;
    assert!(is_let_in(&server, &again).await && !is_let_in(&server, &jane).await);
    for (method, body) in [(Method::PATCH, Some(json!({}))), (Method::DELETE, None)] {
        assert_eq!(server.admin(method, "users/nobody", body).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let server = Server::new().await;
    user(&server, "jane", "viewer").await;
    let long = "n".repeat(101);
    let new = |name: &str, value: Value| {
        let mut body = json!({"name": "x", "password": OTHER, "role": "viewer"});
        body[name] = value;
        body
    };
    for (body, field) in [
        (new("name", json!("")), "name"),
        (new("name", json!(long)), "name"),
        (new("name", json!("a/b")), "name"),
        (new("name", json!("token:ci")), "name"),
        (new("name", json!(1)), "name"),
        (new("password", json!("seven77")), "password"),
        (new("password", Value::Null), "password"),
        (new("role", json!("root")), "role"),
        (new("disabled", json!("no")), "disabled"),
        (new("surprise", json!(1)), "surprise"),
    ] {
        let (status, error) = server.admin(Method::POST, "users", Some(body)).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{error}");
        assert!(!error.to_string().contains(OTHER), "{error}");
    }
    let (_, error) = server.admin(Method::POST, "users", Some(json!({"name": "", "password": "", "role": ""}))).await;
    assert_eq!(error["fields"].as_array().unwrap().len(), 3, "{error}");
    for (body, field) in [
        (json!({"role": "root"}), "role"),
        (json!({"password": "short"}), "password"),
        (json!({"disabled": 1}), "disabled"),
        (json!({"name": "other"}), "name"),
    ] {
        let (status, error) = patch(&server, "jane", body).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{error}");
    }
    let (status, error) = patch(&server, "%FF", json!({})).await;
    assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("name")));
    let (status, error) = patch(&server, "admin", json!({"password": OTHER})).await;
    assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    assert!(session(&server, "admin", PASSWORD).await.is_some());
    assert_eq!(server.admin(Method::GET, "users", None).await.1.as_array().unwrap().len(), 2);
    for (body, field) in [
        (json!({"name": "t", "scope": "root"}), "scope"),
        (json!({"name": "t", "expires_at": "2001-01-01T00:00:00Z"}), "expires_at"),
        (json!({"name": "t", "expires_at": "soon"}), "expires_at"),
        (json!({"name": "t", "expires_at": "2101-01-01T00:00:00Z", "expires_in_days": 1}), "expires_at"),
        (json!({"name": "t", "expires_in_days": 0}), "expires_in_days"),
        (json!({"name": ""}), "name"),
    ] {
        let (status, error) = server.admin(Method::POST, "tokens", Some(body)).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{error}");
    }
}

#[tokio::test]
async fn the_last_enabled_admin_can_neither_go_nor_be_made_less() {
    let server = Server::new().await;
    let less = [json!({"role": "operator"}), json!({"disabled": true})];
    for body in &less {
        assert_eq!(patch(&server, "admin", body.clone()).await.0, StatusCode::CONFLICT);
    }
    let (status, error) = server.admin(Method::DELETE, "users/admin", None).await;
    assert_eq!((status, error["error"].as_str()), (StatusCode::CONFLICT, Some("no other enabled user has the role admin")));
    // A disabled one does not count.
    let jane = user(&server, "jane", "admin").await;
    assert_eq!(patch(&server, "jane", json!({"disabled": true})).await.0, StatusCode::OK);
    assert_eq!(server.admin(Method::DELETE, "users/admin", None).await.0, StatusCode::CONFLICT);
    assert!(!is_let_in(&server, &jane).await && session(&server, "jane", SECRET).await.is_none());
    assert_eq!(patch(&server, "jane", json!({"disabled": false})).await.0, StatusCode::OK);
    // What has ended stays so.
    assert!(!is_let_in(&server, &jane).await);
    let jane = session(&server, "jane", SECRET).await.unwrap();
    let (status, _) = call(&server, &jane, Method::DELETE, "users/admin", None).await;
    assert_eq!((status, is_let_in(&server, server.bearer().trim_start_matches("Bearer ")).await), (StatusCode::OK, false));
    let (status, _) = call(&server, &jane, Method::PATCH, "users/jane", Some(json!({"role": "viewer"}))).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let server = Server::new().await;
    let first = user(&server, "jane", "viewer").await;
    let second = session(&server, "jane", SECRET).await.unwrap();
    let change = async |bearer: &str, current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        call(&server, bearer, Method::PUT, "me/password", Some(body)).await
    };
    for (current, new, field) in [(OTHER, OTHER, "current_password"), (SECRET, "short", "new_password")] {
        let (status, error) = change(&first, current, new).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{error}");
    }
    let (value, _) = token(&server, &first, json!({"name": "t"})).await;
    let (status, error) = change(&value, SECRET, OTHER).await;
    assert_eq!((status, error["error"].as_str()), (StatusCode::FORBIDDEN, Some("a login is needed; a token will not do")));
    assert!(is_let_in(&server, &second).await);
    assert_eq!(change(&first, SECRET, OTHER).await.0, StatusCode::OK);
    // Tokens have a life of their own.
    let let_in = [is_let_in(&server, &first).await, is_let_in(&server, &second).await, is_let_in(&server, &value).await];
    assert_eq!(let_in, [true, false, true]);
    assert!(session(&server, "jane", SECRET).await.is_none());
    let third = session(&server, "jane", OTHER).await.unwrap();
    // An admin's reset ends all of them.
    assert_eq!(patch(&server, "jane", json!({"password": SECRET})).await.0, StatusCode::OK);
    assert!(!is_let_in(&server, &first).await && !is_let_in(&server, &third).await);
    let fourth = session(&server, "jane", SECRET).await.unwrap();
    // Guessing the old one is slowed as a login is.
    for _ in 0..5 {
        change(&fourth, "wrong-password", OTHER).await;
    }
    assert_eq!(change(&fourth, SECRET, OTHER).await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_token_may_do_no_more_than_its_scope_and_its_owner() {
    let server = Server::new().await;
    let jane = user(&server, "jane", "operator").await;
    let (status, error) = call(&server, &jane, Method::POST, "tokens", Some(json!({"name": "t", "scope": "admin"}))).await;
    assert_eq!((status, error["error"].as_str()), (StatusCode::FORBIDDEN, Some("the role admin is needed")));
    let (plain, plain_id) = token(&server, &jane, json!({"name": "plain"})).await;
    let (strong, strong_id) = token(&server, &jane, json!({"name": "strong", "scope": "operator", "expires_in_days": 1})).await;
    assert_eq!(me(&server, &plain).await, json!({"name": "token:plain", "user": "jane", "role": "viewer"}));
    let level = async |bearer: &str| call(&server, bearer, Method::PUT, "log-level", Some(json!({"level": "trace"}))).await.0;
    assert_eq!((level(&plain).await, level(&strong).await), (StatusCode::FORBIDDEN, StatusCode::OK));

    let (_, listed) = call(&server, &jane, Method::GET, "tokens", None).await;
    let plain_listed = listed.as_array().unwrap().iter().find(|token| token["id"] == plain_id).unwrap();
    assert!(plain.starts_with(plain_listed["prefix"].as_str().unwrap()) && plain_listed["prefix"] != "rat-");
    assert_eq!((&plain_listed["scope"], &plain_listed["owner"], &plain_listed["expires_at"]), (&json!("viewer"), &json!("jane"), &Value::Null));
    until("the use of a token is noted", async || {
        let (_, listed) = call(&server, &jane, Method::GET, "tokens", None).await;
        listed.as_array().unwrap().iter().all(|token| token["last_used_at"].is_string())
    })
    .await;

    // What a token makes ends with it at the latest, and it deletes nothing that may do more.
    let (child, _) = token(&server, &strong, json!({"name": "child"})).await;
    let (_, listed) = call(&server, &jane, Method::GET, "tokens", None).await;
    let of = |name: &str| listed.as_array().unwrap().iter().find(|token| token["name"] == name).unwrap().clone();
    assert_eq!((&of("child")["expires_at"], &of("child")["created_by"]), (&of("strong")["expires_at"], &json!("token:strong")));
    let later = json!({"name": "later", "expires_at": "2101-01-01T00:00:00Z"});
    let (status, error) = call(&server, &strong, Method::POST, "tokens", Some(later)).await;
    assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("expires_at")));
    let delete = async |bearer: &str, id: i64| call(&server, bearer, Method::DELETE, &format!("tokens/{id}"), None).await.0;
    assert_eq!(delete(&plain, strong_id).await, StatusCode::FORBIDDEN);

    // Those of others are for admins.
    let max = user(&server, "max", "viewer").await;
    assert_eq!(call(&server, &max, Method::GET, "tokens", None).await.1, json!([]));
    assert_eq!(delete(&max, plain_id).await, StatusCode::FORBIDDEN);
    assert_eq!(server.admin(Method::GET, "tokens", None).await.1.as_array().unwrap().len(), 3);

    // It follows its owner: less, disabled, deleted.
    assert_eq!(patch(&server, "jane", json!({"role": "viewer"})).await.0, StatusCode::OK);
    assert_eq!((level(&strong).await, is_let_in(&server, &strong).await), (StatusCode::FORBIDDEN, true));
    assert_eq!(delete(&jane, strong_id).await, StatusCode::OK);
    assert!(!is_let_in(&server, &strong).await && is_let_in(&server, &child).await);
    patch(&server, "jane", json!({"disabled": true})).await;
    assert!(!is_let_in(&server, &plain).await);
    patch(&server, "jane", json!({"disabled": false})).await;
    assert!(is_let_in(&server, &plain).await);
    server.admin(Method::DELETE, "users/jane", None).await;
    assert!(!is_let_in(&server, &plain).await);
    user(&server, "jane", "admin").await;
    assert!(!is_let_in(&server, &plain).await && !is_let_in(&server, &child).await);
}

#[tokio::test]
async fn an_expired_token_opens_nothing() {
    let server = Server::new().await;
    let soon = crate::client_limits::time_in(Duration::from_secs(2));
    let bearer = server.bearer();
    let (value, _) = token(&server, bearer.trim_start_matches("Bearer "), json!({"name": "t", "expires_at": soon})).await;
    assert!(is_let_in(&server, &value).await);
    until("the token expires", async || !is_let_in(&server, &value).await).await;
}

#[tokio::test]
async fn who_may_not_read_the_log_any_more_does_not_read_on() {
    let server = Server::new().await;
    let jane = user(&server, "jane", "viewer").await;
    let request = Request::get(format!("{}/api/admin/request-logs/tail", server.base));
    let request = request.header("authorization", format!("Bearer {jane}")).body(full("")).unwrap();
    let following = server.client.head(request).await;
    assert_eq!(following.status(), StatusCode::OK);
    patch(&server, "jane", json!({"disabled": true})).await;
    let read = http_body_util::BodyExt::collect(following.into_body());
    tokio::time::timeout(Duration::from_secs(30), read).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_password_of_the_environment_opens_the_server_again() {
    let server = Server::new().await;
    let jane = user(&server, "jane", "admin").await;
    let less = Some(json!({"role": "viewer", "disabled": true}));
    assert_eq!(call(&server, &jane, Method::PATCH, "users/admin", less).await.0, StatusCode::OK);
    assert!(session(&server, "admin", PASSWORD).await.is_none());
    server.terminate();
    let place = server.ended().await;
    let server = place.start().await;
    let (_, me) = server.admin(Method::GET, "me", None).await;
    assert_eq!(me, json!({"name": "admin", "user": "admin", "role": "admin"}));
    let (_, log) = server.admin(Method::GET, "audit?actor=rotator-server&action=user.update", None).await;
    let changes = json!({"disabled": {"before": true, "after": false}, "role": {"before": "viewer", "after": "admin"}});
    assert_eq!((&log[0]["subject"], &log[0]["changes"]), (&json!("user:admin"), &changes));
    // Another one ends the sessions of the old one; nobody else is touched.
    assert!(is_let_in(&server, &jane).await);
    let old = session(&server, "admin", PASSWORD).await.unwrap();
    server.terminate();
    let server = server.ended().await.set("ADMIN_PASSWORD", OTHER).start().await;
    assert!(session(&server, "admin", PASSWORD).await.is_none() && session(&server, "admin", OTHER).await.is_some());
    assert!(!is_let_in(&server, &old).await && is_let_in(&server, &jane).await);
}

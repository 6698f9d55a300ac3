//! From one kind of database to another, with the real server at both ends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(dead_code, reason = "what starts servers is shared with the other programs of this suite")]

mod backend;
mod client;
mod exports;
mod outcome;
mod server;

use http::{Method, Request, StatusCode};
use percent_encoding::percent_decode_str;
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use rotator_test_services::{Database, MARIADB, POSTGRES};
use serde_json::{Value, json};
use url::Url;

use crate::client::full;
use crate::exports::{PASSPHRASE, done, entries};
use crate::outcome::text;
use crate::server::{PASSWORD, Place, Server};

/// More than one page, and more than one piece of a file.
const MANY: usize = 1500;

fn place() -> Place {
    Place::sharing(None).set("ROTATOR_EXPORT_PASSPHRASE", PASSPHRASE)
}

fn place_on(database: &Database) -> Place {
    place().set("DATABASE_URL", &database.url())
}

fn count(entries: &[String], kind: &str) -> usize {
    entries.iter().filter(|entry| entry.starts_with(&format!("{{\"kind\":\"{kind}\""))).count()
}

/// A server with something of everything, two values of a client key with every limit, and an API token.
async fn filled(upstream: &MockUpstream) -> (Server, i64, [String; 2], String) {
    upstream.set_key("sk-revoked", KeyBehaviour::Revoked);
    let server = place().set("ADMIN_PASSWORD", PASSWORD).start().await;
    let rich = json!({
        "name": "第一 🔑", "expires_at": "2999-01-01T00:00:00.001Z", "services": ["s", "team-*"], "models": ["gpt-*"],
        "sources": ["127.0.0.0/8", "2001:db8::/32"],
        "limits": {
            "rpm": 1000, "rpd": 1001, "tpm": 1002, "tpd": 1003, "max_concurrency": 1004,
            "budgets": [{"amount": 12.345_678_901, "unit": "usd", "period": "month"}],
        },
    });
    let (_, made) = server.admin(Method::POST, "client-keys", Some(rich)).await;
    let path = format!("client-keys/{}/rotate", made["id"]);
    let (status, rotated) = server.admin(Method::POST, &path, Some(json!({"grace_seconds": 2_592_000}))).await;
    assert_eq!(status, StatusCode::OK, "{rotated}");
    let client_keys = [rotated, made].map(|key| key["key_value"].as_str().unwrap().to_owned());
    let policy = json!({
        "name": "天气 🔑", "slug": "s", "config_type": "GENERIC", "target_url": upstream.base_url(), "method": "ANY",
        "api_key_location": "header", "api_key_name": "Authorization", "api_key_prefix": "Bearer ", "strategy": "fill_first",
        "limits": {"rpm": 100_000}, "quota_groups": {"g": {"rpd": 7}}, "model_aliases": {"fast": "gpt-4o-mini"},
        "max_attempts": 3, "deadline_ms": 1234, "connect_timeout_ms": 999,
    });
    let id = server.create(policy).await;
    server.llm("llm", "anthropic_native", "https://llm.example.com", &["sk-llm"]).await;
    let mut keys = vec![
        json!({"key_value": "sk-revoked", "tier": 0, "label": "第一 🔑", "weight": 3}),
        json!({"key_value": "sk-limited", "tier": 1, "limits": {"rpm": 5}, "models": ["gpt-*"], "quota_group": "g"}),
        json!({"key_value": "sk-off", "is_active": false}),
    ];
    keys.extend((0..MANY).map(|number| json!({"key_value": format!("sk-{number}"), "tier": 2})));
    let (status, _) = server.admin(Method::PUT, &format!("proxy-configs/{id}/keys"), Some(json!({"keys": keys}))).await;
    assert_eq!(status, StatusCode::OK);
    let (_, token) = server.admin(Method::POST, "tokens", Some(json!({"name": "t", "expires_in_days": 30}))).await;
    let token = token["token"].as_str().unwrap().to_owned();
    let webhook = json!({"name": "ops", "url": "https://ops.example.com/hook", "events": ["key.dead"]});
    assert_eq!(server.admin(Method::POST, "webhooks", Some(webhook)).await.0, StatusCode::CREATED);
    // A dead key's state, and an ended session.
    assert_eq!(served(&server, &client_keys[0]).await, StatusCode::OK);
    let (_, session) =
        server.admin(Method::POST, "login", Some(json!({"username": "admin", "password": PASSWORD}))).await;
    let session = session["access_token"].as_str().unwrap();
    assert_eq!(authorized(&server, Method::POST, "logout", session).await, StatusCode::OK);
    (server, id, client_keys, token)
}

async fn served(server: &Server, client_key: &str) -> StatusCode {
    let request = Request::get(format!("{}/proxy/s/echo", server.base)).header("x-proxy-key", client_key);
    server.send(request.body(full("")).unwrap()).await.status
}

async fn authorized(server: &Server, method: Method, path: &str, bearer: &str) -> StatusCode {
    let request = Request::builder().method(method).uri(format!("{}/api/admin/{path}", server.base));
    server.send(request.header("authorization", format!("Bearer {bearer}")).body(full("")).unwrap()).await.status
}

/// What the admin API tells of the pool, values included, but not how the keys are now.
async fn pool(server: &Server, id: i64) -> (Value, Value) {
    let (_, mut config) = server.admin(Method::GET, &format!("proxy-configs/{id}"), None).await;
    config["api_keys"] = Value::Null;
    (config, server.admin(Method::POST, &format!("proxy-configs/{id}/keys/export"), None).await.1)
}

/// What the admin API tells of the client keys.
async fn client_keys(server: &Server) -> Value {
    let (status, keys) = server.admin(Method::GET, "client-keys", None).await;
    assert_eq!((status, keys.as_array().map(Vec::len)), (StatusCode::OK, Some(2)), "{keys}");
    keys
}

/// How many requests of its day the client key with limits has used.
async fn used_today(server: &Server) -> Value {
    let keys = client_keys(server).await;
    let id = keys.as_array().unwrap().iter().find(|key| key["limits"]["rpd"] == 1001).unwrap()["id"].clone();
    let (_, shown) = server.admin(Method::GET, &format!("client-keys/{id}"), None).await;
    let is_daily = |limit: &&Value| limit["unit"] == "requests" && limit["period"] == "day";
    shown["standing"].as_array().unwrap().iter().find(is_daily).unwrap()["used"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_moves_from_sqlite_over_mysql_and_postgresql_and_back() {
    let upstream = MockUpstream::start().await.unwrap();
    let (server, id, client_values, token) = filled(&upstream).await;
    let before = (pool(&server, id).await, client_keys(&server).await);
    server.terminate();
    let first = server.ended().await;
    let (mysql, postgres) = (MARIADB.database().unwrap(), POSTGRES.database().unwrap());
    let chain = [first, place_on(&mysql), place_on(&postgres), place()];
    for (from, to) in chain.iter().zip(&chain[1..]) {
        done(from, &["export", "export"]).await;
        std::fs::copy(from.path("export"), to.path("import")).unwrap();
        done(to, &["import", "import"]).await;
    }
    done(&chain[3], &["export", "export"]).await;
    let expected = entries(&chain[0].path("export"));
    for (kind, least) in [
        ("setting", 2),
        ("admin_user", 1),
        ("admin_token", 1),
        ("ended_session", 1),
        ("client_key", 2),
        ("service", 2),
        ("upstream_key", MANY + 4),
        ("key_state", 1),
        ("audit", 5),
        ("webhook", 1),
    ] {
        assert!(count(&expected, kind) >= least, "{kind}: {}", count(&expected, kind));
    }
    for place in &chain[1..] {
        assert!(entries(&place.path("export")) == expected);
    }
    let master_key = |place: &Place| std::fs::read_to_string(place.path("data/master.key")).unwrap();
    assert!(chain[1..].iter().all(|place| master_key(place) != master_key(&chain[0])));

    let [_, _, _, last] = chain;
    let server = last.start().await;
    assert!(!server.output().contains("First start"));
    assert_eq!(used_today(&server).await, 1.0);
    for value in &client_values {
        assert_eq!(served(&server, value).await, StatusCode::OK);
    }
    assert_eq!(served(&server, "rk-another").await, StatusCode::UNAUTHORIZED);
    // The dead key was not tried again: its state has moved.
    assert_eq!(upstream.hits("sk-revoked"), 1);
    assert_eq!(authorized(&server, Method::GET, "proxy-configs", &token).await, StatusCode::OK);
    assert_eq!((pool(&server, id).await, client_keys(&server).await), before);
    // A double is noticed by a digest under the key that has moved; a new key has a new id.
    let batch = format!("proxy-configs/{id}/keys/batch");
    let (_, report) = server.admin(Method::POST, &batch, Some(json!({"keys": ["sk-1", "sk-new"]}))).await;
    assert_eq!((&report["skipped_count"], &report["success_count"]), (&json!(1), &json!(1)));
}

/// The predecessor's tables, as its ORM made them on MySQL.
const LEGACY: &str = "
CREATE TABLE proxy_configs (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(100), slug varchar(50),
  config_type varchar(20), method varchar(10), target_url varchar(500), api_key_location varchar(20),
  api_key_name varchar(100), target_base_url longtext, api_format varchar(50), output_format varchar(50),
  is_active tinyint(1) DEFAULT 1, created_at datetime(3), updated_at datetime(3)) DEFAULT CHARSET=utf8mb4;
CREATE TABLE api_keys (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, key_value varchar(500), is_active tinyint(1),
  proxy_config_id bigint unsigned, created_at datetime(3), updated_at datetime(3)) DEFAULT CHARSET=utf8mb4;
INSERT INTO proxy_configs (id, name, slug, config_type, method, target_url, api_key_location, api_key_name) VALUES
  (7, '天气 🔑', 'weather', 'GENERIC', 'GET', 'https://api.example.com/v1', 'query', 'key');
INSERT INTO api_keys (key_value, is_active, proxy_config_id) VALUES ('sk-one', 1, 7), ('sk-two', 0, 7);";

#[tokio::test]
async fn the_predecessors_mysql_database_is_taken_over() {
    let database = MARIADB.database().unwrap();
    database.execute(LEGACY).unwrap();
    let url = Url::parse(&database.url()).unwrap();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let (user, password) = (decoded(url.username()), decoded(url.password().unwrap()));
    let go = |password: &str| {
        let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
        format!("{user}:{password}@tcp({host}:{port})/{}?charset=utf8mb4&parseTime=True&loc=Local", database.name())
    };
    for source in [database.url(), go(&password)] {
        let place = place().set("ADMIN_PASSWORD", PASSWORD);
        let shown = done(&place, &["import-legacy", &source]).await;
        assert!(shown.contains("1 services and 2 keys taken over"), "{shown}");
        assert!(!shown.contains(&password) && !shown.contains(url.password().unwrap()), "{shown}");
        let server = place.start().await;
        let (_, configs) = server.admin(Method::GET, "proxy-configs", None).await;
        assert_eq!((&configs[0]["name"], &configs[0]["api_key_count"]), (&json!("天气 🔑"), &json!(2)));
    }
    assert_eq!(database.execute("SHOW TABLES").unwrap(), "api_keys\nproxy_configs\n");

    let mut wrong = url.clone();
    wrong.set_password(Some("planted")).unwrap();
    let mut nowhere = wrong.clone();
    nowhere.set_port(Some(9)).unwrap();
    let bad = ["u:planted@tcp(db:port)/n", "oracle://u:planted@h/n", "u:planted@unix(/run/s)/n"];
    let sources = [wrong.to_string(), nowhere.to_string(), go("planted")].into_iter().chain(bad.map(str::to_owned));
    for source in sources {
        let place = place().set("DB_ACQUIRE_TIMEOUT", "2");
        let output = place.run(&["import-legacy", &source]).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.lines().count() == 1, "{error}");
        assert!(!error.contains("planted") && !text(&output).contains("planted"), "{error}");
        assert!(!place.path("data").exists());
    }
}

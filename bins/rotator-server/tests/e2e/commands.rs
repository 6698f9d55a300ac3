//! The commands beside serving.

use std::path::Path;

use http::{Method, StatusCode};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::outcome::{code, text};
use crate::server::{PASSWORD, Place, Server};

#[tokio::test]
async fn a_bad_value_ends_the_start_with_64_and_one_line_that_names_the_variable() {
    let cases = [
        ("BACKEND_HOST", "planted host"),
        ("BACKEND_PORT", "70000"),
        ("LOG_LEVEL", "planted=loud"),
        ("LOG_FORMAT", "xml"),
        ("JWT_SECRET", "planted-short"),
        ("ROTATOR_MASTER_KEY", "planted-not-hex"),
        ("GLOBAL_PROXY_KEYS", "planted key\u{e9}"),
        ("PROXY_TIMEOUT", "0"),
        ("ROTATOR_IDLE_TIMEOUT", "soon"),
        ("ROTATOR_REPLAY_LIMIT", "-1"),
        ("ROTATOR_SESSION_TTL", "1e99"),
        ("PROXY_PUBLIC_BASE_URL", "planted.example.org"),
        ("DATABASE_URL", "oracle://user:planted@host/db"),
        ("DB_TYPE", "oracle"),
        ("CACHE_TYPE", "disk"),
        ("REDIS_DB", "first"),
        ("RESET_DB_TABLES", "maybe"),
    ];
    for (variable, value) in cases {
        let place = Place::new().set(variable, value);
        let output = place.run(&[]).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(code(&output), 64, "{variable}: {error}");
        assert!(error.starts_with(&format!("rotator-server: {variable}: ")), "{error}");
        assert!(error.lines().count() == 1 && !error.contains("planted"), "{error}");
        assert!(!place.path("data").exists(), "{variable} left something behind");
    }
}

#[tokio::test]
async fn a_variable_may_stand_in_a_file() {
    let place = Place::sharing(None);
    for (name, text) in [("port", "8123\n"), ("keys", "rk-one,rk-two\r\n"), ("bytes", "a")] {
        std::fs::write(place.path(name), text).unwrap();
    }
    std::fs::write(place.path("bytes"), b"planted\xff").unwrap();
    std::fs::write(place.path(".env"), "LOG_LEVEL_FILE=level\n").unwrap();
    std::fs::write(place.path("level"), "debug").unwrap();
    let place = place.set("BACKEND_PORT", "").set("BACKEND_PORT_FILE", "port").set("GLOBAL_PROXY_KEYS_FILE", "keys");
    let said = place.run(&["check-config"]).await;
    assert_eq!(code(&said), 0, "{}", text(&said));
    assert!(text(&said).contains("127.0.0.1:8123") && text(&said).contains("2 set"), "{}", text(&said));
    // A flag comes before what stands in a file, also where it stands behind the command.
    let said = text(&place.run(&["check-config", "--backend-port", "8124"]).await);
    assert!(said.contains("127.0.0.1:8124"), "{said}");
    let place = place.set("ADMIN_PASSWORD_FILE", "bytes");
    let help = place.run(&["--help"]).await;
    assert!(code(&help) == 0 && !text(&help).contains("rk-one"), "{}", text(&help));
    let error = place.run(&["check-config"]).await;
    assert_eq!((code(&error), text(&error).as_str()), (64, "rotator-server: ADMIN_PASSWORD_FILE: bytes: is not UTF-8\n"));
    let place = place.set("ADMIN_PASSWORD_FILE", "nowhere");
    let error = text(&place.run(&["check-config"]).await);
    assert!(error.starts_with("rotator-server: ADMIN_PASSWORD_FILE: nowhere: cannot be read: "), "{error}");
    let error = place.set("ADMIN_PASSWORD", "planted").run(&["check-config"]).await;
    let expected = "rotator-server: ADMIN_PASSWORD: is set, and ADMIN_PASSWORD_FILE as well\n";
    assert_eq!((code(&error), text(&error).as_str()), (64, expected));
}

#[tokio::test]
async fn a_backend_that_is_not_built_in_is_named() {
    for (variable, value, feature) in [
        ("DATABASE_URL", "mysql://u:planted@h/d", "mysql"),
        ("DATABASE_URL", "postgres://u:planted@h/d", "postgres"),
        ("DB_USER", "u", "mysql"),
        ("REDIS_HOST", "h", "redis"),
    ] {
        let output = Place::sharing(None).set(variable, value).run(&["check-config"]).await;
        let error = text(&output);
        let is_built = match feature {
            "mysql" => cfg!(feature = "mysql"),
            "postgres" => cfg!(feature = "postgres"),
            _ => cfg!(feature = "redis"),
        };
        let is_missed = error.contains(&format!("built without the `{feature}` feature"));
        assert_eq!((code(&output) == 0, is_missed), (is_built, !is_built), "{error}");
        assert!(!error.contains("planted"), "{error}");
    }
}

#[tokio::test]
async fn settings_come_from_flags_the_environment_and_dotenv_in_this_order() {
    let place = Place::new().set("BACKEND_PORT", "8001").set("ADMIN_PASSWORD", "planted-password");
    std::fs::write(place.path(".env"), "BACKEND_PORT=8002\nADMIN_USERNAME=from-dotenv\nJWT_SECRET=\n").unwrap();
    let shown = text(&place.run(&["check-config"]).await);
    assert!(shown.contains("127.0.0.1:8001") && shown.contains("admin user      from-dotenv"), "{shown}");
    assert!(shown.contains("admin password  set") && !shown.contains("planted"), "{shown}");
    let shown = text(&place.run(&["check-config", "--backend-port", "8003"]).await);
    assert!(shown.contains("127.0.0.1:8003") && shown.ends_with("The settings are good.\n"), "{shown}");
    assert!(!place.path("data").exists());
    std::fs::write(place.path(".env"), "=planted\n").unwrap();
    let output = place.run(&["check-config"]).await;
    assert!(code(&output) == 64 && !text(&output).contains("planted"), "{}", text(&output));
}

#[tokio::test]
async fn a_first_start_makes_its_secrets_and_shows_them_once() {
    let place = Place::new();
    assert_eq!(code(&place.run(&["migrate"]).await), 0);
    let server = place.start().await;
    let shown = server.output();
    assert!(shown.contains("admin password  ") && shown.contains("client key      rk-"), "{shown}");
    let password = shown.lines().find_map(|line| line.trim().strip_prefix("admin password  ")).unwrap().to_owned();
    let log = std::fs::read_to_string(server.place().path("stderr.log")).unwrap();
    assert!(!log.contains(&password));
    let login = json!({"username": "admin", "password": password});
    assert_eq!(server.admin(Method::POST, "login", Some(login.clone())).await.0, StatusCode::OK);
    let server = server.kill().start().await;
    assert!(!server.output().contains("admin password"));
    assert_eq!(server.admin(Method::POST, "login", Some(login)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn reset_needs_a_word_more_and_then_leaves_an_empty_database() {
    let server = Server::new().await;
    server.generic("s", "http://127.0.0.1:9", &["sk-1"]).await;
    let place = server.kill();
    let refused = place.run(&["reset"]).await;
    assert!(code(&refused) == 64 && text(&refused).contains("RESET_DB_TABLES"), "{}", text(&refused));
    // The variable alone, without the command, deletes nothing.
    let server = place.set("RESET_DB_TABLES", "true").start().await;
    assert_eq!(server.admin(Method::GET, "proxy-configs", None).await.1.as_array().unwrap().len(), 1);
    let place = server.kill();
    assert_eq!(code(&place.run(&["reset"]).await), 0);
    let server = place.set("RESET_DB_TABLES", "").start().await;
    assert_eq!(server.admin(Method::GET, "proxy-configs", None).await.1, json!([]));
    server.generic("s", "http://127.0.0.1:9", &[]).await;
    let place = server.kill();
    assert_eq!(code(&place.run(&["reset", "--yes"]).await), 0);
    assert_eq!(place.start().await.admin(Method::GET, "proxy-configs", None).await.1, json!([]));
}

#[tokio::test]
async fn rekey_seals_everything_anew_and_an_interrupted_one_is_finished() {
    let server = Server::new().await;
    let id = server.generic("s", "http://127.0.0.1:9", &["sk-1", "sk-2"]).await;
    let place = server.kill();
    let (file, pending) = (place.path("data/master.key"), place.path("data/master.key.pending"));
    let before = std::fs::read_to_string(&file).unwrap();
    assert_eq!(code(&place.run(&["rekey"]).await), 0);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), before);
    assert!(!pending.exists());
    let server = place.start().await;
    assert_eq!(exported(&server, id).await, ["sk-1", "sk-2"]);

    // Killed after the new key was written down and before anything was sealed under it.
    let place = server.kill();
    std::fs::write(&pending, &before).unwrap();
    let done = place.run(&["rekey"]).await;
    assert!(code(&done) == 0 && !pending.exists(), "{}", text(&done));
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), before.trim());
    // Killed after the database was sealed anew and before the file took its place.
    std::fs::rename(&file, &pending).unwrap();
    std::fs::write(&file, "00".repeat(32)).unwrap();
    let refused = place.run(&["migrate"]).await;
    assert_eq!(code(&refused), 0);
    let done = place.run(&["rekey"]).await;
    assert!(code(&done) == 0 && !pending.exists(), "{}", text(&done));
    assert_eq!(exported(&place.start().await, id).await, ["sk-1", "sk-2"]);
}

#[tokio::test]
async fn another_master_key_is_refused_before_anything_is_served() {
    let server = Server::new().await;
    server.generic("s", "http://127.0.0.1:9", &["sk-1"]).await;
    let place = server.kill().set("ROTATOR_MASTER_KEY", &"ab".repeat(32));
    let output = place.run(&["serve"]).await;
    assert!(code(&output) == 1 && text(&output).contains("master key does not fit"), "{}", text(&output));
}

async fn exported(server: &Server, id: i64) -> Vec<String> {
    let (_, exported) = server.admin(Method::POST, &format!("proxy-configs/{id}/keys/export"), None).await;
    let keys = exported["keys"].as_array().unwrap();
    keys.iter().map(|key| key["key_value"].as_str().unwrap().to_owned()).collect()
}

/// A database of the predecessor's, with two services and one that is bad.
pub(crate) async fn legacy_file(file: &Path) {
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", file.display())).await.unwrap();
    // The columns of DESIGN section 3, as an ORM for Go declares them.
    let schema = "
        CREATE TABLE proxy_configs (id integer PRIMARY KEY AUTOINCREMENT, name text, slug text, config_type text,
            is_active numeric, api_key_location text, api_key_name text, method text, target_url text,
            target_base_url text, api_format text, output_format text, created_at datetime, updated_at datetime);
        CREATE TABLE api_keys (id integer PRIMARY KEY AUTOINCREMENT, key_value text, is_active numeric,
            proxy_config_id integer, created_at datetime, updated_at datetime);
        INSERT INTO proxy_configs (id, name, slug, config_type, is_active, api_key_location, api_key_name, method,
            target_url, target_base_url, api_format, output_format) VALUES
            (1, 'Weather', 'weather', 'GENERIC', 1, 'query', 'appid', 'GET', 'https://api.example.com/w', '', '', ''),
            (2, 'OpenAI', 'openai', 'LLM', 0, 'header', 'Authorization', '', '', 'https://api.openai.com/v1',
                'openai_compatible', 'none'),
            (3, 'Bad', 'a/b', 'GENERIC', 1, 'header', 'X-Key', 'GET', 'https://api.example.com', '', '', '');
        INSERT INTO api_keys (key_value, is_active, proxy_config_id) VALUES
            ('sk-w1', 1, 1), ('sk-w2', 0, 1), ('sk-w1', 1, 1), ('sk-o1', 1, 2), ('sk-b1', 1, 3);";
    sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn the_predecessors_file_is_taken_over_and_left_as_it_was() {
    let place = Server::usual();
    let file = place.path("legacy.db");
    legacy_file(&file).await;
    let before = std::fs::read(&file).unwrap();

    let output = place.run(&["import-legacy", "legacy.db"]).await;
    let shown = text(&output);
    assert_eq!(code(&output), 0, "{shown}");
    assert!(shown.contains("2 services and 3 keys taken over, 1 double keys left out."), "{shown}");
    assert!(shown.contains("skipped Bad: ") && shown.contains("slug"), "{shown}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    // A second run takes nothing twice.
    assert!(text(&place.run(&["import-legacy", "legacy.db"]).await).contains("0 services and 0 keys taken over"));

    let server = place.start().await;
    let (_, configs) = server.admin(Method::GET, "proxy-configs", None).await;
    let [weather, openai] = configs.as_array().unwrap().as_slice() else { panic!("{configs}") };
    assert_eq!((&weather["api_key_location"], &weather["api_key_name"]), (&json!("query"), &json!("appid")));
    assert_eq!((&weather["method"], &weather["is_active"]), (&json!("GET"), &json!(true)));
    assert_eq!((&openai["config_type"], &openai["is_active"]), (&json!("LLM"), &json!(false)));
    let keys: Vec<bool> =
        weather["api_keys"].as_array().unwrap().iter().map(|key| key["is_active"].as_bool().unwrap()).collect();
    assert_eq!(keys, [true, false]);
    assert_eq!(exported(&server, weather["id"].as_i64().unwrap()).await, ["sk-w1", "sk-w2"]);
    assert_eq!(code(&server.place().run(&["import-legacy", "nowhere.db"]).await), 1);
}

#[tokio::test]
async fn a_health_check_tells_a_running_server_from_none() {
    let server = Server::new().await;
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    assert_eq!(code(&server.place().run(&["healthcheck", "--backend-port", &port]).await), 0);
    let place = server.kill();
    assert_eq!(code(&place.run(&["healthcheck", "--backend-port", &port]).await), 1);
    assert!(!text(&place.run(&["healthcheck", "--backend-port", &port]).await).contains(PASSWORD));
}

//! What is refused, and how it is named.

use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::client::full;
use crate::server::Server;

/// A generic config that would be taken.
fn good() -> Value {
    json!({
        "name": "n", "slug": "s", "config_type": "GENERIC", "target_url": "http://127.0.0.1:9", "method": "ANY",
        "api_key_location": "header", "api_key_name": "X-Key",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut config = good();
    config[name] = value;
    config
}

/// The refused fields of an answer, by name.
fn fields(error: &Value) -> Vec<&str> {
    assert!(error["error"].is_string(), "{error}");
    let fields = error["fields"].as_array();
    fields.into_iter().flatten().map(|field| field["field"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_is_stored() {
    let server = Server::new().await;
    let long = "n".repeat(300);
    let llm = |format: &str, output: &str| {
        json!({
            "name": "n", "slug": "s", "config_type": "LLM", "target_base_url": "http://127.0.0.1:9",
            "api_format": format, "output_format": output,
        })
    };
    let cases = [
        (with("slug", json!("a/b")), "slug"),
        (with("slug", json!("..")), "slug"),
        (with("slug", json!("a..b")), "slug"),
        (with("slug", json!("")), "slug"),
        (with("slug", json!(long)), "slug"),
        (with("slug", json!("caf\u{e9}")), "slug"),
        (with("name", json!(long)), "name"),
        (with("name", json!("")), "name"),
        (with("name", json!("a\nb")), "name"),
        (with("target_url", json!("ftp://example.org")), "target_url"),
        (with("target_url", json!("/relative")), "target_url"),
        (with("target_url", json!("http://")), "target_url"),
        (with("target_url", json!("http://user:secret@example.org")), "target_url"),
        (with("target_url", Value::Null), "target_url"),
        (with("config_type", json!("OTHER")), "config_type"),
        (with("config_type", json!(1)), "config_type"),
        (with("is_active", json!("yes")), "is_active"),
        (with("method", json!("GE T")), "method"),
        (with("api_key_location", json!("cookie")), "api_key_location"),
        (with("api_key_name", json!("bad header")), "api_key_name"),
        (with("api_key_prefix", json!("a\nb")), "api_key_prefix"),
        (with("http_version", json!("http9")), "http_version"),
        (with("idle_timeout_ms", json!(0)), "idle_timeout_ms"),
        (with("idle_timeout_ms", json!(1.5)), "idle_timeout_ms"),
        (with("connect_timeout_ms", json!(-1)), "connect_timeout_ms"),
        (with("surprise", json!(1)), "surprise"),
        (with("api_keys", json!(["sk-1", "sk-planted\nkey"])), "api_keys[1].key_value"),
        (with("api_keys", json!([{"key_value": "sk-1", "label": "l".repeat(300)}])), "api_keys[0].label"),
        (llm("klingon", "none"), "api_format"),
        (llm("openai_compatible", "klingon"), "output_format"),
    ];
    for (config, field) in cases {
        let (status, error) = server.admin(Method::POST, "proxy-configs", Some(config.clone())).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{config} {error}");
        assert_eq!(fields(&error), [field], "{config} {error}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
    let (_, configs) = server.admin(Method::GET, "proxy-configs", None).await;
    assert_eq!(configs, json!([]));
}

#[tokio::test]
async fn all_bad_fields_are_named_at_once() {
    let server = Server::new().await;
    let config = json!({"name": "", "slug": "a b", "config_type": "GENERIC", "target_url": "x", "api_key_name": "a"});
    let (_, error) = server.admin(Method::POST, "proxy-configs", Some(config)).await;
    let named = fields(&error);
    for field in ["name", "slug", "target_url", "api_key_location"] {
        assert!(named.contains(&field), "{field}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_of_ours_is_refused() {
    let server = Server::new().await;
    let send = async |body: &str, content_type: &str| {
        let request = Request::post(format!("{}/api/admin/proxy-configs", server.base));
        let request = request.header("authorization", server.bearer()).header("content-type", content_type);
        let answer = server.send(request.body(full(body.to_owned())).unwrap()).await;
        (answer.status.as_u16(), answer.json()["error"].as_str().unwrap().to_owned())
    };
    let json = "application/json";
    assert_eq!(send("{\"name\": sk-planted", json).await, (400, "the body is no JSON: line 1, column 10".to_owned()));
    assert_eq!(send("", json).await.0, 400);
    assert_eq!(send("[]", json).await.0, 422);
    assert_eq!(send("{}", json).await.0, 422);
    assert_eq!(send(&good().to_string(), "text/plain").await.0, 415);
}

#[tokio::test]
async fn a_taken_name_or_slug_is_a_conflict_that_names_it() {
    let server = Server::new().await;
    server.create(good()).await;
    for (change, field) in [(("slug", "other"), "name"), (("name", "other"), "slug")] {
        let (status, error) = server.admin(Method::POST, "proxy-configs", Some(with(change.0, json!(change.1)))).await;
        assert_eq!((status, fields(&error)), (StatusCode::CONFLICT, vec![field]));
    }
}

#[tokio::test]
async fn a_bad_key_is_named_and_not_stored() {
    let server = Server::new().await;
    let id = server.create(good()).await;
    let path = format!("proxy-configs/{id}/keys");
    for value in ["", "   ", "sk-planted\nkey", "sk-planted\u{7f}", "sk-\u{e9}", &"k".repeat(4097)] {
        let (status, error) = server.admin(Method::POST, &path, Some(json!({"key_value": value}))).await;
        assert_eq!((status, fields(&error)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["key_value"]), "{value:?}");
        assert!(!error.to_string().contains("planted"), "{error}");
    }
    for (body, field) in
        [(json!({}), "key_value"), (json!({"key_value": 1}), "key_value"), (json!({"key": "a"}), "key")]
    {
        let (status, error) = server.admin(Method::POST, &path, Some(body)).await;
        assert_eq!((status, fields(&error)), (StatusCode::UNPROCESSABLE_ENTITY, vec![field]), "{error}");
    }
    let (_, error) = server.admin(Method::PUT, &path, Some(json!({"keys": [{"key_value": "a\nb"}]}))).await;
    assert_eq!(fields(&error), ["keys[0].key_value"]);
    assert_eq!(server.admin(Method::GET, &path, None).await.1, json!([]));
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_an_id_is_a_number() {
    let server = Server::new().await;
    for (method, path) in [
        (Method::GET, "proxy-configs/99"),
        (Method::DELETE, "proxy-configs/99"),
        (Method::GET, "proxy-configs/99/keys"),
        (Method::DELETE, "keys/99"),
        (Method::POST, "keys/99/test"),
        (Method::DELETE, "tokens/99"),
        (Method::GET, "nowhere"),
    ] {
        assert_eq!(server.admin(method, path, None).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let (status, error) = server.admin(Method::GET, "proxy-configs/x", None).await;
    assert_eq!((status, fields(&error)), (StatusCode::UNPROCESSABLE_ENTITY, vec!["id"]));
    assert_eq!(server.admin(Method::PATCH, "proxy-configs", None).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

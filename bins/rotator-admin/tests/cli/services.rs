//! `services ...`.

use serde_json::json;

use crate::place::Place;

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_made_changed_switched_and_deleted() {
    let place = Place::logged_in().await;
    let create = ["services", "create", "--slug", "openai", "--name", "OpenAI", "--type", "llm"];
    let created = place.json(&[&create[..], &["--base-url", "https://api.openai.com/v1"]].concat()).await;
    assert_eq!((&created["slug"], &created["config_type"]), (&"openai".into(), &"LLM".into()));

    let changed = place.json(&["services", "update", "openai", "--name", "Other", "--idle-timeout-ms", "5000"]).await;
    assert_eq!((&changed["name"], &changed["idle_timeout_ms"]), (&"Other".into(), &5000.into()));
    assert_eq!(changed["target_base_url"], created["target_base_url"]);

    let id = created["id"].to_string();
    assert_eq!(place.json(&["services", "disable", &id]).await["is_active"], false);
    assert_eq!(place.json(&["services", "enable", "openai"]).await["is_active"], true);
    let table = place.run(&["services", "list"]).await.with_code(0).out;
    assert!(table.contains("openai") && table.contains("https://api.openai.com/v1"), "{table}");

    place.run(&["services", "delete", "openai"]).await.with_code(2);
    place.run(&["services", "delete", "openai", "--yes"]).await.with_code(0);
    place.run(&["services", "show", "openai"]).await.with_code(3);
    place.run(&["services", "show", &id]).await.with_code(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generic_service_takes_its_key_placement_and_gives_optional_fields_away() {
    let place = Place::logged_in().await;
    let create = ["services", "create", "--slug", "s", "--type", "generic", "--base-url", "http://127.0.0.1:9/a"];
    let key = ["--method", "get,post", "--key-location", "header", "--key-name", "X-Key", "--key-prefix", "Token "];
    let created = place.json(&[&create[..], &key].concat()).await;
    assert_eq!(
        (&created["target_url"], &created["api_key_prefix"]),
        (&"http://127.0.0.1:9/a".into(), &"Token ".into())
    );
    let changed = place.json(&["services", "update", "s", "--key-prefix", ""]).await;
    assert!(changed.get("api_key_prefix").is_none_or(serde_json::Value::is_null), "{changed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_or_taken_is_named() {
    let place = Place::logged_in().await;
    place.service("s").await;
    let taken = ["services", "create", "--slug", "s", "--type", "llm", "--base-url", "http://127.0.0.1:9"];
    let ended = place.run(&taken).await.with_code(4);
    assert!(ended.err.contains("name is taken") || ended.err.contains("slug is taken"), "{ended:?}");
    let ended = place.run(&["services", "create", "--slug", "a/b", "--type", "llm"]).await.with_code(5);
    assert!(ended.err.contains("slug: ") && ended.err.contains("target_base_url: "), "{ended:?}");
    place.run(&["services", "update", "nobody", "--name", "x"]).await.with_code(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_a_service_is_used_is_said_by_flags_and_taken_away_by_empty_ones() {
    let place = Place::logged_in().await;
    place.service("s").await;
    let usual = place.json(&["services", "show", "s"]).await;
    assert_eq!(
        (&usual["strategy"], usual.get("limits"), usual.get("deadline_ms")),
        (&"round_robin".into(), None, None)
    );
    let policy = ["--strategy", "weighted", "--affinity", "true", "--max-attempts", "3", "--deadline-ms", "60000"];
    let retries = [
        "--retry-after-send",
        "true",
        "--max-waiting",
        "0",
        "--max-wait-ms",
        "0",
        "--rotation-headers",
        "false",
        "--strict",
        "true",
        "--asks-for-usage",
        "false",
        "--log-requests",
        "bodies",
        "--log-body-limit",
        "1000",
        "--log-redact",
        "/messages/*/content",
        "--log-redact",
        "/a",
    ];
    let limits = ["--rpm", "60", "--tpm", "1000", "--rpd", "5000", "--max-concurrency", "4"];
    let update = ["services", "update", "s"];
    let changed = place.json(&[&update[..], &policy, &retries, &limits].concat()).await;
    let expected = json!({
        "strategy": "weighted", "affinity": true, "max_attempts": 3, "deadline_ms": 60000, "retry_after_send": true,
        "max_waiting": 0, "max_wait_ms": 0, "rotation_headers": false, "strict": true, "asks_for_usage": false,
        "log_requests": "bodies", "log_body_limit": 1000, "log_redact": ["/messages/*/content", "/a"],
        "limits": {"rpm": 60, "tpm": 1000, "rpd": 5000, "max_concurrency": 4},
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{name}");
    }
    // What is written back as it was read changes nothing.
    let without_time = |mut service: serde_json::Value| {
        service["updated_at"].take();
        service["version"].take();
        service
    };
    assert_eq!(without_time(place.json(&update).await), without_time(changed));
    // What is not named stays.
    let changed = place.json(&["services", "update", "s", "--tpm", "", "--max-attempts", ""]).await;
    assert_eq!(changed["limits"], json!({"rpm": 60, "rpd": 5000, "max_concurrency": 4}));
    assert_eq!((changed.get("max_attempts"), &changed["deadline_ms"]), (None, &60000.into()));
    let away = ["--rpm", "", "--rpd", "", "--max-concurrency", "", "--deadline-ms", "", "--max-waiting", ""];
    let more = ["--max-wait-ms", "", "--strategy", "", "--affinity", "false", "--retry-after-send", "false"];
    let usual_again = ["--rotation-headers", "true", "--strict", "false", "--asks-for-usage", "true"];
    let unlogged = ["--log-requests", "", "--log-body-limit", "", "--log-redact", ""];
    let back = place.json(&[&update[..], &away, &more, &usual_again, &unlogged].concat()).await;
    assert_eq!(without_time(back), without_time(usual));
    let refused = place.run(&["services", "update", "s", "--rpm", "0", "--max-attempts", "1001"]).await.with_code(5);
    assert!(refused.err.contains("limits.rpm: ") && refused.err.contains("max_attempts: "), "{refused:?}");
    place.run(&["services", "update", "s", "--rpm", "many"]).await.with_code(2);
}

//! `webhooks ...`.

use serde_json::{Value, json};

use crate::place::Place;

fn wishes(webhook: &Value) -> Value {
    let names = ["name", "url", "events", "services", "is_enabled", "pool_low_percent", "budget_near_percent"];
    Value::from(names.map(|name| webhook[name].clone()).to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_made_shown_changed_and_deleted() {
    let place = Place::logged_in().await;
    let url = "https://ops.example.com/hook";
    let made = place.json(&["webhooks", "create", "ops", "--url", url]).await;
    let (secret, id) = (made["secret"].as_str().unwrap(), made["id"].to_string());
    assert!(secret.starts_with("whsec_"), "{made}");
    let all = json!(["key.dead", "pool.low", "pool.empty", "budget.near"]);
    assert_eq!(wishes(&made), json!(["ops", url, all, [], true, 20, 80]));
    let flags = ["--event", "pool.low", "--service", "team-*", "--pool-low", "50", "--budget-near", "90"];
    let create = ["webhooks", "create", "other", "--url", "http://127.0.0.1:9", "--disabled"];
    let other = place.json(&[&create[..], &flags[..]].concat()).await;
    let expected = json!(["other", "http://127.0.0.1:9/", ["pool.low"], ["team-*"], false, 50, 90]);
    assert_eq!(wishes(&other), expected);
    let listed = place.json(&["webhooks", "list"]).await;
    assert_eq!((wishes(&listed[0]), wishes(&listed[1])), (wishes(&made), expected));
    assert!(!listed.to_string().contains("whsec_"), "{listed}");

    let update = ["webhooks", "update", &id];
    place.run(&update).await.with_code(2);
    let changed = place.json(&[&update[..], &["--event", "key.dead", "--disable"]].concat()).await;
    assert_eq!(wishes(&changed), json!(["ops", url, ["key.dead"], [], false, 20, 80]));
    place.run(&[&update[..], &["--url", "ftp://ops.example.com"]].concat()).await.with_code(5);
    let rotated = place.run(&["webhooks", "rotate", &id, "--grace", "1h"]).await.with_code(0).out;
    assert!(rotated.starts_with("whsec_") && rotated.trim() != secret);
    let table = place.run(&["webhooks", "show", &id]).await.with_code(0).out;
    assert!(table.contains("key.dead") && !table.contains("whsec_"), "{table}");

    place.run(&["webhooks", "delete", &id]).await.with_code(2);
    place.run(&["webhooks", "delete", &id, "--yes"]).await.with_code(0);
    place.run(&["webhooks", "show", &id]).await.with_code(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_tells_whether_the_ping_was_taken() {
    let place = Place::logged_in().await;
    for (path, code) in [("taken", 0), ("refused", 1)] {
        let made = place.json(&["webhooks", "create", path, "--url", &format!("http://127.0.0.1:9/{path}")]).await;
        let id = made["id"].to_string();
        let ended = place.run(&["webhooks", "test", &id]).await.with_code(code);
        let told = if code == 0 { "204 after" } else { "the ping was not taken: the answer was 500" };
        assert!(format!("{}{}", ended.out, ended.err).contains(told), "{ended:?}");
        assert_eq!(place.json(&["webhooks", "deliveries", &id]).await, json!([]));
    }
}

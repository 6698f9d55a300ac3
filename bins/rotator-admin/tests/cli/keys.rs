//! `keys ...`.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::place::Place;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_added_from_where_they_stand_and_shown_masked() {
    let place = Place::logged_in().await;
    place.service("s").await;
    let added = place.json(&["keys", "add", "s", "--from", "env:KEY", "--label", "main", "--disabled"]).await;
    assert_eq!((&added[0]["key_value"], &added[0]["label"]), (&"sk-fro*****ment".into(), &"main".into()));
    assert_eq!(added[0]["is_active"], false);
    place.run(&["keys", "add", "s", "--from", "env:KEY"]).await.with_code(4);
    place.run_with_input(&["keys", "add", "s", "--from", "-"], "sk-planted-on-standard-input\n").await.with_code(0);
    let refused = place.run(&["keys", "add", "s", "--from", "sk-planted-as-argument"]).await.with_code(2);
    assert!(!refused.err.contains("planted"), "{refused:?}");
    let table = place.run(&["keys", "list", "s"]).await.with_code(0).out;
    assert!(table.contains("sk-fro*****ment") && !table.contains("sk-planted-on"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_a_hundred_thousand_keys_reports_every_skipped_and_bad_line() {
    let place = Place::logged_in().await;
    place.service("s").await;
    let mut lines: Vec<String> = (0..100_000).map(|number| format!("sk-{number:08}")).collect();
    lines[1] = "sk-00000000".to_owned();
    lines[2] = String::new();
    lines[3] = "sk-\u{e9}".to_owned();
    place.write("keys.txt", &lines.join("\n"));
    let import = ["keys", "import", "s", "keys.txt"];
    let ended = place.run(&[&import[..], &["-o", "json"]].concat()).await.with_code(1);
    let report: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        (&report["success_count"], &report["skipped_count"], &report["failed_count"]),
        (&99_997.into(), &1.into(), &1.into())
    );
    assert_eq!(report["failed_keys"][0]["line"], 4);
    assert!(!ended.out.contains("sk-\u{e9}"));
    let again = place.run(&import).await.with_code(1).out;
    assert!(again.contains("0 added, 99998 skipped (there already), 1 bad."), "{again}");
    assert_eq!(place.json(&["services", "show", "s"]).await["api_key_count"], 99_997);
    let refused = place.run(&["keys", "clear", "s"]).await.with_code(2);
    assert!(refused.err.contains("99997 keys of s"), "{refused:?}");
    assert_eq!(place.json(&["keys", "clear", "s", "--yes"]).await["deleted_count"], 99_997);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_switched_and_deleted_by_id_and_missing_ones_told() {
    let place = Place::logged_in().await;
    place.service("s").await;
    place.run_with_input(&["keys", "import", "s", "-"], "sk-1\nsk-2\n").await.with_code(0);
    let keys = place.json(&["keys", "list", "s"]).await;
    let (first, second) = (keys[0]["id"].to_string(), keys[1]["id"].to_string());
    let partly = place.run(&["keys", "disable", &first, "99999", &second]).await.with_code(1);
    assert!(partly.err.contains("there is no key 99999"), "{partly:?}");
    let keys = place.json(&["keys", "list", "s"]).await;
    assert_eq!((&keys[0]["is_active"], &keys[1]["is_active"]), (&json!(false), &json!(false)));
    assert_eq!(place.json(&["keys", "enable", &second]).await[0]["is_active"], true);
    assert_eq!(place.json(&["keys", "delete", &first]).await, json!({"deleted": [keys[0]["id"]]}));
    place.run(&["keys", "delete", &first]).await.with_code(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_searched_shown_in_clear_and_used_again() {
    let place = Place::logged_in().await;
    place.service("s").await;
    place.run_with_input(&["keys", "import", "s", "-"], "sk-one-0000-1111\nsk-two-0000-2222\n").await.with_code(0);
    let keys = place.json(&["keys", "list", "s"]).await;
    let (first, second) = (keys[0]["id"].to_string(), keys[1]["id"].to_string());
    place.run(&["keys", "update", &second, "--label", "spare & co"]).await.with_code(0);
    place.run(&["keys", "disable", &second]).await.with_code(0);
    for found in
        [&["--state", "disabled"][..], &["--search", "2222"], &["--search", "Spare & c", "--state", "disabled"]]
    {
        let listed = place.json(&[&["keys", "list", "s"], found].concat()).await;
        assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &keys[1]["id"]), "{found:?}");
    }
    assert_eq!(place.json(&["keys", "list", "s", "--state", "dead"]).await, json!([]));
    let refused = place.run(&["keys", "list", "s", "--state", "asleep"]).await;
    assert!(refused.err.contains("state"), "{refused:?}");
    assert_eq!(place.run(&["keys", "reveal", &first]).await.with_code(0).out, "sk-one-0000-1111\n");
    place.run(&["keys", "reveal", "99999"]).await.with_code(3);
    assert_eq!(place.json(&["keys", "reset", "s"]).await, json!({"count": 0}));
    assert_eq!(place.json(&["keys", "reset", "s", &first]).await, json!({"count": 0}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_for_its_owner_alone_and_overwrites_nothing() {
    let place = Place::logged_in().await;
    place.service("s").await;
    place.run_with_input(&["keys", "import", "s", "-"], "sk-1\nsk-2\n").await.with_code(0);
    place.run(&["keys", "export", "s", "--to", "out.txt"]).await.with_code(0);
    assert_eq!(std::fs::read_to_string(place.path("out.txt")).unwrap(), "sk-1\nsk-2\n");
    assert_eq!(std::fs::metadata(place.path("out.txt")).unwrap().permissions().mode() & 0o777, 0o600);
    place.run(&["keys", "export", "s", "--to", "out.txt"]).await.with_code(2);
    assert_eq!(place.run(&["keys", "export", "s"]).await.with_code(0).out, "sk-1\nsk-2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_keys_fails_where_one_does_not_work() {
    let place = Place::logged_in().await;
    place.service("s").await;
    place.run_with_input(&["keys", "import", "s", "-"], "sk-1\nsk-2\n").await.with_code(0);
    let ended = place.run(&["keys", "test", "--service", "s"]).await.with_code(1);
    assert!(ended.err.contains("1 of 2 keys do not work") && ended.out.contains("no connection"), "{ended:?}");
    let keys = place.json(&["keys", "list", "s"]).await;
    let works = keys.as_array().unwrap().iter().find(|key| key["id"].as_i64().unwrap() % 2 == 0).unwrap();
    let tested = place.json(&["keys", "test", &works["id"].to_string()]).await;
    assert_eq!((&tested[0]["ok"], &tested[0]["verdict"]), (&json!(true), &json!("healthy")));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_keys_are_used_is_said_by_flags_and_taken_away_by_empty_ones() {
    let place = Place::logged_in().await;
    place.service("s").await;
    let flags =
        ["--weight", "3", "--tier", "1", "--rpm", "60", "--model", "gpt-*", "--model", "o3", "--quota-group", "a"];
    let added = place.json(&[&["keys", "add", "s", "--from", "env:KEY"], &flags[..]].concat()).await;
    let policy = |key: &Value| {
        let names = ["weight", "tier", "limits", "models", "quota_group", "label"];
        Value::from(names.map(|name| key[name].clone()).to_vec())
    };
    assert_eq!(policy(&added[0]), json!([3, 1, {"rpm": 60}, ["gpt-*", "o3"], "a", null]));
    place.run_with_input(&["keys", "add", "s", "--from", "-"], "sk-plain\n").await.with_code(0);
    let listed = place.json(&["keys", "list", "s"]).await;
    assert_eq!(policy(&listed[0]), policy(&added[0]));
    assert_eq!(policy(&listed[1]), json!([1, 0, {}, [], null, null]));

    let (first, second) = (listed[0]["id"].to_string(), listed[1]["id"].to_string());
    let update = ["keys", "update", &first, &second];
    let changed = place.json(&[&update[..], &["--tpm", "1000", "--tier", "2", "--label", "x"]].concat()).await;
    assert_eq!(policy(&changed[0]), json!([3, 2, {"rpm": 60, "tpm": 1000}, ["gpt-*", "o3"], "a", "x"]));
    assert_eq!(policy(&changed[1]), json!([1, 2, {"tpm": 1000}, [], null, "x"]));
    let away = ["--rpm", "", "--tpm", "", "--model", "", "--quota-group", "", "--label", ""];
    let changed = place.json(&[&update[..], &away].concat()).await;
    assert_eq!(policy(&changed[0]), json!([3, 2, {}, [], null, null]));

    place.run(&update).await.with_code(2);
    let refused = place.run(&["keys", "update", &first, "--weight", "0", "--rpd", "0"]).await.with_code(5);
    assert!(refused.err.contains("weight: ") && refused.err.contains("limits.rpd: "), "{refused:?}");
    let refused = ["keys", "add", "s", "--from", "-", "--model", &"m".repeat(201)];
    let refused = place.run_with_input(&refused, "sk-planted\n").await.with_code(5);
    assert!(refused.err.contains("models[0]: ") && !refused.err.contains("planted"), "{refused:?}");
}

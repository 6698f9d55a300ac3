//! `client-keys ...`.

use serde_json::{Value, json};

use crate::place::Place;

const FLAGS: [&str; 24] = [
    "--service",
    "openai",
    "--model",
    "gpt-*",
    "--model",
    "o3",
    "--source",
    "10.0.0.0/8",
    "--rpm",
    "60",
    "--rpd",
    "1000",
    "--tpm",
    "50000",
    "--tpd",
    "900000",
    "--max-concurrency",
    "4",
    "--budget",
    "10.5usd/month",
    "--budget",
    "1000000tokens/total",
    "--expires",
    "30d",
];

fn policy(key: &Value) -> Value {
    let names = ["services", "models", "sources", "limits", "is_active"];
    Value::from(names.map(|name| key[name].clone()).to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_key_is_made_with_all_its_limits_and_shown_once() {
    let place = Place::logged_in().await;
    let made = place.json(&[&["client-keys", "create", "team", "--disabled"], &FLAGS[..]].concat()).await;
    let value = made["key_value"].as_str().unwrap();
    assert!(value.starts_with("rk-") && value.starts_with(made["prefix"].as_str().unwrap()), "{made}");
    let limits = json!({
        "rpm": 60, "rpd": 1000, "tpm": 50000, "tpd": 900_000, "max_concurrency": 4,
        "budgets": [
            {"amount": 10.5, "unit": "usd", "period": "month"},
            {"amount": 1_000_000.0, "unit": "tokens", "period": "total"},
        ],
    });
    assert_eq!(policy(&made), json!([["openai"], ["gpt-*", "o3"], ["10.0.0.0/8"], limits, false]));
    assert!(made["expires_at"].as_str().unwrap().starts_with("20"), "{made}");
    let listed = place.json(&["client-keys", "list"]).await;
    assert_eq!(policy(&listed[0]), policy(&made));
    assert!(!listed.to_string().contains(value));
    let table = place.run(&["client-keys", "list"]).await.with_code(0).out;
    let told = ["team", "rk-", "10.5usd/month", "max-concurrency 4", "models: gpt-* o3"];
    assert!(told.iter().all(|text| table.contains(text)) && !table.contains(value), "{table}");
    let alone = place.run(&["client-keys", "create", "plain"]).await.with_code(0).out;
    assert!(alone.trim().starts_with("rk-") && alone.trim().len() > 40, "{alone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_touches_what_is_named_and_empty_values_take_away() {
    let place = Place::logged_in().await;
    let made = place.json(&[&["client-keys", "create", "team"], &FLAGS[..]].concat()).await;
    let id = made["id"].to_string();
    let update = ["client-keys", "update", &id];
    place.run(&update).await.with_code(2);
    let changed = place.json(&[&update[..], &["--rpm", "5", "--disable", "--name", "other"]].concat()).await;
    assert_eq!((&changed["limits"]["rpm"], &changed["limits"]["rpd"]), (&json!(5), &json!(1000)));
    assert_eq!((&changed["is_active"], &changed["name"]), (&json!(false), &json!("other")));
    let away = [
        "--rpm",
        "",
        "--rpd",
        "",
        "--tpm",
        "",
        "--tpd",
        "",
        "--max-concurrency",
        "",
        "--budget",
        "",
        "--service",
        "",
        "--model",
        "",
        "--source",
        "",
        "--expires",
        "",
        "--enable",
    ];
    let changed = place.json(&[&update[..], &away].concat()).await;
    assert_eq!(policy(&changed), json!([[], [], [], {}, true]));
    assert_eq!(changed["expires_at"], Value::Null);
    place.run(&["client-keys", "update", "9999", "--rpm", "1"]).await.with_code(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_limits_are_refused_and_named() {
    let place = Place::logged_in().await;
    let create = |flags: &[&'static str]| [&["client-keys", "create", "x"], flags].concat();
    for (flags, field) in [
        (["--rpm", "0"], "limits.rpm: "),
        (["--tpd", "18446744073709551615"], "limits.tpd: "),
        (["--budget", "-1usd/day"], "limits.budgets[0].amount: "),
        (["--budget", "5eur/day"], "limits.budgets[0].unit: "),
        (["--budget", "5usd/year"], "limits.budgets[0].period: "),
        (["--source", "10.0.0.0/33"], "sources[0]: "),
        (["--expires", "0s"], "expires_at: "),
        (["--expires", "Tomorrow"], "expires_at: "),
    ] {
        // A value that begins with a hyphen is no flag.
        let flags: Vec<&'static str> = match flags {
            ["--budget", "-1usd/day"] => vec!["--budget=-1usd/day"],
            flags => flags.to_vec(),
        };
        let refused = place.run(&create(&flags)).await.with_code(5);
        assert!(refused.err.contains(field), "{flags:?}: {refused:?}");
    }
    for flags in [["--budget", "10usd"], ["--expires", "soon"], ["--rpm", "many"]] {
        place.run(&create(&flags)).await.with_code(2);
    }
    assert_eq!(place.json(&["client-keys", "list"]).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_shown_and_deleted() {
    let place = Place::logged_in().await;
    let made = place.json(&["client-keys", "create", "team", "--rpm", "60"]).await;
    let id = made["id"].to_string();
    let rotated = place.json(&["client-keys", "rotate", &id, "--grace", "1h"]).await;
    assert_ne!(rotated["key_value"], made["key_value"]);
    assert!(rotated["previous_until"].is_string(), "{rotated}");
    assert_eq!(place.json(&["client-keys", "rotate", &id]).await["previous_until"], Value::Null);
    place.run(&["client-keys", "rotate", &id, "--grace", "31d"]).await.with_code(5);
    let shown = place.json(&["client-keys", "show", &id]).await;
    let standing = &shown["standing"][0];
    assert_eq!(
        (&standing["unit"], &standing["limit"], &standing["used"]),
        (&json!("requests"), &json!(60.0), &json!(0.0))
    );
    let table = place.run(&["client-keys", "show", &id]).await.with_code(0).out;
    assert!(table.contains("requests/minute"), "{table}");
    place.run(&["client-keys", "delete", &id]).await.with_code(2);
    place.run(&["client-keys", "delete", &id, "--yes"]).await.with_code(0);
    place.run(&["client-keys", "show", &id]).await.with_code(3);
}

//! `prices ...`.

use serde_json::json;

use crate::place::Place;

#[tokio::test(flavor = "multi_thread")]
async fn prices_are_set_listed_and_taken_away() {
    let place = Place::logged_in().await;
    let set = ["prices", "set", "vendor/house-*", "--in", "2.5", "--out", "10", "--cached", "0.25"];
    let long = ["--long-above", "200000", "--long-in", "5", "--long-out", "20"];
    let price = place.json(&[&set[..], &long].concat()).await;
    assert_eq!((&price["model"], &price["source"]), (&json!("vendor/house-*"), &json!("api")));
    let listed = place.json(&["prices", "list", "--source", "api"]).await;
    assert_eq!(listed, json!([price]));
    assert_eq!(listed[0]["price"]["long"], json!({"above": 200_000, "input": 5.0, "output": 20.0}));
    let table = place.run(&["prices", "list", "HOUSE"]).await.with_code(0).out;
    for part in ["vendor/house-*", "api", "USD", "2.5", "0.25", "10", "200000"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let shipped = place.json(&["prices", "list", "claude-sonnet-4-5"]).await;
    assert!(shipped.as_array().unwrap().iter().any(|price| price["source"] == "shipped"), "{shipped}");
    place.run(&["prices", "unset", "vendor/house-*"]).await.with_code(0);
    place.run(&["prices", "unset", "vendor/house-*"]).await.with_code(3);
    assert_eq!(place.json(&["prices", "list", "--source", "api"]).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_no_price_is_refused() {
    let place = Place::logged_in().await;
    let refused = place.run(&["prices", "set", "m", "--in", "-1", "--out", "1"]).await.with_code(5);
    assert!(refused.err.contains("input: "), "{refused:?}");
    let refused = place.run(&["prices", "set", "a**", "--in", "1", "--out", "1", "--currency", "EUR"]).await;
    let refused = refused.with_code(5);
    assert!(refused.err.contains("model: ") && refused.err.contains("currency: "), "{refused:?}");
    place.run(&["prices", "set", "m", "--in", "1"]).await.with_code(2);
    place.run(&["prices", "set", "m", "--in", "1", "--out", "1", "--long-above", "7"]).await.with_code(2);
}

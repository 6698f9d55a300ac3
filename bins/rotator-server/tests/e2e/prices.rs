//! Prices that are set while the server runs.

use http::{Method, StatusCode};
use rotator_mock_upstream::{Canned, MockUpstream};
use serde_json::{Value, json};

use crate::changes::{SECOND, two_nodes};
use crate::client::full;
use crate::outcome::until;
use crate::server::Server;

async fn price(server: &Server, model: &str) -> Option<Value> {
    let (status, prices) = server.admin(Method::GET, "prices", None).await;
    assert_eq!(status, StatusCode::OK);
    prices.as_array().unwrap().iter().find(|price| price["model"] == model).cloned()
}

/// What all requests have cost so far, and how many have no price.
async fn costs(server: &Server) -> (u64, u64) {
    let (_, report) = server.admin(Method::GET, "usage", None).await;
    let figure = |name: &str| report["groups"][0]["figures"][name].as_u64().unwrap_or_default();
    (figure("cost_nanodollars"), figure("unpriced"))
}

#[tokio::test]
async fn a_price_that_is_set_holds_on_all_nodes_within_a_second() {
    let ([one, other], upstream) = (two_nodes().await, MockUpstream::start().await.unwrap());
    one.llm("s", "openai_compatible", &upstream.base_url(), &["sk-1"]).await;
    let answer = json!({"id": "a", "object": "chat.completion", "model": "house-model-7", "choices": [],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}});
    upstream.answer("/v1/chat/completions", Canned::json(&answer));
    let ask = async |node: &Server| {
        let request = node.request(Method::POST, "/llm/s/v1/chat/completions").header("content-type", "application/json");
        let body = json!({"model": "house-model-7", "messages": []}).to_string();
        node.send(request.body(full(body)).unwrap()).await.status
    };
    until("the service is known", async || ask(&other).await == StatusCode::OK).await;
    until("the cost is not known", async || costs(&one).await.1 >= 1).await;
    let (_, unpriced) = costs(&one).await;
    assert_eq!(costs(&one).await.0, 0);

    let body = json!({"currency": "USD", "input": 2.5, "output": 10});
    let (status, set) = one.admin(Method::PUT, "prices/House-*", Some(body.clone())).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    assert_eq!((&set["model"], &set["source"], &set["price"]["currency"]), (&json!("house-*"), &json!("api"), &json!("USD")));
    assert_eq!((&set["price"]["input"], set["date"].is_string()), (&json!(2.5), true));
    let took = until("it holds on the other node", async || price(&other, "house-*").await.is_some()).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(price(&one, "house-*").await.as_ref(), Some(&set));
    assert_eq!(ask(&other).await, StatusCode::OK);
    until("it has cost something", async || costs(&one).await == (2_500_000 + 1_000_000, unpriced)).await;

    let took_away = other.admin(Method::DELETE, "prices/house-*", None).await.0;
    assert_eq!(took_away, StatusCode::OK);
    let took = until("it is gone on the first node", async || price(&one, "house-*").await.is_none()).await;
    assert!(took < SECOND, "{took:?}");
    assert_eq!(one.admin(Method::DELETE, "prices/house-*", None).await.0, StatusCode::NOT_FOUND);
    let (_, audit) = one.admin(Method::GET, "audit", None).await;
    let actions: Vec<&str> = audit.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"price.set") && actions.contains(&"price.unset"), "{audit}");
    let unset = audit.as_array().unwrap().iter().find(|entry| entry["action"] == "price.unset").unwrap();
    assert_eq!((&unset["subject"], &unset["changes"]["input"]["before"]), (&json!("price:house-*"), &json!(2.5)));
}

#[tokio::test]
async fn prices_come_from_the_api_a_file_or_the_program_and_the_first_of_them_holds() {
    let place = Server::usual();
    let file = place.path("prices.json");
    std::fs::write(&file, r#"{"mine": {"input": 1, "output": 2}, "gpt-4o": {"input": 3, "output": 4}}"#).unwrap();
    let server = place.set("ROTATOR_PRICES", file.to_str().unwrap()).start().await;
    let shown = async |model: &str| {
        let price = price(&server, model).await.unwrap();
        assert!(price["date"].is_string() && price["price"]["currency"] == "USD", "{price}");
        (price["source"].as_str().unwrap().to_owned(), price["price"]["input"].as_f64().unwrap())
    };
    assert_eq!(shown("mine").await, ("file".to_owned(), 1.0));
    assert_eq!(shown("gpt-4o").await, ("file".to_owned(), 3.0));
    assert_eq!(shown("claude-sonnet-4-5").await, ("shipped".to_owned(), 3.0));
    let set = json!({"input": 5, "cached": 0.5, "output": 6, "long": {"above": 1000, "input": 7, "output": 8}});
    let path = "prices/vendor%2Fmine";
    assert_eq!(server.admin(Method::PUT, path, Some(set.clone())).await.0, StatusCode::OK);
    assert_eq!(server.admin(Method::PUT, "prices/gpt-4o", Some(set)).await.0, StatusCode::OK);
    assert_eq!(shown("vendor/mine").await, ("api".to_owned(), 5.0));
    assert_eq!(shown("mine").await, ("file".to_owned(), 1.0));
    assert_eq!(shown("gpt-4o").await, ("api".to_owned(), 5.0));
    let long = price(&server, "gpt-4o").await.unwrap()["price"]["long"].clone();
    assert_eq!(long, json!({"above": 1000, "input": 7.0, "output": 8.0}));
    // A restart forgets none of it.
    let server = server.kill().start().await;
    assert_eq!(price(&server, "gpt-4o").await.unwrap()["source"], "api");
    assert_eq!(server.admin(Method::DELETE, "prices/gpt-4o", None).await.0, StatusCode::OK);
    assert_eq!(price(&server, "gpt-4o").await.unwrap()["source"], "file");
}

#[tokio::test]
async fn what_can_be_no_price_is_refused_by_name() {
    let server = Server::new().await;
    let good = || json!({"input": 1, "output": 2});
    let with = |name: &str, value: Value| {
        let mut body = good();
        body[name] = value;
        body
    };
    let long = json!({"above": 1, "input": 1, "output": -1});
    for (model, body, fields) in [
        ("m", with("input", json!(-0.01)), vec!["input"]),
        ("m", with("output", json!(1_000_001)), vec!["output"]),
        ("m", with("cached", json!(-1)), vec!["cached"]),
        ("m", with("long", long), vec!["long.output"]),
        ("m", with("currency", json!("EUR")), vec!["currency"]),
        ("m", with("currency", json!("usd")), vec!["currency"]),
        ("m", with("surprise", json!(1)), vec!["surprise"]),
        ("m", json!({"input": 1}), vec!["output"]),
        ("gpt-**", good(), vec!["model"]),
        ("a%20b", good(), vec!["model"]),
        ("a%07", with("currency", json!("EUR")), vec!["model", "currency"]),
    ] {
        let (status, error) = server.admin(Method::PUT, &format!("prices/{model}"), Some(body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{model}: {error}");
        let named: Vec<&str> =
            error["fields"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{error}");
    }
    let (_, prices) = server.admin(Method::GET, "prices", None).await;
    assert!(prices.as_array().unwrap().iter().all(|price| price["source"] == "shipped"));
}

//! Webhooks: what they are told, signed, once, and again until it is taken.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use rotator_domain::Secret;
use rotator_mock_upstream::{KeyBehaviour, MockUpstream, Recorded};
use rotator_webhooks::SigningSecret;
use serde_json::{Value, json};

use crate::changes::two_nodes;
use crate::client::full;
use crate::client_limits::client_key;
use crate::outcome::until;
use crate::server::{CLIENT_KEY, PASSWORD, Server};

const KEYS: [&str; 2] = ["sk-planted-upstream-first", "sk-planted-upstream-second"];

/// Makes a webhook; gives its id and its secret.
pub(crate) async fn webhook(server: &Server, url: &str, events: &[&str]) -> (i64, String) {
    let body = json!({"name": "ops", "url": url, "events": events});
    let (status, made) = server.admin(Method::POST, "webhooks", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (made["id"].as_i64().unwrap(), made["secret"].as_str().unwrap().to_owned())
}

async fn deliveries(server: &Server, id: i64) -> Vec<Value> {
    let (status, listed) = server.admin(Method::GET, &format!("webhooks/{id}/deliveries"), None).await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    listed.as_array().unwrap().clone()
}

fn body(message: &Recorded) -> Value {
    serde_json::from_slice(&message.body).unwrap()
}

/// Whether a message is signed with this secret.
fn is_signed(message: &Recorded, secret: &str) -> bool {
    let header = |name: &str| message.values(name).pop().unwrap();
    let secret = SigningSecret::read(&Secret::new(secret)).unwrap();
    let text = String::from_utf8(message.body.clone()).unwrap();
    let expected = secret.sign(&header("webhook-id"), header("webhook-timestamp").parse().unwrap(), &text);
    header("webhook-signature").split(' ').any(|signature| signature == expected)
}

/// Asks until this upstream key was used.
async fn use_key(server: &Server, upstream: &MockUpstream, key: &str) {
    let before = upstream.hits(key);
    until("the key is used", async || {
        server.get("/proxy/s/echo").await;
        upstream.hits(key) > before
    })
    .await;
}

#[tokio::test]
async fn a_dying_pool_is_told_again_until_it_is_taken_also_over_a_kill() {
    let server = Server::usual().start().await;
    let (upstream, receiver) = (MockUpstream::start().await.unwrap(), MockUpstream::start().await.unwrap());
    receiver.set_key("", KeyBehaviour::Failing(503));
    let service = server.generic("s", &upstream.base_url(), &KEYS).await;
    let events = ["key.dead", "pool.low", "pool.empty", "budget.near"];
    let (id, secret) = webhook(&server, &format!("{}/hook?from=rotator", receiver.base_url()), &events).await;
    for key in KEYS {
        upstream.set_key(key, KeyBehaviour::Revoked);
    }
    server.get("/proxy/s/echo").await;
    until("all was tried", async || {
        let deliveries = deliveries(&server, id).await;
        deliveries.len() == 4 && deliveries.iter().all(|delivery| delivery["attempts"].as_u64().unwrap() > 0)
    })
    .await;
    for delivery in deliveries(&server, id).await {
        let told = (&delivery["status"], &delivery["last_status"], &delivery["last_error"]);
        assert_eq!(told, (&json!("waiting"), &json!(503), &json!("the answer was 503")));
    }
    let tried = receiver.requests().len();

    let place = server.kill();
    receiver.set_key("", KeyBehaviour::Good);
    let server = place.start().await;
    until("all was taken", async || {
        deliveries(&server, id).await.iter().all(|delivery| delivery["status"] == "delivered")
    })
    .await;
    let messages = receiver.requests();
    assert_eq!(messages.len() - tried, 4, "nothing is told twice");
    let ids = |messages: &[Recorded]| -> BTreeSet<String> {
        messages.iter().flat_map(|message| message.values("webhook-id")).collect()
    };
    assert_eq!(ids(&messages[tried..]), ids(&messages[..tried]));
    let (mut events, mut masked) = (Vec::new(), Vec::new());
    for message in &messages[tried..] {
        assert!(is_signed(message, &secret));
        assert_eq!((message.method.as_str(), message.path_and_query.as_str()), ("POST", "/hook?from=rotator"));
        assert_eq!(message.values("content-type"), ["application/json"]);
        let told = body(message);
        assert_eq!(told["data"]["service"], json!({"id": service, "slug": "s"}), "{told}");
        events.push(told["type"].as_str().unwrap().to_owned());
        if told["type"] == "key.dead" {
            masked.push(told["data"]["key"]["masked"].as_str().unwrap().to_owned());
        }
    }
    events.sort();
    masked.sort();
    assert_eq!(masked, ["sk-pla*****cond", "sk-pla*****irst"]);
    assert_eq!(events, ["key.dead", "key.dead", "pool.empty", "pool.low"]);
    let page = server.get("/metrics").await.text();
    assert!(page.contains("rotator_webhook_deliveries_total{outcome=\"delivered\"} 4\n"), "{page}");

    // No secret has left its place.
    let sent: String = messages.iter().map(|message| format!("{message:?}{}", body(message))).collect();
    for (place, text) in [("a message", sent), ("the log", server.output())] {
        for planted in [&KEYS[..], &[secret.as_str(), CLIENT_KEY, PASSWORD]].concat() {
            assert!(!text.contains(planted), "{planted} is in {place}");
        }
    }
    if let Some(backend) = &server.place().backend {
        let dump = backend.dump();
        assert!(dump.contains("msg_") || dump.contains("pool.empty"), "{dump}");
        assert!(!dump.contains(&secret) && !dump.contains(KEYS[0]));
    }
}

#[tokio::test]
async fn a_budget_that_is_nearly_used_up_is_told_once() {
    let (server, upstream) = (Server::usual().start().await, MockUpstream::start().await.unwrap());
    let receiver = MockUpstream::start().await.unwrap();
    server.llm("s", "openai_compatible", &upstream.base_url(), &["sk-1"]).await;
    let budget = json!({"limits": {"budgets": [{"amount": 100, "unit": "tokens", "period": "month"}]}});
    let (client, key) = client_key(&server, budget).await;
    webhook(&server, &receiver.base_url(), &["budget.near"]).await;
    let question = r#"{"model":"gpt-mock","max_tokens":4,"messages":[{"role":"user","content":"Hello?"}]}"#;
    let mut served = 0;
    until("most is used", async || {
        let request = http::Request::post(format!("{}/llm/s/v1/chat/completions", server.base));
        let request = request.header("authorization", format!("Bearer {key}")).header("content-type", "application/json");
        served += u64::from(server.send(request.body(full(question)).unwrap()).await.status == 200);
        served >= 10
    })
    .await;
    until("it is told", async || !receiver.requests().is_empty()).await;
    let message = &receiver.requests()[0];
    let told = body(message);
    assert_eq!((&told["type"], &told["data"]["threshold_percent"]), (&json!("budget.near"), &json!(80)));
    assert_eq!(told["data"]["client_key"], json!({"id": client, "name": "client"}));
    let budget = &told["data"]["budget"];
    let (unit, period, limit) = (&budget["unit"], &budget["period"], &budget["limit"]);
    assert_eq!((unit, period, limit), (&json!("tokens"), &json!("month"), &json!(100.0)));
    assert!(budget["used"].as_f64().unwrap() >= 80.0 && !told.to_string().contains(&key), "{told}");
}

#[tokio::test]
async fn webhooks_are_kept_by_the_admin_api_and_tested() {
    let (server, receiver) = (Server::usual().start().await, MockUpstream::start().await.unwrap());
    let (id, secret) = webhook(&server, &format!("{}/hook", receiver.base_url()), &["key.dead"]).await;
    let test = async || {
        let (status, tested) = server.admin(Method::POST, &format!("webhooks/{id}/test"), None).await;
        assert_eq!(status, StatusCode::OK, "{tested}");
        (tested["is_delivered"].clone(), tested["status"].clone(), tested["error"].clone())
    };
    assert_eq!(test().await, (json!(true), json!(200), Value::Null));
    let ping = receiver.requests().pop().unwrap();
    assert!(is_signed(&ping, &secret));
    assert_eq!(body(&ping)["type"], "ping");

    let path = format!("webhooks/{id}");
    let rotate = json!({"grace_seconds": 60});
    let (_, rotated) = server.admin(Method::POST, &format!("{path}/rotate"), Some(rotate)).await;
    let next = rotated["secret"].as_str().unwrap();
    assert!(next != secret && rotated["previous_until"].is_string(), "{rotated}");
    test().await;
    let both = receiver.requests().pop().unwrap();
    assert!(is_signed(&both, &secret) && is_signed(&both, next));

    let change = async |patch: Value| server.admin(Method::PATCH, &path, Some(patch)).await;
    // Redirects are not followed, and nobody waits for a long answer or one that never ends.
    for (target, status) in [("redirect", 302), ("stall?bytes=70000", 200), ("status/410", 410)] {
        change(json!({"url": format!("{}/{target}", receiver.base_url())})).await;
        let (is_delivered, answered, error) = test().await;
        assert_eq!((answered, is_delivered), (json!(status), json!(status == 200)), "{target}: {error}");
    }
    change(json!({"url": "http://127.0.0.1:9/"})).await;
    assert_eq!(test().await, (json!(false), Value::Null, json!("no connection")));
    for (patch, field) in [
        (json!({"url": "https://user:planted@ops.example.com"}), "url"),
        (json!({"events": ["key.born"]}), "events[0]"),
        (json!({"pool_low_percent": 0}), "pool_low_percent"),
    ] {
        let (status, refused) = change(patch).await;
        assert_eq!((status.as_u16(), &refused["fields"][0]["field"]), (422, &json!(field)));
    }
    let (_, shown) = server.admin(Method::GET, &path, None).await;
    let (_, listed) = server.admin(Method::GET, "webhooks", None).await;
    assert_eq!(listed, json!([shown]));
    assert!(!listed.to_string().contains("whsec_"), "{listed}");
    assert_eq!(server.admin(Method::DELETE, &path, None).await.0, StatusCode::OK);
    assert_eq!(server.admin(Method::POST, &format!("{path}/test"), None).await.0, StatusCode::NOT_FOUND);
    let (_, audit) = server.admin(Method::GET, "audit", None).await;
    for action in ["webhook.create", "webhook.update", "webhook.rotate", "webhook.test", "webhook.delete"] {
        assert!(audit.as_array().unwrap().iter().any(|entry| entry["action"] == action), "{action}");
    }
}

/// Kills keys on two nodes, and looks that each is told once. A later death on each node shows that it has seen the first.
pub(crate) async fn each_death_is_told_once(nodes: &[Server]) {
    let (upstream, receiver) = (MockUpstream::start().await.unwrap(), MockUpstream::start().await.unwrap());
    let keys = ["sk-1", "sk-2", "sk-3", "sk-4"];
    nodes[0].generic("s", &upstream.base_url(), &keys).await;
    webhook(&nodes[0], &receiver.base_url(), &["key.dead"]).await;
    for node in nodes {
        until("the service is there", async || node.get("/proxy/s/echo").await.status == 200).await;
    }
    let told = || receiver.requests().len();
    upstream.set_key("sk-1", KeyBehaviour::Revoked);
    for node in nodes {
        for _ in keys {
            node.get("/proxy/s/echo").await;
        }
    }
    until("the death is told", async || told() >= 1).await;
    for (count, (node, key)) in (2..).zip(nodes.iter().zip(["sk-2", "sk-3"])) {
        upstream.set_key(key, KeyBehaviour::Revoked);
        use_key(node, &upstream, key).await;
        until("a death on each node is told", async || told() >= count).await;
    }
    assert_eq!(told(), 3);
    let ids: BTreeSet<String> = receiver.requests().iter().flat_map(|message| message.values("webhook-id")).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn two_nodes_with_states_of_their_own_tell_a_death_once() {
    each_death_is_told_once(&two_nodes().await).await;
}

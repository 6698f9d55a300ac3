//! Client keys: how they are replaced and end, what they may be used for, and how much.

use std::time::Duration;

use futures_util::future::join_all;
use http::{HeaderMap, Method, Request, StatusCode};
use rotator_mock_upstream::{Canned, KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::client::{Answer, TestClient, full};
use crate::outcome::until;
use crate::server::{CLIENT_KEY, PASSWORD, Place, Server};
use crate::vendors::{VENDORS, Vendor, create, serve_well};

/// What the mock's answer says that it used.
const TOKENS: u64 = 8;
const CHAT: &str = "/llm/s/v1/chat/completions";
/// A request that leaves the length of its answer open.
const QUESTION: &str = r#"{"model":"gpt-mock","messages":[{"role":"user","content":"Hello?"}]}"#;

/// Makes a client key; gives its id and its value.
pub(crate) async fn client_key(server: &Server, mut body: Value) -> (i64, String) {
    body["name"] = json!("client");
    let (status, made) = server.admin(Method::POST, "client-keys", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (made["id"].as_i64().unwrap(), made["key_value"].as_str().unwrap().to_owned())
}

async fn llm_server() -> (Server, MockUpstream) {
    with_llm(Server::usual()).await
}

async fn with_llm(place: Place) -> (Server, MockUpstream) {
    let (server, upstream) = (place.start().await, MockUpstream::start().await.unwrap());
    server
        .create(json!({
            "name": "s", "slug": "s", "config_type": "LLM", "target_base_url": upstream.base_url(),
            "api_format": "openai_compatible", "output_format": "auto", "api_keys": ["sk-1", "sk-2"],
        }))
        .await;
    (server, upstream)
}

fn request(server: &Server, key: &str, method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(format!("{}{path}", server.base)).header("x-proxy-key", key)
}

async fn post(server: &Server, client: &TestClient, key: &str, path: &str, body: &'static str) -> Answer {
    let request = request(server, key, Method::POST, path).header("content-type", "application/json");
    client.send(request.body(full(body)).unwrap()).await
}

async fn ask(server: &Server, key: &str) -> Answer {
    post(server, &server.client, key, CHAT, QUESTION).await
}

async fn get(server: &Server, key: &str, path: &str) -> Answer {
    server.send(request(server, key, Method::GET, path).body(full("")).unwrap()).await
}

/// Asks over so many connections, in turn at each node, until none has room; gives how often it was served.
pub(crate) async fn spend(nodes: &[Server], key: &str, path: &str, connections: usize) -> usize {
    let connection = |number: usize| async move {
        let (client, mut served) = (TestClient::new(), 0);
        for turn in number.. {
            let answer = post(&nodes[turn % nodes.len()], &client, key, path, QUESTION).await;
            match (answer.status, answer.headers.get("retry-after").map(|after| after == "1")) {
                (StatusCode::OK, _) => served += 1,
                // Only those that have not ended yet are in the way.
                (StatusCode::TOO_MANY_REQUESTS, Some(true)) => tokio::time::sleep(Duration::from_millis(5)).await,
                (StatusCode::TOO_MANY_REQUESTS, _) => return served,
                _ => panic!("{}: {}", answer.status, answer.text()),
            }
        }
        served
    };
    join_all((0..connections).map(connection)).await.into_iter().sum()
}

async fn standing(server: &Server, id: i64) -> Value {
    let (status, shown) = server.admin(Method::GET, &format!("client-keys/{id}"), None).await;
    assert_eq!(status, StatusCode::OK, "{shown}");
    shown["standing"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_with_room_for_a_thousand_requests_lets_a_thousand_pass_over_64_connections() {
    let (server, upstream) = with_llm(Server::usual().set("LOG_LEVEL", "info")).await;
    let budget = json!({"limits": {"budgets": [{"amount": 1000 * TOKENS, "unit": "tokens", "period": "total"}]}});
    let (id, key) = client_key(&server, budget).await;
    assert_eq!(spend(std::slice::from_ref(&server), &key, CHAT, 64).await, 1000);
    assert_eq!(upstream.requests().len(), 1000);
    let answer = ask(&server, &key).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.headers.get("retry-after"), None);
    assert_eq!(answer.json()["error"]["code"], "insufficient_quota");
    let standing = standing(&server, id).await;
    assert_eq!((&standing[0]["used"], &standing[0]["reserved"]), (&json!(8000.0), &json!(0.0)));
    // Nobody else is concerned.
    assert_eq!(ask(&server, CLIENT_KEY).await.status, 200);
}

#[tokio::test]
async fn a_rotation_leaves_the_old_value_for_its_grace_and_no_longer() {
    let (server, _upstream) = llm_server().await;
    let (id, first) = client_key(&server, json!({})).await;
    let rotate = async |grace: u64| {
        let body = Some(json!({"grace_seconds": grace}));
        let (status, rotated) = server.admin(Method::POST, &format!("client-keys/{id}/rotate"), body).await;
        assert_eq!(status, StatusCode::OK, "{rotated}");
        rotated["key_value"].as_str().unwrap().to_owned()
    };
    let second = rotate(60).await;
    assert_eq!((ask(&server, &first).await.status, ask(&server, &second).await.status), (StatusCode::OK, StatusCode::OK));
    let third = rotate(1).await;
    // Of the one before the last nothing is left.
    assert_eq!((ask(&server, &first).await.status, ask(&server, &third).await.status), (StatusCode::UNAUTHORIZED, StatusCode::OK));
    until("the grace ends", async || ask(&server, &second).await.status == StatusCode::UNAUTHORIZED).await;
    let fourth = rotate(0).await;
    assert_eq!(ask(&server, &third).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&server, &fourth).await.status, StatusCode::OK);
    let (_, audit) = server.admin(Method::GET, "audit", None).await;
    assert!(audit.to_string().contains("client_key.rotate") && !audit.to_string().contains(&fourth), "{audit}");
}

#[tokio::test]
async fn a_key_ends_at_its_time_and_at_once_when_it_is_disabled_or_deleted() {
    let (server, _upstream) = llm_server().await;
    let soon = time_in(Duration::from_secs(3));
    let (_, short) = client_key(&server, json!({"expires_at": soon})).await;
    let (id, key) = client_key(&server, json!({})).await;
    assert_eq!((ask(&server, &short).await.status, ask(&server, &key).await.status), (StatusCode::OK, StatusCode::OK));
    let path = format!("client-keys/{id}");
    server.admin(Method::PATCH, &path, Some(json!({"is_active": false}))).await;
    assert_eq!(ask(&server, &key).await.status, StatusCode::UNAUTHORIZED);
    server.admin(Method::PATCH, &path, Some(json!({"is_active": true}))).await;
    assert_eq!(ask(&server, &key).await.status, StatusCode::OK);
    server.admin(Method::DELETE, &path, None).await;
    assert_eq!(ask(&server, &key).await.status, StatusCode::UNAUTHORIZED);
    until("the key expires", async || ask(&server, &short).await.status == StatusCode::UNAUTHORIZED).await;
    assert_eq!(ask(&server, &short).await.json()["error"]["code"], "client_key_expired");
}

/// A time from now, as the API writes it.
pub(crate) fn time_in(length: Duration) -> String {
    let at = rotator_domain::Timestamp::from(std::time::SystemTime::now()).saturating_add(length);
    let (year, month, day) = at.date();
    let millis = at.as_millis().rem_euclid(86_400_000);
    let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", millis % 1000)
}

#[tokio::test]
async fn a_key_opens_what_it_is_for() {
    let (server, upstream) = llm_server().await;
    server.generic("other", &upstream.base_url(), &["sk-1"]).await;
    let (_, key) = client_key(&server, json!({"services": ["s"], "models": ["gpt-*"]})).await;
    assert_eq!(ask(&server, &key).await.status, StatusCode::OK);
    assert_eq!(get(&server, &key, "/llm/s/v1/models").await.status, StatusCode::OK);
    let other = get(&server, &key, "/proxy/other/echo").await;
    assert_eq!((other.status.as_u16(), &other.json()["code"]), (403, &json!("service_not_allowed")));
    let refused = async |body: &'static str, content_type: &str| {
        let request = request(&server, &key, Method::POST, CHAT).header("content-type", content_type);
        let answer = server.send(request.body(full(body)).unwrap()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (403, &json!("model_not_allowed")), "{body}");
    };
    refused(r#"{"model":"o3","messages":[]}"#, "application/json").await;
    // Who hides the model is refused.
    refused(QUESTION, "text/plain").await;
    refused(r#"{"model":"gpt-mock","model":"o3","messages":[]}"#, "application/json").await;
    refused(r#"{"messages":[]}"#, "application/json").await;
    let seen = upstream.requests();
    assert!(seen.iter().all(|request| !String::from_utf8_lossy(&request.body).contains("o3")), "{seen:?}");
}

#[tokio::test]
async fn a_key_is_bound_to_its_networks_and_only_trusted_proxies_are_believed() {
    let (server, _upstream) = with_llm(Server::usual().set("ROTATOR_TRUSTED_PROXIES", "127.0.0.1, 198.51.100.0/24")).await;
    let (_, local) = client_key(&server, json!({"sources": ["127.0.0.0/8"]})).await;
    let (_, far) = client_key(&server, json!({"sources": ["192.0.2.0/24", "2001:db8::/32"]})).await;
    assert_eq!(ask(&server, &local).await.status, StatusCode::OK);
    let answer = ask(&server, &far).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (403, &json!("source_not_allowed")));
    let through = async |forwarded: &str| {
        let request = request(&server, &far, Method::POST, CHAT).header("x-forwarded-for", forwarded);
        let request = request.header("content-type", "application/json").body(full(QUESTION)).unwrap();
        server.send(request).await.status.as_u16()
    };
    for (forwarded, expected) in [
        ("192.0.2.7", 200),
        ("2001:db8::7", 200),
        ("192.0.2.7, 198.51.100.9", 200),
        ("192.0.2.7, 203.0.113.5", 403),
        ("192.0.2.7, 203.0.113.5, 198.51.100.9", 403),
        ("nobody", 403),
    ] {
        assert_eq!(through(forwarded).await, expected, "{forwarded}");
    }
    let (plain, _other) = llm_server().await;
    let (_, far) = client_key(&plain, json!({"sources": ["192.0.2.0/24"]})).await;
    let request = request(&plain, &far, Method::POST, CHAT).header("x-forwarded-for", "192.0.2.7");
    assert_eq!(plain.send(request.body(full(QUESTION)).unwrap()).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn only_so_many_requests_are_in_flight_and_one_that_goes_away_makes_room() {
    let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
    server.generic("g", &upstream.base_url(), &["sk-1"]).await;
    let (_, key) = client_key(&server, json!({"limits": {"max_concurrency": 1}})).await;
    let hanging = request(&server, &key, Method::GET, "/proxy/g/hang").body(full("")).unwrap();
    let hanging = tokio::spawn(TestClient::new().try_send(hanging));
    until("one is in flight", async || !upstream.requests().is_empty()).await;
    let refused = get(&server, &key, "/proxy/g/echo").await;
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!((&refused.json()["code"], &refused.json()["status"]), (&json!("rate_limit_exceeded"), &json!(429)));
    hanging.abort();
    until("there is room", async || get(&server, &key, "/proxy/g/echo").await.status == 200).await;
    for _ in 0..20 {
        assert_eq!(get(&server, &key, "/proxy/g/echo").await.status, 200);
    }
}

fn told<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn limits_are_told_in_headers_and_the_upstreams_are_not() {
    let (server, upstream) = llm_server().await;
    let window = KeyBehaviour::Window { limit: 3, length: Duration::from_secs(600), tells: true };
    upstream.set_key("sk-1", window.clone());
    upstream.set_key("sk-2", window);
    let limits = json!({"limits": {"rpd": 100, "tpd": 10_000}});
    let (_, key) = client_key(&server, limits).await;
    let (_, unlimited) = client_key(&server, json!({})).await;
    let headers = ask(&server, &unlimited).await.headers;
    assert_eq!(told(&headers, "x-ratelimit-limit-requests"), "3");
    let headers = ask(&server, &key).await.headers;
    assert_eq!(told(&headers, "x-ratelimit-limit-requests"), "100");
    assert_eq!(told(&headers, "x-ratelimit-remaining-requests"), "99");
    assert!(told(&headers, "x-ratelimit-reset-requests").ends_with('s'), "{headers:?}");
    assert_eq!(told(&headers, "x-ratelimit-limit-tokens"), "10000");
    until("it is settled", async || {
        let remaining = told(&ask(&server, &key).await.headers, "x-ratelimit-remaining-tokens").parse::<u64>().unwrap();
        (10_000 - remaining) % TOKENS == 0
    })
    .await;
    assert_eq!(headers.iter().filter(|(name, _)| name.as_str().starts_with("x-ratelimit-")).count(), 6);
}

#[tokio::test]
async fn refusals_come_in_the_clients_format() {
    let (server, _upstream) = llm_server().await;
    let (_, key) = client_key(&server, json!({"limits": {"rpd": 1}})).await;
    assert_eq!(ask(&server, &key).await.status, StatusCode::OK);
    let refused = async |path: &str| {
        let answer = post(&server, &server.client, &key, path, QUESTION).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}: {}", answer.text());
        let after: u64 = told(&answer.headers, "retry-after").parse().unwrap();
        assert!((1..=86_400).contains(&after), "{path}: {after}");
        answer
    };
    for path in [CHAT, "/llm/s/v1/responses"] {
        let answer = refused(path).await;
        let error = &answer.json()["error"];
        assert_eq!((&error["code"], &error["type"]), (&json!("rate_limit_exceeded"), &json!("rate_limit_error")), "{path}");
        assert_eq!(told(&answer.headers, "x-ratelimit-remaining-requests"), "0");
    }
    let answer = refused("/llm/s/v1/messages").await;
    let body = answer.json();
    assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("rate_limit_error")));
    assert_eq!(told(&answer.headers, "anthropic-ratelimit-requests-limit"), "1");
    assert_eq!(told(&answer.headers, "anthropic-ratelimit-requests-remaining"), "0");
    assert!(told(&answer.headers, "anthropic-ratelimit-requests-reset").ends_with("T00:00:00Z"));
    assert_eq!(told(&answer.headers, "x-ratelimit-limit-requests"), "");
    let answer = refused("/llm/s/v1beta/models/gpt-mock:generateContent").await;
    let error = &answer.json()["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!(429), &json!("RESOURCE_EXHAUSTED")));
}

#[tokio::test]
async fn what_was_never_served_is_given_back() {
    let (server, upstream) = llm_server().await;
    let limits = json!({"limits": {"rpd": 3, "budgets": [{"amount": 1000, "unit": "tokens", "period": "month"}]}});
    let (id, key) = client_key(&server, limits).await;
    upstream.set_key("sk-1", KeyBehaviour::Limited(Some("60".to_owned())));
    upstream.set_key("sk-2", KeyBehaviour::Limited(Some("60".to_owned())));
    for _ in 0..5 {
        assert_eq!(ask(&server, &key).await.status, 429);
    }
    until("all is given back", async || {
        let standing = standing(&server, id).await;
        let all = standing.as_array().unwrap();
        all.iter().all(|limit| (&limit["used"], &limit["reserved"]) == (&json!(0.0), &json!(0.0)))
    })
    .await;
}

/// A place where a thousand tokens of a prompt cost a dollar, and a thousand of an answer cost two.
fn priced() -> Place {
    let place = Server::usual().set("LOG_LEVEL", "info").set("ROTATOR_PRICES", "prices.json");
    let price = json!({"input": 1000, "output": 2000});
    std::fs::write(place.path("prices.json"), json!({"gpt-mock": price, "m-1": price}).to_string()).unwrap();
    place
}

fn budget(amount: f64, unit: &str) -> Value {
    json!({"limits": {"budgets": [{"amount": amount, "unit": unit, "period": "month"}]}})
}

#[tokio::test]
async fn a_budget_that_is_spent_is_spent_after_a_restart() {
    for is_killed in [false, true] {
        let (server, upstream) = with_llm(priced()).await;
        // Of each there is as much as three requests use: of eight tokens, for 13 thousandths of a dollar.
        let mut clients = Vec::new();
        for (amount, unit) in [(24.0, "tokens"), (0.039, "usd")] {
            let (id, key) = client_key(&server, budget(amount, unit)).await;
            for _ in 0..3 {
                assert_eq!(ask(&server, &key).await.status, StatusCode::OK, "{unit}");
            }
            clients.push((id, key, amount));
        }
        let server = if is_killed {
            // Whoever is killed may owe what ended in the last moment.
            for (id, ..) in &clients {
                until("it is settled", async || standing(&server, *id).await[0]["reserved"] == 0.0).await;
            }
            server.kill().start().await
        } else {
            server.terminate();
            server.ended().await.start().await
        };
        for (id, key, amount) in clients {
            let standing = standing(&server, id).await;
            assert_eq!((&standing[0]["used"], &standing[0]["reserved"]), (&json!(amount), &json!(0.0)), "{standing}");
            let answer = ask(&server, &key).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["error"]["code"]), (429, &json!("insufficient_quota")));
        }
        assert_eq!(upstream.requests().len(), 6);
    }
}

#[tokio::test]
async fn what_an_answer_says_takes_the_place_of_what_was_reserved_in_every_format() {
    let (server, upstream) = (priced().start().await, MockUpstream::start().await.unwrap());
    let limits = json!({"limits": {"tpd": 1000, "budgets": [{"amount": 1, "unit": "usd", "period": "total"}]}});
    for spoken in VENDORS {
        create(&server, spoken.api_format(), spoken, &upstream, Value::Null).await;
        for stream in [false, true] {
            serve_well(&upstream, spoken, stream);
            for client in VENDORS {
                let (id, key) = client_key(&server, limits.clone()).await;
                let path = format!("/llm/{}{}", spoken.api_format(), client.path(stream));
                let request = request(&server, &key, Method::POST, &path).header("content-type", "application/json");
                let answer = server.send(request.body(full(client.question(stream).to_string())).unwrap()).await;
                let what = format!("{client:?} to {spoken:?}, stream: {stream}");
                assert_eq!(answer.status, StatusCode::OK, "{what}");
                let mut last = Value::Null;
                let settled = async || {
                    last = standing(&server, id).await;
                    last.as_array().unwrap().iter().all(|limit| limit["reserved"] == 0.0)
                };
                until(&what, settled).await;
                // Eleven tokens of the prompt, and seven of the answer.
                assert_eq!((&last[0]["used"], &last[1]["used"]), (&json!(18.0), &json!(0.025)), "{what}: {last}");
            }
        }
    }
}

#[tokio::test]
async fn who_leaves_a_stream_before_it_says_what_it_used_has_used_what_was_reserved() {
    let (server, upstream) = (priced().start().await, MockUpstream::start().await.unwrap());
    create(&server, "s", Vendor::Chat, &upstream, Value::Null).await;
    upstream.answer("", Canned::events(Vendor::Chat.events()).waiting());
    let (id, key) = client_key(&server, json!({"limits": {"tpd": 1000}})).await;
    let mut question = Vendor::Chat.question(true);
    question["max_tokens"] = json!(200);
    let request = request(&server, &key, Method::POST, CHAT).header("content-type", "application/json");
    let client = TestClient::new();
    let begun = client.head(request.body(full(question.to_string())).unwrap()).await;
    let reserved = standing(&server, id).await[0]["reserved"].as_f64().unwrap();
    assert!(reserved > 200.0, "{reserved}");
    drop((begun, client));
    until("it is settled", async || standing(&server, id).await[0]["used"] == reserved).await;
    assert_eq!(standing(&server, id).await[0]["reserved"], 0.0);
}

#[tokio::test]
async fn a_restart_keeps_what_was_used() {
    for is_killed in [false, true] {
        let (server, _upstream) = with_llm(Server::usual().set("LOG_LEVEL", "info")).await;
        let (id, key) = client_key(&server, json!({"limits": {"rpd": 5}})).await;
        for _ in 0..3 {
            assert_eq!(ask(&server, &key).await.status, StatusCode::OK);
        }
        let server = if is_killed {
            // Whoever is killed may owe what ended in the last moment.
            until("it is settled", async || standing(&server, id).await[0]["used"] == 3.0).await;
            server.kill().start().await
        } else {
            server.terminate();
            server.ended().await.start().await
        };
        assert_eq!(standing(&server, id).await[0]["used"], 3.0);
        assert_eq!(spend(std::slice::from_ref(&server), &key, CHAT, 1).await, 2);
    }
}

#[tokio::test]
async fn bad_fields_are_named() {
    let server = Server::usual().set("ADMIN_PASSWORD", PASSWORD).start().await;
    let budget = |amount: Value, unit: &str, period: &str| {
        json!({"limits": {"budgets": [{"amount": amount, "unit": unit, "period": period}]}})
    };
    let refused = async |mut body: Value, field: &str| {
        body["name"] = json!("client");
        let (status, told) = server.admin(Method::POST, "client-keys", Some(body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {told}");
        assert_eq!(told["fields"][0]["field"], field, "{told}");
    };
    refused(json!({"limits": {"rpm": 0}}), "limits.rpm").await;
    refused(json!({"limits": {"rpm": -1}}), "limits.rpm").await;
    refused(json!({"limits": {"tpd": 1e300}}), "limits.tpd").await;
    refused(json!({"limits": {"rpd": 9_007_199_254_740_993_u64}}), "limits.rpd").await;
    refused(json!({"limits": {"max_concurrency": 1.5}}), "limits.max_concurrency").await;
    refused(json!({"limits": {"requests": 5}}), "limits.requests").await;
    refused(budget(json!(-5), "usd", "day"), "limits.budgets[0].amount").await;
    refused(budget(json!(5), "doubloons", "day"), "limits.budgets[0].unit").await;
    refused(budget(json!(5), "usd", "fortnight"), "limits.budgets[0].period").await;
    refused(budget(json!(1e12), "usd", "day"), "limits.budgets[0].amount").await;
    refused(json!({"sources": ["10.0.0.0/8", "10.0.0/8"]}), "sources[1]").await;
    refused(json!({"sources": ["10.0.0.0/33"]}), "sources[0]").await;
    refused(json!({"expires_at": "tomorrow"}), "expires_at").await;
    refused(json!({"expires_at": "2001-01-01T00:00:00Z"}), "expires_at").await;
    refused(json!({"models": [""]}), "models[0]").await;
    let (id, _) = client_key(&server, json!({})).await;
    let path = format!("client-keys/{id}");
    let (status, told) = server.admin(Method::PATCH, &path, Some(json!({"limits": {"tpm": 0}}))).await;
    assert_eq!((status.as_u16(), &told["fields"][0]["field"]), (422, &json!("limits.tpm")));
    let rotate = format!("{path}/rotate");
    let (status, told) = server.admin(Method::POST, &rotate, Some(json!({"grace_seconds": 2_592_001}))).await;
    assert_eq!((status.as_u16(), &told["fields"][0]["field"]), (422, &json!("grace_seconds")));
    let (status, _) = server.admin(Method::GET, "client-keys/999999", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

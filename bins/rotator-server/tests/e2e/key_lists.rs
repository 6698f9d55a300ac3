//! Keys of a pool as they are found, changed together and shown in clear; and changes that were meant for another version.

use http::{Method, StatusCode};
use rotator_mock_upstream::{KeyBehaviour, MockUpstream};
use serde_json::{Value, json};

use crate::server::Server;
use crate::users::{call, user};

const COUNT: usize = 1_234;

/// A service with many keys, of which the second is dead and the third is disabled.
struct Pool {
    server: Server,
    upstream: MockUpstream,
    path: String,
    keys: Vec<Value>,
}

// === impl Pool ===

impl Pool {
    async fn new() -> Self {
        let (server, upstream) = (Server::new().await, MockUpstream::start().await.unwrap());
        upstream.set_key(&value(1), KeyBehaviour::Revoked);
        let service = server.llm("s", "openai_compatible", &format!("{}/v1", upstream.base_url()), &[]).await;
        let path = format!("proxy-configs/{service}/keys");
        let values: Vec<String> = (0..COUNT).map(value).collect();
        server.admin(Method::POST, &format!("{path}/batch"), Some(json!({"keys": values}))).await;
        let (_, first) = server.admin(Method::GET, &format!("{path}?limit=1000"), None).await;
        let (_, rest) = server.admin(Method::GET, &format!("{path}?offset=1000"), None).await;
        let keys = [first, rest].iter().flat_map(|page| page.as_array().unwrap().clone()).collect();
        let pool = Self { server, upstream, path, keys };
        pool.server.admin(Method::POST, &format!("keys/{}/test", pool.id(1)), None).await;
        let off = json!({"is_active": false, "label": "Spare one", "quota_group": "west"});
        pool.server.admin(Method::PATCH, &format!("keys/{}", pool.id(2)), Some(off)).await;
        pool
    }

    fn id(&self, place: usize) -> i64 {
        self.keys[place]["id"].as_i64().unwrap()
    }

    /// The ids of a list, and how long it is in all.
    async fn found(&self, query: &str) -> (Vec<i64>, u64) {
        let answer = self.server.admin_answer(Method::GET, &format!("{}?{query}", self.path), None).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
        let total = answer.headers["x-total-count"].to_str().unwrap().parse().unwrap();
        (answer.json().as_array().unwrap().iter().map(|key| key["id"].as_i64().unwrap()).collect(), total)
    }

    async fn bulk(&self, body: Value) -> (StatusCode, Value) {
        self.server.admin(Method::POST, &format!("{}/bulk", self.path), Some(body)).await
    }
}

fn value(number: usize) -> String {
    format!("sk-pool-{number:016}")
}

#[tokio::test]
async fn keys_are_found_by_their_place_by_their_state_and_by_what_is_shown_of_them() {
    let pool = Pool::new().await;
    let ids: Vec<i64> = (0..COUNT).map(|place| pool.id(place)).collect();
    assert!(ids.is_sorted());
    for (query, from, to) in
        [("offset=0&limit=2", 0, 2), ("offset=1233", 1_233, COUNT), ("offset=1200&limit=10", 1_200, 1_210)]
    {
        assert_eq!(pool.found(query).await, (ids[from..to].to_vec(), COUNT as u64), "{query}");
    }
    assert_eq!(pool.found("offset=1234").await, (Vec::new(), COUNT as u64));
    let others: Vec<i64> = ids.iter().copied().filter(|id| ![ids[1], ids[2]].contains(id)).collect();
    assert_eq!(pool.found("state=dead").await, (vec![ids[1]], 1));
    assert_eq!(pool.found("state=disabled").await, (vec![ids[2]], 1));
    assert_eq!(pool.found("state=cooling").await, (Vec::new(), 0));
    assert_eq!(pool.found("state=active&offset=1230").await, (others[1_230..].to_vec(), 1_232));
    assert_eq!(pool.found(&format!("state=active&after={}&limit=2", ids[1])).await, (ids[3..5].to_vec(), 1_232));
    // What is shown of a value, a label, a group; whatever the case.
    assert_eq!(pool.found("q=0007").await, (vec![ids[7]], 1));
    for query in ["q=spare%20ONE", "q=WEST", "q=one&state=disabled"] {
        assert_eq!(pool.found(query).await, (vec![ids[2]], 1), "{query}");
    }
    assert_eq!(pool.found("q=sk-poo&offset=3&limit=1").await, (vec![ids[3]], COUNT as u64));
    assert_eq!(pool.found("q=0001&state=active").await, (Vec::new(), 0));
    // The middle of a value is not shown, so nothing tells whether a guess is right.
    assert_eq!(pool.found("q=pool-00").await, (Vec::new(), 0));
    // The next page goes on at a key, with the same filter.
    let first = format!("{}?state=active&offset=5&limit=2", pool.path);
    let page = pool.server.admin_answer(Method::GET, &first, None).await;
    let link = page.headers["link"].to_str().unwrap();
    assert!(link.contains(&format!("?state=active&limit=2&after={}>", others[6])), "{link}");
    for (query, field) in
        [("state=asleep", "state"), ("offset=x", "offset"), ("offset=1&after=1", "offset"), ("limit=0", "limit")]
    {
        let (status, error) = pool.server.admin(Method::GET, &format!("{}?{query}", pool.path), None).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
    }
}

/// More than are read at once.
const MANY: usize = 11_000;

#[tokio::test]
async fn a_text_is_found_in_a_pool_of_many_pages_as_in_a_small_one() {
    let server = Server::new().await;
    let service = server.llm("large", "openai_compatible", "http://127.0.0.1:9/v1", &[]).await;
    let path = format!("proxy-configs/{service}/keys");
    let values: Vec<String> = (0..MANY).map(value).collect();
    server.admin(Method::POST, &format!("{path}/batch"), Some(json!({"keys": values}))).await;
    let mut keys: Vec<Value> = Vec::new();
    for offset in (0..MANY).step_by(1000) {
        let (_, page) = server.admin(Method::GET, &format!("{path}?offset={offset}&limit=1000"), None).await;
        keys.extend(page.as_array().unwrap().clone());
    }
    // In every page of those that are read at once, and at its edges.
    let named = [0, 4_999, 5_000, 7_500, 9_999, 10_000, MANY - 1];
    let ids: Vec<&Value> = named.iter().map(|at| &keys[*at]["id"]).collect();
    let change = json!({"ids": ids, "action": "change", "change": {"label": "Odd 77", "is_active": false}});
    let (status, _) = server.admin(Method::POST, &format!("{path}/bulk"), Some(change)).await;
    assert_eq!(status, StatusCode::OK);
    let says = |at: usize, text: &str| {
        let shown = [keys[at]["id"].to_string(), keys[at]["key_value"].to_string().to_lowercase()];
        shown.iter().any(|shown| shown.contains(text)) || (named.contains(&at) && "odd 77".contains(text))
    };
    for text in ["77", "odd 77", "nothing"] {
        for state in ["", "active", "disabled"] {
            let is_in = |at: &usize| match state {
                "active" => !named.contains(at),
                "disabled" => named.contains(at),
                _ => true,
            };
            let found = (0..MANY).filter(is_in).filter(|at| says(*at, text));
            let expected: Vec<i64> = found.map(|at| keys[at]["id"].as_i64().unwrap()).collect();
            let state = if state.is_empty() { String::new() } else { format!("&state={state}") };
            let offset = expected.len() / 2;
            let query = format!("{path}?limit=300&offset={offset}&q={}{state}", text.replace(' ', "%20"));
            let answer = server.admin_answer(Method::GET, &query, None).await;
            let total: usize = answer.headers["x-total-count"].to_str().unwrap().parse().unwrap();
            let page: Vec<i64> =
                answer.json().as_array().unwrap().iter().map(|key| key["id"].as_i64().unwrap()).collect();
            let to = expected.len().min(offset + 300);
            assert_eq!((page.as_slice(), total), (&expected[offset..to], expected.len()), "{query}");
        }
    }
    let gone = json!({"filter": {"q": "ODD 77"}, "action": "delete"});
    let (_, report) = server.admin(Method::POST, &format!("{path}/bulk"), Some(gone)).await;
    assert_eq!(report, json!({"count": named.len()}));
}

#[tokio::test]
async fn many_keys_change_in_one_transaction() {
    let pool = Pool::new().await;
    let ids: Vec<i64> = (0..COUNT).map(|place| pool.id(place)).collect();
    let off = json!({"ids": [ids[5], ids[6], ids[6], 999_999], "action": "disable"});
    assert_eq!(pool.bulk(off).await, (StatusCode::OK, json!({"count": 2})));
    assert_eq!(pool.found("state=disabled").await.0, [ids[2], ids[5], ids[6]]);
    let back = json!({"filter": {"state": "disabled"}, "except": [ids[5]], "action": "enable"});
    assert_eq!(pool.bulk(back).await, (StatusCode::OK, json!({"count": 2})));
    assert_eq!(pool.found("state=disabled").await.0, [ids[5]]);

    let change = json!({"weight": 7, "tier": 2, "quota_group": "east", "limits": {"rpm": 9}});
    let everything = json!({"filter": {}, "action": "change", "change": change});
    assert_eq!(pool.bulk(everything).await, (StatusCode::OK, json!({"count": COUNT})));
    let (_, keys) = pool.server.admin(Method::GET, &format!("{}?limit=3", pool.path), None).await;
    for key in keys.as_array().unwrap() {
        let told = json!([key["weight"], key["tier"], key["quota_group"], key["limits"]]);
        assert_eq!(told, json!([7, 2, "east", {"rpm": 9}]));
    }
    assert_eq!(keys[2]["label"], "Spare one");

    // The dead key is back at once, and the next request may use it.
    assert_eq!(pool.bulk(json!({"filter": {}, "action": "reset"})).await, (StatusCode::OK, json!({"count": 1})));
    assert_eq!(pool.found("state=dead").await.1, 0);
    pool.upstream.set_key(&value(1), KeyBehaviour::Good);
    let rest = json!({"filter": {}, "except": [ids[1]], "action": "delete"});
    assert_eq!(pool.bulk(rest).await, (StatusCode::OK, json!({"count": COUNT - 1})));
    assert_eq!(pool.found("limit=9").await, (vec![ids[1]], 1));
    assert_eq!(pool.server.get("/llm/s/models").await.status, StatusCode::OK);
    let (_, log) = pool.server.admin(Method::GET, "audit?action=keys.bulk", None).await;
    let details: Vec<&str> = log.as_array().unwrap().iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    let told = ["delete: 1233 keys", "reset: 1 keys", "change: 1234 keys", "enable: 2 keys", "disable: 2 keys"];
    assert_eq!(details, told);

    let bad = [
        (json!({"action": "delete"}), "ids"),
        (json!({"ids": [1], "filter": {}, "action": "delete"}), "ids"),
        (json!({"ids": [1], "action": "burn"}), "action"),
        (json!({"ids": [1], "action": "change"}), "change"),
        (json!({"ids": [1], "action": "change", "change": {}}), "change"),
        (json!({"ids": [1], "action": "enable", "change": {"tier": 1}}), "change"),
        (json!({"ids": [1], "action": "change", "change": {"weight": 0}}), "change.weight"),
        (json!({"filter": {"state": "x"}, "action": "delete"}), "filter.state"),
    ];
    for (body, field) in bad {
        let (status, error) = pool.bulk(body.clone()).await;
        let named = &error["fields"][0]["field"];
        assert_eq!((status, named), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{body}: {error}");
    }
    let nowhere = pool.server.admin(Method::POST, "proxy-configs/999999/keys/bulk", Some(json!({"ids": [], "action": "reset"})));
    assert_eq!(nowhere.await.0, StatusCode::NOT_FOUND);
    assert_eq!(pool.found("limit=9").await, (vec![ids[1]], 1));
}

#[tokio::test]
async fn a_key_is_shown_in_clear_to_admins_alone_and_never_kept() {
    let pool = Pool::new().await;
    let path = format!("keys/{}/reveal", pool.id(7));
    let answer = pool.server.admin_answer(Method::POST, &path, None).await;
    assert_eq!(answer.json(), json!({"id": pool.id(7), "key_value": value(7)}));
    assert_eq!(answer.headers["cache-control"], "no-store");
    let (_, log) = pool.server.admin(Method::GET, "audit?action=key.reveal", None).await;
    assert_eq!((log.as_array().unwrap().len(), &log[0]["subject"]), (1, &json!(format!("key:{}", pool.id(7)))));
    assert!(!log.to_string().contains(&value(7)) && !pool.server.output().contains(&value(7)));
    let operator = user(&pool.server, "joe", "operator").await;
    assert_eq!(call(&pool.server, &operator, Method::POST, &path, None).await.0, StatusCode::FORBIDDEN);
    let (status, _) = pool.server.admin(Method::POST, "keys/999999/reveal", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (_, log) = pool.server.admin(Method::GET, "audit?action=key.reveal", None).await;
    assert_eq!(log.as_array().unwrap().len(), 1);
}

/// Sends a change that is meant for a version.
async fn change(server: &Server, method: Method, path: &str, tag: &str, body: Value) -> (StatusCode, Value) {
    let mut request = server.admin_request(method, path, Some(body));
    request.headers_mut().insert("if-match", tag.parse().unwrap());
    let answer = server.send(request).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_not_overwritten() {
    let server = Server::new().await;
    let service = server.generic("s", "http://127.0.0.1:9", &["sk-1"]).await;
    let (of, keys) = (format!("proxy-configs/{service}"), format!("proxy-configs/{service}/keys"));
    let (_, listed) = server.admin(Method::GET, &keys, None).await;
    let key = format!("keys/{}", listed[0]["id"]);
    let (_, made) = server.admin(Method::POST, "client-keys", Some(json!({"name": "c"}))).await;
    let client = format!("client-keys/{}", made["id"]);
    let (_, config) = server.admin(Method::GET, &of, None).await;
    let mut renamed = config.clone();
    renamed["name"] = json!("renamed");
    let cases = [
        (Method::PUT, &of, config, renamed),
        (Method::PATCH, &key, listed[0].clone(), json!({"weight": 7})),
        (Method::PATCH, &client, made, json!({"name": "d"})),
    ];
    for (method, path, seen, body) in cases {
        let tag = format!("\"{}\"", seen["version"].as_str().unwrap());
        let mut request = server.admin_request(method.clone(), path, Some(body.clone()));
        request.headers_mut().insert("if-match", format!("\"other\", {tag}").parse().unwrap());
        let answer = server.send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let after = answer.headers["etag"].to_str().unwrap().to_owned();
        assert!(after != tag && after == format!("\"{}\"", answer.json()["version"].as_str().unwrap()), "{after}");

        let (status, error) = change(&server, method.clone(), path, &tag, body.clone()).await;
        assert_eq!(status, StatusCode::PRECONDITION_FAILED, "{path}");
        assert!(error["error"].as_str().unwrap().ends_with("has been changed meanwhile"), "{error}");
        assert_eq!(change(&server, Method::DELETE, path, &tag, json!({})).await.0, StatusCode::PRECONDITION_FAILED);
        // Without a version, or with any, it is as before.
        assert_eq!(server.admin(method.clone(), path, Some(body.clone())).await.0, StatusCode::OK);
        assert_eq!(change(&server, method.clone(), path, "*", body.clone()).await.0, StatusCode::OK);
        let (status, error) = change(&server, method, path, "no-tag", body).await;
        assert_eq!((status, &error["fields"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("If-Match")));
    }
    // A key more is no other config, and what has just been read may be deleted.
    for path in [&of, &client] {
        server.admin(Method::POST, &keys, Some(json!({"key_value": format!("sk-{path}")}))).await;
        let answer = server.admin_answer(Method::GET, path, None).await;
        let (before, tag) = (answer.json()["version"].clone(), answer.headers["etag"].to_str().unwrap().to_owned());
        server.admin(Method::POST, &keys, Some(json!({"key_value": format!("sk-more-{path}")}))).await;
        assert_eq!(server.admin(Method::GET, path, None).await.1["version"], before);
        assert_eq!(change(&server, Method::DELETE, path, &tag, json!({})).await.0, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn of_those_who_change_the_same_version_at_once_one_holds() {
    let server = Server::new().await;
    let service = server.generic("s", "http://127.0.0.1:9", &["sk-1"]).await;
    let (_, listed) = server.admin(Method::GET, &format!("proxy-configs/{service}/keys"), None).await;
    let path = format!("keys/{}", listed[0]["id"]);
    let tag = format!("\"{}\"", listed[0]["version"].as_str().unwrap());
    let changes = (2..12).map(|weight| change(&server, Method::PATCH, &path, &tag, json!({"weight": weight})));
    let answers = futures_util::future::join_all(changes).await;
    let count = |wanted| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(StatusCode::OK), count(StatusCode::PRECONDITION_FAILED)), (1, 9));
}

#[tokio::test]
async fn lists_tell_less_or_more_where_that_is_asked_for() {
    let server = Server::new().await;
    server.generic("s", "http://127.0.0.1:9", &["sk-1", "sk-2"]).await;
    let (_, configs) = server.admin(Method::GET, "proxy-configs?keys=none", None).await;
    assert_eq!((&configs[0]["api_keys"], &configs[0]["api_key_count"]), (&json!([]), &json!(2)));
    let (_, configs) = server.admin(Method::GET, "proxy-configs?slug=s&keys=none", None).await;
    assert_eq!((configs.as_array().unwrap().len(), &configs[0]["api_keys"]), (1, &json!([])));
    assert_eq!(server.admin(Method::GET, "proxy-configs?keys=all", None).await.0, StatusCode::UNPROCESSABLE_ENTITY);

    for (name, limits) in [("free", json!({})), ("bound", json!({"rpd": 5, "max_concurrency": 2}))] {
        server.admin(Method::POST, "client-keys", Some(json!({"name": name, "limits": limits}))).await;
    }
    let (_, plain) = server.admin(Method::GET, "client-keys", None).await;
    assert!(plain.as_array().unwrap().iter().all(|key| key["standing"].is_null()), "{plain}");
    let (_, told) = server.admin(Method::GET, "client-keys?standing=true", None).await;
    assert_eq!((&told[0]["name"], &told[0]["standing"]), (&json!("free"), &json!([])));
    let standing = &told[1]["standing"][0];
    assert_eq!(json!([standing["period"], standing["limit"], standing["used"]]), json!(["day", 5.0, 0.0]));
    assert_eq!(told[1]["in_flight"], 0);
    let (status, _) = server.admin(Method::GET, "client-keys?standing=perhaps", None).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

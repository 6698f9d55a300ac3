//! `logs ...`, `tail` and `usage`.

use std::process::Stdio;
use std::time::Duration;

use rotator_domain::{
    ClientKeyId, End, EndedAttempt, EndedRequest, Figure, KeyId, LoggedRequest, ServiceId, Timestamp, TokenUsage,
    UsageFigures, UsageRow, UsageSubject, Verdict,
};
use rotator_storage_trait::{NewLogEntry, Storage, StoredBody, UsageBatch};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::place::Place;

/// What became of a request of this service, with this status.
fn request(service: i64, key: Option<i64>, client: Option<i64>, status: u16) -> LoggedRequest {
    let attempt = |key| EndedAttempt { service: ServiceId(service), key: KeyId(key), verdict: Some(Verdict::Healthy) };
    let ended = EndedRequest {
        at: Timestamp::from_millis(1_767_225_600_000),
        service: ServiceId(service),
        client: client.map(ClientKeyId),
        key: key.map(KeyId),
        model: Some("gpt-4o".to_owned()),
        is_llm: true,
        status,
        end: End::Whole,
        attempts: key.into_iter().map(attempt).collect(),
        tokens: Some(TokenUsage { input: 30, output: 5, ..TokenUsage::default() }),
        cost_nanodollars: Some(1_500_000),
        bytes_in: 10,
        bytes_out: 20,
        first_byte: Duration::from_millis(30),
        duration: Duration::from_millis(40),
    };
    LoggedRequest {
        asked: ServiceId(service),
        ended,
        method: "POST".to_owned(),
        path: "/llm/s/v1/chat/completions".to_owned(),
        headers: vec![("user-agent".to_owned(), "tester/1".to_owned())],
        answer_type: None,
        trace_id: None,
        request_id: Some("r-1".to_owned()),
        address: None,
    }
}

/// A place with a service that has one key, and their ids.
async fn with_service() -> (Place, i64, i64) {
    let place = Place::logged_in().await;
    place.service("s").await;
    let service = place.json(&["services", "show", "s"]).await["id"].as_i64().unwrap();
    let added = place.json(&["keys", "add", "s", "--from", "env:KEY", "--label", "main"]).await;
    (place, service, added[0]["id"].as_i64().unwrap())
}

async fn store(storage: &dyn Storage, request: LoggedRequest, bodies: Option<[&str; 2]>) {
    let body = |text: &str| StoredBody { content: text.as_bytes().to_vec(), is_packed: false, is_cut: false };
    let bodies = bodies.map(|bodies| bodies.map(body));
    storage.append_requests(&[NewLogEntry { request, bodies }]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn logged_requests_are_found_and_shown_by_names() {
    let (place, service, key) = with_service().await;
    let storage = place.storage();
    store(storage, request(service, Some(key), Some(9), 200), Some(["{\"a\":1}", "\u{1b}[2Jdone"])).await;
    store(storage, request(service, None, None, 503), None).await;
    let team = place.json(&["client-keys", "create", "team-a"]).await["id"].as_i64().unwrap();
    store(storage, request(service, Some(key), Some(team), 404), None).await;
    let all = place.json(&["logs"]).await;
    assert_eq!((&all[1]["status"], &all[2]["status"], all.as_array().unwrap().len()), (&json!(503), &json!(200), 3));
    for (arguments, count) in [
        (&["--status", "5xx"][..], 1),
        (&["--service", "s", "--key", &key.to_string()], 2),
        (&["--client", "none"], 1),
        (&["--trace", "r-1", "--model", "gpt-4o", "--limit", "1"], 1),
        (&["--until", "2020-01-01"], 0),
    ] {
        let found = place.json(&[&["logs"], arguments].concat()).await;
        assert_eq!(found.as_array().unwrap().len(), count, "{arguments:?}");
    }
    let table = place.run(&["logs"]).await.with_code(0).out;
    for part in ["main", "settings", "#9", "team-a", "30 + 5", "$ 0.001500", "503"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let shown = place.run(&["logs", "show", "1"]).await.with_code(0).out;
    for part in
        ["POST /llm/s/v1/chat/completions", "tester/1", "key main of service s: healthy", "{\"a\":1}", "[2Jdone"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{shown}");
    assert_eq!(place.json(&["logs", "show", "1"]).await["request_body"]["text"], "{\"a\":1}");
    place.run(&["logs", "show", "7"]).await.with_code(3);
    place.run(&["logs", "--service", "nobody"]).await.with_code(3);
    let refused = place.run(&["logs", "--since", "yesterday"]).await.with_code(5);
    assert!(refused.err.contains("since: "), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_logged_requests_come_page_by_page() {
    let (place, service, _) = with_service().await;
    let entry = NewLogEntry { request: request(service, None, None, 200), bodies: None };
    place.storage().append_requests(&vec![entry; 1500]).await.unwrap();
    let ids = async |limit: &str| {
        let found = place.json(&["logs", "--limit", limit]).await;
        found.as_array().unwrap().iter().map(|entry| entry["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids("1200").await, (301..=1500).rev().collect::<Vec<_>>());
    assert_eq!(ids("5000").await.len(), 1500);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_followed_as_it_grows() {
    let (place, service, key) = with_service().await;
    for format in ["table", "json"] {
        let mut command = place.command(&["tail", "--status", "2xx", "--output", format]);
        let mut tail = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
        let mut seen = None;
        // It follows from its start on, so what comes before that is not seen.
        for _ in 0..60 {
            store(place.storage(), request(service, Some(key), None, 404), None).await;
            store(place.storage(), request(service, Some(key), None, 200), None).await;
            if let Ok(line) = tokio::time::timeout(Duration::from_secs(1), lines.next_line()).await {
                seen = line.unwrap();
                break;
            }
        }
        let line = seen.unwrap();
        if format == "json" {
            assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["status"], 200, "{line}");
        } else {
            let parts = [" s settings POST /llm/s/v1/chat/completions 200 40 ms", "key main", "30 + 5 tokens"];
            assert!(parts.iter().all(|part| line.contains(part)) && !line.contains('\u{1b}'), "{line}");
        }
    }
    place.run(&["tail", "--status", "many"]).await.with_code(5);
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_shown_by_names_and_written_as_csv() {
    let (place, service, key) = with_service().await;
    let figures = UsageFigures::from_iter([
        (Figure::Requests, 4),
        (Figure::ErrorsLimited, 1),
        (Figure::InputTokens, 30),
        (Figure::CostNanodollars, 1_500_000),
        (Figure::DurationMillis, 400),
    ]);
    let row = |key: Option<i64>, client: Option<i64>, model: Option<&str>| {
        let (key, client, model) = (key.map(KeyId), client.map(ClientKeyId), model.map(str::to_owned));
        let subject = UsageSubject { service: ServiceId(service), key, client, model };
        UsageRow { at: Timestamp::from_millis(1_767_225_600_000), subject, figures: figures.clone() }
    };
    let rows = [row(Some(key), Some(9), Some("gpt-4o,mini")), row(None, None, None)];
    let batch = UsageBatch { source: "a".to_owned(), number: 1 };
    place.storage().add_usage(&batch, &rows, Timestamp::EPOCH).await.unwrap();
    let since = ["usage", "--since", "2026-01-01", "--until", "2026-01-02", "--grain", "day"];
    let all = place.json(&since).await;
    assert_eq!(all["groups"][0]["figures"]["requests"], 8);
    let table = place.run(&[&since[..], &["--by", "key,model"]].concat()).await.with_code(0).out;
    for part in ["service", "main", "gpt-4o,mini", "$ 0.001500", "100 ms"] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let csv = place.run(&[&since[..], &["--by", "service,client,model", "--csv"]].concat()).await.with_code(0).out;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("service,client,model,requests,errors_client,errors_limited,"), "{csv}");
    assert!(
        lines[1].starts_with("s,settings,-,4,0,1,") && lines[2].starts_with("s,#9,\"gpt-4o,mini\",4,0,1,"),
        "{csv}"
    );
    assert_eq!((lines.len(), lines[0].split(',').count()), (3, 26));
    let only = place.json(&[&since[..], &["--service", "s", "--key", &key.to_string()]].concat()).await;
    assert_eq!(only["groups"][0]["figures"]["requests"], 4);
    assert_eq!(place.json(&["usage", "--since", "24h"]).await["groups"], json!([]));
    place.run(&["usage", "--by", "colour"]).await.with_code(2);
    place.run(&["usage", "--grain", "week"]).await.with_code(5);
}

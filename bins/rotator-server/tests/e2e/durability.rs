//! What a killed process leaves.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;

use crate::server::{Place, Server};

const BATCH: u64 = 20_000;

/// Kills the server in the middle of an import, later in each round, or after the answer; says whether there was an answer.
/// SQLite's log shows how far it is; with a server's the time must.
async fn kill_during_import(server: Server, id: i64, round: u32) -> (Place, bool) {
    let (growth, moment) = (1 + u64::from(round) * 512 * 1024, Duration::from_millis(60) * (1 + round));
    let keys: Vec<String> = (0..BATCH).map(|number| format!("sk-{number:032}")).collect();
    let log = server.place().path("data/api_key_rotator.db-wal");
    let size = || std::fs::metadata(&log).map_or(0, |file| file.len());
    let before = size();
    let answered = {
        let path = format!("proxy-configs/{id}/keys/batch");
        let import = server.admin_request(Method::POST, &path, Some(json!({"keys": keys})));
        let import = tokio::spawn(server.client.clone().try_send(import));
        let begun = Instant::now();
        let is_time = || match server.place().backend {
            Some(_) => begun.elapsed() >= moment,
            None => size() >= before + growth,
        };
        while !is_time() && !import.is_finished() {
            tokio::task::yield_now().await;
        }
        let answered = import.is_finished();
        import.abort();
        answered
    };
    (server.kill(), answered)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_a_kill_interrupts_is_there_whole_or_not_at_all() {
    let (mut interrupted, mut outcomes) = (0, Vec::new());
    for round in 0..8 {
        let server = Server::usual().set("LOG_LEVEL", "info").start().await;
        let id = server.generic("s", "http://127.0.0.1:9", &["sk-first"]).await;
        let (place, answered) = kill_during_import(server, id, round).await;
        interrupted += usize::from(!answered);

        // It opens, and holds all or nothing.
        let server = place.start().await;
        let (_, config) = server.admin(Method::GET, &format!("proxy-configs/{id}"), None).await;
        let count = config["api_key_count"].as_u64().unwrap();
        assert!(count == 1 || count == 1 + BATCH, "round {round}: {count} keys");
        assert!(!answered || count == 1 + BATCH, "round {round}: an answered import is gone");
        outcomes.push(count);
        // And takes the next import.
        let (_, report) = server
            .admin(Method::POST, &format!("proxy-configs/{id}/keys/batch"), Some(json!({"keys": ["sk-next"]})))
            .await;
        assert_eq!(report["success_count"], 1);
    }
    assert!(interrupted >= 4, "only {interrupted} of 8 imports were interrupted: {outcomes:?}");
}

#[tokio::test]
async fn what_was_answered_outlives_a_kill() {
    let server = Server::new().await;
    let id = server.generic("s", "http://127.0.0.1:9", &["sk-1"]).await;
    server.admin(Method::POST, &format!("proxy-configs/{id}/keys"), Some(json!({"key_value": "sk-2"}))).await;
    let server = server.kill().start().await;
    let (_, exported) = server.admin(Method::POST, &format!("proxy-configs/{id}/keys/export"), None).await;
    assert_eq!(exported["keys"].as_array().unwrap().len(), 2);
    tokio::time::timeout(Duration::from_secs(30), async {
        server.terminate();
        server.ended().await
    })
    .await
    .unwrap();
}

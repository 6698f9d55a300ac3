//! What is stored of many requests of all sorts is what their clients and their upstream have counted; `cargo xtask million`
//! sends a million of them.

use std::time::Duration;

use rotator_mock_upstream::{Compared, Mix};

use crate::outcome::until;
use crate::server::{CLIENT_KEY, Server};
use crate::usage::{total, usage};

/// How many requests are sent, and how many of them at once.
const REQUESTS: u64 = 10_000;
const AT_ONCE: usize = 32;

/// Sends the requests, kills the server in their middle or not, and compares.
async fn count(is_killed: bool) {
    let mix = Mix::start().await.unwrap();
    let mut server = Server::usual().set("LOG_LEVEL", "error").start().await;
    for service in mix.services() {
        server.create(service).await;
    }
    mix.serve_at(&server.base);
    let load = tokio::spawn({
        let mix = mix.clone();
        async move { mix.run(REQUESTS, AT_ONCE, CLIENT_KEY).await.unwrap() }
    });
    if is_killed {
        while mix.ended() < REQUESTS / 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        mix.killed();
        server = server.kill().start().await;
        mix.serve_at(&server.base);
    }
    let seen = load.await.unwrap();
    assert!(seen.surprises().is_empty(), "{:?}", seen.surprises());
    assert_eq!(seen.cut_off() > 0, is_killed, "{}", seen.cut_off());
    let least = seen.least("requests");
    until("what is certain is stored", async || total(&server, "requests").await >= least).await;
    // Nothing may come late, nor twice.
    server.terminate();
    let server = server.ended().await.start().await;
    let stored = usage(&server, "").await.pop().unwrap().1;
    let compared = seen.compare(&stored);
    let wrong: Vec<&Compared> = compared.iter().filter(|compared| !compared.is_right()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // It was of all sorts.
    for figure in ["errors_client", "errors_limited", "errors_upstream", "errors_aborted", "attempts_limited"] {
        assert!(seen.least(figure) > 10, "{figure}: {compared:?}");
    }
    assert!(seen.least("attempts_failed") > seen.least("errors_upstream") / 2, "{compared:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_equal_what_was_asked_and_answered() {
    count(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_loses_no_figure_of_an_answered_request() {
    count(true).await;
}

//! What a request costs in Redis.

use http::Method;
use rotator_mock_upstream::MockUpstream;
use rotator_test_services::Redis;

use crate::client::full;
use crate::nodes::{all_are_served, backend, place};

/// Each command that Redis has run since the last reset, but for those of this test itself, with how often.
fn commands(stats: &str) -> Vec<(String, usize)> {
    let lines = stats.lines().filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(":calls="));
    let calls = lines.map(|(name, rest)| (name.to_owned(), rest.split(',').next().unwrap().parse().unwrap()));
    calls.filter(|(name, _)| !matches!(name.as_str(), "info" | "config|resetstat")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_waits_for_one_command_and_those_that_come_together_share_theirs() {
    const REQUESTS: usize = 300;
    let (backend, upstream) = (backend(), MockUpstream::start().await.unwrap());
    let redis = Redis::start().unwrap();
    let nodes = [place(&backend, "one").set("REDIS_URL", &redis.url()).start().await];
    nodes[0].generic("s", &upstream.base_url(), &["sk-1", "sk-2", "sk-3"]).await;
    all_are_served(&nodes, 4, 40).await;
    let scripts = || {
        let stats = redis.command("INFO commandstats").unwrap();
        let all = commands(&stats);
        println!("{all:?}");
        all.into_iter().filter(|(name, _)| name == "evalsha" || name == "eval").map(|(_, calls)| calls).sum::<usize>()
    };

    // One after the other, each is picked for by the command that tells the end of the one before.
    redis.command("CONFIG RESETSTAT").unwrap();
    for _ in 0..REQUESTS {
        let request = nodes[0].request(Method::POST, "/proxy/s/echo").body(full("{}")).unwrap();
        assert_eq!(nodes[0].send(request).await.status, 200);
    }
    let apart = scripts();
    // Signs of life and turns of background work are few beside them. On a busy machine some that follow are late.
    assert!(apart <= REQUESTS * 3 / 2, "{apart} commands for {REQUESTS} requests one after the other");

    redis.command("CONFIG RESETSTAT").unwrap();
    all_are_served(&nodes, 32, REQUESTS).await;
    let together = scripts();
    assert!(together <= REQUESTS, "{together} commands for {REQUESTS} requests at once");
}

//! Which nodes there are, and that each is told what the others changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use rotator_cache_redis::{Connections, RedisCacheError, RedisFeed, RedisNodes, RedisOptions, RedisUrl};
use rotator_cache_trait::{Change, ChangeFeed, Changes, NodeRegistry};
use rotator_domain::{Clock, ServiceId, SystemClock};
use rotator_test_services::Redis;

fn options(server: &Redis) -> RedisOptions {
    RedisOptions { node_silence: Duration::from_secs(1), ..RedisOptions::new(RedisUrl::new(server.url())) }
}

fn feed(server: &Redis, node: &str) -> RedisFeed {
    let options = options(server);
    RedisFeed::new(Connections::new(&options).unwrap(), &options, node)
}

async fn next(changes: &mut Box<dyn Changes>) -> Change {
    tokio::time::timeout(Duration::from_secs(20), changes.next()).await.unwrap().unwrap()
}

/// Waits until there are these nodes.
async fn until(registry: &RedisNodes, ids: &[&str]) {
    let found = async {
        loop {
            let nodes = registry.nodes(SystemClock.now()).await.unwrap();
            if nodes.iter().map(|node| node.id.as_str()).eq(ids.iter().copied()) {
                return nodes;
            }
            tokio::task::yield_now().await;
        }
    };
    let nodes = tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
    for node in nodes {
        assert_eq!(node.version, "1.2");
        let age = SystemClock.now().saturating_since(node.seen_at);
        assert!(age < Duration::from_secs(5), "{age:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_known_while_they_live() {
    let server = Redis::start().unwrap();
    let options = options(&server);
    let node = |id: &str| RedisNodes::new(Connections::new(&options).unwrap(), &options, id, "1.2");
    let (one, two, three) = (node("a"), node("b"), node("c"));
    until(&one, &["a", "b", "c"]).await;
    two.shut_down().await;
    let left = one.nodes(SystemClock.now()).await.unwrap();
    assert!(left.iter().all(|node| node.id != "b"), "it has told that it leaves");
    drop(three);
    until(&one, &["a"]).await;
}

/// Announces until the other has heard it: who has only just begun to listen may not hear the first.
async fn heard(announcer: &RedisFeed, changes: &mut Box<dyn Changes>) {
    let heard = async {
        loop {
            announcer.announce_change(Change::Service(ServiceId(99))).await.unwrap();
            if let Ok(change) = tokio::time::timeout(Duration::from_millis(50), changes.next()).await {
                assert!(matches!(change, Some(Change::Service(ServiceId(99)) | Change::Missed)));
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_are_told_of_changes_in_order_and_the_announcer_is_not() {
    let server = Redis::start().unwrap();
    let (one, two) = (feed(&server, "a"), feed(&server, "b"));
    let (mut of_one, mut of_two) = (one.changes(), two.changes());
    heard(&one, &mut of_two).await;
    heard(&two, &mut of_one).await;
    for id in 1..=50 {
        one.announce_change(Change::Service(ServiceId(id))).await.unwrap();
    }
    two.announce_change(Change::Service(ServiceId(7))).await.unwrap();
    let mut told = Vec::new();
    while told.last() != Some(&50) {
        if let Change::Service(ServiceId(id)) = next(&mut of_two).await {
            told.push(id);
        }
    }
    told.retain(|id| *id != 99);
    assert_eq!(told, (1..=50).collect::<Vec<_>>());
    while next(&mut of_one).await != Change::Service(ServiceId(7)) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_cut_off_is_told_that_something_was_missed() {
    let mut server = Redis::start().unwrap();
    let (one, two) = (feed(&server, "a"), feed(&server, "b"));
    let mut changes = two.changes();
    heard(&one, &mut changes).await;
    server.restart().unwrap();
    while next(&mut changes).await != Change::Missed {}
    heard(&one, &mut changes).await;
    one.announce_change(Change::Service(ServiceId(3))).await.unwrap();
    while next(&mut changes).await != Change::Service(ServiceId(3)) {}
}

async fn fault(url: String) -> RedisCacheError {
    let connections = Connections::new(&RedisOptions::new(RedisUrl::new(url)));
    match connections {
        Ok(connections) => connections.check().await.unwrap_err(),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_cannot_be_used_is_told_by_its_cause_and_no_password_is_shown() {
    let server = Redis::with_options(&["--requirepass", "right"]).unwrap();
    let at = |userinfo: &str| format!("redis://{userinfo}127.0.0.1:{}/3", server.port());
    for userinfo in ["", ":planted-secret@", "nobody:planted-secret@"] {
        let error = fault(at(userinfo)).await;
        assert!(matches!(error, RedisCacheError::Credentials(_)), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("planted-secret"));
    }
    let options = RedisOptions::new(RedisUrl::new(at(":right@")));
    assert!(!format!("{options:?}").contains("right"));
    Connections::new(&options).unwrap().check().await.unwrap();

    let primary = Redis::start().unwrap();
    let replica = Redis::with_options(&["--replicaof", "127.0.0.1", &primary.port().to_string()]).unwrap();
    assert!(matches!(fault(replica.url()).await, RedisCacheError::Replica));
    let port = primary.port();
    drop(primary);
    let gone = fault(format!("redis://127.0.0.1:{port}/")).await;
    assert!(matches!(gone, RedisCacheError::Unreachable(_)) && gone.is_passing(), "{gone:?}");
    assert!(matches!(fault("http://planted-secret@example/".to_owned()).await, RedisCacheError::Url(_)));
}

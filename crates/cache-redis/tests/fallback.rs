//! A node goes on when Redis is away, and joins again when it is back.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use rotator_cache_memory::{MemoryConversations, MemoryCounters, MemoryRotation};
use rotator_cache_redis::{Caches, Fallback, RedisCache, RedisOptions, RedisUrl, TimeSource};
use rotator_cache_trait::{
    ConversationLimits, ConversationStore, Counters, Kept, Place, Pool, RotationState, suite::conversations::LIMITS,
};
use rotator_domain::rotation::{Ending, Lease, Limits, Next, PickRequest, PoolKey, RotationPolicy};
use rotator_domain::{Digest, KeyId, ServiceId, Timestamp};
use rotator_test_services::Redis;

const SERVICE: ServiceId = ServiceId(1);
/// How long a call may take on a machine that has much to do, when Redis has just been lost.
const SLACK: Duration = Duration::from_millis(1500);

/// A node, and what must live as long as it.
struct Node {
    cache: Arc<Fallback>,
    redis: RedisCache,
}

fn node(options: &RedisOptions, name: &str, limits: ConversationLimits) -> Node {
    let redis = RedisCache::new(options, name, "1", limits).unwrap();
    let local = Caches {
        rotation: Arc::new(MemoryRotation::default()),
        counters: Arc::new(MemoryCounters::default()),
        conversations: Arc::new(MemoryConversations::new(limits)),
    };
    Node { cache: Arc::new(redis.with_fallback(local)), redis }
}

fn options(server: &Redis) -> RedisOptions {
    RedisOptions { node_silence: Duration::from_secs(2), ..RedisOptions::new(RedisUrl::new(server.url())) }
}

fn quick(server: &Redis, name: &str) -> Node {
    node(&options(server), name, LIMITS)
}

async fn publish(cache: &Fallback, keys: i64, limits: Limits) {
    let keys = (1..=keys).map(|id| PoolKey { limits, ..PoolKey::plain(KeyId(id)) }).collect();
    cache.publish_pool(Pool { service_id: SERVICE, policy: RotationPolicy::default(), keys }).await.unwrap();
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

async fn pick(cache: &Fallback) -> Next {
    let request = PickRequest { model: None, tried: &[], session: None, is_pinned: false, tokens: 0, now: now() };
    cache.pick(SERVICE, request).await.unwrap()
}

async fn lease(cache: &Fallback) -> Lease {
    match pick(cache).await {
        Next::Lease(lease) => lease,
        none @ Next::None { .. } => panic!("{none:?}"),
    }
}

async fn settle(cache: &Fallback, lease: &Lease) {
    cache.settle(SERVICE, lease, Ending::default(), now()).await.unwrap();
}

/// Waits for a state that is to come.
async fn until(is_so: impl AsyncFn() -> bool) {
    let come = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), come).await.unwrap();
}

async fn until_shared(cache: &Fallback) {
    until(async || cache.status().degraded_since.is_none()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_under_load_is_noticed_by_nobody_and_joined_when_it_is_back() {
    let mut server = Redis::start().unwrap();
    let node = quick(&server, "a");
    let cache = &node.cache;
    publish(cache, 5, Limits::default()).await;
    assert!(lease(cache).await.ticket().is_some());
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let cache = Arc::clone(cache);
            tokio::spawn(async move {
                let (begun, mut longest) = (Instant::now(), Duration::ZERO);
                while begun.elapsed() < Duration::from_secs(2) {
                    let asked = Instant::now();
                    let lease = lease(&cache).await;
                    longest = longest.max(asked.elapsed());
                    settle(&cache, &lease).await;
                    // In memory nothing waits, and others have their turn too.
                    tokio::task::yield_now().await;
                }
                longest
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.kill().unwrap();
    until(async || cache.status().degraded_since.is_some()).await;
    for client in clients {
        let longest = client.await.unwrap();
        assert!(longest < SLACK, "{longest:?}");
    }
    assert!(lease(cache).await.ticket().is_none());
    // A pool that is published meanwhile is known at once, and to Redis later.
    publish(cache, 1, Limits::default()).await;
    let here = lease(cache).await;
    assert_eq!(here.key, KeyId(1));
    server.restart().unwrap();
    until_shared(cache).await;
    settle(cache, &here).await;
    for _ in 0..3 {
        let lease = lease(cache).await;
        assert!(lease.ticket().is_some() && lease.key == KeyId(1));
        settle(cache, &lease).await;
    }
    let reports = cache.reports(SERVICE, &[KeyId(1)], now()).await.unwrap();
    assert!(reports.len() == 1 && reports[0].in_flight == 0, "{reports:?}");
    assert!(cache.status().losses >= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_is_left_in_time_and_what_it_counts_is_given_back() {
    let server = Redis::start().unwrap();
    let node = quick(&server, "a");
    let cache = &node.cache;
    publish(cache, 1, Limits { max_concurrency: Some(2), ..Limits::default() }).await;
    let (one, two) = (lease(cache).await, lease(cache).await);
    server.command("CLIENT PAUSE 1500 ALL").unwrap();
    let asked = Instant::now();
    let here = lease(cache).await;
    assert!(here.ticket().is_none() && asked.elapsed() < SLACK, "{:?}", asked.elapsed());
    // Taken there, ended while it is away.
    settle(cache, &one).await;
    settle(cache, &two).await;
    settle(cache, &here).await;
    until_shared(cache).await;
    until(async || cache.reports(SERVICE, &[KeyId(1)], now()).await.unwrap()[0].in_flight == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_alone_keep_to_their_share_of_the_limits() {
    let mut server = Redis::start().unwrap();
    let (one, two) = (quick(&server, "a"), quick(&server, "b"));
    let limits = Limits { requests_per_minute: Some(10), ..Limits::default() };
    for node in [&one, &two] {
        publish(&node.cache, 1, limits).await;
        until(async || node.cache.status().nodes == 2).await;
    }
    server.kill().unwrap();
    for node in [&one, &two] {
        for _ in 0..5 {
            lease(&node.cache).await;
        }
        assert!(matches!(pick(&node.cache).await, Next::None { retry_at: Some(_), .. }));
        let status = node.cache.status();
        assert!(status.degraded_since.is_some() && status.nodes == 2, "{status:?}");
    }
    server.restart().unwrap();
    for node in [&one, &two] {
        until_shared(&node.cache).await;
        node.cache.shut_down().await;
        node.redis.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_while_redis_was_away_is_remembered() {
    let mut server = Redis::start().unwrap();
    let node = quick(&server, "a");
    let place = Place { service_id: SERVICE, client: Digest([1; 32]), kind: Kept::Call, id: "x".to_owned() };
    server.kill().unwrap();
    node.cache.remember(place.clone(), "said".to_owned()).await.unwrap();
    server.restart().unwrap();
    until_shared(&node.cache).await;
    assert_eq!(node.cache.recall(&place).await.unwrap().as_deref(), Some("said"));
    node.cache.remember(place.clone(), "later".to_owned()).await.unwrap();
    assert_eq!(node.cache.recall(&place).await.unwrap().as_deref(), Some("later"));
}

type Opened = (Arc<dyn RotationState>, Arc<dyn Counters>, (Redis, Node));

fn suite_node(server: &Redis, limits: ConversationLimits) -> Node {
    let options = RedisOptions {
        time: TimeSource::Caller,
        command_timeout: Duration::from_secs(10),
        ..RedisOptions::new(RedisUrl::new(server.url()))
    };
    node(&options, "node", limits)
}

async fn open(is_away: bool) -> Opened {
    let mut server = Redis::start().unwrap();
    let node = suite_node(&server, LIMITS);
    if is_away {
        server.kill().unwrap();
    }
    (Arc::clone(&node.cache) as _, Arc::clone(&node.cache) as _, (server, node))
}

async fn open_conversations(limits: ConversationLimits, is_away: bool) -> (Arc<dyn ConversationStore>, (Redis, Node)) {
    let mut server = Redis::start().unwrap();
    let node = suite_node(&server, limits);
    if is_away {
        server.kill().unwrap();
    }
    (Arc::clone(&node.cache) as _, (server, node))
}

mod while_it_is_there {
    use super::*;

    async fn here() -> Opened {
        open(false).await
    }

    async fn conversations(limits: ConversationLimits) -> (Arc<dyn ConversationStore>, (Redis, Node)) {
        open_conversations(limits, false).await
    }

    rotator_cache_trait::cache_suite!(here);
    rotator_cache_trait::conversation_suite!(conversations);
}

mod while_it_is_away {
    use super::*;

    async fn away() -> Opened {
        open(true).await
    }

    async fn conversations(limits: ConversationLimits) -> (Arc<dyn ConversationStore>, (Redis, Node)) {
        open_conversations(limits, true).await
    }

    rotator_cache_trait::cache_suite!(away);
    rotator_cache_trait::conversation_suite!(conversations);
}

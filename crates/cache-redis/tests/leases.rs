//! What becomes of what a node holds: when it ends, when its answers are late, and when Redis forgets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use rotator_cache_redis::{Connections, RedisOptions, RedisRotation, RedisUrl};
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::{Ending, Lease, Limits, Next, PickRequest, PoolKey, RotationPolicy};
use rotator_domain::{KeyId, LimitScope, Reading, ServiceId, Timestamp, Verdict};
use rotator_test_services::Redis;

const SERVICE: ServiceId = ServiceId(1);

fn options(server: &Redis) -> RedisOptions {
    RedisOptions { node_silence: Duration::from_secs(1), ..RedisOptions::new(RedisUrl::new(server.url())) }
}

fn node(options: &RedisOptions, name: &str) -> RedisRotation {
    RedisRotation::new(Connections::new(options).unwrap(), options, name)
}

/// One key that takes one request at a time.
async fn publish(rotation: &RedisRotation) {
    let limits = Limits { max_concurrency: Some(1), ..Limits::default() };
    let keys = vec![PoolKey { limits, ..PoolKey::plain(KeyId(1)) }];
    rotation.publish_pool(Pool { service_id: SERVICE, policy: RotationPolicy::default(), keys }).await.unwrap();
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

async fn pick(rotation: &RedisRotation) -> Next {
    let request = PickRequest { model: None, tried: &[], session: None, is_pinned: false, tokens: 0, now: now() };
    rotation.pick(SERVICE, request).await.unwrap()
}

async fn lease(rotation: &RedisRotation) -> Lease {
    match pick(rotation).await {
        Next::Lease(lease) => lease,
        none @ Next::None { .. } => panic!("{none:?}"),
    }
}

/// Tries until there is a lease.
async fn lease_in_time(rotation: &RedisRotation) -> Lease {
    let picked = async {
        loop {
            if let Next::Lease(lease) = pick(rotation).await {
                return lease;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), picked).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_ended_node_held_is_given_back_by_another_and_a_living_ones_is_not() {
    let server = Redis::start().unwrap();
    let options = options(&server);
    let (one, two) = (node(&options, "one"), node(&options, "two"));
    publish(&one).await;
    let held = lease(&one).await;
    assert_eq!(pick(&two).await, Next::None { retry_at: None, is_busy: true });
    // For several silences: it tells of its life.
    let begun = std::time::Instant::now();
    while begun.elapsed() < options.node_silence * 3 {
        assert_eq!(pick(&two).await, Next::None { retry_at: None, is_busy: true });
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // As a kill does: nobody tells of it any more.
    drop(one);
    let taken = lease_in_time(&two).await;
    two.settle(SERVICE, &taken, Ending::default(), now()).await.unwrap();
    let reports = two.reports(SERVICE, &[KeyId(1)], now()).await.unwrap();
    assert_eq!(reports[0].in_flight, 0);
    // The ended one was not ended after all: what it gives back late changes nothing.
    let back = node(&options, "one");
    let taken = lease(&two).await;
    back.settle(SERVICE, &held, Ending::default(), now()).await.unwrap();
    assert_eq!(pick(&two).await, Next::None { retry_at: None, is_busy: true });
    two.settle(SERVICE, &taken, Ending::default(), now()).await.unwrap();
    two.settle(SERVICE, &taken, Ending::default(), now()).await.unwrap();
    lease(&two).await;
    assert_eq!(pick(&two).await, Next::None { retry_at: None, is_busy: true }, "given back twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pick_that_nobody_waits_for_leaves_nothing_behind() {
    let server = Redis::start().unwrap();
    let rotation = Arc::new(node(&options(&server), "one"));
    publish(&rotation).await;
    for _ in 0..50 {
        let picking = tokio::spawn({
            let rotation = Arc::clone(&rotation);
            async move { drop(pick(&rotation).await) }
        });
        tokio::task::yield_now().await;
        picking.abort();
        let ended = picking.await;
        if ended.is_ok() {
            // It was quicker, and its lease is one that the test has lost.
            return;
        }
    }
    let lease = lease_in_time(&rotation).await;
    rotation.settle(SERVICE, &lease, Ending::default(), now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_given_back_is_given_back_when_redis_answers_again() {
    let server = Redis::start().unwrap();
    let rotation = node(&options(&server), "one");
    publish(&rotation).await;
    let held = lease(&rotation).await;
    server.command("CLIENT PAUSE 400 ALL").unwrap();
    assert!(rotation.settle(SERVICE, &held, Ending::default(), now()).await.is_err(), "it does not answer in time");
    lease_after_pause(&rotation).await;
}

async fn lease_after_pause(rotation: &RedisRotation) {
    let picked = async {
        loop {
            let request =
                PickRequest { model: None, tried: &[], session: None, is_pinned: false, tokens: 0, now: now() };
            if let Ok(Next::Lease(lease)) = rotation.pick(SERVICE, request).await {
                return lease;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), picked).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_has_lost_everything_is_given_the_pool_again() {
    let mut server = Redis::start().unwrap();
    let rotation = node(&options(&server), "one");
    publish(&rotation).await;
    let held = lease(&rotation).await;
    server.restart().unwrap();
    lease_after_pause(&rotation).await;
    rotation.settle(SERVICE, &held, Ending::default(), now()).await.unwrap();
    rotation.retire_pool(SERVICE).await.unwrap();
    assert_eq!(pick(&rotation).await, Next::None { retry_at: None, is_busy: false }, "nor any more after that");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_differ_agree_and_are_told_times_of_their_own() {
    let server = Redis::start().unwrap();
    let options = options(&server);
    let (one, two) = (node(&options, "one"), node(&options, "two"));
    publish(&one).await;
    let held = lease(&one).await;
    let (behind, ahead) = (now().as_millis() - 3_600_000, now().as_millis() + 3_600_000);
    let verdict = Verdict::CoolDown { after: Some(Duration::from_secs(30)), scope: LimitScope::Model };
    one.learn(SERVICE, &held, &Reading::plain(verdict), Timestamp::from_millis(behind)).await.unwrap();
    one.settle(SERVICE, &held, Ending::default(), Timestamp::from_millis(behind)).await.unwrap();
    let request = PickRequest {
        model: None,
        tried: &[],
        session: None,
        is_pinned: false,
        tokens: 0,
        now: Timestamp::from_millis(ahead),
    };
    let Next::None { retry_at: Some(retry_at), .. } = two.pick(SERVICE, request).await.unwrap() else {
        panic!("it is not left alone")
    };
    let wait = retry_at.as_millis() - ahead;
    assert!((25_000..=30_000).contains(&wait), "{wait}");
}

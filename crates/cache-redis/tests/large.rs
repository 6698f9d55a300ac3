//! Pools that are published part by part, and what holds whatever the order.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use rotator_cache_redis::{Connections, RedisOptions, RedisRotation, RedisUrl, TimeSource};
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::{Ending, Lease, Limits, Next, PickRequest, PoolKey, Rotation, RotationPolicy, Strategy};
use rotator_domain::{KeyId, LimitScope, Reading, ServiceId, Timestamp, Verdict};
use rotator_test_services::Redis;

const SERVICE: ServiceId = ServiceId(1);

fn options(server: &Redis) -> RedisOptions {
    RedisOptions {
        time: TimeSource::Caller,
        command_timeout: Duration::from_secs(10),
        node_silence: Duration::from_secs(1),
        ..RedisOptions::new(RedisUrl::new(server.url()))
    }
}

fn node(server: &Redis, name: &str) -> RedisRotation {
    let options = options(server);
    RedisRotation::new(Connections::new(&options).unwrap(), &options, name)
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn request(now: i64) -> PickRequest<'static> {
    PickRequest { model: Some("m"), tried: &[], session: None, is_pinned: false, tokens: 0, now: at(now) }
}

fn pool(strategy: Strategy, keys: Vec<PoolKey>) -> Pool {
    Pool { service_id: SERVICE, policy: RotationPolicy { strategy, ..RotationPolicy::default() }, keys }
}

async fn lease(redis: &RedisRotation, now: i64) -> Lease {
    match redis.pick(SERVICE, request(now)).await.unwrap() {
        Next::Lease(lease) => lease,
        none @ Next::None { .. } => panic!("{none:?}"),
    }
}

/// Publishes to both, and picks from both.
async fn publish(redis: &RedisRotation, domain: &mut Rotation, pool: Pool, picks: usize) {
    domain.publish(pool.policy.clone(), pool.keys.clone());
    redis.publish_pool(pool).await.unwrap();
    for _ in 0..picks {
        let Next::Lease(known) = domain.pick(&request(0)) else { panic!("there are keys") };
        assert_eq!(lease(redis, 0).await.key, known.key);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_pool_is_changed_as_a_small_one_is() {
    let server = Redis::start().unwrap();
    let (redis, mut domain) = (node(&server, "a"), Rotation::with_seed(1));
    let keys: Vec<PoolKey> = (1..=2500).map(|id| PoolKey::plain(KeyId(id))).collect();
    publish(&redis, &mut domain, pool(Strategy::RoundRobin, keys.clone()), 1700).await;
    // Some leave, some come, some change; the order is another one.
    let mut changed: Vec<PoolKey> = (500..=3200).rev().map(|id| PoolKey::plain(KeyId(id))).collect();
    changed.iter_mut().step_by(7).for_each(|key| key.tier = 1);
    publish(&redis, &mut domain, pool(Strategy::RoundRobin, changed.clone()), 500).await;
    publish(&redis, &mut domain, pool(Strategy::Weighted, changed), 100).await;
    publish(&redis, &mut domain, pool(Strategy::FillFirst, keys[..3].to_vec()), 10).await;
    let ids: Vec<KeyId> = (1..=3200).map(KeyId).collect();
    assert_eq!(domain.reports(at(0)).len(), redis.reports(SERVICE, &ids, at(0)).await.unwrap().len());
    publish(&redis, &mut domain, pool(Strategy::LeastInFlight, keys), 600).await;
    let reports = redis.reports(SERVICE, &ids, at(0)).await.unwrap();
    assert_eq!(reports, domain.reports(at(0)), "it is read in parts");
    redis.retire_pool(SERVICE).await.unwrap();
    assert_eq!(server.command("DBSIZE").unwrap(), ":0\r\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_publish_large_pools_at_once_leave_one_of_them_whole() {
    let server = Redis::start().unwrap();
    let nodes: Vec<_> = ["a", "b", "c"].iter().map(|name| Arc::new(node(&server, name))).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for (number, node) in nodes.iter().enumerate() {
        let node = Arc::clone(node);
        let first = i64::try_from(number).unwrap() * 2000;
        tasks.spawn(async move {
            for _ in 0..3 {
                let keys = (first + 1..=first + 1500).map(|id| PoolKey::plain(KeyId(id))).collect();
                node.publish_pool(pool(Strategy::RoundRobin, keys)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let ids: Vec<KeyId> = (1..=6000).map(KeyId).collect();
    let reports = nodes[0].reports(SERVICE, &ids, at(0)).await.unwrap();
    let owners: HashSet<i64> = reports.iter().map(|report| (report.key.0 - 1) / 2000).collect();
    assert_eq!((reports.len(), owners.len()), (1500, 1));
    let picked: HashSet<KeyId> = {
        let mut picked = HashSet::new();
        for _ in 0..1500 {
            picked.insert(lease(&nodes[1], 0).await.key);
        }
        picked
    };
    assert_eq!(picked.len(), 1500, "each has its turn");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_choices_are_even_and_only_among_those_who_can_serve() {
    let server = Redis::start().unwrap();
    let redis = node(&server, "a");
    let key = |id| PoolKey { tier: u8::from(id > 10), ..PoolKey::plain(KeyId(id)) };
    redis.publish_pool(pool(Strategy::Random, (1..=12).map(key).collect())).await.unwrap();
    let limited = lease(&redis, 0).await;
    let verdict = Verdict::CoolDown { after: Some(Duration::from_secs(30)), scope: LimitScope::Model };
    redis.learn(SERVICE, &limited, &Reading::plain(verdict), at(0)).await.unwrap();
    redis.settle(SERVICE, &limited, Ending::default(), at(0)).await.unwrap();
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for _ in 0..4500 {
        let lease = lease(&redis, 1).await;
        *counts.entry(lease.key.0).or_default() += 1;
        redis.settle(SERVICE, &lease, Ending::default(), at(1)).await.unwrap();
    }
    assert!(!counts.contains_key(&limited.key.0) && counts.keys().all(|key| *key <= 10), "{counts:?}");
    assert!(counts.len() == 9 && counts.values().all(|count| (350..650).contains(count)), "{counts:?}");
    // Each is looked at once before another tier steps in, or nobody.
    let tried: Vec<KeyId> = (1..=10).map(KeyId).collect();
    let next = redis.pick(SERVICE, PickRequest { tried: &tried, ..request(1) }).await.unwrap();
    assert!(matches!(next, Next::Lease(lease) if lease.key.0 > 10));
    let all: Vec<KeyId> = (1..=12).map(KeyId).collect();
    let next = redis.pick(SERVICE, PickRequest { tried: &all, ..request(1) }).await.unwrap();
    assert_eq!(next, Next::None { retry_at: Some(at(30_000)), is_busy: false });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_leases_of_an_ended_node_are_given_back_little_by_little() {
    let server = Redis::start().unwrap();
    let (one, two) = (node(&server, "one"), node(&server, "two"));
    let limits = Limits { max_concurrency: Some(500), ..Limits::default() };
    let keys = vec![PoolKey { limits, ..PoolKey::plain(KeyId(1)) }];
    two.publish_pool(pool(Strategy::RoundRobin, keys)).await.unwrap();
    for _ in 0..500 {
        lease(&one, 0).await;
    }
    drop(one);
    let freed = async {
        loop {
            match two.pick(SERVICE, request(0)).await.unwrap() {
                Next::Lease(lease) => two.settle(SERVICE, &lease, Ending::default(), at(0)).await.unwrap(),
                Next::None { .. } => {}
            }
            if two.reports(SERVICE, &[KeyId(1)], at(0)).await.unwrap()[0].in_flight == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), freed).await.unwrap();
    assert_eq!(server.command("KEYS *leases:one*").unwrap(), "*0\r\n");
}

//! What a pick costs: round trips, and how much more with many keys.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use rotator_cache_redis::{Connections, RedisOptions, RedisRotation, RedisUrl};
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::{Ending, Lease, Next, PickRequest, PoolKey, RotationPolicy, Strategy};
use rotator_domain::{KeyId, Reading, ServiceId, Timestamp, Verdict};
use rotator_test_services::Redis;

async fn open(server: &Redis) -> RedisRotation {
    let options =
        RedisOptions { command_timeout: Duration::from_secs(10), ..RedisOptions::new(RedisUrl::new(server.url())) };
    let connections = Connections::new(&options).unwrap();
    connections.check().await.unwrap();
    RedisRotation::new(connections, &options, "node")
}

fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

async fn publish(rotation: &RedisRotation, service: i64, keys: i64, strategy: Strategy) {
    let keys = (1..=keys).map(|id| PoolKey::plain(KeyId(id))).collect();
    let policy = RotationPolicy { strategy, ..RotationPolicy::default() };
    rotation.publish_pool(Pool { service_id: ServiceId(service), policy, keys }).await.unwrap();
}

async fn pick(rotation: &RedisRotation, service: i64) -> Lease {
    let request =
        PickRequest { model: Some("m"), tried: &[], session: Some(1), is_pinned: false, tokens: 9, now: now() };
    match rotation.pick(ServiceId(service), request).await.unwrap() {
        Next::Lease(lease) => lease,
        none @ Next::None { .. } => panic!("{none:?}"),
    }
}

/// How often a command was called since the last reset.
fn calls(server: &Redis, command: &str) -> u64 {
    let stats = server.command("INFO commandstats").unwrap();
    let begin = format!("cmdstat_{command}:calls=");
    let line = stats.lines().find_map(|line| line.strip_prefix(&begin));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_picking_learning_and_settling_is_one_command() {
    let server = Redis::start().unwrap();
    let rotation = open(&server).await;
    publish(&rotation, 1, 3, Strategy::RoundRobin).await;
    // A server that does not know a script yet is given it once.
    let first = pick(&rotation, 1).await;
    rotation.learn(ServiceId(1), &first, &Reading::plain(Verdict::Healthy), now()).await.unwrap();
    rotation.settle(ServiceId(1), &first, Ending::default(), now()).await.unwrap();
    server.command("CONFIG RESETSTAT").unwrap();
    for _ in 0..100 {
        let lease = pick(&rotation, 1).await;
        rotation.learn(ServiceId(1), &lease, &Reading::plain(Verdict::Healthy), now()).await.unwrap();
        rotation.settle(ServiceId(1), &lease, Ending { used: Some(7), ..Ending::default() }, now()).await.unwrap();
    }
    assert_eq!(calls(&server, "evalsha"), 300);
    for other in ["ping", "unwatch", "eval", "script|load", "auth", "select", "hello", "multi"] {
        assert_eq!(calls(&server, other), 0, "{other}");
    }
}

/// The time of one pick, by the server's own measure in its best of some rounds, as others may use the machine; and how many
/// come and go in a second, one after the other.
async fn cost(server: &Redis, rotation: &RedisRotation, service: i64) -> (f64, f64) {
    for _ in 0..200 {
        let lease = pick(rotation, service).await;
        rotation
            .settle(ServiceId(service), &lease, Ending { used: Some(9), ..Ending::default() }, now())
            .await
            .unwrap();
    }
    let (mut least, begun, rounds) = (f64::MAX, Instant::now(), 20);
    for _ in 0..rounds {
        server.command("CONFIG RESETSTAT").unwrap();
        let mut leases = Vec::new();
        for _ in 0..100 {
            leases.push(pick(rotation, service).await);
        }
        let stats = server.command("INFO commandstats").unwrap();
        let line = stats.lines().find(|line| line.starts_with("cmdstat_evalsha:")).unwrap();
        let each = line.split(',').find_map(|field| field.strip_prefix("usec_per_call=")).unwrap();
        least = least.min(each.parse().unwrap());
        for lease in leases {
            rotation
                .settle(ServiceId(service), &lease, Ending { used: Some(9), ..Ending::default() }, now())
                .await
                .unwrap();
        }
    }
    (least, f64::from(rounds) * 100.0 / begun.elapsed().as_secs_f64())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pick_among_ten_thousand_keys_costs_at_most_twice_one_among_ten() {
    let server = Redis::start().unwrap();
    let rotation = open(&server).await;
    for (number, strategy) in Strategy::ALL.into_iter().enumerate() {
        let service = i64::try_from(number).unwrap() * 2 + 1;
        publish(&rotation, service, 10, strategy).await;
        let begun = Instant::now();
        publish(&rotation, service + 1, 10_000, strategy).await;
        let published = begun.elapsed();
        let begun = Instant::now();
        publish(&rotation, service + 1, 10_000, strategy).await;
        let again = begun.elapsed();
        let (few, few_rate) = cost(&server, &rotation, service).await;
        let begun = Instant::now();
        let first = pick(&rotation, service + 1).await;
        let filled = begun.elapsed();
        rotation.settle(ServiceId(service + 1), &first, Ending::default(), now()).await.unwrap();
        let (many, many_rate) = cost(&server, &rotation, service + 1).await;
        let name = strategy.name();
        println!(
            "{name}: 10 keys {few:.1} us ({few_rate:.0}/s one after the other), 10,000 keys {many:.1} us \
             ({many_rate:.0}/s), ratio {:.2}; published in {published:?}, again {again:?}, first pick {filled:?}",
            many / few
        );
        assert!(many <= few * 2.0, "{name}: {few} us, {many} us");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_at_once_are_served() {
    let server = Redis::start().unwrap();
    let rotation = std::sync::Arc::new(open(&server).await);
    publish(&rotation, 1, 1000, Strategy::RoundRobin).await;
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let rotation = std::sync::Arc::clone(&rotation);
        tasks.spawn(async move {
            for _ in 0..100 {
                let lease = pick(&rotation, 1).await;
                rotation.learn(ServiceId(1), &lease, &Reading::plain(Verdict::Healthy), now()).await.unwrap();
                rotation
                    .settle(ServiceId(1), &lease, Ending { used: Some(7), ..Ending::default() }, now())
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    println!("{:.0} picks, answers and returns in a second", 6400.0 / begun.elapsed().as_secs_f64());
    let ids: Vec<KeyId> = (1..=1000).map(KeyId).collect();
    let reports = rotation.reports(ServiceId(1), &ids, now()).await.unwrap();
    assert!(reports.len() == 1000 && reports.iter().all(|report| report.in_flight == 0));
}

//! A minute in which everything fails once: clients notice none of it, and every request is in the figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, Request, StatusCode};
use rotator_mock_upstream::MockUpstream;
use rotator_test_services::Redis;
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep_until};

use crate::backend::kind;
use crate::changes::MASTER_KEY;
use crate::client::{TestClient, full};
use crate::outcome::until;
use crate::server::{CLIENT_KEY, PASSWORD, Place, Server};
use crate::usage::total;

const LENGTH: Duration = Duration::from_secs(60);
const NODES: [&str; 3] = ["one", "two", "three"];
/// The one that is killed.
const KILLED: usize = 2;
/// Clients of each node.
const CLIENTS: usize = 4;
/// How long each of them rests between two requests.
const REST: Duration = Duration::from_millis(15);

/// What clients of one node have seen.
#[derive(Default)]
struct Seen {
    answered: AtomicU64,
    /// Requests whose connection broke, or could not be made.
    cut: AtomicU64,
    /// Answers that are no success.
    errors: AtomicU64,
}

/// Where a node is now; its address changes when it is started again.
type Address = Arc<RwLock<String>>;

/// Asks a node again and again until it is told to stop.
async fn client(address: Address, seen: Arc<Seen>, stop: Arc<AtomicBool>) {
    let client = TestClient::new();
    while !stop.load(Ordering::Relaxed) {
        let base = address.read().await.clone();
        let request = Request::builder().method(Method::POST).uri(format!("{base}/proxy/s/echo"));
        let request = request.header("x-proxy-key", CLIENT_KEY).body(full("{}")).unwrap();
        let count = match client.clone().try_send(request).await {
            Some(StatusCode::OK) => &seen.answered,
            Some(_) => &seen.errors,
            None => &seen.cut,
        };
        count.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(REST).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_of_failures_costs_no_client_an_answer_and_no_figure_a_request() {
    let upstream = MockUpstream::start().await.unwrap();
    let (mut database, mut redis) = (kind().unwrap().start_durable().unwrap(), Redis::start().unwrap());
    let own = database.database().unwrap();
    let shared = redis.url();
    let place = |name: &str| {
        let place = Place::sharing(None).set("DATABASE_URL", &own.url()).set("REDIS_URL", &shared);
        let place = place.set("ADMIN_PASSWORD", PASSWORD).set("GLOBAL_PROXY_KEYS", CLIENT_KEY);
        let place = place.set("ROTATOR_MASTER_KEY", MASTER_KEY).set("DB_ACQUIRE_TIMEOUT", "2");
        place.set("ROTATOR_NODE_ID", name).set("LOG_LEVEL", "info")
    };
    let mut nodes = Vec::new();
    for name in NODES {
        nodes.push(place(name).start().await);
    }
    nodes[0].generic("s", &upstream.base_url(), &["sk-1", "sk-2", "sk-3", "sk-4", "sk-5"]).await;
    for node in &nodes[1..] {
        until("the service is there", async || node.get("/proxy/s/none").await.status != 404).await;
    }
    let before = usage_of(&nodes[0], &upstream).await;

    let stop = Arc::new(AtomicBool::new(false));
    let addresses: Vec<Address> = nodes.iter().map(|node| Arc::new(RwLock::new(node.base.clone()))).collect();
    let seen: Vec<Arc<Seen>> = NODES.iter().map(|_| Arc::default()).collect();
    let mut clients = Vec::new();
    for (address, seen) in addresses.iter().zip(&seen) {
        for _ in 0..CLIENTS {
            clients.push(tokio::spawn(client(Arc::clone(address), Arc::clone(seen), Arc::clone(&stop))));
        }
    }

    let begun = Instant::now();
    let at = |second: u64| sleep_until(begun + Duration::from_secs(second));
    at(5).await;
    redis.kill().unwrap();
    at(12).await;
    redis.restart().unwrap();
    at(20).await;
    database.kill().unwrap();
    at(30).await;
    tokio::task::block_in_place(|| database.restart()).unwrap();
    at(38).await;
    let left = nodes.remove(KILLED).kill();
    at(42).await;
    nodes.push(left.start().await);
    addresses[KILLED].write().await.clone_from(&nodes[KILLED].base);
    at(48).await;
    redis.kill().unwrap();
    database.kill().unwrap();
    at(53).await;
    redis.restart().unwrap();
    tokio::task::block_in_place(|| database.restart()).unwrap();
    sleep_until(begun + LENGTH).await;
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }

    let of = |count: fn(&Seen) -> &AtomicU64| -> Vec<u64> {
        seen.iter().map(|seen| count(seen).load(Ordering::Relaxed)).collect()
    };
    let (answered, cut, errors) = (of(|seen| &seen.answered), of(|seen| &seen.cut), of(|seen| &seen.errors));
    println!("answered {answered:?}, cut {cut:?}, errors {errors:?}");
    assert_eq!(errors, [0; 3]);
    assert_eq!(cut[..KILLED], [0; KILLED]);
    // Those that were cut were answered, or were not counted, or both.
    let least = before + answered.iter().sum::<u64>();
    let in_flight = u64::try_from(CLIENTS).unwrap();
    until("every request is counted", async || total(&nodes[0], "requests").await >= least).await;
    // Nothing that comes late may count twice.
    for node in nodes {
        node.terminate();
        node.ended().await;
    }
    let node = place("last").start().await;
    let counted = total(&node, "requests").await;
    println!("{counted} counted, {least} seen by clients");
    assert!((least..=least + in_flight).contains(&counted), "{counted} are counted of {least}");
}

/// How many requests are counted when all that came so far are.
async fn usage_of(node: &Server, upstream: &MockUpstream) -> u64 {
    let sent: usize = (1..=5).map(|key| upstream.hits(&format!("sk-{key}"))).sum();
    let sent = u64::try_from(sent).unwrap();
    until("what came before is counted", async || total(node, "requests").await >= sent).await;
    total(node, "requests").await
}

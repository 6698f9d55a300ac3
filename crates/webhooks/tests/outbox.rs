//! From what is seen to the one who is told, over a real storage, with a clock that stands still.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rotator_domain::metering::{Gauge, GaugeStanding, Span, Unit};
use rotator_domain::rotation::{Census, Checkpoint, KeyPolicy, KeyState, PoolKey};
use rotator_domain::{
    ClientKeyId, Clock, Digest, KeyId, KeyLabel, MasterKey, SealContext, Secret, Service, ServiceDraft, ServiceId,
    TargetUrl, Timestamp, Vault, Webhook, WebhookEvent, WebhookId, WebhookThresholds,
};
use rotator_storage_sqlite::SqliteFactory;
use rotator_storage_trait::{
    DatabaseUrl, Delivery, DeliveryStatus, KeyRecord, Page, Storage, StorageFactory, StorageOptions,
};
use rotator_webhooks::{BudgetLook, Courier, Outcome, PoolLook, PostError, SigningSecret, Watcher, WebhookPost};
use serde_json::{Value, json};

const SERVICE: ServiceId = ServiceId(10);
const UPSTREAM_KEY: &str = "sk-planted-upstream-key-0123456789";
const MINUTE: i64 = 60_000;
/// A Monday, so that all windows are open for a while.
const START: i64 = 1_767_571_200_000;

/// A clock that is set.
#[derive(Default)]
struct Hand(AtomicI64);

/// Answers as it is told to, and keeps what it got; 204 when it was told nothing.
#[derive(Default)]
struct Receiver {
    answers: Mutex<VecDeque<Result<u16, PostError>>>,
    received: Mutex<Vec<Received>>,
}

#[derive(Clone, Debug)]
struct Received {
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// A storage with a service and a webhook, and what works on it.
struct World {
    storage: Arc<dyn Storage>,
    receiver: Arc<Receiver>,
    clock: Arc<Hand>,
    vault: Vault,
    secret: SigningSecret,
    courier: Arc<Courier>,
    watcher: Watcher,
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl WebhookPost for Receiver {
    async fn post(&self, url: &TargetUrl, headers: &[(&'static str, String)], body: &str) -> Result<u16, PostError> {
        let (url, body) = (url.as_str().to_owned(), body.to_owned());
        self.received.lock().unwrap().push(Received { url, headers: headers.to_vec(), body });
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(204))
    }
}

// === impl Received ===

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| *header == name).map_or_else(|| panic!("no {name}"), |(_, value)| value)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

// === impl World ===

impl World {
    async fn new() -> Self {
        let url = DatabaseUrl::new("sqlite::memory:");
        let storage = SqliteFactory.open(&url, &StorageOptions::default()).await.unwrap();
        let vault = Vault::new(&MasterKey::generate().unwrap());
        storage.reserve_ids(100).await.unwrap();
        storage.insert_service(&service()).await.unwrap();
        for key in 1..=10 {
            storage.insert_keys(&[record(&vault, key)]).await.unwrap();
        }
        Self::over(storage, vault, true).await
    }

    /// Another node over the same storage.
    async fn over(storage: Arc<dyn Storage>, vault: Vault, shares_state: bool) -> Self {
        let secret = SigningSecret::generate().unwrap();
        if storage.webhook(WebhookId(1)).await.unwrap().is_none() {
            let sealed = vault.seal(SealContext::Webhook(WebhookId(1)), &secret.text()).unwrap();
            storage.insert_webhook(&webhook(sealed)).await.unwrap();
        }
        let (receiver, clock) = (Arc::new(Receiver::default()), Arc::new(Hand(AtomicI64::new(START))));
        let post = Arc::clone(&receiver) as Arc<dyn WebhookPost>;
        let courier = Courier::new(Arc::clone(&storage), post, vault.clone(), Arc::clone(&clock) as _);
        let courier = Arc::new(courier);
        let watcher = Watcher::new(
            Arc::clone(&storage),
            vault.clone(),
            Arc::clone(&clock) as _,
            Arc::clone(&courier),
            shares_state,
        );
        Self { storage, receiver, clock, vault, secret, courier, watcher }
    }

    fn pass(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
    }

    fn answer(&self, answers: impl IntoIterator<Item = Result<u16, PostError>>) {
        self.receiver.answers.lock().unwrap().extend(answers);
    }

    /// Looks at the pool, of which these keys are dead, and at budgets.
    async fn look(&self, dead: &[i64], budgets: &[BudgetLook]) {
        let pools = [pool(10, dead, self.clock.now())];
        let webhooks = self.storage.webhooks().await.unwrap();
        self.watcher.look(&webhooks, &pools, budgets).await.unwrap();
    }

    /// Sends what is due and gives what came since this was last asked.
    async fn received(&self) -> Vec<Received> {
        self.courier.deliver_due().await.unwrap();
        std::mem::take(&mut *self.receiver.received.lock().unwrap())
    }

    /// The events that came, with the key that each concerns.
    async fn told(&self) -> Vec<String> {
        let text = |received: &Received| {
            let value = received.json();
            let key = value["data"]["key"]["id"].as_i64().map(|id| format!(" {id}")).unwrap_or_default();
            format!("{}{key}", value["type"].as_str().unwrap())
        };
        let mut told: Vec<String> = self.received().await.iter().map(text).collect();
        told.sort();
        told
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        self.storage.deliveries(WebhookId(1), Page { after: None, limit: 2_000 }).await.unwrap()
    }
}

fn service() -> Service {
    let draft = ServiceDraft {
        name: "s".into(),
        slug: "team-a".into(),
        config_type: "LLM".into(),
        is_active: true,
        target_base_url: Some("https://llm.example.com".into()),
        api_format: Some("openai_compatible".into()),
        ..ServiceDraft::default()
    };
    draft.into_service(SERVICE, Timestamp::EPOCH, Timestamp::EPOCH).unwrap()
}

fn record(vault: &Vault, id: i64) -> KeyRecord {
    KeyRecord {
        id: KeyId(id),
        service_id: SERVICE,
        sealed: vault.seal(SealContext::UpstreamKey(KeyId(id)), &Secret::new(UPSTREAM_KEY)).unwrap(),
        digest: Digest([u8::try_from(id).unwrap(); 32]),
        label: Some(KeyLabel::new("first").unwrap()),
        is_active: true,
        policy: KeyPolicy::default(),
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

fn webhook(sealed: rotator_domain::Sealed) -> Webhook {
    Webhook {
        id: WebhookId(1),
        name: "ops".to_owned(),
        url: TargetUrl::parse("https://ops.example.com/hook").unwrap(),
        events: WebhookEvent::ALL.to_vec(),
        services: Vec::new(),
        is_enabled: true,
        thresholds: WebhookThresholds::default(),
        sealed,
        previous: None,
        created_at: Timestamp::EPOCH,
        updated_at: Timestamp::EPOCH,
    }
}

fn pool(keys: i64, dead: &[i64], now: Timestamp) -> PoolLook {
    let members: Vec<PoolKey> = (1..=keys).map(|key| PoolKey::new(KeyId(key), KeyPolicy::default())).collect();
    let until = now.saturating_add(Duration::from_secs(60));
    let state = |key: &i64| Checkpoint { key: KeyId(*key), model: None, state: KeyState::Dead, since: now, until };
    let (census, states) = (Arc::new(Census::of(&members)), dead.iter().map(state).collect());
    PoolLook { service: SERVICE, slug: "team-a".to_owned(), census, states }
}

fn budget(used: u64) -> BudgetLook {
    let gauge = Gauge { unit: Unit::Nanodollars, span: Span::Day, limit: 10_000_000_000 };
    let budgets = vec![GaugeStanding { gauge, used, reserved: 0, ends_at: None }];
    BudgetLook { client: ClientKeyId(20), name: "team".to_owned(), budgets }
}

#[tokio::test]
async fn a_message_says_what_happened_and_is_signed() {
    let world = World::new().await;
    world.look(&[3], &[]).await;
    let [received] = world.received().await.try_into().unwrap();
    assert_eq!(received.url, "https://ops.example.com/hook");
    let expected = json!({
        "type": "key.dead",
        "timestamp": "2026-01-05T00:00:00.000Z",
        "data": {
            "service": {"id": 10, "slug": "team-a"},
            "key": {"id": 3, "label": "first", "masked": "sk-pla*****6789"},
            "reason": "the upstream refuses it",
            "since": "2026-01-05T00:00:00.000Z",
            "next_test_at": "2026-01-05T00:01:00.000Z",
        },
    });
    assert_eq!(received.json(), expected);
    let (id, seconds) = (received.header("webhook-id"), START / 1000);
    assert!(id.starts_with("msg_"), "{id}");
    assert_eq!(received.header("webhook-timestamp"), seconds.to_string());
    assert_eq!(received.header("webhook-signature"), world.secret.sign(id, seconds, &received.body));
    let everything = format!("{received:?} {:?}", world.deliveries().await);
    assert!(!everything.contains(UPSTREAM_KEY) && !everything.contains(world.secret.text().expose()), "{everything}");
}

#[tokio::test]
async fn each_thing_is_told_once_when_it_begins() {
    let world = World::new().await;
    world.look(&[], &[]).await;
    assert!(world.told().await.is_empty());
    world.look(&[1, 2], &[]).await;
    world.look(&[1, 2], &[]).await;
    assert_eq!(world.told().await, ["key.dead 1", "key.dead 2"]);
    // Two of ten is no less than a fifth.
    world.look(&[1, 2, 3, 4, 5, 6, 7, 8], &[]).await;
    assert_eq!(world.told().await.len(), 6);
    world.look(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[]).await;
    assert_eq!(world.told().await, ["key.dead 9", "pool.low"]);
    world.look(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &[]).await;
    let last = world.received().await;
    let empty = last.iter().map(Received::json).find(|value| value["type"] == "pool.empty").unwrap();
    let pool = json!({"service": {"id": 10, "slug": "team-a"}, "model": null, "usable_keys": 0, "total_keys": 10});
    assert_eq!(empty["data"], pool);
    // It is empty no more, low and then neither; then everything is told anew, but not before a quarter of an hour is over.
    world.pass(16 * MINUTE);
    let all = (1..=10).collect::<Vec<_>>();
    for dead in [&all[..9], &all[..7], &all[..0]] {
        world.look(dead, &[]).await;
    }
    assert!(world.told().await.is_empty());
    world.look(&all, &[]).await;
    assert_eq!(world.told().await.len(), 12);
    for _ in 0..14 {
        world.pass(MINUTE);
        world.look(&all[..0], &[]).await;
        world.look(&all, &[]).await;
    }
    assert!(world.told().await.is_empty());
    world.pass(MINUTE);
    world.look(&all, &[]).await;
    assert_eq!(world.told().await.len(), 12, "what is bad at the end of that time is told");
}

#[tokio::test]
async fn a_budget_is_told_once_in_each_window() {
    let world = World::new().await;
    for used in [0, 7_999_999_999, 8_000_000_000, 9_000_000_000] {
        world.look(&[], &[budget(used)]).await;
    }
    let [received] = world.received().await.try_into().unwrap();
    let expected = json!({
        "client_key": {"id": 20, "name": "team"},
        "budget": {"unit": "usd", "period": "day", "limit": 10.0, "used": 8.0, "resets_at": null},
        "threshold_percent": 80,
    });
    assert_eq!((&received.json()["type"], &received.json()["data"]), (&json!("budget.near"), &expected));
    // The next day; nobody looked while little was used of it.
    world.pass(24 * 60 * MINUTE);
    world.look(&[], &[budget(9_000_000_000)]).await;
    assert_eq!(world.told().await, ["budget.near"]);
}

#[tokio::test]
async fn what_nobody_wants_is_not_told() {
    let world = World::new().await;
    let stored = world.storage.webhook(WebhookId(1)).await.unwrap().unwrap();
    let cases = [
        Webhook { services: vec![rotator_domain::rotation::Glob::new("team-b*")], ..stored.clone() },
        Webhook { events: vec![WebhookEvent::BudgetNear], ..stored.clone() },
        Webhook { is_enabled: false, ..stored },
    ];
    for webhook in cases {
        world.storage.update_webhook(&webhook).await.unwrap();
        world.look(&(1..=10).collect::<Vec<_>>(), &[]).await;
        assert!(world.deliveries().await.is_empty(), "{webhook:?}");
    }
    // A pool without any key is as its operator made it.
    let world = World::new().await;
    let webhooks = world.storage.webhooks().await.unwrap();
    world.watcher.look(&webhooks, &[pool(0, &[], world.clock.now())], &[]).await.unwrap();
    assert!(world.deliveries().await.is_empty());
}

#[tokio::test]
async fn a_message_is_sent_until_it_is_taken() {
    let world = World::new().await;
    world.answer([Err(PostError::new("no connection")), Ok(500), Ok(404), Ok(301)]);
    world.look(&[3], &[]).await;
    let mut ids = Vec::new();
    let (mut attempts, mut waited) = (0, 0);
    while attempts < 5 {
        for received in world.received().await {
            ids.push(received.header("webhook-id").to_owned());
            attempts += 1;
        }
        world.pass(1000);
        waited += 1;
        assert!(waited < 200, "{attempts}");
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "each attempt has the id of the first");
    // 5 s, 10 s, 20 s and 40 s, each with a quarter more or less.
    assert!((55..=105).contains(&waited), "{waited}");
    let [delivery] = world.deliveries().await.try_into().unwrap();
    let end = (delivery.status, delivery.attempts, delivery.last_status, delivery.last_error);
    assert_eq!(end, (DeliveryStatus::Delivered, 5, Some(204), None));
    let counts = Outcome::ALL.map(|outcome| world.courier.count(outcome));
    assert_eq!(counts, [1, 4, 0, 0]);
}

#[tokio::test]
async fn after_a_day_a_message_is_given_up() {
    let world = World::new().await;
    world.answer(std::iter::repeat_n(Ok(503), 100));
    world.look(&[3], &[]).await;
    let mut attempts = 0;
    for _ in 0..25 * 60 {
        attempts += world.received().await.len();
        world.pass(MINUTE);
    }
    assert!((14..=24).contains(&attempts), "{attempts}");
    let [delivery] = world.deliveries().await.try_into().unwrap();
    assert_eq!((delivery.status, delivery.last_status), (DeliveryStatus::Failed, Some(503)));
    assert_eq!(delivery.last_error.as_deref(), Some("the answer was 503"));
    assert!(delivery.ended_at.unwrap().as_millis() <= START + 24 * 60 * MINUTE);
}

#[tokio::test]
async fn one_who_is_gone_is_told_nothing_more() {
    let world = World::new().await;
    world.answer([Ok(410)]);
    world.look(&[3], &[]).await;
    assert_eq!(world.told().await, ["key.dead 3"]);
    assert!(!world.storage.webhook(WebhookId(1)).await.unwrap().unwrap().is_enabled);
    world.look(&[3, 4], &[]).await;
    let [delivery] = world.deliveries().await.try_into().unwrap();
    assert_eq!((delivery.status, delivery.last_status), (DeliveryStatus::Failed, Some(410)));
    // What waited for one that was disabled is not sent.
    let stored = world.storage.webhook(WebhookId(1)).await.unwrap().unwrap();
    world.storage.update_webhook(&Webhook { is_enabled: true, ..stored }).await.unwrap();
    world.look(&[3, 4], &[]).await;
    world.storage.disable_webhook(WebhookId(1), world.clock.now()).await.unwrap();
    assert!(world.told().await.is_empty());
    assert_eq!(world.deliveries().await[0].last_error.as_deref(), Some("the webhook is disabled"));
}

#[tokio::test]
async fn both_secrets_sign_while_one_replaces_the_other() {
    let world = World::new().await;
    let mut stored = world.storage.webhook(WebhookId(1)).await.unwrap().unwrap();
    let next = SigningSecret::generate().unwrap();
    let sealed = world.vault.seal(SealContext::Webhook(WebhookId(1)), &next.text()).unwrap();
    stored.rotate(sealed, Timestamp::from_millis(START + MINUTE), world.clock.now());
    world.storage.update_webhook(&stored).await.unwrap();
    world.look(&[3], &[]).await;
    let [received] = world.received().await.try_into().unwrap();
    let sign = |secret: &SigningSecret, received: &Received| {
        let seconds = received.header("webhook-timestamp").parse().unwrap();
        secret.sign(received.header("webhook-id"), seconds, &received.body)
    };
    let both = format!("{} {}", sign(&next, &received), sign(&world.secret, &received));
    assert_eq!(received.header("webhook-signature"), both);
    world.pass(MINUTE);
    world.look(&[3, 4], &[]).await;
    let [received] = world.received().await.try_into().unwrap();
    assert_eq!(received.header("webhook-signature"), sign(&next, &received));
}

#[tokio::test]
async fn a_ping_is_sent_once_and_says_what_came_of_it() {
    let world = World::new().await;
    let webhook = world.storage.webhook(WebhookId(1)).await.unwrap().unwrap();
    world.answer([Ok(200), Ok(500), Err(PostError::new("no connection"))]);
    let ping = async || {
        let ping = world.courier.ping(&webhook, 50).await;
        (ping.status, ping.error)
    };
    assert_eq!(ping().await, (Some(200), None));
    assert_eq!(ping().await, (Some(500), Some("the answer was 500".to_owned())));
    assert_eq!(ping().await, (None, Some("no connection".to_owned())));
    assert!(world.deliveries().await.is_empty());
    let received = world.received().await.remove(0);
    assert_eq!(received.json()["data"], json!({"webhook": {"id": 1, "name": "ops"}}));
    assert_eq!(received.header("webhook-id"), "msg_50");
}

#[tokio::test]
async fn what_comes_beyond_a_thousand_waiting_messages_is_dropped_and_counted() {
    let world = World::new().await;
    let webhooks = world.storage.webhooks().await.unwrap();
    let dead: Vec<i64> = (1..=1_005).collect();
    let look = pool(100_000, &dead, world.clock.now());
    world.watcher.look(&webhooks, &[look], &[]).await.unwrap();
    assert_eq!(world.deliveries().await.len(), 1_000);
    assert_eq!(world.courier.count(Outcome::Dropped), 5);
    assert_eq!(world.told().await.len(), 1_000);
    // Ended ones go after a week.
    world.pass(8 * 24 * 60 * MINUTE);
    assert_eq!(world.courier.forget_old().await.unwrap(), 1_000);
    assert!(world.deliveries().await.is_empty());
}

#[tokio::test]
async fn of_two_nodes_one_tells_and_one_sends() {
    let first = World::new().await;
    for shares_state in [true, false] {
        let (storage, vault) = (Arc::clone(&first.storage), first.vault.clone());
        let second = World::over(storage, vault, shares_state).await;
        let keys: &[i64] = if shares_state { &[3] } else { &[3, 4] };
        tokio::join!(first.look(keys, &[]), second.look(keys, &[]));
        let (one, other) = tokio::join!(first.told(), second.told());
        assert_eq!(one.len() + other.len(), 1, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn a_node_with_its_own_state_ends_only_what_it_has_seen() {
    let shared = World::new().await;
    let over = async || World::over(Arc::clone(&shared.storage), shared.vault.clone(), false).await;
    let (one, other) = (over().await, over().await);
    one.look(&[3], &[]).await;
    // The other one's requests have not met the dead key.
    other.look(&[], &[]).await;
    let raised = async || shared.storage.alarms(&[SERVICE.0]).await.unwrap()[0].state.is_raised;
    assert!(raised().await);
    one.look(&[], &[]).await;
    assert!(!raised().await);
    one.pass(16 * MINUTE);
    one.look(&[3], &[]).await;
    // The one that raised it is gone.
    other.pass(16 * MINUTE + 61 * MINUTE);
    other.look(&[], &[]).await;
    assert!(!raised().await);
    assert_eq!(shared.deliveries().await.len(), 2);
}

#[tokio::test]
async fn a_restart_tells_nothing_twice_and_sends_what_waits() {
    let before = World::new().await;
    before.answer([Ok(500)]);
    before.look(&[3], &[]).await;
    assert_eq!(before.received().await.len(), 1);
    // It was killed in the middle of the next attempt.
    before.pass(MINUTE);
    let now = before.clock.now();
    let claimed = before.storage.claim_deliveries(now, now.saturating_add(Duration::from_secs(60)), 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let after = World::over(Arc::clone(&before.storage), before.vault.clone(), true).await;
    after.pass(MINUTE);
    after.look(&[3], &[]).await;
    assert!(after.told().await.is_empty());
    after.pass(MINUTE);
    assert_eq!(after.told().await, ["key.dead 3"]);
    assert_eq!(after.deliveries().await.len(), 1);
}

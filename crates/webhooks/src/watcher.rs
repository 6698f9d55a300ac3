//! Finds what is new.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use rotator_domain::metering::GaugeStanding;
use rotator_domain::rotation::{Census, Checkpoint, KeyState};
use rotator_domain::{
    AlarmState, ClientKeyId, Clock, Condition, KeyId, SealContext, ServiceId, Timestamp, Vault, Webhook, WebhookEvent,
    WebhookId,
};
use rotator_storage_trait::{Alarm, AlarmKey, Delivery, DeliveryStatus, Storage, StorageError, StorageErrorKind};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::courier::{Courier, Outcome};
use crate::message::{self, KeyName};

/// How many messages to a webhook wait at the most; what comes beyond is not told.
const MOST_WAITING: u64 = 1_000;
/// By how much more than its border something must be better to count as good, in percent of the whole.
const BAND: u8 = 10;
/// After which time an alarm that another node has raised, and that this one does not see, is over: where nodes share no state.
const UNCONFIRMED: Duration = Duration::from_secs(60 * 60);

/// Looks at pools and budgets, and has told what is new of them. The state of each alarm is in the storage, where it is changed
/// together with the message that tells it: of several nodes that see the same, one tells it, and a restart tells nothing twice.
pub struct Watcher {
    storage: Arc<dyn Storage>,
    vault: Vault,
    clock: Arc<dyn Clock>,
    courier: Arc<Courier>,
    /// Whether what this node sees of pools and budgets is what all nodes see.
    shares_state: bool,
    /// What this node has seen to be bad.
    seen: Mutex<HashSet<AlarmKey>>,
}

/// How a pool is.
#[derive(Clone, Debug)]
pub struct PoolLook {
    /// The service.
    pub service: ServiceId,
    /// Its slug.
    pub slug: String,
    /// Its active keys.
    pub census: Arc<Census>,
    /// All that keeps them from serving.
    pub states: Vec<Checkpoint>,
}

/// How a client key's budgets are.
#[derive(Clone, Debug)]
pub struct BudgetLook {
    /// The client key.
    pub client: ClientKeyId,
    /// What it is called.
    pub name: String,
    /// Its budgets.
    pub budgets: Vec<GaugeStanding>,
}

/// Something that one webhook watches, as it is now.
struct Reading {
    key: AlarmKey,
    condition: Condition,
    /// What was raised before that is of another time.
    since: Timestamp,
    news: News,
}

/// What there is to tell of it, with what is looked up only then.
enum News {
    Nothing,
    Ready(Value),
    DeadKey { service: ServiceId, slug: String, state: Checkpoint },
}

/// What is known while one look is taken in.
struct Known {
    alarms: HashMap<AlarmKey, AlarmState>,
    waiting: HashMap<WebhookId, u64>,
}

// === impl Watcher ===

impl Watcher {
    /// Tells what is new by storing messages, which `courier` then sends. `shares_state` is whether other nodes see the same pools
    /// and budgets as this one.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        vault: Vault,
        clock: Arc<dyn Clock>,
        courier: Arc<Courier>,
        shares_state: bool,
    ) -> Self {
        Self { storage, vault, clock, courier, shares_state, seen: Mutex::default() }
    }

    /// Takes in how these pools and budgets are, for these webhooks.
    ///
    /// # Errors
    /// When the storage does not answer; what is still so at the next look is told then.
    pub async fn look(
        &self,
        webhooks: &[Webhook],
        pools: &[PoolLook],
        budgets: &[BudgetLook],
    ) -> Result<(), StorageError> {
        let scopes = pools.iter().map(|pool| pool.service.0).chain(budgets.iter().map(|budget| budget.client.0));
        let scopes: Vec<i64> = scopes.collect();
        let webhooks: Vec<&Webhook> = webhooks.iter().filter(|webhook| webhook.is_enabled).collect();
        if webhooks.is_empty() || scopes.is_empty() {
            return Ok(());
        }
        let alarms = self.storage.alarms(&scopes).await?;
        let alarms = alarms.into_iter().map(|Alarm { key, state }| (key, state)).collect();
        let mut known = Known { alarms, waiting: HashMap::new() };
        let now = self.clock.now();
        let mut seen = self.seen.lock().await;
        for webhook in webhooks {
            for pool in pools.iter().filter(|pool| webhook.covers(&pool.slug)) {
                for reading in of_pool(webhook, pool, &known.alarms, now) {
                    self.take_in(reading, &mut known, &mut seen, now).await?;
                }
            }
            for budget in budgets {
                for reading in of_budgets(webhook, budget, now) {
                    self.take_in(reading, &mut known, &mut seen, now).await?;
                }
            }
        }
        Ok(())
    }

    async fn take_in(
        &self,
        reading: Reading,
        known: &mut Known,
        seen: &mut HashSet<AlarmKey>,
        now: Timestamp,
    ) -> Result<(), StorageError> {
        let Reading { key, condition, since, news } = reading;
        let before = known.alarms.get(&key).copied();
        if condition == Condition::Bad {
            seen.insert(key.clone());
        }
        let Some(state) = AlarmState::after(before, condition, since, now) else { return Ok(()) };
        let may_end = self.shares_state || seen.contains(&key) || now >= state.raised_at.saturating_add(UNCONFIRMED);
        if !state.is_raised && !may_end {
            return Ok(());
        }
        let message = if state.is_raised { self.message(&key, news, known, now).await? } else { None };
        let alarm = Alarm { key, state };
        let changed = self.storage.change_alarm(&alarm, before, message.as_ref()).await;
        if changed.is_ok() && !alarm.state.is_raised {
            seen.remove(&alarm.key);
        }
        match changed {
            Ok(true) if message.is_some() => {
                *known.waiting.entry(alarm.key.webhook).or_default() += 1;
                tracing::info!(webhook.id = %alarm.key.webhook, event = alarm.key.event.name(), "a webhook is told");
                self.courier.wake();
            }
            Ok(true) if alarm.state.is_raised => {
                self.courier.add(Outcome::Dropped);
                tracing::warn!(webhook.id = %alarm.key.webhook, "a webhook is not told: too many messages to it wait");
            }
            // Another node was first, or there is nothing to tell.
            Ok(_) => {}
            // The webhook has gone meanwhile.
            Err(error) if *error.kind() == StorageErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The message that tells an alarm, unless too many wait.
    async fn message(
        &self,
        key: &AlarmKey,
        news: News,
        known: &mut Known,
        now: Timestamp,
    ) -> Result<Option<Delivery>, StorageError> {
        if let std::collections::hash_map::Entry::Vacant(waiting) = known.waiting.entry(key.webhook) {
            waiting.insert(self.storage.count_waiting(key.webhook).await?);
        }
        if known.waiting.get(&key.webhook).is_some_and(|waiting| *waiting >= MOST_WAITING) {
            return Ok(None);
        }
        let data = match news {
            News::Nothing => return Ok(None),
            News::Ready(data) => data,
            News::DeadKey { service, slug, state } => {
                message::key_dead(service, &slug, &self.name(state.key).await?, &state)
            }
        };
        let event = key.event.name();
        Ok(Some(Delivery {
            id: self.storage.reserve_ids(1).await?,
            webhook: key.webhook,
            event: event.to_owned(),
            body: message::text(event, now, data),
            created_at: now,
            status: DeliveryStatus::Waiting,
            attempts: 0,
            next_at: now,
            last_status: None,
            last_error: None,
            ended_at: None,
        }))
    }

    async fn name(&self, id: KeyId) -> Result<KeyName, StorageError> {
        let Some(record) = self.storage.key(id).await? else { return Ok(KeyName { id, label: None, masked: None }) };
        let value = self.vault.open(SealContext::UpstreamKey(id), &record.sealed);
        let label = record.label.map(|label| label.as_str().to_owned());
        Ok(KeyName { id, label, masked: value.ok().map(|value| value.masked()) })
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// What a webhook watches of a pool.
fn of_pool(webhook: &Webhook, pool: &PoolLook, alarms: &HashMap<AlarmKey, AlarmState>, now: Timestamp) -> Vec<Reading> {
    let scope = pool.service.0;
    let reading = |event, part: String, condition, news| {
        let key = AlarmKey { webhook: webhook.id, event, scope, part };
        Reading { key, condition, since: Timestamp::EPOCH, news }
    };
    let mut readings = Vec::new();
    if webhook.wants(WebhookEvent::KeyDead) {
        let dead = pool.states.iter().filter(|state| state.state == KeyState::Dead);
        let dead: BTreeMap<String, &Checkpoint> = dead.map(|state| (state.key.to_string(), state)).collect();
        let raised = alarms.iter().filter(|(key, state)| {
            state.is_raised && (key.webhook, key.event, key.scope) == (webhook.id, WebhookEvent::KeyDead, scope)
        });
        let alive = raised.map(|(key, _)| key.part.clone()).filter(|part| !dead.contains_key(part));
        let alive = alive.map(|part| reading(WebhookEvent::KeyDead, part, Condition::Good, News::Nothing));
        readings.extend(alive);
        readings.extend(dead.into_iter().map(|(part, state)| {
            let (service, slug, state) = (pool.service, pool.slug.clone(), state.clone());
            reading(WebhookEvent::KeyDead, part, Condition::Bad, News::DeadKey { service, slug, state })
        }));
    }
    let standing = pool.census.standing(&pool.states, now);
    // A pool without any active key is as its operator made it.
    if standing.total == 0 {
        return readings;
    }
    let pools = [
        (WebhookEvent::PoolLow, Some(webhook.thresholds.pool_low), standing.is_below(webhook.thresholds.pool_low)),
        (WebhookEvent::PoolEmpty, None, standing.usable == 0),
    ];
    for (event, threshold, is_bad) in pools.into_iter().filter(|(event, ..)| webhook.wants(*event)) {
        let border = threshold.unwrap_or_default().saturating_add(BAND).min(100);
        let condition = Condition::of(is_bad, !standing.is_below(border));
        let data = message::pool(pool.service, &pool.slug, &standing, threshold);
        readings.push(reading(event, String::new(), condition, News::Ready(data)));
    }
    readings
}

/// What a webhook watches of a client key's budgets.
fn of_budgets(webhook: &Webhook, look: &BudgetLook, now: Timestamp) -> Vec<Reading> {
    if !webhook.wants(WebhookEvent::BudgetNear) {
        return Vec::new();
    }
    let threshold = webhook.thresholds.budget_near;
    let of = |budget: &GaugeStanding| {
        let (unit, span) = (budget.gauge.unit.name(), budget.gauge.span);
        let reaches =
            |percent: u8| u128::from(budget.used) * 100 >= u128::from(budget.gauge.limit) * u128::from(percent);
        let (event, part) = (WebhookEvent::BudgetNear, format!("{unit}/{}", span.name()));
        Reading {
            key: AlarmKey { webhook: webhook.id, event, scope: look.client.0, part },
            condition: Condition::of(reaches(threshold), !reaches(threshold.saturating_sub(BAND).max(1))),
            since: span.window(now).start,
            news: News::Ready(message::budget(look.client, &look.name, budget, threshold)),
        }
    };
    look.budgets.iter().map(of).collect()
}

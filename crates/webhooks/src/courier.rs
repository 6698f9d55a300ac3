//! From the storage to those who are told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rotator_domain::{Clock, DELIVERY_GIVE_UP, SealContext, Timestamp, Vault, Webhook, WebhookId, retry_delay};
use rotator_storage_trait::{Delivery, DeliveryStatus, Storage, StorageError};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

use crate::message::{PING, text};
use crate::{PostError, SigningSecret, WebhookPost};

/// How often it is looked for messages whose time has come.
const LOOK: Duration = Duration::from_secs(2);
/// How long a message that was taken to be sent is nobody else's: longer than sending takes.
const CLAIM: Duration = Duration::from_secs(60);
/// How many messages are on their way at once.
const AT_ONCE: u64 = 64;
/// How long messages are kept after their end, and how many of a webhook.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
const MOST_KEPT: u64 = 1_000;
/// How long alarms are remembered that are over, and all others. Both are longer than an alarm rests.
const OVER_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
const RAISED_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// What the one who is told answers when it wants to hear nothing any more.
const GONE: u16 = 410;

/// Signs messages and sends them.
pub struct Courier {
    storage: Arc<dyn Storage>,
    post: Arc<dyn WebhookPost>,
    vault: Vault,
    clock: Arc<dyn Clock>,
    /// Woken when there is a new message.
    new: Notify,
    counts: [AtomicU64; Outcome::ALL.len()],
}

/// What came of an attempt, or of a message that was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Delivered,
    /// It was not, and is sent again.
    Retried,
    /// It was given up.
    Failed,
    /// Too many waited already.
    Dropped,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ping {
    /// The status of the answer.
    pub status: Option<u16>,
    /// Why there was none, or why it counts for nothing.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
}

// === impl Courier ===

impl Courier {
    /// Sends what is stored in `storage`, signed with secrets that `vault` opens.
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, post: Arc<dyn WebhookPost>, vault: Vault, clock: Arc<dyn Clock>) -> Self {
        Self { storage, post, vault, clock, new: Notify::new(), counts: Default::default() }
    }

    /// Sends messages as their time comes; for ever.
    pub async fn run(&self) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_away = false;
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = self.new.notified() => {}
            }
            let done = self.deliver_due().await;
            if let Err(error) = &done
                && !is_away
            {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::warn!(error = %error, cause, "messages to webhooks wait for the database");
            }
            is_away = done.is_err();
        }
    }

    /// Sends the messages whose time has come, and says how many they were.
    ///
    /// # Errors
    /// When the storage does not answer; what was sent and could not be recorded is sent again.
    pub async fn deliver_due(&self) -> Result<usize, StorageError> {
        let mut sent = 0;
        loop {
            let now = self.clock.now();
            let due = self.storage.claim_deliveries(now, now.saturating_add(CLAIM), AT_ONCE).await?;
            if due.is_empty() {
                return Ok(sent);
            }
            let webhooks = self.storage.webhooks().await?;
            let webhooks: HashMap<WebhookId, &Webhook> = webhooks.iter().map(|one| (one.id, one)).collect();
            sent += due.len();
            let sending = due.into_iter().map(|delivery| {
                let webhook = webhooks.get(&delivery.webhook).copied();
                async move {
                    match webhook {
                        Some(webhook) => self.deliver(webhook, delivery).await,
                        // It went with its webhook.
                        None => Ok(()),
                    }
                }
            });
            join_all(sending).await.into_iter().collect::<Result<(), StorageError>>()?;
        }
    }

    /// Sends a message that tells nothing, now and once.
    pub async fn ping(&self, webhook: &Webhook, id: i64) -> Ping {
        let now = self.clock.now();
        let body = text(PING, now, json!({"webhook": {"id": webhook.id.0, "name": webhook.name}}));
        let begun = Instant::now();
        let answer = self.send(webhook, id, &body, now).await;
        let took = begun.elapsed();
        Ping { status: answer.as_ref().ok().copied(), error: refusal(&answer), took }
    }

    /// Forgets what has been kept for long enough.
    ///
    /// # Errors
    /// When the storage does not answer; the rest is forgotten another time.
    pub async fn forget_old(&self) -> Result<u64, StorageError> {
        let now = self.clock.now();
        let mut forgotten = self.storage.forget_alarms(before(now, OVER_KEPT), before(now, RAISED_KEPT)).await?;
        for webhook in self.storage.webhooks().await? {
            forgotten += self.storage.forget_deliveries(webhook.id, before(now, KEPT), MOST_KEPT).await?;
        }
        Ok(forgotten)
    }

    /// How often something came of messages in this way, since the start.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.counts[outcome as usize].load(Ordering::Relaxed)
    }

    /// There is a new message.
    pub(crate) fn wake(&self) {
        self.new.notify_one();
    }

    pub(crate) fn add(&self, outcome: Outcome) {
        self.counts[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    async fn deliver(&self, webhook: &Webhook, mut delivery: Delivery) -> Result<(), StorageError> {
        let now = self.clock.now();
        if !webhook.is_enabled {
            delivery.last_error = Some("the webhook is disabled".to_owned());
            return self.end(delivery, DeliveryStatus::Failed, Outcome::Failed).await;
        }
        let answer = self.send(webhook, delivery.id, &delivery.body, now).await;
        delivery.attempts = delivery.attempts.saturating_add(1);
        delivery.last_status = answer.as_ref().ok().copied();
        delivery.last_error = refusal(&answer);
        if delivery.last_error.is_none() {
            return self.end(delivery, DeliveryStatus::Delivered, Outcome::Delivered).await;
        }
        if answer == Ok(GONE) {
            tracing::warn!(webhook.id = %webhook.id, webhook.name, "a webhook wants to be told nothing, and is disabled");
            self.storage.disable_webhook(webhook.id, self.clock.now()).await?;
            return self.end(delivery, DeliveryStatus::Failed, Outcome::Failed).await;
        }
        delivery.next_at = self.clock.now().saturating_add(retry_delay(delivery.attempts, random()));
        if delivery.next_at > delivery.created_at.saturating_add(DELIVERY_GIVE_UP) {
            tracing::warn!(webhook.id = %webhook.id, webhook.name, delivery.id, "a message to a webhook is given up");
            return self.end(delivery, DeliveryStatus::Failed, Outcome::Failed).await;
        }
        tracing::debug!(webhook.id = %webhook.id, delivery.id, error = delivery.last_error, "a message waits for its next attempt");
        self.add(Outcome::Retried);
        self.storage.record_delivery(&delivery).await
    }

    async fn end(&self, mut delivery: Delivery, status: DeliveryStatus, outcome: Outcome) -> Result<(), StorageError> {
        (delivery.status, delivery.ended_at) = (status, Some(self.clock.now()));
        self.add(outcome);
        self.storage.record_delivery(&delivery).await
    }

    /// Sends a body, signed by every secret that holds now.
    async fn send(&self, webhook: &Webhook, id: i64, body: &str, now: Timestamp) -> Result<u16, PostError> {
        let id = format!("msg_{id}");
        let seconds = now.as_millis().div_euclid(1000);
        let mut signatures = Vec::new();
        for sealed in webhook.secrets(now) {
            let opened = self.vault.open(SealContext::Webhook(webhook.id), sealed);
            let secret = opened.ok().and_then(|text| SigningSecret::read(&text));
            let secret = secret.ok_or_else(|| PostError::new("the webhook's secret does not open"))?;
            signatures.push(secret.sign(&id, seconds, body));
        }
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        self.post.post(&webhook.url, &headers, body).await
    }
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Courier")
    }
}

// === impl Outcome ===

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Delivered, Self::Retried, Self::Failed, Self::Dropped];

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// Why a message was not taken.
fn refusal(answer: &Result<u16, PostError>) -> Option<String> {
    match answer {
        Ok(200..=299) => None,
        Ok(status) => Some(format!("the answer was {status}")),
        Err(error) => Some(error.to_string()),
    }
}

/// Chance, for times that need not be secret: without any from the operating system there is none.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

fn before(now: Timestamp, kept: Duration) -> Timestamp {
    let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(now.as_millis().saturating_sub(kept))
}

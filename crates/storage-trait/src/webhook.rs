//! Webhooks, the alarms that they were told of, and the messages on their way to them.

use async_trait::async_trait;
use rotator_domain::{AlarmState, Timestamp, Webhook, WebhookEvent, WebhookId};

use crate::{Page, StorageError};

/// What an alarm is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmKey {
    /// The webhook that is told of it.
    pub webhook: WebhookId,
    /// Of what.
    pub event: WebhookEvent,
    /// The id of the service or the client key that it concerns. No two things have one id.
    pub scope: i64,
    /// What of it, where that may be several things; at most 100 characters.
    pub part: String,
}

/// An alarm, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What it is about.
    pub key: AlarmKey,
    /// What is known of it.
    pub state: AlarmState,
}

/// What became of a message so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// It is to be sent, or sent again.
    Waiting,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
}

/// A message to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: i64,
    /// To whom.
    pub webhook: WebhookId,
    /// The name of the event that it tells.
    pub event: String,
    /// What is sent.
    pub body: String,
    /// When what it tells was found.
    pub created_at: Timestamp,
    /// What became of it.
    pub status: DeliveryStatus,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent next, while it waits.
    pub next_at: Timestamp,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// Since when it does not wait any more.
    pub ended_at: Option<Timestamp>,
}

/// Stores webhooks. Their alarms and messages go with them.
#[async_trait]
pub trait WebhookRepository: Send + Sync {
    /// Stores a new webhook.
    async fn insert_webhook(&self, webhook: &Webhook) -> Result<(), StorageError>;

    /// All webhooks, ordered by id.
    async fn webhooks(&self) -> Result<Vec<Webhook>, StorageError>;

    /// The webhook with this id.
    async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StorageError>;

    /// Replaces everything of a webhook but its id and the time at which it was made; `NotFound` where there is none.
    async fn update_webhook(&self, webhook: &Webhook) -> Result<(), StorageError>;

    /// Keeps a webhook from being told anything; one that is not there stays so.
    async fn disable_webhook(&self, id: WebhookId, now: Timestamp) -> Result<(), StorageError>;

    /// Deletes a webhook; `NotFound` where there is none.
    async fn delete_webhook(&self, id: WebhookId) -> Result<(), StorageError>;

    /// The alarms about these services and client keys, in no order.
    async fn alarms(&self, scopes: &[i64]) -> Result<Vec<Alarm>, StorageError>;

    /// Makes an alarm's state this one where it is `before` (`None` where there is none yet), stores the message that tells it, and
    /// says whether it was so: of several nodes that found the same, one has changed it. `NotFound` where there is no such webhook.
    async fn change_alarm(
        &self,
        alarm: &Alarm,
        before: Option<AlarmState>,
        message: Option<&Delivery>,
    ) -> Result<bool, StorageError>;

    /// Forgets alarms that were last raised before a time: those that are over before `over`, all others before `raised`.
    async fn forget_alarms(&self, over: Timestamp, raised: Timestamp) -> Result<u64, StorageError>;

    /// Takes at most `limit` messages whose time has come, the longest due first. Nobody else takes them before `until`, when they
    /// are due again unless what became of them was recorded.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<Delivery>, StorageError>;

    /// Records what became of a message: all but its id, what it says and to whom. One that is gone stays so.
    async fn record_delivery(&self, delivery: &Delivery) -> Result<(), StorageError>;

    /// Messages to a webhook, the newest first: a page of those with an id below `after`.
    async fn deliveries(&self, webhook: WebhookId, page: Page<i64>) -> Result<Vec<Delivery>, StorageError>;

    /// How many messages to a webhook wait.
    async fn count_waiting(&self, webhook: WebhookId) -> Result<u64, StorageError>;

    /// Forgets the messages to a webhook that do not wait: those that ended before a time, and those beyond the newest `most`.
    async fn forget_deliveries(&self, webhook: WebhookId, before: Timestamp, most: u64) -> Result<u64, StorageError>;
}

// === impl DeliveryStatus ===

impl DeliveryStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// Its name in the storage and in the admin API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }
}

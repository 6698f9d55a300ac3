//! Webhooks: who is told of what happens to pools and budgets.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::present;

/// A webhook to make. Its secret is made by the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookBody {
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// Where messages go: an http or https URL without a user name and a password.
    pub url: String,
    /// Of what it is told: `key.dead`, `pool.low`, `pool.empty`, `budget.near`; at least one.
    pub events: Vec<String>,
    /// The slugs of the configs of which it is told, `*` in them for any text, at most 100; all when absent or empty. Budgets are
    /// no config's: it is told of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Whether it is told anything; yes when absent.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// A pool is low when less than this share of its keys can serve, in percent: 1 to 100, 20 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_low_percent: Option<u8>,
    /// A budget is near its end when this share of it is used, in percent: 1 to 100, 80 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_near_percent: Option<u8>,
}

/// A webhook, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Where messages go.
    pub url: String,
    /// Of what it is told.
    pub events: Vec<String>,
    /// The slugs of the configs of which it is told, `*` in them for any text; all when empty.
    pub services: Vec<String>,
    /// Whether it is told anything. A receiver that answers 410 disables it.
    pub is_enabled: bool,
    /// Below which share of usable keys a pool is low, in percent.
    pub pool_low_percent: u8,
    /// From which share on a budget is near its end, in percent.
    pub budget_near_percent: u8,
    /// Until when the secret before the last rotation signs as well; RFC 3339.
    pub previous_until: Option<String>,
    /// When it was made; RFC 3339.
    pub created_at: String,
    /// When it last changed; RFC 3339.
    pub updated_at: String,
}

/// A new secret of a webhook, shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewWebhook {
    /// What signs messages: `whsec_` and base64.
    pub secret: String,
    /// More about it.
    #[serde(flatten)]
    pub about: Webhook,
}

/// What to change of a webhook; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Of what it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
    /// The slugs of the configs of which it is told; null or an empty list means all.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub services: Option<Option<Vec<String>>>,
    /// Whether it is told anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_enabled: Option<bool>,
    /// Below which share of usable keys a pool is low, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_low_percent: Option<u8>,
    /// From which share on a budget is near its end, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_near_percent: Option<u8>,
}

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookTest {
    /// Whether the message was taken: the answer was 2xx.
    pub is_delivered: bool,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why the message was not taken.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A message to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookDelivery {
    /// Its id; `webhook-id` is this after `msg_`.
    pub id: i64,
    /// What it tells.
    pub event: String,
    /// `waiting`, `delivered` or `failed`.
    pub status: String,
    /// How often it was sent.
    pub attempts: u32,
    /// When what it tells was found; RFC 3339.
    pub created_at: String,
    /// When it is sent next, while it waits; RFC 3339.
    pub next_at: Option<String>,
    /// Since when it does not wait any more; RFC 3339.
    pub ended_at: Option<String>,
    /// The status of the last answer.
    pub last_status: Option<u16>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
}

// === impl Debug, without the secret ===

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook").field("about", &self.about).finish_non_exhaustive()
    }
}

const fn yes() -> bool {
    true
}

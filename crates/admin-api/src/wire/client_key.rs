//! Client keys: what callers of the doors show.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::present;

/// A client key to make. Its value is made by the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientKeyBody {
    /// What it is called: 1 to 100 characters.
    pub name: String,
    /// Whether it opens the doors; yes when absent.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// From when on it does not, RFC 3339; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The slugs of the configs that it may use, `*` in them for any text, at most 100; all when absent or empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The models that it may ask for, as the client names them, `*` in them for any text, at most 100; all when absent or
    /// empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// The addresses or networks (CIDR) from which it may be used, at most 1000; all when absent or empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// How much it may use.
    #[serde(default, skip_serializing_if = "ClientLimits::is_empty")]
    pub limits: ClientLimits,
}

/// How much a client key may use; an absent limit is none. Minutes, days, weeks (from Monday) and months are those of the
/// calendar in UTC.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientLimits {
    /// Requests in a minute: 1 to 10^12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpm: Option<u64>,
    /// Requests in a day: 1 to 10^12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpd: Option<u64>,
    /// Tokens, of prompts and answers together, in a minute: 1 to 10^12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpm: Option<u64>,
    /// The same in a day: 1 to 10^12.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpd: Option<u64>,
    /// Requests in flight: 1 to 1,000,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// What may be spent: at most 8 budgets, each of another unit or period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Budget>,
}

/// What may be spent in a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// How much: up to a million US dollars, or 10^15 tokens.
    pub amount: f64,
    /// `usd` or `tokens`.
    pub unit: String,
    /// `day`, `week`, `month` or `total`.
    pub period: String,
}

/// A client key, without its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClientKey {
    /// Its id.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// The first characters of its value; empty for one that was made by an earlier version.
    pub prefix: String,
    /// Whether it opens the doors.
    pub is_active: bool,
    /// From when on it does not; RFC 3339.
    pub expires_at: Option<String>,
    /// Until when the value before the last rotation opens the doors as well; RFC 3339.
    pub previous_until: Option<String>,
    /// When it was made; RFC 3339.
    pub created_at: String,
    /// The slugs of the configs that it may use, `*` in them for any text; all when empty.
    pub services: Vec<String>,
    /// The models that it may ask for, `*` in them for any text; all when empty.
    pub models: Vec<String>,
    /// The addresses or networks from which it may be used; all when empty.
    pub sources: Vec<String>,
    /// How much it may use.
    pub limits: ClientLimits,
    /// Its version, whatever it has used: another one after each change. `ETag` has the same in quotes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(required = true)]
    pub version: String,
}

/// A client key and what it has used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClientKeyReport {
    /// The key.
    #[serde(flatten)]
    pub key: ClientKey,
    /// How each limit stands; null where that cannot be told now, or was not asked for.
    pub standing: Option<Vec<LimitStanding>>,
    /// Its requests in flight, where something of it is limited.
    pub in_flight: Option<u32>,
}

/// How one limit stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LimitStanding {
    /// `requests`, `tokens` or `usd`.
    pub unit: String,
    /// `minute`, `day`, `week`, `month` or `total`.
    pub period: String,
    /// How much may be used.
    pub limit: f64,
    /// How much was used in this window.
    pub used: f64,
    /// How much requests in flight may still use.
    pub reserved: f64,
    /// When the next window begins; RFC 3339.
    pub resets_at: Option<String>,
}

/// A new value of a client key, shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewClientKey {
    /// What the client shows.
    pub key_value: String,
    /// More about it.
    #[serde(flatten)]
    pub about: ClientKey,
}

/// What to change of a client key; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientKeyPatch {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it opens the doors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// From when on it does not, RFC 3339; null means never.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Option<String>>,
    /// The slugs of the configs that it may use; null or an empty list means all.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub services: Option<Option<Vec<String>>>,
    /// The models that it may ask for; null or an empty list means all.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub models: Option<Option<Vec<String>>>,
    /// From where it may be used; null or an empty list means from everywhere.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub sources: Option<Option<Vec<String>>>,
    /// How much it may use: those that are named change, and null takes all away.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ClientLimitsPatch>)]
    pub limits: Option<Option<ClientLimitsPatch>>,
}

/// What to change of limits; null takes one away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientLimitsPatch {
    /// Requests in a minute.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub rpm: Option<Option<u64>>,
    /// Requests in a day.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub rpd: Option<Option<u64>>,
    /// Tokens in a minute.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub tpm: Option<Option<u64>>,
    /// Tokens in a day.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub tpd: Option<Option<u64>>,
    /// Requests in flight.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub max_concurrency: Option<Option<u32>>,
    /// What may be spent, in the place of all budgets that are there.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Budget>>)]
    pub budgets: Option<Option<Vec<Budget>>>,
}

/// How a client key gets another value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationBody {
    /// How long the old value opens the doors as well, in seconds: up to 30 days; 0 when absent.
    #[serde(default)]
    pub grace_seconds: u64,
}

// === impl ClientLimits ===

impl ClientLimits {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

// === impl Debug, without the secret ===

impl fmt::Debug for NewClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewClientKey").field("about", &self.about).finish_non_exhaustive()
    }
}

const fn yes() -> bool {
    true
}

//! Upstream keys.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::present;

/// A key to add.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The secret: 1 to 4,096 printable ASCII characters.
    pub key_value: String,
    /// Whether it may be picked; yes when absent.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// What the operator calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// A key, its value masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamKey {
    /// Its id.
    pub id: i64,
    /// The config whose pool it belongs to.
    pub proxy_config_id: i64,
    /// The first six and the last four characters of the secret.
    pub key_value: String,
    /// What the operator calls it.
    pub label: Option<String>,
    /// Whether it may be picked.
    pub is_active: bool,
    /// Until when it is left alone because the upstream limited or refused it; RFC 3339.
    pub cooling_until: Option<String>,
    /// When it was added; RFC 3339.
    pub created_at: String,
    /// When it last changed; RFC 3339.
    pub updated_at: String,
}

/// What to change of a key; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyPatch {
    /// Whether it may be picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// What the operator calls it; null takes the label away.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub label: Option<Option<String>>,
}

/// Keys to add at once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    /// The secrets, one an entry; they are trimmed and blank ones dropped.
    pub keys: Vec<String>,
}

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchReport {
    /// How many keys were added.
    pub success_count: u64,
    /// How many cannot be keys.
    pub failed_count: u64,
    /// How many were there already, or came twice.
    pub skipped_count: u64,
    /// Those that cannot be keys.
    pub failed_keys: Vec<FailedKey>,
}

/// An entry of a batch that cannot be a key; its value is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedKey {
    /// Its place in the batch, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub error: String,
}

/// How many keys were deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeletedCount {
    /// How many.
    pub deleted_count: u64,
}

/// All keys of a config in clear.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ExportedKeys {
    /// The keys, ordered by id.
    pub keys: Vec<ExportedKey>,
}

/// A key in clear.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ExportedKey {
    /// Its id.
    pub id: i64,
    /// The secret.
    pub key_value: String,
    /// What the operator calls it.
    pub label: Option<String>,
    /// Whether it may be picked.
    pub is_active: bool,
}

/// What a test of a key showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProbeReport {
    /// Whether the upstream served it.
    pub ok: bool,
    /// The upstream's status.
    pub status: Option<u16>,
    /// `healthy`, `limited`, `refused`, `forbidden`, `upstream_fault`, `client_fault` or `no_answer`.
    pub verdict: String,
    /// How long the answer took, in milliseconds.
    pub latency_ms: Option<u64>,
    /// Why there was no answer.
    pub error: Option<String>,
}

fn yes() -> bool {
    true
}

// === impl Debug, without the secrets ===

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey").field("is_active", &self.is_active).field("label", &self.label).finish_non_exhaustive()
    }
}

impl fmt::Debug for BatchBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchBody of {} keys", self.keys.len())
    }
}

impl fmt::Debug for ExportedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExportedKeys of {} keys", self.keys.len())
    }
}

impl fmt::Debug for ExportedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportedKey").field("id", &self.id).finish_non_exhaustive()
    }
}

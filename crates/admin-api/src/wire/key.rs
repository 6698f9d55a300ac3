//! Upstream keys.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Limits, LimitsPatch, present};

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
    /// How often it is used under the strategy `weighted`, in proportion to the others: 1 (when absent) to 65,536.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Keys of a lower tier are used first: 0 (when absent) to 255.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// Its own limits; an absent one follows the config's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// The models that it may serve, `*` in them for any text, at most 100; all when absent or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// The keys with which it shares its upstream quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_group: Option<String>,
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
    /// How often it is used under the strategy `weighted`, in proportion to the others.
    pub weight: u32,
    /// Keys of a lower tier are used first.
    pub tier: u8,
    /// Its own limits; an absent one follows the config's.
    pub limits: Limits,
    /// The models that it may serve, `*` in them for any text; all when empty.
    pub models: Vec<String>,
    /// The keys with which it shares its upstream quota.
    pub quota_group: Option<String>,
    /// `active`, `cooling` (limited for a while), `exhausted` (its quota or credit is used up), `dead` (the upstream refuses
    /// it) or `disabled`.
    pub state: String,
    /// The model that the state concerns; all when absent.
    pub state_model: Option<String>,
    /// Since when; RFC 3339.
    pub state_since: Option<String>,
    /// Until when it is left alone or, for one that is dead or without credit, when it is tested next; RFC 3339.
    pub state_until: Option<String>,
    /// Its requests in flight.
    pub in_flight: u32,
    /// When it was added; RFC 3339.
    pub created_at: String,
    /// When it last changed; RFC 3339.
    pub updated_at: String,
    /// Its version, whatever its state is: another one after each change. `ETag` has the same in quotes.
    #[serde(default)]
    pub version: String,
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
    /// How often it is used under the strategy `weighted`, in proportion to the others: 1 to 65,536.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Keys of a lower tier are used first: 0 to 255.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// Its own limits: those that are named change, and null takes all away.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LimitsPatch>)]
    pub limits: Option<Option<LimitsPatch>>,
    /// The models that it may serve, `*` in them for any text, at most 100; null or an empty list means all.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub models: Option<Option<Vec<String>>>,
    /// The keys with which it shares its upstream quota; null takes it out of its group.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub quota_group: Option<Option<String>>,
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

/// The pool that a config shall have.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolBody {
    /// Its keys.
    pub keys: Vec<PoolKey>,
    /// Whether keys that are not named here are deleted; no when absent.
    #[serde(default)]
    pub prune: bool,
}

/// A key of a wanted pool; what is absent stays as it is, and of a new key takes its usual value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolKey {
    /// The secret: 1 to 4,096 printable ASCII characters.
    pub key_value: String,
    /// Whether it may be picked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// What the operator calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How often it is used under the strategy `weighted`, in proportion to the others: 1 to 65,536.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// Keys of a lower tier are used first: 0 to 255.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// Its own limits: those that are named change, and null takes all away.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<LimitsPatch>)]
    pub limits: Option<Option<LimitsPatch>>,
    /// The models that it may serve, `*` in them for any text, at most 100; null or an empty list means all.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub models: Option<Option<Vec<String>>>,
    /// The keys with which it shares its upstream quota; null takes it out of its group.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub quota_group: Option<Option<String>>,
}

/// How a pool became, or would become, as it was wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolReport {
    /// How many keys are new.
    pub added_count: u64,
    /// How many keys changed.
    pub changed_count: u64,
    /// How many keys were as wanted already.
    pub unchanged_count: u64,
    /// How many keys were deleted.
    pub deleted_count: u64,
    /// How many entries were a second copy of another.
    pub skipped_count: u64,
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
    /// How often it is used under the strategy `weighted`, in proportion to the others.
    pub weight: u32,
    /// Keys of a lower tier are used first.
    pub tier: u8,
    /// Its own limits; an absent one follows the config's.
    pub limits: Limits,
    /// The models that it may serve, `*` in them for any text; all when empty.
    pub models: Vec<String>,
    /// The keys with which it shares its upstream quota.
    pub quota_group: Option<String>,
}

/// What a test of a key showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProbeReport {
    /// Whether the upstream served it.
    pub ok: bool,
    /// The upstream's status.
    pub status: Option<u16>,
    /// `healthy`, `limited`, `out_of_quota`, `dead`, `forbidden`, `upstream_fault`, `client_fault` or `no_answer`.
    pub verdict: String,
    /// How long the answer took, in milliseconds.
    pub latency_ms: Option<u64>,
    /// Why there was no answer.
    pub error: Option<String>,
}

/// One line of a test of all keys of a config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolProbeLine {
    /// How many keys have been tested, this one included.
    pub tested: u64,
    /// How many there are.
    pub total: u64,
    /// The key's id.
    pub id: i64,
    /// What its test showed.
    #[serde(flatten)]
    pub report: ProbeReport,
}

fn yes() -> bool {
    true
}

// === impl NewKey ===

impl NewKey {
    /// An active key without anything particular.
    #[must_use]
    pub fn new(key_value: impl Into<String>) -> Self {
        Self {
            key_value: key_value.into(),
            is_active: true,
            label: None,
            weight: None,
            tier: None,
            limits: None,
            models: None,
            quota_group: None,
        }
    }
}

impl From<PoolKey> for NewKey {
    fn from(key: PoolKey) -> Self {
        Self {
            key_value: key.key_value,
            is_active: key.is_active.unwrap_or(true),
            label: key.label,
            weight: key.weight,
            tier: key.tier,
            limits: key.limits.flatten().map(LimitsPatch::into_new),
            models: key.models.flatten(),
            quota_group: key.quota_group.flatten(),
        }
    }
}

// === impl PoolKey ===

impl PoolKey {
    /// A key of which only the value is said.
    #[must_use]
    pub fn new(key_value: impl Into<String>) -> Self {
        Self {
            key_value: key_value.into(),
            is_active: None,
            label: None,
            weight: None,
            tier: None,
            limits: None,
            models: None,
            quota_group: None,
        }
    }
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

impl fmt::Debug for PoolBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolBody of {} keys", self.keys.len())
    }
}

impl fmt::Debug for PoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolKey").field("label", &self.label).finish_non_exhaustive()
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

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_patch_tells_null_from_nothing() {
        let nothing: KeyPatch = from_value(json!({})).unwrap();
        assert_eq!(nothing, KeyPatch::default());
        let nulls = json!({"label": null, "limits": null, "models": null, "quota_group": null});
        let patch: KeyPatch = from_value(nulls.clone()).unwrap();
        let away = KeyPatch {
            label: Some(None),
            limits: Some(None),
            models: Some(None),
            quota_group: Some(None),
            ..KeyPatch::default()
        };
        assert_eq!(patch, away);
        assert_eq!(serde_json::to_value(&patch).unwrap(), nulls);
        let patch: KeyPatch = from_value(json!({"limits": {"rpm": null, "tpm": 1}})).unwrap();
        let limits = LimitsPatch { rpm: Some(None), tpm: Some(Some(1)), ..LimitsPatch::default() };
        assert_eq!(patch, KeyPatch { limits: Some(Some(limits)), ..KeyPatch::default() });
    }

    #[test]
    fn nothing_that_holds_a_secret_prints_it() {
        let new = NewKey { limits: Some(Limits::default()), ..NewKey::new("sk-planted") };
        let wanted = PoolKey::new("sk-planted");
        let printed = format!("{new:?} {wanted:?} {:?}", PoolBody { keys: vec![wanted.clone()], prune: true });
        assert!(!printed.contains("planted"), "{printed}");
    }
}

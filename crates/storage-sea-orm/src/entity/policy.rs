//! The columns `policy`, as JSON: a new field of a policy needs no migration.
//!
//! Members that are not known here, from a later version, are passed over.

mod client;

pub(super) use client::{read_client_policy, write_client_policy};

use std::collections::BTreeMap;

use rotator_domain::rotation::{Glob, KeyPolicy, Limits, QuotaGroup};
use rotator_domain::{FallbackDraft, check_key_policy};
use serde::{Deserialize, Serialize};

use crate::error::CorruptRow;

/// How a service is served, spelled as in its draft.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ServiceColumn {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) connect_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_byte_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) idle_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strategy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) affinity: Option<bool>,
    #[serde(skip_serializing_if = "LimitsColumn::is_empty")]
    pub(super) limits: LimitsColumn,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) quota_groups: BTreeMap<String, LimitsColumn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deadline_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retry_after_send: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_waiting: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_wait_ms: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) model_aliases: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fallback: Vec<FallbackColumn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation_headers: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asks_for_usage: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) log_requests: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) log_body_limit: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) log_redact: Vec<String>,
}

/// Declared limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LimitsColumn {
    #[serde(skip_serializing_if = "Option::is_none")]
    rpm: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tpm: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpd: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_concurrency: Option<u32>,
}

/// A service that steps in.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FallbackColumn {
    slug: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    models: BTreeMap<String, String>,
}

/// How a key is used.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct KeyColumn {
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<u8>,
    #[serde(skip_serializing_if = "LimitsColumn::is_empty")]
    limits: LimitsColumn,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_group: Option<String>,
}

/// A key's policy as its column holds it; nothing where it is as usual.
pub(crate) fn write_key_policy(policy: &KeyPolicy) -> Result<Option<String>, serde_json::Error> {
    let usual = KeyPolicy::default();
    if *policy == usual {
        return Ok(None);
    }
    let column = KeyColumn {
        weight: Some(policy.weight).filter(|weight| *weight != usual.weight),
        tier: Some(policy.tier).filter(|tier| *tier != usual.tier),
        limits: policy.limits.into(),
        models: policy.models.iter().map(|glob| glob.as_str().to_owned()).collect(),
        quota_group: policy.group.as_ref().map(|QuotaGroup(name)| name.clone()),
    };
    serde_json::to_string(&column).map(Some)
}

/// Reads the column of a key's policy.
pub(crate) fn read_key_policy(table: &'static str, id: i64, text: Option<&str>) -> Result<KeyPolicy, CorruptRow> {
    let Some(text) = text else {
        return Ok(KeyPolicy::default());
    };
    let column: KeyColumn = serde_json::from_str(text).map_err(|error| CorruptRow::new(table, id, error))?;
    let usual = KeyPolicy::default();
    let policy = KeyPolicy {
        weight: column.weight.unwrap_or(usual.weight),
        tier: column.tier.unwrap_or(usual.tier),
        limits: column.limits.into(),
        models: column.models.into_iter().map(Glob::new).collect(),
        group: column.quota_group.map(QuotaGroup),
    };
    check_key_policy(&policy).map_err(|error| CorruptRow::new(table, id, error))?;
    Ok(policy)
}

// === impl LimitsColumn ===

impl LimitsColumn {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<Limits> for LimitsColumn {
    fn from(limits: Limits) -> Self {
        Self {
            rpm: limits.requests_per_minute,
            tpm: limits.tokens_per_minute,
            rpd: limits.requests_per_day,
            max_concurrency: limits.max_concurrency,
        }
    }
}

impl From<LimitsColumn> for Limits {
    fn from(column: LimitsColumn) -> Self {
        Self {
            requests_per_minute: column.rpm,
            tokens_per_minute: column.tpm,
            requests_per_day: column.rpd,
            max_concurrency: column.max_concurrency,
        }
    }
}

// === impl FallbackColumn ===

impl From<FallbackDraft> for FallbackColumn {
    fn from(FallbackDraft { slug, models }: FallbackDraft) -> Self {
        Self { slug, models }
    }
}

impl From<FallbackColumn> for FallbackDraft {
    fn from(FallbackColumn { slug, models }: FallbackColumn) -> Self {
        Self { slug, models }
    }
}

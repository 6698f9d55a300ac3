//! A client key on its way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rotator_domain::{ClientKey, ClientKeyDraft, ClientKeyId, ClientPolicy, PreviousDigest, Timestamp};
use serde::{Deserialize, Serialize};

use super::{MovingError, at, read_digest};
use crate::wire::ClientLimits;

/// A client key; what its holder may do is spelt as the admin API spells it. Files of versions that knew less of a client key
/// leave out what stands after the time at which it was made.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::use_cases::moving) struct ClientKeyEntry {
    id: i64,
    name: String,
    digest: String,
    is_active: bool,
    created_at: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousEntry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    models: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    #[serde(default, skip_serializing_if = "ClientLimits::is_empty")]
    limits: ClientLimits,
}

/// The value before the last rotation.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviousEntry {
    digest: String,
    until: i64,
}

// === impl ClientKeyEntry ===

impl From<&ClientKey> for ClientKeyEntry {
    fn from(key: &ClientKey) -> Self {
        let ClientKeyDraft { name, is_active, expires_at, services, models, sources, limits } = key.into();
        Self {
            id: key.id.0,
            name,
            digest: STANDARD.encode(key.digest.0),
            is_active,
            created_at: key.created_at.as_millis(),
            prefix: key.prefix.clone(),
            expires_at: expires_at.map(Timestamp::as_millis),
            previous: key.previous.map(PreviousEntry::from),
            services,
            models,
            sources,
            limits: limits.into(),
        }
    }
}

impl TryFrom<ClientKeyEntry> for ClientKey {
    type Error = MovingError;

    fn try_from(entry: ClientKeyEntry) -> Result<Self, MovingError> {
        let ClientKeyEntry { id, name, digest, is_active, created_at, prefix, expires_at, previous, .. } = entry;
        let draft = ClientKeyDraft {
            name,
            is_active,
            expires_at: expires_at.map(at),
            services: entry.services,
            models: entry.models,
            sources: entry.sources,
            limits: entry.limits.into(),
        };
        let plain = Self {
            id: ClientKeyId(id),
            name: String::new(),
            prefix,
            digest: read_digest(&digest)?,
            previous: previous.map(PreviousDigest::try_from).transpose()?,
            is_active,
            expires_at: None,
            created_at: at(created_at),
            policy: ClientPolicy::default(),
        };
        draft.apply(plain).map_err(|_| MovingError::Entry)
    }
}

// === impl PreviousEntry ===

impl From<PreviousDigest> for PreviousEntry {
    fn from(previous: PreviousDigest) -> Self {
        Self { digest: STANDARD.encode(previous.digest.0), until: previous.until.as_millis() }
    }
}

impl TryFrom<PreviousEntry> for PreviousDigest {
    type Error = MovingError;

    fn try_from(entry: PreviousEntry) -> Result<Self, MovingError> {
        Ok(Self { digest: read_digest(&entry.digest)?, until: at(entry.until) })
    }
}

//! What the predecessor stored.

use rotator_domain::{Secret, ServiceDraft};

/// One of the predecessor's services with its keys, as its tables `proxy_configs` and `api_keys` hold them.
#[derive(Clone, Debug)]
pub struct LegacyService {
    /// The config's columns.
    pub draft: ServiceDraft,
    /// Its keys, ordered by row.
    pub keys: Vec<LegacyKey>,
}

/// One of the predecessor's keys; it kept them in clear.
#[derive(Clone, Debug)]
pub struct LegacyKey {
    /// The row's id.
    pub row: i64,
    /// The secret.
    pub value: Secret,
    /// Whether it was in use.
    pub is_active: bool,
}

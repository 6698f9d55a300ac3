//! Who did what.

use async_trait::async_trait;
use rotator_domain::Timestamp;

use crate::{Page, StorageError};

/// One thing that an administrator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who: a user's name, or `token:` and a token's name.
    pub actor: String,
    /// From which address, where it is known.
    pub remote: Option<String>,
    /// What: a noun and a verb, such as `keys.export`.
    pub action: String,
    /// To what: such as `service:12`.
    pub subject: String,
    /// More about it, never a secret.
    pub detail: Option<String>,
}

/// Stores the audit log.
#[async_trait]
pub trait AuditRepository: Send + Sync {
    /// Adds an entry; it is on disk when this returns.
    async fn append_audit(&self, entry: &AuditEntry) -> Result<(), StorageError>;

    /// A page of the log, ordered by id, newest first: entries with an id below `after`.
    async fn audit(&self, page: Page<i64>) -> Result<Vec<AuditEntry>, StorageError>;
}

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
    /// Whose token it was, where the actor is one.
    pub owner: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// What changed, field by field, as JSON; never a secret.
    pub changes: Option<String>,
}

/// Which entries to give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only this actor's, and those of this user's tokens.
    pub actor: Option<String>,
    /// Only this action, or with `*` at its end all that begin so.
    pub action: Option<String>,
    /// Only what was done to this.
    pub subject: Option<String>,
    /// Only what was done then or later.
    pub from: Option<Timestamp>,
    /// Only what was done before.
    pub until: Option<Timestamp>,
}

/// Stores the audit log.
#[async_trait]
pub trait AuditRepository: Send + Sync {
    /// Adds an entry; it is on disk when this returns.
    async fn append_audit(&self, entry: &AuditEntry) -> Result<(), StorageError>;

    /// A page of the log, ordered by id, newest first: entries with an id below `after`.
    async fn audit(&self, filter: &AuditFilter, page: Page<i64>) -> Result<Vec<AuditEntry>, StorageError>;

    /// Forgets entries from before a time, the oldest ones first and at most `limit` at once, and says how many they were.
    async fn forget_audit(&self, before: Timestamp, limit: u64) -> Result<u64, StorageError>;
}

//! Administrators, their API tokens and their ended sessions.

use async_trait::async_trait;
use rotator_domain::{AdminTokenId, Digest, Timestamp};

use crate::StorageError;

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminUser {
    /// The name to log in with; compared exactly.
    pub username: String,
    /// The password's Argon2id hash in PHC form.
    pub password_hash: String,
    /// When the password was last set.
    pub updated_at: Timestamp,
}

/// An API token for the CLI and automation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminToken {
    /// Its id.
    pub id: AdminTokenId,
    /// What it is for.
    pub name: String,
    /// The digest by which it is found.
    pub digest: Digest,
    /// Who made it.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work; never when `None`.
    pub expires_at: Option<Timestamp>,
}

/// Stores administrators, tokens and ended sessions.
#[async_trait]
pub trait AdminRepository: Send + Sync {
    /// The administrator with this name.
    async fn admin_user(&self, username: &str) -> Result<Option<AdminUser>, StorageError>;

    /// How many administrators there are.
    async fn count_admin_users(&self) -> Result<u64, StorageError>;

    /// Stores an administrator, in place of the one with the same name.
    async fn put_admin_user(&self, user: &AdminUser) -> Result<(), StorageError>;

    /// Stores a new token.
    async fn insert_admin_token(&self, token: &AdminToken) -> Result<(), StorageError>;

    /// All tokens, ordered by id.
    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StorageError>;

    /// The token with this digest.
    async fn admin_token(&self, digest: &Digest) -> Result<Option<AdminToken>, StorageError>;

    /// Deletes a token. `NotFound` when there is none.
    async fn delete_admin_token(&self, id: AdminTokenId) -> Result<(), StorageError>;

    /// Remembers that the session `session_id` has ended, until it would have expired; again is no error. Entries that
    /// had expired by `now` are forgotten.
    async fn end_session(&self, session_id: &str, expires_at: Timestamp, now: Timestamp) -> Result<(), StorageError>;

    /// Whether the session has been ended.
    async fn is_session_ended(&self, session_id: &str) -> Result<bool, StorageError>;
}

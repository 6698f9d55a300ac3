//! Administrators, their API tokens and their ended sessions.

use async_trait::async_trait;
use rotator_domain::{AdminTokenId, Digest, Role, Timestamp};

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
    /// What they may do.
    pub role: Role,
    /// Whether they may not log in.
    pub is_disabled: bool,
    /// Sessions that began under another one have ended. Each new user, password and end of all sessions has one of its own.
    pub session_epoch: i64,
    /// The session that goes on although it began under another epoch.
    pub kept_session: Option<String>,
}

/// What to change of an administrator; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminUserChange {
    /// What they may do.
    pub role: Option<Role>,
    /// Whether they may not log in.
    pub is_disabled: Option<bool>,
    /// The password's hash, and when it was set.
    pub password: Option<(String, Timestamp)>,
    /// Ends their sessions: the new epoch, and the session that goes on.
    pub sessions: Option<(i64, Option<String>)>,
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
    /// The first characters of its value; empty for one that was made before they were kept.
    pub prefix: String,
    /// What it may do, as far as its owner may.
    pub scope: Role,
    /// The administrator without whom it does not work; `None` for one that was made through another token before owners were
    /// kept.
    pub owner: Option<String>,
    /// Who made it: its owner, or another token of theirs.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work; never when `None`.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
}

/// Stores administrators, tokens and ended sessions.
#[async_trait]
pub trait AdminRepository: Send + Sync {
    /// The administrator with this name.
    async fn admin_user(&self, username: &str) -> Result<Option<AdminUser>, StorageError>;

    /// How many administrators there are.
    async fn count_admin_users(&self) -> Result<u64, StorageError>;

    /// All administrators, ordered by name as the database orders text.
    async fn admin_users(&self) -> Result<Vec<AdminUser>, StorageError>;

    /// Stores an administrator, in place of the one with the same name.
    async fn put_admin_user(&self, user: &AdminUser) -> Result<(), StorageError>;

    /// Stores a new administrator. `Conflict` when there is one with this name.
    async fn insert_admin_user(&self, user: &AdminUser) -> Result<(), StorageError>;

    /// Changes an administrator and gives it as it was and as it is. `NotFound` when there is none; `LastAdmin` when nobody
    /// enabled with the role `Admin` would be left, also where several are changed at once.
    async fn change_admin_user(
        &self,
        username: &str,
        change: &AdminUserChange,
    ) -> Result<(AdminUser, AdminUser), StorageError>;

    /// Deletes an administrator with their tokens and gives it as it was. Errors as of [`Self::change_admin_user`].
    async fn delete_admin_user(&self, username: &str) -> Result<AdminUser, StorageError>;

    /// Stores a new token.
    async fn insert_admin_token(&self, token: &AdminToken) -> Result<(), StorageError>;

    /// All tokens, ordered by id.
    async fn admin_tokens(&self) -> Result<Vec<AdminToken>, StorageError>;

    /// The token with this digest.
    async fn admin_token(&self, digest: &Digest) -> Result<Option<AdminToken>, StorageError>;

    /// Notes when tokens were last used. One that was used later, or is not there, stays as it is.
    async fn note_token_uses(&self, uses: &[(AdminTokenId, Timestamp)]) -> Result<(), StorageError>;

    /// Deletes a token. `NotFound` when there is none.
    async fn delete_admin_token(&self, id: AdminTokenId) -> Result<(), StorageError>;

    /// Remembers that the session `session_id` has ended, until it would have expired; again is no error. Entries that
    /// had expired by `now` are forgotten.
    async fn end_session(&self, session_id: &str, expires_at: Timestamp, now: Timestamp) -> Result<(), StorageError>;

    /// Whether the session has been ended.
    async fn is_session_ended(&self, session_id: &str) -> Result<bool, StorageError>;
}

//! What the admin API leaves to do beside requests: when tokens were used, and which entries of the audit log are too old.

use std::sync::Arc;
use std::time::Duration;

use rotator_admin_api::TokenUses;
use rotator_domain::{Clock, SystemClock, Timestamp};
use rotator_storage_trait::{Storage, StorageError};

/// How many entries are forgotten at once.
const AT_ONCE: u64 = 1000;
/// How often that is done in a row: what is left is for the next time.
const MOST_TIMES: usize = 1000;

/// The admin API's work beside requests.
pub(crate) struct AdminUpkeep {
    storage: Arc<dyn Storage>,
    token_uses: Arc<TokenUses>,
    /// How long entries of the audit log are kept; `None` keeps them for ever.
    audit_kept: Option<Duration>,
}

// === impl AdminUpkeep ===

impl AdminUpkeep {
    pub(crate) fn new(storage: &Arc<dyn Storage>, audit_kept: Option<Duration>) -> Self {
        Self { storage: Arc::clone(storage), token_uses: Arc::default(), audit_kept }
    }

    /// Where requests note the tokens that they show.
    pub(crate) fn token_uses(&self) -> Arc<TokenUses> {
        Arc::clone(&self.token_uses)
    }

    /// Stores when tokens were used.
    pub(crate) async fn store_uses(&self) {
        if let Err(error) = self.token_uses.store(self.storage.as_ref(), SystemClock.now()).await {
            tracing::warn!(error = %error, "when tokens were used could not be stored yet");
        }
    }

    /// Forgets old entries of the audit log.
    pub(crate) async fn forget_old(&self, now: Timestamp) {
        let Some(kept) = self.audit_kept else { return };
        let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        match self.forget(Timestamp::from_millis(now.as_millis().saturating_sub(kept))).await {
            Ok(0) => {}
            Ok(entries) => tracing::info!(entries, "old entries of the audit log were forgotten"),
            Err(error) => tracing::warn!(error = %error, "old entries of the audit log could not be forgotten"),
        }
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StorageError> {
        let mut forgotten = 0;
        for _ in 0..MOST_TIMES {
            match self.storage.forget_audit(before, AT_ONCE).await? {
                0 => break,
                entries => forgotten += entries,
            }
        }
        Ok(forgotten)
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::{AdminTokenId, Digest, Role};
    use rotator_storage_sqlite::SqliteFactory;
    use rotator_storage_trait::{
        AdminToken, AuditEntry, AuditFilter, DatabaseUrl, Page, StorageFactory, StorageOptions,
    };

    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    async fn storage() -> Arc<dyn Storage> {
        SqliteFactory.open(&DatabaseUrl::new("sqlite::memory:"), &StorageOptions::default()).await.unwrap()
    }

    fn entry(id: i64, at: i64) -> AuditEntry {
        AuditEntry {
            id,
            at: Timestamp::from_millis(at),
            actor: "admin".to_owned(),
            remote: None,
            action: "login".to_owned(),
            subject: "session".to_owned(),
            detail: None,
            owner: None,
            request_id: None,
            changes: None,
        }
    }

    #[tokio::test]
    async fn entries_are_kept_as_long_as_they_shall_be() {
        let storage = storage().await;
        for id in 1..=5 {
            storage.append_audit(&entry(id, id * DAY)).await.unwrap();
        }
        let left = async || {
            let page = Page { after: None, limit: 10 };
            let entries = storage.audit(&AuditFilter::default(), page).await.unwrap();
            entries.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
        };
        let now = Timestamp::from_millis(6 * DAY);
        AdminUpkeep::new(&storage, None).forget_old(now).await;
        assert_eq!(left().await, [5, 4, 3, 2, 1]);
        AdminUpkeep::new(&storage, Some(Duration::from_secs(3 * 24 * 60 * 60))).forget_old(now).await;
        assert_eq!(left().await, [5, 4, 3]);
    }

    #[tokio::test]
    async fn a_token_in_use_is_stored_once_a_minute() {
        let storage = storage().await;
        let token = AdminToken {
            id: AdminTokenId(1),
            name: "ci".to_owned(),
            digest: Digest([1; 32]),
            prefix: String::new(),
            scope: Role::Viewer,
            owner: None,
            created_by: "admin".to_owned(),
            created_at: Timestamp::EPOCH,
            expires_at: None,
            last_used_at: None,
        };
        storage.insert_admin_token(&token).await.unwrap();
        let uses = TokenUses::default();
        for (used, stored) in [(1000, 1000), (2000, 1000), (60_999, 1000), (61_000, 61_000), (500_000, 500_000)] {
            let now = Timestamp::from_millis(used);
            uses.note(token.id, now);
            uses.store(storage.as_ref(), now).await.unwrap();
            let tokens = storage.admin_tokens().await.unwrap();
            assert_eq!(tokens[0].last_used_at, Some(Timestamp::from_millis(stored)), "{used}");
        }
    }
}

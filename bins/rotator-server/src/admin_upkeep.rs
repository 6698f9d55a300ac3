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

//! When tokens were last used: noted in memory by requests, and stored beside them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rotator_domain::{AdminTokenId, Timestamp};
use rotator_storage_trait::{AdminRepository, StorageError};

/// How exact it is: a token that is used all the time is stored this often.
const COARSE: Duration = Duration::from_secs(60);

/// Uses of tokens on their way to the storage.
#[derive(Debug, Default)]
pub struct TokenUses(Mutex<HashMap<AdminTokenId, Use>>);

#[derive(Clone, Copy, Debug)]
struct Use {
    at: Timestamp,
    is_stored: bool,
}

// === impl TokenUses ===

impl TokenUses {
    /// Stores what was noted since the last time.
    ///
    /// # Errors
    /// When the database fails; it is stored the next time then.
    pub async fn store<S: AdminRepository + ?Sized>(&self, storage: &S, now: Timestamp) -> Result<(), StorageError> {
        let mut new: Vec<_> =
            self.uses().iter().filter(|(_, used)| !used.is_stored).map(|(id, used)| (*id, used.at)).collect();
        new.sort_unstable();
        if !new.is_empty() {
            storage.note_token_uses(&new).await?;
        }
        let mut uses = self.uses();
        for (id, at) in new {
            uses.entry(id).and_modify(|used| used.is_stored |= used.at == at);
        }
        uses.retain(|_, used| !used.is_stored || used.at.saturating_add(COARSE) > now);
        Ok(())
    }

    /// A token was used.
    pub fn note(&self, id: AdminTokenId, now: Timestamp) {
        let used = Use { at: now, is_stored: false };
        let mut uses = self.uses();
        let noted = uses.entry(id).or_insert(used);
        if noted.at.saturating_add(COARSE) <= now {
            *noted = used;
        }
    }

    fn uses(&self) -> MutexGuard<'_, HashMap<AdminTokenId, Use>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

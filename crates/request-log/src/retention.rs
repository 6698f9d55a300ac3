//! How much of the log is kept.

use std::time::Duration;

use rotator_domain::Timestamp;
use rotator_storage_trait::{RequestLogRepository, StorageError};

/// How many requests are forgotten at once, so that nobody waits long for the database.
const AT_ONCE: u64 = 2_000;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How long; `None` means for ever.
    pub age: Option<Duration>,
    /// How many bytes.
    pub size: u64,
}

// === impl Retention ===

impl Retention {
    /// Forgets what is too old or too much, and says how many requests that were.
    ///
    /// # Errors
    /// When the storage does not answer; the rest is forgotten another time.
    pub async fn forget(&self, storage: &dyn RequestLogRepository, now: Timestamp) -> Result<u64, StorageError> {
        let age = self.age.and_then(|age| i64::try_from(age.as_millis()).ok());
        let before = age.and_then(|age| Some(Timestamp::from_millis(now.as_millis().checked_sub(age)?)));
        let mut forgotten = 0;
        loop {
            match storage.forget_requests(before, self.size, AT_ONCE).await? {
                0 => return Ok(forgotten),
                requests => forgotten += requests,
            }
        }
    }
}

impl Default for Retention {
    /// A week, and a gibibyte.
    fn default() -> Self {
        Self { age: Some(Duration::from_secs(7 * 24 * 60 * 60)), size: 1 << 30 }
    }
}

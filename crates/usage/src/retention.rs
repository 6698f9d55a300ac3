//! How long figures are kept.

use std::time::Duration;

use rotator_domain::{Grain, Timestamp};
use rotator_storage_trait::{StorageError, UsageRepository};

/// About how many rows are forgotten at once, so that nobody waits long for the database.
const ROWS: u64 = 5_000;
/// How long a source that sends nothing is remembered: longer than any node is away with a journal.
const SOURCES: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// How long figures are kept; `None` means for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Those of minutes.
    pub minutes: Option<Duration>,
    /// Those of hours.
    pub hours: Option<Duration>,
    /// Those of days.
    pub days: Option<Duration>,
}

// === impl Retention ===

impl Retention {
    /// Forgets what has been kept for long enough, and says how many rows that were.
    ///
    /// # Errors
    /// When the storage does not answer; the rest is forgotten another time.
    pub async fn forget(&self, storage: &dyn UsageRepository, now: Timestamp) -> Result<u64, StorageError> {
        let mut forgotten = 0;
        for grain in Grain::ALL {
            let Some(before) = self.of(grain).and_then(|kept| before(now, kept)) else { continue };
            loop {
                match storage.forget_usage(grain, grain.start(before), ROWS).await? {
                    0 => break,
                    rows => forgotten += rows,
                }
            }
        }
        if let Some(before) = before(now, SOURCES) {
            storage.forget_usage_sources(before).await?;
        }
        Ok(forgotten)
    }

    const fn of(&self, grain: Grain) -> Option<Duration> {
        match grain {
            Grain::Minute => self.minutes,
            Grain::Hour => self.hours,
            Grain::Day => self.days,
        }
    }
}

impl Default for Retention {
    /// A week of minutes, a quarter of hours, five years of days.
    fn default() -> Self {
        let days = |days: u64| Some(Duration::from_secs(days * 24 * 60 * 60));
        Self { minutes: days(7), hours: days(90), days: days(5 * 365) }
    }
}

fn before(now: Timestamp, kept: Duration) -> Option<Timestamp> {
    Some(Timestamp::from_millis(now.as_millis().checked_sub(i64::try_from(kept.as_millis()).ok()?)?))
}

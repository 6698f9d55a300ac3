//! From the queue to the storage.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rotator_domain::{Clock, Seldom, Timestamp};
use rotator_storage_trait::{NewLogEntry, RequestLogRepository, StorageError, StorageErrorKind};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use crate::packing::packed;
use crate::queue::{LogQueue, Logged, Making};
use crate::redaction::redacted;
use crate::retention::Retention;

/// How long requests gather before they are stored.
const GATHERING: Duration = Duration::from_secs(1);
/// The most requests of one transaction, and about how many bytes of theirs.
const MOST: usize = 1_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// How long between two times of forgetting.
const FORGETTING: Duration = Duration::from_secs(60);
/// How much of what may be kept can be stored without forgetting in between: the twentieth part.
const MUCH: u64 = 20;

/// Stores what gathers in a [`LogQueue`], and forgets what has been kept for long enough.
pub struct LogWriter {
    queue: Arc<LogQueue>,
    storage: Arc<dyn RequestLogRepository>,
    clock: Arc<dyn Clock>,
    retention: Retention,
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    /// What the storage has not taken yet.
    pending: Vec<NewLogEntry>,
    /// Bytes that were stored since something was last forgotten.
    stored: u64,
    forgot: Option<Instant>,
    trouble: Seldom,
    /// How many lost requests were told.
    told: u64,
}

// === impl LogWriter ===

impl LogWriter {
    /// Stores what gathers in `queue`.
    #[must_use]
    pub fn new(
        queue: Arc<LogQueue>,
        storage: Arc<dyn RequestLogRepository>,
        clock: Arc<dyn Clock>,
        retention: Retention,
    ) -> Self {
        Self { queue, storage, clock, retention, work: Mutex::default() }
    }

    /// Stores what has gathered, every second, and forgets; for ever.
    pub async fn run(&self) {
        let mut ticks = tokio::time::interval(GATHERING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.queue.much.notified() => {}
            }
            let mut work = self.work.lock().await;
            let mut done = self.store(&mut work).await;
            if done.is_ok() && work.is_time_to_forget(self.retention.size) {
                (work.forgot, work.stored) = (Some(Instant::now()), 0);
                done = self.retention.forget(self.storage.as_ref(), self.clock.now()).await.map(drop);
            }
            work.complain(done.err(), self.queue.lost(), self.clock.now());
        }
    }

    /// Stores all that has gathered.
    ///
    /// # Errors
    /// When the storage does not answer; then what is left waits for the next time.
    pub async fn flush(&self) -> Result<(), StorageError> {
        self.store(&mut *self.work.lock().await).await
    }

    async fn store(&self, work: &mut Work) -> Result<(), StorageError> {
        let mut refused = Ok(());
        loop {
            if work.pending.is_empty() {
                let taken = self.queue.take(MOST, MOST_BYTES);
                if taken.is_empty() {
                    return refused;
                }
                let count = taken.len();
                match spawn_blocking(move || taken.into_iter().map(entry).collect()).await {
                    Ok(entries) => work.pending = entries,
                    // The runtime is being shut down, or one of them failed: none of these is known any more.
                    Err(_) => self.queue.lose(count),
                }
            }
            match self.storage.append_requests(&work.pending).await {
                Ok(()) => work.stored += work.pending.iter().map(size).sum::<u64>(),
                Err(error) if is_passing(&error) => return Err(error),
                Err(error) => {
                    // It would be refused again, and all that comes after it would wait.
                    self.queue.lose(work.pending.len());
                    refused = Err(error);
                }
            }
            work.pending.clear();
        }
    }
}

impl std::fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LogWriter")
    }
}

// === impl Work ===

impl Work {
    fn is_time_to_forget(&self, size: u64) -> bool {
        self.stored > size / MUCH || self.forgot.is_none_or(|forgot| forgot.elapsed() >= FORGETTING)
    }

    /// Says what is wrong, once a minute at the most.
    fn complain(&mut self, error: Option<StorageError>, lost: u64, now: Timestamp) {
        if (error.is_none() && lost == self.told) || !self.trouble.is_due(now) {
            return;
        }
        let newly_lost = lost - self.told;
        self.told = lost;
        tracing::warn!(
            lost = newly_lost,
            error = error.as_ref().map(ToString::to_string),
            cause = error.as_ref().and_then(std::error::Error::source).map(ToString::to_string),
            "requests cannot be logged as fast as they come"
        );
    }
}

/// What is stored of a request. It takes a while for those with bodies.
fn entry(make: Making) -> NewLogEntry {
    let Logged { request, bodies, redact } = make();
    let bodies = bodies.map(|bodies| bodies.map(|body| packed(redacted(body, &redact))));
    NewLogEntry { request, bodies }
}

fn size(entry: &NewLogEntry) -> u64 {
    let bodies = entry.bodies.iter().flatten().map(|body| body.content.len());
    (bodies.sum::<usize>() + entry.request.path.len() + size_of::<NewLogEntry>()) as u64
}

/// Whether the same may be taken later.
fn is_passing(error: &StorageError) -> bool {
    matches!(error.kind(), StorageErrorKind::Unavailable | StorageErrorKind::Collided | StorageErrorKind::ReadOnly)
}

//! From the journal to the storage.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use rotator_domain::{Clock, Timestamp};
use rotator_storage_trait::{StorageError, UsageRepository};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use crate::backlog::{Backlog, Batch, LeftBehind};
use crate::journal::{Folder, JournalError};
use crate::recorder::UsageRecorder;
use crate::seldom::Seldom;

/// How long figures gather before they are sent.
const GATHERING: Duration = Duration::from_secs(1);
/// The length of the journal, in bytes, from which on it is packed while the storage does not answer.
const LONGEST: u64 = 8 * 1024 * 1024;

/// Sends what a [`UsageRecorder`] counts to the storage.
pub struct UsageWriter {
    recorder: Arc<UsageRecorder>,
    storage: Arc<dyn UsageRepository>,
    clock: Arc<dyn Clock>,
    backlog: Mutex<Backlog>,
    trouble: Seldom,
    /// How many batches waited when it was last tried to send them.
    waiting: AtomicUsize,
    /// All that was counted before this time is in the storage, in milliseconds.
    stored_until: AtomicI64,
}

/// How far the storage is behind of what was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageStanding {
    /// How many batches wait to be sent again, or are what an ended process left behind.
    pub batches_waiting: usize,
    /// How old the oldest figures of this process may be that are not in the storage.
    pub behind: Duration,
}

// === impl UsageWriter ===

impl UsageWriter {
    /// Counts with a journal below `root`, or in memory alone. What ended processes left in the journal is sent with the first
    /// flush.
    ///
    /// # Errors
    /// When the journal cannot be opened.
    pub fn open(
        root: Option<&Path>,
        storage: Arc<dyn UsageRepository>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JournalError> {
        let (recorder, left_behind) = match root {
            Some(root) => UsageRecorder::journaling(root)?,
            None => (UsageRecorder::in_memory()?, Vec::new()),
        };
        let mut backlog = Backlog::default();
        for folder in left_behind {
            match LeftBehind::of(folder) {
                Ok(left_behind) => backlog.left_behind.push_back(left_behind),
                Err(error) => tracing::error!(error = %error, "a journal of usage figures cannot be read"),
            }
        }
        let waiting = AtomicUsize::new(backlog.batches());
        let stored_until = AtomicI64::new(clock.now().as_millis());
        let (recorder, backlog) = (Arc::new(recorder), Mutex::new(backlog));
        Ok(Self { recorder, storage, clock, backlog, trouble: Seldom::default(), waiting, stored_until })
    }

    /// Where requests are counted.
    #[must_use]
    pub fn recorder(&self) -> Arc<UsageRecorder> {
        Arc::clone(&self.recorder)
    }

    /// How far the storage is behind.
    #[must_use]
    pub fn standing(&self) -> UsageStanding {
        let stored_until = Timestamp::from_millis(self.stored_until.load(Ordering::Relaxed));
        UsageStanding {
            batches_waiting: self.waiting.load(Ordering::Relaxed),
            behind: self.clock.now().saturating_since(stored_until),
        }
    }

    /// Sends what has gathered, every second; for ever.
    pub async fn run(&self) {
        let mut ticks = tokio::time::interval(GATHERING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.flush().await {
                Ok(()) => self.trouble.reset(),
                Err(error) if self.trouble.is_due() => tracing::warn!(
                    error = %error,
                    cause = ?std::error::Error::source(&error).map(ToString::to_string),
                    "usage figures cannot be stored: they gather in the journal"
                ),
                Err(_) => {}
            }
        }
    }

    /// Sends all that was counted so far.
    ///
    /// # Errors
    /// When the storage does not take it; it stays in the journal and is sent with the next flush.
    pub async fn flush(&self) -> Result<(), StorageError> {
        let mut backlog = self.backlog.lock().await;
        let begun = self.clock.now();
        let sent = self.send(&mut backlog).await;
        self.waiting.store(backlog.batches(), Ordering::Relaxed);
        if sent.is_ok() {
            self.stored_until.store(begun.as_millis(), Ordering::Relaxed);
        }
        sent
    }

    async fn send(&self, backlog: &mut Backlog) -> Result<(), StorageError> {
        // What comes in meanwhile is for the next flush.
        let mut newest = Some(());
        loop {
            if backlog.sent.is_none() {
                backlog.sent = self.next(backlog, &mut newest).await.map(Arc::new);
            }
            let Some(sent) = backlog.sent.clone() else { return Ok(()) };
            if let Err(error) = self.storage.add_usage(&sent.named(), &sent.rows(), self.clock.now()).await {
                self.gather(backlog).await;
                return Err(error);
            }
            backlog.sent = None;
            self.delete(sent).await;
        }
    }

    /// Sends all that was counted, and ends the journal where nothing is left in it.
    ///
    /// # Errors
    /// When the storage does not take it; the next start sends what stays in the journal.
    pub async fn close(&self) -> Result<(), StorageError> {
        self.flush().await?;
        let recorder = self.recorder();
        let deleted = blocking(move || recorder.folder.as_ref().map_or(Ok(()), Folder::delete)).await;
        if let Some(Err(error)) = deleted {
            self.recorder.complain(&error);
        }
        Ok(())
    }

    /// The batch to send next: the oldest.
    async fn next(&self, backlog: &mut Backlog, newest: &mut Option<()>) -> Option<Batch> {
        while let Some(mut left_behind) = backlog.left_behind.pop_front() {
            let read = blocking(move || {
                let batch = left_behind.next();
                (left_behind, batch)
            });
            let (left_behind, batch) = read.await?;
            match batch {
                Ok(Some(batch)) => {
                    backlog.left_behind.push_front(left_behind);
                    return Some(batch);
                }
                Ok(None) => self.forget(left_behind).await,
                // The files stay for somebody to look at; the next start tries again.
                Err(error) => tracing::error!(error = %error, "a journal of usage figures cannot be read"),
            }
        }
        if let Some(batch) = backlog.next.take() {
            return Some(batch);
        }
        newest.take().and_then(|()| self.recorder.cut())
    }

    /// While the storage does not answer: adds up what has gathered, once it is much, and brings it to the disk.
    async fn gather(&self, backlog: &mut Backlog) {
        if self.recorder.length() > LONGEST
            && let Some(newer) = self.recorder.cut()
        {
            let older = backlog.next.take();
            let recorder = self.recorder();
            backlog.next = blocking(move || {
                let mut merged = match older {
                    Some(older) => older.and(newer),
                    None => newer,
                };
                if let Some(Err(error)) = recorder.folder.as_ref().map(|folder| merged.pack(folder)) {
                    recorder.complain(&error);
                }
                merged
            })
            .await;
        }
        if let Some(file) = self.recorder.file() {
            let synced = blocking(move || file.sync_data()).await;
            if let Some(Err(error)) = synced {
                self.recorder.complain(&error);
            }
        }
    }

    /// Deletes the files of a batch that has arrived.
    async fn delete(&self, sent: Arc<Batch>) {
        let deleted = blocking(move || sent.places.iter().try_for_each(std::fs::remove_file)).await;
        if let Some(Err(error)) = deleted {
            // Sent once more by the next start, it counts no second time.
            self.recorder.complain(&error);
        }
    }

    async fn forget(&self, left_behind: LeftBehind) {
        if let Some(Err(error)) = blocking(move || left_behind.delete()).await {
            self.recorder.complain(&error);
        }
    }
}

/// Does what waits for the disk elsewhere. `None` where the runtime is being shut down.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    spawn_blocking(work).await.ok()
}

impl std::fmt::Debug for UsageWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UsageWriter")
    }
}

//! From the journal to the storage.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use rotator_domain::{ClientKeyId, Clock, Seldom, Timestamp, UsageFigures, UsageSubject};
use rotator_storage_trait::{StorageError, UsageRepository};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

use crate::Figures;
use crate::backlog::{Backlog, Batch, LeftBehind};
use crate::journal::{Folder, JournalError};
use crate::recorder::UsageRecorder;

/// How long figures gather before they are sent.
const GATHERING: Duration = Duration::from_secs(1);

/// Sends what a [`UsageRecorder`] counts to the storage.
pub struct UsageWriter {
    recorder: Arc<UsageRecorder>,
    storage: Arc<dyn UsageRepository>,
    clock: Arc<dyn Clock>,
    backlog: Mutex<Backlog>,
    trouble: Seldom,
    /// Whether the storage refused what was last sent.
    is_refused: AtomicBool,
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
    /// Whether the storage refused what was last sent to it.
    pub is_refused: bool,
    /// Whether what is counted is on this node's disk before it is in the storage. Otherwise a kill loses it.
    pub is_journaled: bool,
}

// === impl UsageWriter ===

impl UsageWriter {
    /// Counts with a journal below `root`; as long as that cannot be opened, in memory alone. What ended processes left in the
    /// journal is sent with the first flush.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn open(root: PathBuf, storage: Arc<dyn UsageRepository>, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        let recorder = UsageRecorder::new(root, Arc::clone(&clock))?;
        let mut backlog = Backlog::default();
        backlog.inherit(recorder.open_journal());
        Ok(Self {
            recorder: Arc::new(recorder),
            storage,
            waiting: AtomicUsize::new(backlog.batches()),
            backlog: Mutex::new(backlog),
            trouble: Seldom::default(),
            is_refused: AtomicBool::new(false),
            stored_until: AtomicI64::new(clock.now().as_millis()),
            clock,
        })
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
            is_refused: self.is_refused.load(Ordering::Relaxed),
            is_journaled: self.recorder.is_journaled(),
        }
    }

    /// Sends what has gathered, every second; for ever.
    pub async fn run(&self) {
        let mut ticks = tokio::time::interval(GATHERING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_told = false;
        loop {
            ticks.tick().await;
            match self.flush().await {
                Ok(()) if is_told => {
                    is_told = false;
                    tracing::info!("usage figures are stored again");
                }
                Err(error) if self.trouble.is_due(self.clock.now()) => {
                    is_told = true;
                    tracing::warn!(
                        error = %error,
                        cause = ?std::error::Error::source(&error).map(ToString::to_string),
                        "usage figures cannot be stored: they wait on this node"
                    );
                }
                Ok(()) | Err(_) => {}
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
        self.is_refused.store(sent.is_err(), Ordering::Relaxed);
        if sent.is_ok() {
            self.stored_until.store(begun.as_millis(), Ordering::Relaxed);
        }
        sent
    }

    async fn send(&self, backlog: &mut Backlog) -> Result<(), StorageError> {
        self.open_journal(backlog).await;
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

    /// What a client has used since `from` that may not be in the storage, as far as this node knows.
    pub async fn waiting(&self, client: ClientKeyId, from: Timestamp) -> UsageFigures {
        let mut backlog = self.backlog.lock().await;
        let mut used = UsageFigures::default();
        let mut add = |(at, subject): &(Timestamp, UsageSubject), figures: &UsageFigures| {
            if *at >= from && subject.client == Some(client) {
                used.add_all(figures);
            }
        };
        let left_behind = std::mem::take(&mut backlog.left_behind);
        let read = blocking(move || {
            let all: Vec<Figures> = left_behind.iter().flat_map(LeftBehind::read).collect();
            (left_behind, all)
        });
        if let Some((left_behind, all)) = read.await {
            backlog.left_behind = left_behind;
            all.iter().flatten().for_each(|(subject, figures)| add(subject, figures));
        }
        let batches = backlog.sent.as_deref().into_iter().chain(&backlog.next);
        batches.flat_map(|batch| &batch.figures).for_each(|(subject, figures)| add(subject, figures));
        self.recorder.look(add);
        used
    }

    /// Sends all that was counted, and ends the journal where nothing is left in it.
    ///
    /// # Errors
    /// When the storage does not take it; the next start sends what stays in the journal.
    pub async fn close(&self) -> Result<(), StorageError> {
        self.flush().await?;
        let recorder = self.recorder();
        let deleted = blocking(move || recorder.folder().map_or(Ok(()), Folder::delete)).await;
        if let Some(Err(error)) = deleted {
            self.recorder.complain(&error);
        }
        Ok(())
    }

    /// Opens the journal where that failed before, as on a full disk.
    async fn open_journal(&self, backlog: &mut Backlog) {
        if self.recorder.folder().is_none() {
            let recorder = self.recorder();
            backlog.inherit(blocking(move || recorder.open_journal()).await.unwrap_or_default());
        }
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
        if self.recorder.is_much()
            && let Some(newer) = self.recorder.cut()
        {
            let older = backlog.next.take();
            let recorder = self.recorder();
            backlog.next = blocking(move || {
                let mut merged = match older {
                    Some(older) => older.and(newer),
                    None => newer,
                };
                if let Some(Err(error)) = recorder.folder().map(|folder| merged.pack(folder)) {
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

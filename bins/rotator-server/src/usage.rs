//! Counts what requests use, where that is wanted.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rotator_domain::{ClientKeyId, EndedRequest, SystemClock, Timestamp, UsageFigures};
use rotator_proxy_core::RequestObserver;
use rotator_storage_trait::{Storage, StorageError};
use rotator_usage::{Retention, UsageRecorder, UsageWriter};

use crate::config::UsageSettings;

/// The folder of the journal in the data directory.
const FOLDER: &str = "usage";
/// How long a shutdown waits for the storage to take the last figures; the journal keeps what it does not take.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Counts requests and sends the figures to the storage.
pub(crate) struct Usage {
    writer: Arc<UsageWriter>,
    storage: Arc<dyn Storage>,
    retention: Retention,
}

/// Tells the figures of each request.
struct Counting(Arc<UsageRecorder>);

// === impl Usage ===

impl Usage {
    /// Opens the journal. As long as that fails, figures go with a process that is killed, but requests are served all the same.
    pub(crate) fn open(settings: &UsageSettings, data_dir: &Path, storage: &Arc<dyn Storage>) -> Option<Self> {
        if !settings.is_counted {
            return None;
        }
        let writer = UsageWriter::open(data_dir.join(FOLDER), Arc::clone(storage) as _, Arc::new(SystemClock));
        match writer {
            Ok(writer) => {
                Some(Self { writer: Arc::new(writer), storage: Arc::clone(storage), retention: settings.retention })
            }
            Err(error) => {
                tracing::error!(error = %error, "usage is not counted");
                None
            }
        }
    }

    /// What sends the figures, for those who watch over it.
    pub(crate) fn writer(&self) -> Arc<UsageWriter> {
        Arc::clone(&self.writer)
    }

    /// Who hears of every request.
    pub(crate) fn observer(&self) -> Arc<dyn RequestObserver> {
        Arc::new(Counting(self.writer.recorder()))
    }

    /// Sends all that was counted so far, also what an ended process left behind.
    pub(crate) async fn flush(&self) -> Result<(), StorageError> {
        self.writer.flush().await
    }

    /// What a client has used since `from` that may not be in the storage, as far as this node knows.
    pub(crate) async fn waiting(&self, client: ClientKeyId, from: Timestamp) -> UsageFigures {
        self.writer.waiting(client, from).await
    }

    /// Sends figures to the storage; for ever.
    pub(crate) async fn run(&self) {
        self.writer.run().await;
    }

    /// Forgets old figures.
    pub(crate) async fn forget_old(&self, now: Timestamp) {
        match self.retention.forget(self.storage.as_ref(), now).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old usage figures were forgotten"),
            Err(error) => tracing::warn!(error = %error, "old usage figures could not be forgotten"),
        }
    }

    /// Sends the last figures.
    pub(crate) async fn close(&self) {
        match tokio::time::timeout(LAST_WORDS, self.writer.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %error, "the last usage figures wait in the journal"),
            Err(_) => tracing::warn!("the database takes too long: the last usage figures wait in the journal"),
        }
    }
}

// === impl Counting ===

impl RequestObserver for Counting {
    fn ended(&self, request: &EndedRequest) {
        for (subject, figures) in request.figures() {
            self.0.record(request.at, subject, &figures);
        }
    }
}

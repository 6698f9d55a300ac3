//! Logs the requests of services that want it.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use rotator_domain::SystemClock;
use rotator_proxy_core::{FinishedRequest, RequestLogger};
use rotator_request_log::{LogQueue, LogWriter, Logged, Retention};
use rotator_storage_trait::Storage;

/// How long a shutdown waits for the storage to take the last requests.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The log of requests.
pub(crate) struct RequestLog {
    queue: Arc<LogQueue>,
    writer: LogWriter,
}

/// Puts requests into the queue.
struct Queueing(Arc<LogQueue>);

/// Tells how many requests were not logged.
#[derive(Debug)]
pub(crate) struct LostRequests(Arc<LogQueue>);

// === impl RequestLog ===

impl RequestLog {
    pub(crate) fn new(retention: Retention, storage: &Arc<dyn Storage>) -> Self {
        let queue = Arc::new(LogQueue::default());
        let writer = LogWriter::new(Arc::clone(&queue), Arc::clone(storage) as _, Arc::new(SystemClock), retention);
        Self { queue, writer }
    }

    /// Who hears of every request.
    pub(crate) fn logger(&self) -> Arc<dyn RequestLogger> {
        Arc::new(Queueing(Arc::clone(&self.queue)))
    }

    /// Requests on their way to the storage.
    pub(crate) fn queue(&self) -> Arc<LogQueue> {
        Arc::clone(&self.queue)
    }

    /// How many requests were not logged, for the metrics.
    pub(crate) fn lost(&self) -> LostRequests {
        LostRequests(self.queue())
    }

    /// Sends requests to the storage, and forgets old ones; for ever.
    pub(crate) async fn run(&self) {
        self.writer.run().await;
    }

    /// Sends the last requests.
    pub(crate) async fn close(&self) {
        match tokio::time::timeout(LAST_WORDS, self.writer.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(error = %error, "the last requests could not be logged"),
            Err(_) => tracing::warn!("the database takes too long: the last requests are not logged"),
        }
    }
}

// === impl Queueing ===

impl RequestLogger for Queueing {
    fn log(&self, request: FinishedRequest) {
        self.0.push(request.size(), move || {
            let redact = request.policy().redact.clone();
            let (request, bodies) = request.read();
            Logged { request, bodies, redact }
        });
    }
}

// === impl LostRequests ===

impl Collector for LostRequests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counter = ConstCounter::new(self.0.lost());
        let help = "Requests that were not logged because the database does not keep up.";
        let metric = encoder.encode_descriptor("rotator_request_log_lost", help, None, counter.metric_type())?;
        counter.encode(metric)
    }
}

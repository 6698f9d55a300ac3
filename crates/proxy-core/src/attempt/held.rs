//! A lease that is given back, whatever becomes of its request.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use rotator_domain::rotation::{Ending, Lease};
use rotator_domain::{Reading, ServiceId, TokenUsage};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::Instrument;

use super::waiting::Lines;
use crate::proxy::Shared;

/// What the answer said is told together with its end, unless that does not come for so long.
const PROMPT: Duration = Duration::from_millis(100);

/// Gives its lease back when it is dropped, and wakes who waits for one.
pub(crate) struct Held {
    shared: Arc<Shared>,
    lines: Arc<Lines>,
    service_id: ServiceId,
    lease: Lease,
    ending: Ending,
    /// When the answer came whose reading is in the ending.
    answered: Option<Instant>,
    /// What was told before the end, and is not there yet.
    telling: Option<JoinHandle<()>>,
}

// === impl Held ===

impl Held {
    pub(crate) fn new(shared: &Arc<Shared>, lines: &Arc<Lines>, service_id: ServiceId, lease: Lease) -> Self {
        let (shared, lines) = (Arc::clone(shared), Arc::clone(lines));
        Self { shared, lines, service_id, lease, ending: Ending::default(), answered: None, telling: None }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The answer said this, which can wait.
    pub(crate) fn answered(&mut self, reading: Reading) {
        self.ending.reading = Some(reading);
        self.answered = Some(Instant::now());
    }

    /// The answer has not come to its end yet: what it said waits no longer when it has for long.
    pub(crate) fn goes_on(&mut self) {
        if self.answered.is_some_and(|answered| answered.elapsed() > PROMPT) {
            self.tell();
        }
    }

    /// Tells what the answer said, as its end may be far.
    fn tell(&mut self) {
        self.answered = None;
        let Some(reading) = self.ending.reading.take() else { return };
        let (shared, lease, service_id) = (Arc::clone(&self.shared), self.lease.clone(), self.service_id);
        self.telling = self.shared.settle(async move {
            let now = shared.clock.now();
            if let Err(error) = shared.rotation.learn(service_id, &lease, &reading, now).await {
                tracing::error!(error = %error, "what an answer said could not be told");
            }
        });
    }

    /// What the request used.
    pub(crate) fn used(&mut self, tokens: TokenUsage) {
        self.ending.used = Some(tokens.total());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let (shared, lines, lease) = (Arc::clone(&self.shared), Arc::clone(&self.lines), self.lease.clone());
        let (service_id, ending, telling) = (self.service_id, std::mem::take(&mut self.ending), self.telling.take());
        let _ = self.shared.settle(async move {
            if let Some(telling) = telling {
                // It only ends early where the runtime does.
                drop(telling.await);
            }
            let now = shared.clock.now();
            if let Err(error) = shared.rotation.settle(service_id, &lease, ending, now).await {
                tracing::error!(error = %error, "a lease could not be given back");
            }
            lines.wake();
        });
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("key", &self.lease.key).finish_non_exhaustive()
    }
}

// === impl Shared ===

impl Shared {
    /// Does what nobody waits for. Rotation state in memory answers at once; for any other a task goes on.
    fn settle(&self, work: impl Future<Output = ()> + Send + 'static) -> Option<JoinHandle<()>> {
        let mut work = Box::pin(work);
        let goes_on = work.as_mut().now_or_never().is_none() && tokio::runtime::Handle::try_current().is_ok();
        goes_on.then(|| self.settling.spawn(work.in_current_span()))
    }
}

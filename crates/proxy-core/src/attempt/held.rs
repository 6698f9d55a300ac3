//! A lease that is given back, whatever becomes of its request.

use std::sync::Arc;

use futures_util::FutureExt;
use rotator_domain::rotation::Lease;
use rotator_domain::{ServiceId, TokenUsage};

use super::waiting::Lines;
use crate::proxy::Shared;

/// Gives its lease back when it is dropped, and wakes who waits for one.
pub(crate) struct Held {
    shared: Arc<Shared>,
    lines: Arc<Lines>,
    service_id: ServiceId,
    lease: Lease,
    used: Option<TokenUsage>,
}

// === impl Held ===

impl Held {
    pub(crate) fn new(shared: &Arc<Shared>, lines: &Arc<Lines>, service_id: ServiceId, lease: Lease) -> Self {
        Self { shared: Arc::clone(shared), lines: Arc::clone(lines), service_id, lease, used: None }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// What the request used.
    pub(crate) fn used(&mut self, tokens: TokenUsage) {
        self.used = Some(tokens);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let (shared, lines, lease) = (Arc::clone(&self.shared), Arc::clone(&self.lines), self.lease.clone());
        let (service_id, used) = (self.service_id, self.used.map(|used| used.total()));
        let settling = async move {
            let now = shared.clock.now();
            if let Err(error) = shared.rotation.settle(service_id, &lease, used, now).await {
                tracing::error!(error = %error, "a lease could not be given back");
            }
            lines.wake();
        };
        let mut settling = Box::pin(settling);
        // Rotation state in memory answers at once; for any other a task goes on.
        if settling.as_mut().now_or_never().is_none() && tokio::runtime::Handle::try_current().is_ok() {
            self.shared.settling.spawn(settling);
        }
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("key", &self.lease.key).finish_non_exhaustive()
    }
}

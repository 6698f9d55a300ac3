//! Which services were used.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rotator_domain::ServiceId;

/// The services that were used, each once; see [`RotationState::stirred`](crate::RotationState::stirred).
#[derive(Debug, Default)]
pub struct Stirred(Mutex<HashSet<ServiceId>>);

// === impl Stirred ===

impl Stirred {
    /// This service was used.
    pub fn mark(&self, service: ServiceId) {
        self.lock().insert(service);
    }

    /// Those that were used since this was last called.
    #[must_use]
    pub fn take(&self) -> HashSet<ServiceId> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<ServiceId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What was used.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rotator_domain::ServiceId;

/// The services, or other things with ids, that were used, each once; see
/// [`RotationState::stirred`](crate::RotationState::stirred).
#[derive(Debug)]
pub struct Stirred<Id = ServiceId>(Mutex<HashSet<Id>>);

// === impl Stirred ===

impl<Id: Eq + Hash> Stirred<Id> {
    /// This one was used.
    pub fn mark(&self, id: Id) {
        self.lock().insert(id);
    }

    /// Those that were used since this was last called.
    #[must_use]
    pub fn take(&self) -> HashSet<Id> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Id> Default for Stirred<Id> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

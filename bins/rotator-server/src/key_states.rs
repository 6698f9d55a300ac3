//! Keeps the states of keys over a restart: written down every few seconds where they have changed, and read at the start.

use std::collections::HashMap;
use std::sync::Arc;

use rotator_cache_trait::RotationState;
use rotator_domain::rotation::Checkpoint;
use rotator_domain::{Clock, ServiceId, SystemClock};
use rotator_storage_trait::Storage;
use tokio::sync::Mutex;

/// Writes and reads the states of keys.
pub(crate) struct KeyStates {
    storage: Arc<dyn Storage>,
    rotation: Arc<dyn RotationState>,
    /// What was written last, so that nothing is written twice.
    written: Mutex<HashMap<ServiceId, Vec<Checkpoint>>>,
}

// === impl KeyStates ===

impl KeyStates {
    pub(crate) fn new(storage: Arc<dyn Storage>, rotation: Arc<dyn RotationState>) -> Self {
        Self { storage, rotation, written: Mutex::default() }
    }

    /// Tells the rotation what was known of these services' keys. Without it the server starts all the same: a limited key is
    /// then found to be limited again.
    pub(crate) async fn restore(&self, services: impl Iterator<Item = ServiceId>) {
        let mut written = self.written.lock().await;
        for service in services {
            match self.storage.states(service).await {
                Ok(states) if states.is_empty() => {}
                Ok(states) => {
                    if let Err(error) = self.rotation.restore(service, &states, SystemClock.now()).await {
                        tracing::warn!(service.id = %service, error = %error, "the keys' states could not be restored");
                    }
                    written.insert(service, states);
                }
                Err(error) => {
                    tracing::warn!(service.id = %service, error = %error, "the keys' states could not be read");
                }
            }
        }
    }

    /// Another node may write now: what this one wrote last says nothing any more.
    pub(crate) async fn forget_written(&self) {
        self.written.lock().await.clear();
    }

    /// Writes the states of these services' keys, where they have changed.
    pub(crate) async fn save(&self, services: impl Iterator<Item = ServiceId>) {
        let mut written = self.written.lock().await;
        for service in services {
            let states = match self.rotation.checkpoints(service, SystemClock.now()).await {
                Ok(states) => states,
                Err(error) => {
                    tracing::warn!(service.id = %service, error = %error, "the keys' states could not be told");
                    continue;
                }
            };
            if written.get(&service).map_or(&[][..], Vec::as_slice) == states.as_slice() {
                continue;
            }
            match self.storage.save_states(service, &states).await {
                Ok(()) => {
                    written.insert(service, states);
                }
                Err(error) => {
                    tracing::warn!(service.id = %service, error = %error, "the keys' states could not be written");
                }
            }
        }
    }
}

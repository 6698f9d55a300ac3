//! Looks after the keys: tests those that are out of use when that is due, and keeps the states of all over a restart.
//!
//! Only services that were used are looked at, and those of which a key returns or is to be tested: an idle server does
//! nothing, however many services it has.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rotator_cache_trait::{Counters, RotationState};
use rotator_domain::rotation::Checkpoint;
use rotator_domain::{Clock, Seldom, ServiceId, SystemClock, Timestamp};
use rotator_proxy_core::Proxy;
use rotator_storage_trait::{Storage, StorageError};
use tokio::sync::Mutex;

/// How many services' states are read at once.
const AT_ONCE: usize = 1000;

/// Looks after the keys, and writes and reads their states.
pub(crate) struct KeyStates {
    storage: Arc<dyn Storage>,
    rotation: Arc<dyn RotationState>,
    /// Whose turn it is, where other nodes look after the same keys.
    turns: Option<Arc<dyn Counters>>,
    agenda: Mutex<Agenda>,
    /// Of writing: it is tried every few seconds, for each service.
    trouble: Seldom,
}

/// What is to be looked at.
#[derive(Default)]
struct Agenda {
    /// The states that this node has seen last, where there are any. They say when to look again, and a node that is the only
    /// one writes none twice.
    seen: HashMap<ServiceId, Vec<Checkpoint>>,
    /// Services that are still to be looked at: another node was looking, it failed, or this node was cut off.
    open: BTreeSet<ServiceId>,
}

// === impl KeyStates ===

impl KeyStates {
    /// `turns` is what several nodes count together; none for a node that is the only one.
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        rotation: Arc<dyn RotationState>,
        turns: Option<Arc<dyn Counters>>,
    ) -> Self {
        Self { storage, rotation, turns, agenda: Mutex::default(), trouble: Seldom::default() }
    }

    /// Tells the rotation what was known of these services' keys. Without it the server starts all the same: a limited key is
    /// then found to be limited again.
    pub(crate) async fn restore(&self, services: impl Iterator<Item = ServiceId>) {
        let mut agenda = self.agenda.lock().await;
        let mut services: Vec<ServiceId> = services.collect();
        services.sort_unstable();
        for chunk in services.chunks(AT_ONCE) {
            let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
            let stored = match self.storage.states_of_services(*first..=*last).await {
                Ok(stored) => stored,
                Err(error) => {
                    tracing::warn!(error = %error, "the keys' states could not be read");
                    continue;
                }
            };
            for (service, states) in stored {
                if let Err(error) = self.rotation.restore(service, &states, SystemClock.now()).await {
                    tracing::warn!(service.id = %service, error = %error, "the keys' states could not be restored");
                }
                agenda.seen.insert(service, states);
            }
        }
    }

    /// Looks at every service at which there may be something new: tests its keys, where that is due, and writes down how they
    /// are. Of several nodes one does it at a time, in each `stretch` of time. Gives those that this node has looked at, with what
    /// keeps their keys from serving.
    pub(crate) async fn tend(&self, proxy: &Proxy, stretch: Duration) -> Vec<(ServiceId, Vec<Checkpoint>)> {
        let mut agenda = self.agenda.lock().await;
        let mut looked = Vec::new();
        for service in agenda.due(self.rotation.stirred()) {
            if self.is_first(service, stretch).await {
                proxy.probe_due(service).await;
                let states = self.save_service(&mut agenda, service).await;
                looked.extend(states.map(|states| (service, states)));
            }
        }
        looked
    }

    /// All services that have keys which do not serve, as this node has seen them last.
    pub(crate) async fn seen(&self) -> Vec<(ServiceId, Vec<Checkpoint>)> {
        let agenda = self.agenda.lock().await;
        agenda.seen.iter().map(|(service, states)| (*service, states.clone())).collect()
    }

    /// Writes the states of all services at which there may be something new.
    pub(crate) async fn save(&self) {
        let mut agenda = self.agenda.lock().await;
        for service in agenda.due(self.rotation.stirred()) {
            self.save_service(&mut agenda, service).await;
        }
    }

    /// Whether no other node has come first to this service in this stretch of time.
    async fn is_first(&self, service: ServiceId, stretch: Duration) -> bool {
        let Some(turns) = &self.turns else { return true };
        let number = SystemClock.now().as_millis() / i64::try_from(stretch.as_millis()).unwrap_or(i64::MAX).max(1);
        match turns.count(&format!("tending:{service}:{number}"), stretch * 2).await {
            Ok(count) => count == 1,
            Err(error) => {
                tracing::warn!(error = %error, "whose turn it is to look after the keys could not be told");
                false
            }
        }
    }

    /// Writes a service's states, and gives them where they can be told.
    async fn save_service(&self, agenda: &mut Agenda, service: ServiceId) -> Option<Vec<Checkpoint>> {
        let mut states = match self.rotation.checkpoints(service, SystemClock.now()).await {
            Ok(states) => states,
            Err(error) => {
                tracing::warn!(service.id = %service, error = %error, "the keys' states could not be told");
                return None;
            }
        };
        // As the storage gives them.
        states.sort_by(|one, other| (one.key, &one.model).cmp(&(other.key, &other.model)));
        states.dedup_by(|one, other| (one.key, &one.model) == (other.key, &other.model));
        if let Err(error) = self.write(agenda, service, &states).await {
            if self.trouble.is_due(SystemClock.now()) {
                tracing::warn!(service.id = %service, error = %error, "the keys' states could not be written");
            }
            return Some(states);
        }
        agenda.open.remove(&service);
        if states.is_empty() {
            agenda.seen.remove(&service);
        } else {
            agenda.seen.insert(service, states.clone());
        }
        Some(states)
    }

    /// Writes a service's states where they are others than those that are written.
    async fn write(&self, agenda: &Agenda, service: ServiceId, states: &[Checkpoint]) -> Result<(), StorageError> {
        let is_written = if self.turns.is_some() {
            // Another node may have written since.
            self.storage.states(service).await? == states
        } else {
            agenda.seen.get(&service).map_or(&[][..], Vec::as_slice) == states
        };
        if is_written { Ok(()) } else { self.storage.save_states(service, states).await }
    }
}

// === impl Agenda ===

impl Agenda {
    /// The services that are to be looked at now.
    fn due(&mut self, stirred: Vec<ServiceId>) -> BTreeSet<ServiceId> {
        let now = SystemClock.now();
        self.open.extend(stirred);
        self.open.extend(self.seen.iter().filter(|(_, states)| is_over(states, now)).map(|(service, _)| *service));
        self.open.clone()
    }
}

/// Whether the time of one of these states has come.
fn is_over(states: &[Checkpoint], now: Timestamp) -> bool {
    states.iter().any(|state| state.until <= now)
}

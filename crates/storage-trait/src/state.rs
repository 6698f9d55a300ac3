//! How keys are, so that a restart does not forget it.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use rotator_domain::ServiceId;
use rotator_domain::rotation::Checkpoint;

use crate::StorageError;

/// The longest name of a model, in characters, under which a state is kept.
pub const LONGEST_STATE_MODEL: usize = 255;

/// Stores the states of keys.
#[async_trait]
pub trait StateRepository: Send + Sync {
    /// Replaces all states of a service in one transaction. Left out, without an error, is what cannot be kept: a state of a
    /// key that the service does not have (any more), or for a model whose name is empty, holds NUL or has more than
    /// [`LONGEST_STATE_MODEL`] characters. Of two for one key and one model the first is kept.
    async fn save_states(&self, service: ServiceId, states: &[Checkpoint]) -> Result<(), StorageError>;

    /// The states of a service, ordered by key; those that another version wrote and this one does not know are left out.
    /// They go with their keys.
    async fn states(&self, service: ServiceId) -> Result<Vec<Checkpoint>, StorageError>;

    /// The states of all services of a range of ids, ordered by service; those of each as [`Self::states`] gives them. A service
    /// without states is not among them.
    async fn states_of_services(
        &self,
        services: RangeInclusive<ServiceId>,
    ) -> Result<Vec<(ServiceId, Vec<Checkpoint>)>, StorageError>;
}

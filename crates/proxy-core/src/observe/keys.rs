//! How the keys of the services are that were used.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use rotator_domain::rotation::{Checkpoint, KeyReport, KeyState};

use super::service::{KEY_STATES, ServiceMetrics};
use crate::Proxy;
use crate::catalog::Catalog;

/// How many services are asked for at once.
const BESIDE: usize = 16;

// === impl Proxy ===

impl Proxy {
    /// Looks how the keys are of all services that have metrics of their own. Call it before the metrics are told. What is not
    /// known within `limit` stays as it was when it was last looked at.
    pub async fn look_at_keys(&self, limit: Duration) {
        let catalog = self.0.catalog.load();
        let services = self.0.metrics.services();
        let looks: Vec<_> = services.iter().map(|service| self.look_at_keys_of(&catalog, service)).collect();
        let looking = stream::iter(looks).buffer_unordered(BESIDE).for_each(async |()| ());
        if tokio::time::timeout(limit, looking).await.is_err() {
            tracing::debug!("how all keys are could not be told in time");
        }
    }

    async fn look_at_keys_of(&self, catalog: &Catalog, service: &ServiceMetrics) {
        let Some(entry) = catalog.by_slug(service.slug()) else {
            service.set_keys([0; KEY_STATES.len()]);
            return;
        };
        match self.0.rotation.checkpoints(entry.id(), self.0.clock.now()).await {
            Ok(checkpoints) => service.set_keys(count(entry.key_count(), checkpoints)),
            Err(error) => tracing::debug!(service.slug = %entry.slug(), error = %error, "how keys are is not known"),
        }
    }
}

/// How many of so many keys are in each state, in the order of [`KEY_STATES`]. Those of which nothing is told are active.
fn count(keys: usize, checkpoints: Vec<Checkpoint>) -> [u64; KEY_STATES.len()] {
    let resting = KeyReport::resting(checkpoints);
    let active = (keys as u64).saturating_sub(resting.len() as u64);
    KEY_STATES.map(|state| match state {
        KeyState::Active => active,
        _ => resting.iter().filter(|report| report.state == state).count() as u64,
    })
}

#[cfg(test)]
mod tests {
    use rotator_domain::{KeyId, Timestamp};

    use super::*;

    #[test]
    fn a_key_counts_once_in_its_worst_state() {
        let at = |key, state, model: Option<&str>| Checkpoint {
            key: KeyId(key),
            model: model.map(str::to_owned),
            state,
            since: Timestamp::EPOCH,
            until: Timestamp::from_millis(1),
        };
        let checkpoints = vec![
            at(1, KeyState::Cooling, Some("m")),
            at(1, KeyState::Dead, None),
            at(2, KeyState::Cooling, Some("m")),
            at(2, KeyState::Cooling, Some("n")),
            at(3, KeyState::Exhausted, None),
        ];
        assert_eq!(count(10, checkpoints), [7, 1, 1, 1]);
        assert_eq!(count(0, vec![at(1, KeyState::Dead, None)]), [0, 0, 0, 1]);
    }
}

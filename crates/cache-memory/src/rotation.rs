//! All pools, each behind a short lock of its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use foldhash::HashMap;
use rotator_cache_trait::{CacheError, Pool, RotationState, Stirred};
use rotator_domain::rotation::{Checkpoint, Ending, KeyReport, Learning, Lease, Next, PickRequest, Rotation};
use rotator_domain::{KeyId, Reading, ServiceId, Timestamp};

/// Rotation state in memory.
#[derive(Debug, Default)]
pub struct MemoryRotation {
    pools: RwLock<HashMap<ServiceId, Arc<Mutex<Rotation>>>>,
    stirred: Stirred,
}

// === impl MemoryRotation ===

impl MemoryRotation {
    fn publish(&self, pool: Pool) {
        let Pool { service_id, policy, keys } = pool;
        let pool = {
            let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Mutex::new(Rotation::with_seed(service_id.0.cast_unsigned())));
            Arc::clone(pools.entry(service_id).or_insert_with(new))
        };
        lock(&pool).publish(policy, keys);
    }

    /// Does something with a service's pool; without one there is nothing to do, and the default answer.
    fn with<T: Default>(&self, service_id: ServiceId, act: impl FnOnce(&mut Rotation) -> T) -> T {
        let pool = self.pools.read().unwrap_or_else(PoisonError::into_inner).get(&service_id).cloned();
        pool.map(|pool| act(&mut lock(&pool))).unwrap_or_default()
    }
}

#[async_trait]
impl RotationState for MemoryRotation {
    async fn publish_pool(&self, pool: Pool) -> Result<(), CacheError> {
        self.stirred.mark(pool.service_id);
        self.publish(pool);
        Ok(())
    }

    async fn publish_pools(&self, pools: Vec<Pool>) -> Vec<(ServiceId, CacheError)> {
        pools.into_iter().for_each(|pool| self.publish(pool));
        Vec::new()
    }

    async fn retire_pool(&self, service_id: ServiceId) -> Result<(), CacheError> {
        self.pools.write().unwrap_or_else(PoisonError::into_inner).remove(&service_id);
        Ok(())
    }

    async fn pick(&self, service_id: ServiceId, request: PickRequest<'_>) -> Result<Next, CacheError> {
        let next = self.with(service_id, |pool| Some(pool.pick(&request)));
        Ok(next.unwrap_or(Next::None { retry_at: None, is_busy: false }))
    }

    async fn learn(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        self.stirred.mark(service_id);
        Ok(self.with(service_id, |pool| pool.learn(lease, reading, now)))
    }

    async fn settle(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), CacheError> {
        self.with(service_id, |pool| pool.end(lease, &ending, now));
        Ok(())
    }

    async fn learn_probe(
        &self,
        service_id: ServiceId,
        key: KeyId,
        reading: Option<&Reading>,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        self.stirred.mark(service_id);
        Ok(self.with(service_id, |pool| match reading {
            Some(reading) => pool.learn_probe(key, reading, now),
            None => {
                pool.put_off_probe(key, now);
                Learning::Nothing
            }
        }))
    }

    async fn due_probes(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<KeyId>, CacheError> {
        Ok(self.with(service_id, |pool| pool.due_probes(now)))
    }

    async fn reports(
        &self,
        service_id: ServiceId,
        keys: &[KeyId],
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, CacheError> {
        Ok(self.with(service_id, |pool| pool.reports_of(keys, now)))
    }

    async fn checkpoints(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<Checkpoint>, CacheError> {
        Ok(self.with(service_id, |pool| pool.checkpoints(now)))
    }

    async fn restore(
        &self,
        service_id: ServiceId,
        checkpoints: &[Checkpoint],
        now: Timestamp,
    ) -> Result<(), CacheError> {
        self.with(service_id, |pool| pool.restore(checkpoints, now));
        Ok(())
    }

    fn stirred(&self) -> Vec<ServiceId> {
        self.stirred.take().into_iter().collect()
    }
}

/// A panic in another thread left the pool whole: every operation on it ends before it can panic.
fn lock(pool: &Mutex<Rotation>) -> MutexGuard<'_, Rotation> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

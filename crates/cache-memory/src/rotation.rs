//! All pools, each behind a short lock of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, KeyCooldown, Pick, PickRequest, Pool, RotationState};
use rotator_domain::rotation::{Cooldown, Next, Ring};
use rotator_domain::{KeyId, ServiceId, Timestamp};

/// Rotation state in memory.
#[derive(Debug, Default)]
pub struct MemoryRotation {
    rings: RwLock<HashMap<ServiceId, Arc<Mutex<Ring>>>>,
}

// === impl MemoryRotation ===

impl MemoryRotation {
    fn ring(&self, service_id: ServiceId) -> Option<Arc<Mutex<Ring>>> {
        self.rings.read().unwrap_or_else(PoisonError::into_inner).get(&service_id).cloned()
    }

    /// Does something with a service's ring, if there is one.
    fn with<T>(&self, service_id: ServiceId, act: impl FnOnce(&mut Ring) -> T) -> Option<T> {
        self.ring(service_id).map(|ring| act(&mut lock(&ring)))
    }
}

#[async_trait]
impl RotationState for MemoryRotation {
    async fn publish_pool(&self, pool: Pool) -> Result<(), CacheError> {
        let ring = {
            let mut rings = self.rings.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(rings.entry(pool.service_id).or_default())
        };
        lock(&ring).publish(&pool.keys);
        Ok(())
    }

    async fn retire_pool(&self, service_id: ServiceId) -> Result<(), CacheError> {
        self.rings.write().unwrap_or_else(PoisonError::into_inner).remove(&service_id);
        Ok(())
    }

    async fn pick(&self, request: PickRequest<'_>) -> Result<Pick, CacheError> {
        let next = self.with(request.service_id, |ring| ring.pick(request.tried, request.now));
        Ok(match next {
            Some(Next::Key(key)) => Pick::Key(key),
            Some(Next::None { retry_at }) => Pick::None { retry_at },
            None => Pick::None { retry_at: None },
        })
    }

    async fn cool_down(&self, service_id: ServiceId, cooldown: KeyCooldown) -> Result<(), CacheError> {
        let KeyCooldown { key, until, reason } = cooldown;
        self.with(service_id, |ring| ring.cool_down(key, Cooldown { until, reason }));
        Ok(())
    }

    async fn revive(&self, service_id: ServiceId, key: KeyId) -> Result<(), CacheError> {
        self.with(service_id, |ring| ring.revive(key));
        Ok(())
    }

    async fn cooling(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<KeyCooldown>, CacheError> {
        let cooling = self.with(service_id, |ring| ring.cooling(now)).unwrap_or_default();
        Ok(cooling.into_iter().map(|(key, Cooldown { until, reason })| KeyCooldown { key, until, reason }).collect())
    }
}

/// A panic in another thread left the ring whole: every operation on it ends before it can panic.
fn lock(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Which key is next.

use async_trait::async_trait;
use rotator_domain::{CooldownReason, KeyId, ServiceId, Timestamp};

use crate::CacheError;

/// The active keys of a service, as the storage lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The service.
    pub service_id: ServiceId,
    /// Its active keys in the order of rotation.
    pub keys: Vec<KeyId>,
}

/// What a pick needs to know.
#[derive(Clone, Copy, Debug)]
pub struct PickRequest<'a> {
    /// The service whose pool is asked.
    pub service_id: ServiceId,
    /// The keys that this request has tried already.
    pub tried: &'a [KeyId],
    /// The time now.
    pub now: Timestamp,
}

/// The answer to a pick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pick {
    /// This key is next.
    Key(KeyId),
    /// No key can serve now.
    None {
        /// When the first of the pool's *limited* keys returns, tried ones included; `None` when no key is limited, that
        /// is when the pool is empty or all its keys were refused or tried.
        retry_at: Option<Timestamp>,
    },
}

/// A key that is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCooldown {
    /// The key.
    pub key: KeyId,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: CooldownReason,
}

/// The state of all pools.
///
/// Each call is atomic: of any number of concurrent picks, every one advances the rotation by exactly one key.
#[async_trait]
pub trait RotationState: Send + Sync {
    /// Makes `pool` the pool of its service. Keys that stay keep their place in the rotation and their cooldowns; new
    /// ones come last in it; those that are no longer in the pool are forgotten.
    async fn publish_pool(&self, pool: Pool) -> Result<(), CacheError>;

    /// Forgets a service.
    async fn retire_pool(&self, service_id: ServiceId) -> Result<(), CacheError>;

    /// The next key in rotation that is neither cooling nor tried. An unknown service has no keys.
    async fn pick(&self, request: PickRequest<'_>) -> Result<Pick, CacheError>;

    /// Leaves a key alone until a time. A cooldown never shrinks: of several, the latest end holds, with its reason. A key
    /// that is not in the pool is ignored.
    async fn cool_down(&self, service_id: ServiceId, cooldown: KeyCooldown) -> Result<(), CacheError>;

    /// Ends a key's cooldown, if it has one.
    async fn revive(&self, service_id: ServiceId, key: KeyId) -> Result<(), CacheError>;

    /// The keys of a service that are cooling at `now`, ordered by id.
    async fn cooling(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<KeyCooldown>, CacheError>;
}

//! Which key is next.

use async_trait::async_trait;
use rotator_domain::rotation::{
    Checkpoint, Ending, KeyReport, Learning, Lease, Next, PickRequest, PoolKey, RotationPolicy,
};
use rotator_domain::{KeyId, Reading, ServiceId, Timestamp};

use crate::CacheError;

/// The active keys of a service, as the storage lists them, and how they are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The service.
    pub service_id: ServiceId,
    /// How its keys are used.
    pub policy: RotationPolicy,
    /// Its active keys in the order of rotation.
    pub keys: Vec<PoolKey>,
}

/// The state of all pools; what each call does is [`Rotation`](rotator_domain::rotation::Rotation)'s to say.
///
/// Each call is atomic: of any number of concurrent picks, every one advances the rotation by exactly one key. A service or
/// a key that is not there has no state, and what is told of it is ignored.
#[async_trait]
pub trait RotationState: Send + Sync {
    /// Makes `pool` the pool of its service. Keys that stay keep their place in the rotation and their state; new ones
    /// come last in it; those that are no longer in the pool are forgotten.
    async fn publish_pool(&self, pool: Pool) -> Result<(), CacheError>;

    /// Does what [`Self::publish_pool`] does with many pools, and gives those that could not be published. Meant for a start: a
    /// backend may leave a pool that it does not have until the first pick.
    async fn publish_pools(&self, pools: Vec<Pool>) -> Vec<(ServiceId, CacheError)> {
        let mut refused = Vec::new();
        for pool in pools {
            let service_id = pool.service_id;
            if let Err(error) = self.publish_pool(pool).await {
                refused.push((service_id, error));
            }
        }
        refused
    }

    /// Forgets a service.
    async fn retire_pool(&self, service_id: ServiceId) -> Result<(), CacheError>;

    /// The next key that can serve the request; its use is counted until the lease is settled.
    async fn pick(&self, service_id: ServiceId, request: PickRequest<'_>) -> Result<Next, CacheError>;

    /// Takes up what an answer says about the key of a lease, while its request goes on.
    async fn learn(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Learning, CacheError>;

    /// Gives a lease back when its request has ended, and takes up what that tells; both at once. Once a lease.
    async fn settle(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), CacheError>;

    /// Takes up what a test of a key showed; `None` where it showed nothing.
    async fn learn_probe(
        &self,
        service_id: ServiceId,
        key: KeyId,
        reading: Option<&Reading>,
        now: Timestamp,
    ) -> Result<Learning, CacheError>;

    /// The keys of a service that are out of use and whose next test is due.
    async fn due_probes(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<KeyId>, CacheError>;

    /// How these keys of a service are, in their order; one that is not in the pool is left out.
    async fn reports(
        &self,
        service_id: ServiceId,
        keys: &[KeyId],
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, CacheError>;

    /// How keys of many services are, in no order; see [`Self::reports`].
    async fn reports_of_many(
        &self,
        pools: &[(ServiceId, Vec<KeyId>)],
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, CacheError> {
        let mut reports = Vec::new();
        for (service_id, keys) in pools {
            reports.extend(self.reports(*service_id, keys, now).await?);
        }
        Ok(reports)
    }

    /// All that keeps a service's keys from serving and must outlive a restart.
    async fn checkpoints(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<Checkpoint>, CacheError>;

    /// Takes up what was known before a restart.
    async fn restore(
        &self,
        service_id: ServiceId,
        checkpoints: &[Checkpoint],
        now: Timestamp,
    ) -> Result<(), CacheError>;

    /// The services that are to be looked at: of which [`Self::checkpoints`] and [`Self::due_probes`] may say something else than
    /// before, without time alone being the reason, since this was last called. Those that were never used are not among them,
    /// so that looking after the keys costs what is used and not what there is.
    ///
    /// A state that is shared tells at once what went through this process. What went through others it tells in turns that
    /// come round, within an hour where this is called every few seconds.
    fn stirred(&self) -> Vec<ServiceId>;
}

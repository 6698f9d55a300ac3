//! Pools in Redis, or here while it is away.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, Pool, RotationState};
use rotator_domain::rotation::{Checkpoint, Ending, KeyReport, Learning, Lease, Next, PickRequest};
use rotator_domain::{KeyId, Reading, ServiceId, Timestamp, Verdict};

use super::{Fallback, pools};

#[async_trait]
impl RotationState for Fallback {
    async fn publish_pool(&self, pool: Pool) -> Result<(), CacheError> {
        let shared = &*self.shared;
        shared.pools.publish(pool.clone());
        let share = pools::share(pool.clone(), shared.nodes.load(Ordering::Relaxed));
        shared.local.rotation.publish_pool(share).await?;
        if shared.is_away() {
            return Ok(());
        }
        match shared.remote.rotation.publish_pool(pool).await {
            Err(CacheError::Unavailable(cause)) => {
                shared.lose(&*cause).await;
                Ok(())
            }
            published => published,
        }
    }

    async fn publish_pools(&self, pools: Vec<Pool>) -> Vec<(ServiceId, CacheError)> {
        let shared = &*self.shared;
        let nodes = shared.nodes.load(Ordering::Relaxed);
        pools.iter().for_each(|pool| shared.pools.publish(pool.clone()));
        let shares = pools.iter().map(|pool| pools::share(pool.clone(), nodes)).collect();
        let mut refused = shared.local.rotation.publish_pools(shares).await;
        if shared.is_away() {
            return refused;
        }
        for (service_id, error) in shared.remote.rotation.publish_pools(pools).await {
            match error {
                CacheError::Unavailable(cause) => shared.lose(&*cause).await,
                error => refused.push((service_id, error)),
            }
        }
        refused
    }

    async fn retire_pool(&self, service_id: ServiceId) -> Result<(), CacheError> {
        let shared = &*self.shared;
        shared.pools.retire(service_id);
        shared.local.rotation.retire_pool(service_id).await?;
        if shared.is_away() {
            return Ok(());
        }
        match shared.remote.rotation.retire_pool(service_id).await {
            Err(CacheError::Unavailable(cause)) => {
                shared.lose(&*cause).await;
                Ok(())
            }
            retired => {
                shared.pools.is_retired(service_id);
                retired
            }
        }
    }

    async fn pick(&self, service_id: ServiceId, request: PickRequest<'_>) -> Result<Next, CacheError> {
        match self.shared.ask(self.shared.remote.rotation.pick(service_id, request)).await {
            Some(next) => next,
            None => self.shared.local.rotation.pick(service_id, request).await,
        }
    }

    async fn learn(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        let (remote, local) = (&self.shared.remote.rotation, &self.shared.local.rotation);
        // A key that does not work does not work anywhere, wherever its lease was taken.
        let is_of_key = matches!(reading.verdict, Verdict::Dead | Verdict::OutOfQuota { after: None, .. });
        if lease.ticket().is_none() {
            if is_of_key {
                let told = self.shared.ask(remote.learn_probe(service_id, lease.key, Some(reading), now)).await;
                told.transpose()?;
            }
            return local.learn(service_id, lease, reading, now).await;
        }
        let learning = self.shared.ask(remote.learn(service_id, lease, reading, now)).await;
        if !is_of_key {
            return learning.unwrap_or(Ok(Learning::Nothing));
        }
        let here = local.learn_probe(service_id, lease.key, Some(reading), now).await;
        learning.unwrap_or(here)
    }

    async fn settle(
        &self,
        service_id: ServiceId,
        lease: &Lease,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), CacheError> {
        let shared = &*self.shared;
        if lease.ticket().is_none() {
            return shared.local.rotation.settle(service_id, lease, ending, now).await;
        }
        if shared.is_away() {
            shared.pools.owe((service_id, lease.clone(), ending));
            return Ok(());
        }
        // What fails here the remote state itself gives back when it can.
        shared.ask(shared.remote.rotation.settle(service_id, lease, ending, now)).await.unwrap_or(Ok(()))
    }

    async fn learn_probe(
        &self,
        service_id: ServiceId,
        key: KeyId,
        reading: Option<&Reading>,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        let (remote, local) = (&self.shared.remote.rotation, &self.shared.local.rotation);
        let here = local.learn_probe(service_id, key, reading, now).await;
        self.shared.ask(remote.learn_probe(service_id, key, reading, now)).await.unwrap_or(here)
    }

    async fn due_probes(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<KeyId>, CacheError> {
        match self.shared.ask(self.shared.remote.rotation.due_probes(service_id, now)).await {
            Some(due) => due,
            None => self.shared.local.rotation.due_probes(service_id, now).await,
        }
    }

    async fn reports(
        &self,
        service_id: ServiceId,
        keys: &[KeyId],
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, CacheError> {
        // It comes in parts, each of which is bounded by itself.
        let patience = self.shared.patience * 100;
        match self.shared.ask_within(patience, self.shared.remote.rotation.reports(service_id, keys, now)).await {
            Some(reports) => reports,
            None => self.shared.local.rotation.reports(service_id, keys, now).await,
        }
    }

    async fn reports_of_many(
        &self,
        pools: &[(ServiceId, Vec<KeyId>)],
        now: Timestamp,
    ) -> Result<Vec<KeyReport>, CacheError> {
        let patience = self.shared.patience * 100;
        match self.shared.ask_within(patience, self.shared.remote.rotation.reports_of_many(pools, now)).await {
            Some(reports) => reports,
            None => self.shared.local.rotation.reports_of_many(pools, now).await,
        }
    }

    async fn checkpoints(&self, service_id: ServiceId, now: Timestamp) -> Result<Vec<Checkpoint>, CacheError> {
        let patience = self.shared.patience * 100;
        match self.shared.ask_within(patience, self.shared.remote.rotation.checkpoints(service_id, now)).await {
            Some(Ok(checkpoints)) => {
                self.shared.pools.know(service_id, &checkpoints);
                Ok(checkpoints)
            }
            Some(Err(error)) => Err(error),
            None => self.shared.local.rotation.checkpoints(service_id, now).await,
        }
    }

    async fn restore(
        &self,
        service_id: ServiceId,
        checkpoints: &[Checkpoint],
        now: Timestamp,
    ) -> Result<(), CacheError> {
        self.shared.local.rotation.restore(service_id, checkpoints, now).await?;
        let patience = self.shared.patience * 100;
        let restored = self.shared.remote.rotation.restore(service_id, checkpoints, now);
        self.shared.ask_within(patience, restored).await.unwrap_or(Ok(()))
    }

    fn stirred(&self) -> Vec<ServiceId> {
        let mut stirred = self.shared.remote.rotation.stirred();
        stirred.extend(self.shared.local.rotation.stirred());
        stirred
    }
}

//! A rotation state of one's own. What each call does is the domain's to say (`rotator_domain::rotation::Rotation`); a backend keeps the
//! pools somewhere and makes each call atomic. This one keeps all of them behind a single lock. `cache_suite!` has the tests that
//! every backend runs.
//!
//! ```sh
//! cargo test --package rotator-proxy-core --example own_cache
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, Counters, Pool, RotationState, Stirred};
use rotator_domain::rotation::{
    Checkpoint, Ending, KeyReport, Learning, Lease, Next, PickRequest, PoolKey, Rotation, RotationPolicy,
};
use rotator_domain::{KeyId, Reading, ServiceId, Timestamp};

/// All pools behind one lock.
#[derive(Default)]
struct OneLock {
    pools: Mutex<BTreeMap<ServiceId, Rotation>>,
    stirred: Stirred,
}

/// Counters that are looked through when they are counted.
#[derive(Default)]
struct Tallies(Mutex<HashMap<String, (u64, Instant)>>);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let state = OneLock::default();
    let keys = [1, 2, 3].map(|id| PoolKey::plain(KeyId(id))).to_vec();
    state.publish_pool(Pool { service_id: ServiceId(1), policy: RotationPolicy::default(), keys }).await?;
    let (tried, now) = (&[][..], Timestamp::EPOCH);
    for _ in 0..4 {
        let request = PickRequest { model: None, tried, session: None, is_pinned: false, tokens: 0, now };
        println!("{:?}", state.pick(ServiceId(1), request).await?);
    }
    println!("counted {} times", Tallies::default().count("a login", Duration::from_secs(60)).await?);
    Ok(())
}

// === impl OneLock ===

impl OneLock {
    /// Does something with one pool; a service that is not there has no state.
    fn of<T: Default>(&self, service: ServiceId, act: impl FnOnce(&mut Rotation) -> T) -> Result<T, CacheError> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(pools.get_mut(&service).map(act).unwrap_or_default())
    }
}

#[async_trait]
impl RotationState for OneLock {
    async fn publish_pool(&self, Pool { service_id, policy, keys }: Pool) -> Result<(), CacheError> {
        self.stirred.mark(service_id);
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        // The seed is for choices that look random; any will do.
        pools.entry(service_id).or_insert_with(|| Rotation::with_seed(1)).publish(policy, keys);
        Ok(())
    }

    async fn retire_pool(&self, service: ServiceId) -> Result<(), CacheError> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).remove(&service);
        Ok(())
    }

    async fn pick(&self, service: ServiceId, request: PickRequest<'_>) -> Result<Next, CacheError> {
        let next = self.of(service, |pool| Some(pool.pick(&request)))?;
        Ok(next.unwrap_or(Next::None { retry_at: None, is_busy: false }))
    }

    async fn learn(
        &self,
        service: ServiceId,
        lease: &Lease,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        self.stirred.mark(service);
        self.of(service, |pool| pool.learn(lease, reading, now))
    }

    async fn settle(&self, service: ServiceId, lease: &Lease, end: Ending, now: Timestamp) -> Result<(), CacheError> {
        self.of(service, |pool| {
            pool.end(lease, &end, now);
        })
    }

    async fn learn_probe(
        &self,
        service: ServiceId,
        key: KeyId,
        reading: Option<&Reading>,
        now: Timestamp,
    ) -> Result<Learning, CacheError> {
        self.stirred.mark(service);
        let Some(reading) = reading else {
            self.of(service, |pool| pool.put_off_probe(key, now))?;
            return Ok(Learning::Nothing);
        };
        self.of(service, |pool| pool.learn_probe(key, reading, now))
    }

    async fn due_probes(&self, service: ServiceId, now: Timestamp) -> Result<Vec<KeyId>, CacheError> {
        self.of(service, |pool| pool.due_probes(now))
    }

    async fn reports(&self, service: ServiceId, keys: &[KeyId], now: Timestamp) -> Result<Vec<KeyReport>, CacheError> {
        self.of(service, |pool| pool.reports_of(keys, now))
    }

    async fn checkpoints(&self, service: ServiceId, now: Timestamp) -> Result<Vec<Checkpoint>, CacheError> {
        self.of(service, |pool| pool.checkpoints(now))
    }

    async fn restore(&self, service: ServiceId, known: &[Checkpoint], now: Timestamp) -> Result<(), CacheError> {
        self.of(service, |pool| pool.restore(known, now))
    }

    fn stirred(&self) -> Vec<ServiceId> {
        self.stirred.take().into_iter().collect()
    }
}

// === impl Tallies ===

impl Tallies {
    /// Does something with the counts that are not forgotten yet.
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<String, (u64, Instant)>, Instant) -> T) -> Result<T, CacheError> {
        let (mut counts, now) = (self.0.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        counts.retain(|_, (_, until)| *until > now);
        Ok(act(&mut counts, now))
    }
}

#[async_trait]
impl Counters for Tallies {
    async fn count(&self, name: &str, window: Duration) -> Result<u64, CacheError> {
        self.with(|counts, now| {
            let count = counts.get(name).map_or(1, |(count, _)| count + 1);
            counts.insert(name.to_owned(), (count, now + window));
            count
        })
    }

    async fn counted(&self, name: &str) -> Result<u64, CacheError> {
        self.with(|counts, _| counts.get(name).map_or(0, |(count, _)| *count))
    }

    async fn forget(&self, name: &str) -> Result<(), CacheError> {
        self.with(|counts, _| {
            counts.remove(name);
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    async fn open() -> (Arc<dyn RotationState>, Arc<dyn Counters>, ()) {
        (Arc::new(OneLock::default()), Arc::new(Tallies::default()), ())
    }

    rotator_cache_trait::cache_suite!(open);
}

//! What client keys use, each behind a short lock of its own.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use foldhash::HashMap;
use rotator_cache_trait::{CacheError, ClientMeters};
use rotator_domain::metering::{
    Admission, ClientAsk, ClientMeter, ClientStanding, ClientUse, MeteredLimits, Reservation, Seed,
};
use rotator_domain::{ClientKeyId, Timestamp};

/// What client keys use, in memory.
#[derive(Debug, Default)]
pub struct MemoryClientMeters {
    meters: RwLock<HashMap<ClientKeyId, Arc<Mutex<ClientMeter>>>>,
}

// === impl MemoryClientMeters ===

impl MemoryClientMeters {
    /// Does something with a client's meter, which is made where there is none.
    fn with<T>(&self, client: ClientKeyId, act: impl FnOnce(&mut ClientMeter) -> T) -> T {
        let known = self.meters.read().unwrap_or_else(PoisonError::into_inner).get(&client).cloned();
        let meter = known.unwrap_or_else(|| {
            let mut meters = self.meters.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(meters.entry(client).or_default())
        });
        // A panic in another thread left it whole: every operation on it ends before it can panic.
        act(&mut meter.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl ClientMeters for MemoryClientMeters {
    async fn admit(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        ask: &ClientAsk,
        now: Timestamp,
    ) -> Result<Admission, CacheError> {
        Ok(self.with(client, |meter| meter.admit(limits, ask, now)))
    }

    async fn settle(&self, client: ClientKeyId, reservation: &Reservation, used: &ClientUse) -> Result<(), CacheError> {
        self.with(client, |meter| meter.settle(reservation, used));
        Ok(())
    }

    async fn seed(&self, client: ClientKeyId, seeds: &[Seed], _: Timestamp) -> Result<(), CacheError> {
        self.with(client, |meter| meter.seed(seeds));
        Ok(())
    }

    async fn standing(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        now: Timestamp,
    ) -> Result<Option<ClientStanding>, CacheError> {
        let standing = |meter: &mut ClientMeter| meter.unknown(limits).is_empty().then(|| meter.standing(limits, now));
        Ok(self.with(client, standing))
    }

    async fn forget(&self, client: ClientKeyId) -> Result<(), CacheError> {
        self.meters.write().unwrap_or_else(PoisonError::into_inner).remove(&client);
        Ok(())
    }
}

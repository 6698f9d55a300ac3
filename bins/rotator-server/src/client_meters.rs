//! Limits of client keys that outlive what counts them: what was used before is read from the usage figures.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, ClientMeters, Stirred};
use rotator_domain::metering::{
    Admission, ClientAsk, ClientStanding, ClientUse, Gauge, MeteredLimits, Reservation, Seed, Unit,
};
use rotator_domain::{ClientKeyId, Figure, Grain, Timestamp, UsageFigures};
use rotator_storage_trait::{Storage, StorageError, UsageQuery};
use tokio::sync::Mutex;

use crate::usage::Usage;

/// Counts in `meters`, and tells them what they do not know: after a restart, and when a cache has lost what it knew. It is the
/// one time that a request waits for the database.
pub(crate) struct SeededMeters {
    meters: Arc<dyn ClientMeters>,
    storage: Arc<dyn Storage>,
    usage: Option<Arc<Usage>>,
    /// One at a time reads figures.
    seeding: Mutex<()>,
    /// Whose requests have ended.
    used: Stirred<ClientKeyId>,
}

// === impl SeededMeters ===

impl SeededMeters {
    pub(crate) fn new(meters: Arc<dyn ClientMeters>, storage: Arc<dyn Storage>, usage: Option<Arc<Usage>>) -> Self {
        Self { meters, storage, usage, seeding: Mutex::new(()), used: Stirred::default() }
    }

    /// The client keys with limits that have used something on this node since this was last called.
    pub(crate) fn used(&self) -> HashSet<ClientKeyId> {
        self.used.take()
    }

    /// Tells the meters what was used in the windows that are open.
    async fn tell(&self, client: ClientKeyId, gauges: &[Gauge], now: Timestamp) -> Result<(), CacheError> {
        let seeds = self.read(client, gauges, now).await.map_err(|error| CacheError::Unavailable(Box::new(error)))?;
        tracing::debug!(client.id = %client, limits = seeds.len(), "what a client used before was read");
        self.meters.seed(client, &seeds, now).await
    }

    async fn read(&self, client: ClientKeyId, gauges: &[Gauge], now: Timestamp) -> Result<Vec<Seed>, StorageError> {
        // What this node has counted and not sent yet, or what the process before it left behind, was used as well. Where the
        // database takes nothing, as on a full disk, it is added here; what arrives meanwhile counts twice rather than not at all.
        let waiting = match &self.usage {
            Some(usage) => usage.flush().await.is_err().then_some(usage),
            None => None,
        };
        let mut seeds = Vec::with_capacity(gauges.len());
        for gauge in gauges {
            let start = gauge.span.window(now).start;
            let mut figures = match waiting {
                Some(usage) => usage.waiting(client, start).await,
                None => UsageFigures::default(),
            };
            let query = UsageQuery {
                client: Some(Some(client)),
                ..UsageQuery::all(Grain::Day, start, Timestamp::from_millis(i64::MAX))
            };
            for group in self.storage.usage(&query, 1).await? {
                figures.add_all(&group.figures);
            }
            seeds.push(Seed { unit: gauge.unit, span: gauge.span, start, used: used(&figures, gauge.unit) });
        }
        Ok(seeds)
    }
}

#[async_trait]
impl ClientMeters for SeededMeters {
    async fn admit(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        ask: &ClientAsk,
        now: Timestamp,
    ) -> Result<Admission, CacheError> {
        let admission = self.meters.admit(client, limits, ask, now).await?;
        if !matches!(admission, Admission::Unknown(_)) {
            return Ok(admission);
        }
        let _turn = self.seeding.lock().await;
        // Whoever had its turn before may have told it.
        match self.meters.admit(client, limits, ask, now).await? {
            Admission::Unknown(gauges) => {
                self.tell(client, &gauges, now).await?;
                self.meters.admit(client, limits, ask, now).await
            }
            known => Ok(known),
        }
    }

    async fn settle(&self, client: ClientKeyId, reservation: &Reservation, used: &ClientUse) -> Result<(), CacheError> {
        let settled = self.meters.settle(client, reservation, used).await;
        self.used.mark(client);
        settled
    }

    async fn seed(&self, client: ClientKeyId, seeds: &[Seed], now: Timestamp) -> Result<(), CacheError> {
        self.meters.seed(client, seeds, now).await
    }

    async fn standing(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        now: Timestamp,
    ) -> Result<Option<ClientStanding>, CacheError> {
        if let Some(standing) = self.meters.standing(client, limits, now).await? {
            return Ok(Some(standing));
        }
        let _turn = self.seeding.lock().await;
        let gauges: Vec<Gauge> =
            limits.gauges.iter().filter(|gauge| gauge.span.outlives_a_restart()).copied().collect();
        self.tell(client, &gauges, now).await?;
        self.meters.standing(client, limits, now).await
    }

    async fn forget(&self, client: ClientKeyId) -> Result<(), CacheError> {
        self.meters.forget(client).await
    }
}

/// What figures say that was used. A request that was answered with 429 counts for nothing.
fn used(figures: &UsageFigures, unit: Unit) -> u64 {
    let figure = |figure| figures.get(figure);
    match unit {
        Unit::Requests => figure(Figure::Requests).saturating_sub(figure(Figure::ErrorsLimited)),
        Unit::Tokens => figure(Figure::InputTokens).saturating_add(figure(Figure::OutputTokens)),
        Unit::Nanodollars => figure(Figure::CostNanodollars),
    }
}

//! How much client keys use.

use async_trait::async_trait;
use rotator_domain::metering::{Admission, ClientAsk, ClientStanding, ClientUse, MeteredLimits, Reservation, Seed};
use rotator_domain::{ClientKeyId, Timestamp};

use crate::CacheError;

/// Counts what client keys use, on all nodes together; what each call does is
/// [`ClientMeter`](rotator_domain::metering::ClientMeter)'s to say.
///
/// Each call is atomic: of any number of requests at once, no more are let in than every limit has room for.
#[async_trait]
pub trait ClientMeters: Send + Sync {
    /// Lets a request in where every limit has room for it, and reserves what it may use until it is settled. What was used in
    /// a window that must outlive a restart may be unknown: then nothing is reserved, and it is to be seeded first.
    async fn admit(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        ask: &ClientAsk,
        now: Timestamp,
    ) -> Result<Admission, CacheError>;

    /// Puts what a request has used in the place of what it had reserved. Once a reservation.
    async fn settle(&self, client: ClientKeyId, reservation: &Reservation, used: &ClientUse) -> Result<(), CacheError>;

    /// Tells what was used before anything was counted here. What is known already stays.
    async fn seed(&self, client: ClientKeyId, seeds: &[Seed], now: Timestamp) -> Result<(), CacheError>;

    /// How the limits stand; `None` where what was used of one of them is not known.
    async fn standing(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        now: Timestamp,
    ) -> Result<Option<ClientStanding>, CacheError>;

    /// Forgets a client key.
    async fn forget(&self, client: ClientKeyId) -> Result<(), CacheError>;
}

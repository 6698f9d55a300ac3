//! The limits of client keys in Redis, or here while it is away.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, ClientMeters};
use rotator_domain::metering::{Admission, ClientAsk, ClientStanding, ClientUse, MeteredLimits, Reservation, Seed};
use rotator_domain::{ClientKeyId, Timestamp};

use super::{Fallback, Shared};

/// How much is owed at the most; past it the oldest is forgotten.
const MOST_OWED: usize = 100_000;

/// What ended while Redis was away.
type Owed = (ClientKeyId, Reservation, ClientUse);

/// What of the limits is to be told when Redis is back, and to be forgotten when it goes again.
#[derive(Default)]
pub(super) struct Clients {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those of which something is counted here.
    here: HashSet<ClientKeyId>,
    owed: VecDeque<Owed>,
}

// === impl Clients ===

impl Clients {
    /// Those that are counted here; from now on they are not.
    pub(super) fn take_here(&self) -> HashSet<ClientKeyId> {
        std::mem::take(&mut self.lock().here)
    }

    pub(super) fn next_owed(&self) -> Option<Owed> {
        self.lock().owed.pop_front()
    }

    pub(super) fn has_owed(&self) -> bool {
        !self.lock().owed.is_empty()
    }

    fn is_here(&self, client: ClientKeyId) {
        self.lock().here.insert(client);
    }

    fn owe(&self, owed: Owed) {
        let mut state = self.lock();
        if state.owed.len() >= MOST_OWED {
            state.owed.pop_front();
        }
        state.owed.push_back(owed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Shared ===

impl Shared {
    fn nodes(&self) -> usize {
        self.nodes.load(Ordering::Relaxed)
    }
}

/// While Redis is away each node has its share: of what was used when it went, as of what may be used. What is used meanwhile is
/// told when it is back.
#[async_trait]
impl ClientMeters for Fallback {
    async fn admit(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        ask: &ClientAsk,
        now: Timestamp,
    ) -> Result<Admission, CacheError> {
        let shared = &*self.shared;
        if let Some(admission) = shared.ask(shared.remote.clients.admit(client, limits, ask, now)).await {
            return admission;
        }
        shared.clients.is_here(client);
        shared.local.clients.admit(client, &limits.share(shared.nodes()), ask, now).await
    }

    async fn settle(&self, client: ClientKeyId, reservation: &Reservation, used: &ClientUse) -> Result<(), CacheError> {
        let shared = &*self.shared;
        if reservation.ticket.is_none() {
            shared.local.clients.settle(client, reservation, used).await?;
        }
        if shared.is_away() {
            shared.clients.owe((client, reservation.clone(), *used));
            return Ok(());
        }
        match shared.ask(shared.remote.clients.settle(client, reservation, used)).await {
            Some(settled) => settled,
            // What has a ticket the remote state itself gives back when it can.
            None => {
                if reservation.ticket.is_none() {
                    shared.clients.owe((client, reservation.clone(), *used));
                }
                Ok(())
            }
        }
    }

    async fn seed(&self, client: ClientKeyId, seeds: &[Seed], now: Timestamp) -> Result<(), CacheError> {
        let shared = &*self.shared;
        if let Some(seeded) = shared.ask(shared.remote.clients.seed(client, seeds, now)).await {
            return seeded;
        }
        let nodes = shared.nodes().max(1) as u64;
        let share = |seed: &Seed| Seed { used: seed.used.div_ceil(nodes), ..*seed };
        let seeds: Vec<Seed> = seeds.iter().map(share).collect();
        shared.clients.is_here(client);
        shared.local.clients.seed(client, &seeds, now).await
    }

    async fn standing(
        &self,
        client: ClientKeyId,
        limits: &MeteredLimits,
        now: Timestamp,
    ) -> Result<Option<ClientStanding>, CacheError> {
        let shared = &*self.shared;
        match shared.ask(shared.remote.clients.standing(client, limits, now)).await {
            Some(standing) => standing,
            None => shared.local.clients.standing(client, &limits.share(shared.nodes()), now).await,
        }
    }

    async fn forget(&self, client: ClientKeyId) -> Result<(), CacheError> {
        let shared = &*self.shared;
        shared.local.clients.forget(client).await?;
        shared.ask(shared.remote.clients.forget(client)).await.unwrap_or(Ok(()))
    }
}

//! What a node must know to go on alone, and to join again.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rotator_cache_trait::Pool;
use rotator_domain::ServiceId;
use rotator_domain::rotation::{Checkpoint, Ending, Lease, Limits};

/// How many leases are owed at the most; past it the oldest is left to the end of this node.
const MOST_OWED: usize = 100_000;

/// A lease that ended while Redis was away, and what its end tells.
type Owed = (ServiceId, Lease, Ending);

/// The pools of this node, and what of them is to be told when Redis is back.
#[derive(Default)]
pub(super) struct Pools {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pools: BTreeMap<ServiceId, Pool>,
    retired: HashSet<ServiceId>,
    /// What was last read of what keeps keys from serving.
    known: HashMap<ServiceId, Vec<Checkpoint>>,
    owed: VecDeque<Owed>,
    /// Counts the changes of pools.
    generation: u64,
}

// === impl Pools ===

impl Pools {
    pub(super) fn publish(&self, pool: Pool) {
        let mut state = self.lock();
        state.retired.remove(&pool.service_id);
        state.pools.insert(pool.service_id, pool);
        state.generation += 1;
    }

    pub(super) fn retire(&self, service_id: ServiceId) {
        let mut state = self.lock();
        state.pools.remove(&service_id);
        state.known.remove(&service_id);
        state.retired.insert(service_id);
        state.generation += 1;
    }

    /// The remote state knows that a service has gone.
    pub(super) fn is_retired(&self, service_id: ServiceId) {
        self.lock().retired.remove(&service_id);
    }

    pub(super) fn all(&self) -> Vec<Pool> {
        self.lock().pools.values().cloned().collect()
    }

    pub(super) fn retired(&self) -> Vec<ServiceId> {
        self.lock().retired.iter().copied().collect()
    }

    pub(super) fn know(&self, service_id: ServiceId, checkpoints: &[Checkpoint]) {
        self.lock().known.insert(service_id, checkpoints.to_vec());
    }

    pub(super) fn known(&self) -> Vec<(ServiceId, Vec<Checkpoint>)> {
        self.lock().known.iter().map(|(service_id, known)| (*service_id, known.clone())).collect()
    }

    pub(super) fn owe(&self, owed: Owed) {
        let mut state = self.lock();
        if state.owed.len() >= MOST_OWED {
            state.owed.pop_front();
        }
        state.owed.push_back(owed);
    }

    pub(super) fn next_owed(&self) -> Option<Owed> {
        self.lock().owed.pop_front()
    }

    pub(super) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Joins the others, unless something has changed since it was told: nobody can change anything in between.
    pub(super) fn settle_down(&self, seen: u64, join: impl FnOnce()) -> bool {
        let mut state = self.lock();
        let is_told = state.generation == seen && state.owed.is_empty();
        if is_told {
            state.retired.clear();
            join();
        }
        is_told
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pool with one node's share of its limits.
pub(super) fn share(mut pool: Pool, nodes: usize) -> Pool {
    let nodes = u32::try_from(nodes).unwrap_or(u32::MAX).max(1);
    let part = |limit: Option<u32>| limit.map(|limit| if limit == 0 { 0 } else { (limit / nodes).max(1) });
    let share = |limits: &mut Limits| {
        let Limits { requests_per_minute, tokens_per_minute, requests_per_day, max_concurrency } = *limits;
        *limits = Limits {
            requests_per_minute: part(requests_per_minute),
            tokens_per_minute: part(tokens_per_minute),
            requests_per_day: part(requests_per_day),
            max_concurrency: part(max_concurrency),
        };
    };
    share(&mut pool.policy.limits);
    pool.policy.groups.values_mut().for_each(share);
    pool.keys.iter_mut().for_each(|key| share(&mut key.limits));
    pool
}

#[cfg(test)]
mod tests {
    use rotator_domain::KeyId;
    use rotator_domain::rotation::{PoolKey, QuotaGroup, RotationPolicy};

    use super::*;

    #[test]
    fn every_declared_limit_is_divided_and_none_becomes_nothing() {
        let of = |requests, tokens| Limits {
            requests_per_minute: Some(requests),
            tokens_per_minute: Some(tokens),
            ..Limits::default()
        };
        let groups = [(QuotaGroup("g".to_owned()), of(9, 1000))].into();
        let policy = RotationPolicy { limits: of(2, 100), groups, ..RotationPolicy::default() };
        let keys = vec![PoolKey { limits: of(1, 301), ..PoolKey::plain(KeyId(1)) }];
        let shared = share(Pool { service_id: ServiceId(1), policy, keys }, 3);
        assert_eq!(shared.policy.limits, of(1, 33));
        assert_eq!(shared.policy.groups.values().copied().collect::<Vec<_>>(), [of(3, 333)]);
        assert_eq!(shared.keys[0].limits, of(1, 100));
    }
}

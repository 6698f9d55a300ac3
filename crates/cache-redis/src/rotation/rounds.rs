//! Looking at every pool now and then: another node may have used it, and be gone.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use rotator_domain::ServiceId;

/// In how many turns all pools are looked at; an hour, with one every five seconds.
const TURNS: usize = 720;
/// How many pools are looked at in a turn at least.
const FEWEST: usize = 32;

/// The last pool that was looked at.
#[derive(Debug, Default)]
pub(super) struct Rounds(Mutex<Option<ServiceId>>);

// === impl Rounds ===

impl Rounds {
    /// The pools whose turn it is.
    pub(super) fn next<T>(&self, pools: &BTreeMap<ServiceId, T>) -> Vec<ServiceId> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = pools.len().div_ceil(TURNS).max(FEWEST);
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        let turn: Vec<ServiceId> =
            pools.range((after, Bound::Unbounded)).take(count).map(|(service, _)| *service).collect();
        // At the end it begins anew.
        *last = turn.last().copied().filter(|_| turn.len() == count);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pool_has_its_turn_within_an_hour() {
        for pools in [0, 1, 32, 33, 100_000] {
            let all: BTreeMap<ServiceId, ()> = (0..pools).map(|id| (ServiceId(id), ())).collect();
            let rounds = Rounds::default();
            let mut seen = BTreeMap::new();
            for _ in 0..TURNS + 1 {
                let turn = rounds.next(&all);
                assert!(turn.len() <= 139, "{}", turn.len());
                seen.extend(turn.into_iter().map(|service| (service, ())));
            }
            assert_eq!(seen, all);
        }
    }
}

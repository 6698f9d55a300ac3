//! How many keys of a pool can serve.

use std::collections::{BTreeSet, HashSet};

use super::{Checkpoint, Glob, PoolKey};
use crate::{KeyId, Timestamp};

/// The active keys of a pool: how many there are, and which models some of them are kept to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    keys: usize,
    restricted: Vec<(KeyId, Vec<Glob>)>,
}

/// How many keys can serve now, for the model for which that is the smallest part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolStanding {
    /// Keys that can serve.
    pub usable: usize,
    /// Keys that could if nothing kept them from it.
    pub total: usize,
    /// The model; none where it is the same for all.
    pub model: Option<String>,
}

// === impl Census ===

impl Census {
    /// A census of a pool's active keys.
    #[must_use]
    pub fn of(keys: &[PoolKey]) -> Self {
        let restricted = keys.iter().filter(|key| !key.models.is_empty());
        Self { keys: keys.len(), restricted: restricted.map(|key| (key.id, key.models.clone())).collect() }
    }

    /// How the pool stands, given all that keeps its keys from serving.
    #[must_use]
    pub fn standing(&self, checkpoints: &[Checkpoint], now: Timestamp) -> PoolStanding {
        // One that is out of use stays so until a test shows that it works, also when that is due.
        let resting = |checkpoint: &&Checkpoint| checkpoint.until > now || checkpoint.state.needs_test();
        let resting: Vec<&Checkpoint> = checkpoints.iter().filter(resting).collect();
        let of_model = |model: Option<&str>| {
            let rests = resting.iter().filter(|rest| rest.model.is_none() || rest.model.as_deref() == model);
            let mut rests: HashSet<KeyId> = rests.map(|rest| rest.key).collect();
            let mut total = self.keys;
            if let Some(model) = model {
                let others = self.restricted.iter().filter(|(_, globs)| !globs.iter().any(|glob| glob.matches(model)));
                for (key, _) in others {
                    rests.remove(key);
                    total = total.saturating_sub(1);
                }
            }
            PoolStanding { usable: total.saturating_sub(rests.len()), total, model: model.map(str::to_owned) }
        };
        let models: BTreeSet<&str> = resting.iter().filter_map(|rest| rest.model.as_deref()).collect();
        let standings = models.into_iter().map(Some).map(of_model).filter(|standing| standing.total > 0);
        standings.fold(of_model(None), |worst, other| if other.is_worse_than(&worst) { other } else { worst })
    }
}

// === impl PoolStanding ===

impl PoolStanding {
    /// Whether less than this share of the keys can serve, in percent.
    #[must_use]
    pub const fn is_below(&self, percent: u8) -> bool {
        self.usable as u128 * 100 < self.total as u128 * percent as u128
    }

    const fn is_worse_than(&self, other: &Self) -> bool {
        (self.usable as u128) * (other.total as u128) < (other.usable as u128) * (self.total as u128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotation::{KeyPolicy, KeyState};

    const NOW: Timestamp = Timestamp::from_millis(1000);

    fn rest(key: i64, model: Option<&str>, state: KeyState, until: i64) -> Checkpoint {
        let (model, since) = (model.map(str::to_owned), Timestamp::EPOCH);
        Checkpoint { key: KeyId(key), model, state, since, until: Timestamp::from_millis(until) }
    }

    fn pool(restricted: &[(i64, &str)], others: i64) -> Census {
        let key = |id, models| PoolKey::new(KeyId(id), KeyPolicy { models, ..KeyPolicy::default() });
        let others = (1..=others).map(|id| key(id, Vec::new()));
        let keys: Vec<PoolKey> =
            others.chain(restricted.iter().map(|(id, glob)| key(*id, vec![Glob::new(*glob)]))).collect();
        Census::of(&keys)
    }

    fn standing(usable: usize, total: usize, model: Option<&str>) -> PoolStanding {
        PoolStanding { usable, total, model: model.map(str::to_owned) }
    }

    #[test]
    fn a_key_counts_once_and_only_while_it_rests() {
        let rests = [
            rest(1, None, KeyState::Dead, 0),
            rest(1, None, KeyState::Cooling, 2000),
            rest(2, None, KeyState::Cooling, 1000),
            rest(3, None, KeyState::Exhausted, 1001),
        ];
        assert_eq!(pool(&[], 4).standing(&rests, NOW), standing(2, 4, None));
        assert_eq!(pool(&[], 4).standing(&[], NOW), standing(4, 4, None));
        assert_eq!(Census::default().standing(&[], NOW), standing(0, 0, None));
    }

    #[test]
    fn the_model_that_stands_worst_is_told() {
        let rests = [
            rest(1, Some("a"), KeyState::Cooling, 2000),
            rest(2, Some("a"), KeyState::Cooling, 2000),
            rest(2, Some("b"), KeyState::Cooling, 2000),
            rest(3, None, KeyState::Dead, 2000),
        ];
        assert_eq!(pool(&[], 4).standing(&rests, NOW), standing(1, 4, Some("a")));
    }

    #[test]
    fn keys_that_may_not_serve_a_model_do_not_count_for_it() {
        let rests =
            [rest(10, Some("gpt-4"), KeyState::Cooling, 2000), rest(11, Some("gpt-4"), KeyState::Cooling, 2000)];
        let census = pool(&[(10, "gpt-*"), (11, "gpt-*"), (12, "o*"), (13, "o*"), (14, "o*")], 0);
        assert_eq!(census.standing(&rests, NOW), standing(0, 2, Some("gpt-4")));
        // A dead key of another model's changes nothing for this one.
        let dead = [rest(12, None, KeyState::Dead, 2000), rests[0].clone()];
        assert_eq!(census.standing(&dead, NOW), standing(1, 2, Some("gpt-4")));
    }

    #[test]
    fn shares_compare_exactly() {
        assert!(standing(19, 100, None).is_below(20) && !standing(20, 100, None).is_below(20));
        assert!(standing(0, 1, None).is_below(1) && !standing(0, 0, None).is_below(100));
    }
}

//! Round robin over the keys that can serve.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use crate::{CooldownReason, KeyId, Timestamp};

/// A pool in rotation. Every operation costs the same with ten keys as with ten thousand, up to a logarithm.
///
/// A ready key is in `ready` and nowhere else; a cooling key is in `cooldowns` and in one of the `returning` sets.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    ready: VecDeque<KeyId>,
    cooldowns: HashMap<KeyId, Cooldown>,
    limited: BTreeSet<(Timestamp, KeyId)>,
    refused: BTreeSet<(Timestamp, KeyId)>,
}

/// Until when a key is left alone, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// The first time at which it may be picked again.
    pub until: Timestamp,
    /// Why.
    pub reason: CooldownReason,
}

/// What [`Ring::pick`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This key.
    Key(KeyId),
    /// No key; the first limited one returns then.
    None {
        /// `None` when no key is limited.
        retry_at: Option<Timestamp>,
    },
}

// === impl Ring ===

impl Ring {
    /// Makes `keys` the members. Those that stay keep their place and their cooldown, new ones come last, in order.
    pub fn publish(&mut self, keys: &[KeyId]) {
        let members: HashSet<KeyId> = keys.iter().copied().collect();
        self.ready.retain(|key| members.contains(key));
        let gone: Vec<KeyId> = self.cooldowns.keys().copied().filter(|key| !members.contains(key)).collect();
        for key in gone {
            self.end_cooldown(key);
        }
        let known: HashSet<KeyId> = self.ready.iter().chain(self.cooldowns.keys()).copied().collect();
        let mut added = HashSet::new();
        self.ready.extend(keys.iter().copied().filter(|key| !known.contains(key) && added.insert(*key)));
    }

    /// The next key that is neither cooling nor in `tried`; it goes to the end of the line. A key that is passed over
    /// because it was tried keeps its place.
    pub fn pick(&mut self, tried: &[KeyId], now: Timestamp) -> Next {
        self.let_return(now);
        let place = self.ready.iter().position(|key| !tried.contains(key));
        match place.and_then(|place| self.ready.remove(place)) {
            Some(key) => {
                self.ready.push_back(key);
                Next::Key(key)
            }
            None => Next::None { retry_at: self.limited.first().map(|(until, _)| *until) },
        }
    }

    /// Leaves a key alone. Of several cooldowns the one that ends last holds; a key that is no member is ignored.
    pub fn cool_down(&mut self, key: KeyId, cooldown: Cooldown) {
        match self.cooldowns.get(&key) {
            Some(current) if current.until >= cooldown.until => return,
            Some(_) => self.end_cooldown(key),
            None => match self.ready.iter().position(|ready| *ready == key) {
                Some(place) => {
                    self.ready.remove(place);
                }
                None => return,
            },
        }
        self.cooldowns.insert(key, cooldown);
        self.returning(cooldown.reason).insert((cooldown.until, key));
    }

    /// Ends a key's cooldown; it goes to the end of the line.
    pub fn revive(&mut self, key: KeyId) {
        if self.cooldowns.contains_key(&key) {
            self.end_cooldown(key);
            self.ready.push_back(key);
        }
    }

    /// The keys that are cooling at `now`, ordered by id.
    #[must_use]
    pub fn cooling(&self, now: Timestamp) -> Vec<(KeyId, Cooldown)> {
        let cooling = self.cooldowns.iter().filter(|(_, cooldown)| cooldown.until > now);
        let mut cooling: Vec<_> = cooling.map(|(key, cooldown)| (*key, *cooldown)).collect();
        cooling.sort_by_key(|(key, _)| *key);
        cooling
    }

    /// Puts the keys whose time has come at the end of the line, the first to return first.
    fn let_return(&mut self, now: Timestamp) {
        loop {
            let first = [self.limited.first(), self.refused.first()].into_iter().flatten().min().copied();
            match first {
                Some((until, key)) if until <= now => self.revive(key),
                _ => return,
            }
        }
    }

    fn end_cooldown(&mut self, key: KeyId) {
        if let Some(cooldown) = self.cooldowns.remove(&key) {
            self.returning(cooldown.reason).remove(&(cooldown.until, key));
        }
    }

    fn returning(&mut self, reason: CooldownReason) -> &mut BTreeSet<(Timestamp, KeyId)> {
        match reason {
            CooldownReason::Limited => &mut self.limited,
            CooldownReason::Refused => &mut self.refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ring(count: i64) -> Ring {
        let mut ring = Ring::default();
        ring.publish(&(1..=count).map(KeyId).collect::<Vec<_>>());
        ring
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn limited(until: i64) -> Cooldown {
        Cooldown { until: at(until), reason: CooldownReason::Limited }
    }

    fn picks(ring: &mut Ring, count: usize) -> Vec<i64> {
        let pick = |_| match ring.pick(&[], at(0)) {
            Next::Key(key) => key.0,
            Next::None { .. } => 0,
        };
        (0..count).map(pick).collect()
    }

    #[test]
    fn keys_take_turns() {
        assert_eq!(picks(&mut ring(3), 7), [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn a_tried_key_that_is_passed_over_keeps_its_place() {
        let mut ring = ring(3);
        assert_eq!(ring.pick(&[KeyId(1)], at(0)), Next::Key(KeyId(2)));
        assert_eq!(picks(&mut ring, 3), [1, 3, 2]);
    }

    #[test]
    fn a_cooling_key_returns_at_its_time() {
        let mut ring = ring(2);
        ring.cool_down(KeyId(1), limited(10));
        assert_eq!(ring.pick(&[], at(9)), Next::Key(KeyId(2)));
        assert_eq!(ring.pick(&[KeyId(2)], at(9)), Next::None { retry_at: Some(at(10)) });
        assert_eq!(ring.pick(&[KeyId(2)], at(10)), Next::Key(KeyId(1)));
    }

    #[test]
    fn refused_keys_give_no_time_to_come_back() {
        let mut ring = ring(2);
        ring.cool_down(KeyId(1), Cooldown { until: at(5), reason: CooldownReason::Refused });
        assert_eq!(ring.pick(&[KeyId(2)], at(0)), Next::None { retry_at: None });
        ring.cool_down(KeyId(2), limited(90));
        assert_eq!(ring.pick(&[], at(0)), Next::None { retry_at: Some(at(90)) });
        assert_eq!(ring.pick(&[], at(5)), Next::Key(KeyId(1)));
    }

    #[test]
    fn publishing_keeps_places_and_cooldowns_and_forgets_who_left() {
        let mut ring = ring(4);
        assert_eq!(picks(&mut ring, 1), [1]);
        ring.cool_down(KeyId(3), limited(10));
        ring.cool_down(KeyId(4), limited(10));
        ring.publish(&[1, 2, 3, 9, 9].map(KeyId));
        assert_eq!(picks(&mut ring, 4), [2, 1, 9, 2]);
        assert_eq!(ring.cooling(at(0)), [(KeyId(3), limited(10))]);
        ring.publish(&[1, 2, 3, 4].map(KeyId));
        assert_eq!(ring.cooling(at(0)), [(KeyId(3), limited(10))], "key 4 comes back without its old cooldown");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Pick { tried: Vec<i64>, now: i64 },
        Cool { key: i64, until: i64, refused: bool },
        Revive(i64),
        Publish(Vec<i64>),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let key = || 1..8_i64;
        let keys = || proptest::collection::vec(key(), 0..6);
        let step = prop_oneof![
            4 => (keys(), 0..50_i64).prop_map(|(tried, now)| Step::Pick { tried, now }),
            2 => (key(), 0..50_i64, any::<bool>()).prop_map(|(key, until, refused)| Step::Cool { key, until, refused }),
            1 => key().prop_map(Step::Revive),
            1 => keys().prop_map(Step::Publish),
        ];
        proptest::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn no_cooling_tried_or_foreign_key_is_ever_picked_and_no_cooldown_shrinks(steps in steps()) {
            let mut ring = ring(7);
            let mut members: HashSet<i64> = (1..=7).collect();
            let mut until: HashMap<i64, i64> = HashMap::new();
            for step in steps {
                match step {
                    Step::Pick { tried, now } => {
                        let tried: Vec<KeyId> = tried.into_iter().map(KeyId).collect();
                        until.retain(|_, until| *until > now);
                        let can = |key: &i64| members.contains(key) && !until.contains_key(key) && !tried.contains(&KeyId(*key));
                        match ring.pick(&tried, at(now)) {
                            Next::Key(key) => prop_assert!(can(&key.0)),
                            Next::None { .. } => prop_assert!(!(1..=7).any(|key| can(&key))),
                        }
                    }
                    Step::Cool { key, until: end, refused } => {
                        let reason = if refused { CooldownReason::Refused } else { CooldownReason::Limited };
                        ring.cool_down(KeyId(key), Cooldown { until: at(end), reason });
                        if members.contains(&key) {
                            let current = until.entry(key).or_insert(end);
                            *current = end.max(*current);
                        }
                    }
                    Step::Revive(key) => {
                        ring.revive(KeyId(key));
                        until.remove(&key);
                    }
                    Step::Publish(keys) => {
                        ring.publish(&keys.iter().copied().map(KeyId).collect::<Vec<_>>());
                        members = keys.into_iter().collect();
                        until.retain(|key, _| members.contains(key));
                    }
                }
            }
        }

        #[test]
        fn over_whole_rounds_every_key_is_used_alike(count in 1..20_usize, rounds in 1..5_usize) {
            let mut ring = ring(count as i64);
            let mut uses = HashMap::new();
            for key in picks(&mut ring, count * rounds) {
                *uses.entry(key).or_insert(0) += 1;
            }
            prop_assert_eq!(uses.len(), count);
            prop_assert!(uses.values().all(|uses| *uses == rounds));
        }
    }
}

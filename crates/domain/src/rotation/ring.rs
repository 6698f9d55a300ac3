//! Round robin over the keys that can serve.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::{CooldownReason, KeyId, Timestamp};

/// How many keys at the head of the line are looked up in the tried ones as they are, before these are hashed.
///
/// A tried key went to the end of the line when it was picked, so that the head is almost always untried. Only a request
/// that has tried most of a large pool passes over many, and that must not cost the square of their number.
const HEAD: usize = 16;

/// A pool in rotation. Whatever the number of keys, a pick costs a logarithm of it and the tried keys at the head of the
/// line, and a change to one key a logarithm; only [`Ring::publish`] walks over all keys.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    /// Every member. A ready one is in `line` too, a cooling one in the set of its reason.
    places: HashMap<KeyId, Place>,
    line: BTreeMap<u64, KeyId>,
    next_turn: u64,
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

#[derive(Clone, Copy, Debug)]
enum Place {
    /// Ready since this turn.
    Ready(u64),
    Cooling(Cooldown),
}

// === impl Ring ===

impl Ring {
    /// Makes `keys` the members. Those that stay keep their place and their cooldown, new ones come last, in order.
    pub fn publish(&mut self, keys: &[KeyId]) {
        let members: HashSet<KeyId> = keys.iter().copied().collect();
        let gone: Vec<KeyId> = self.places.keys().copied().filter(|key| !members.contains(key)).collect();
        for key in gone {
            self.remove(key);
        }
        for key in keys {
            if !self.places.contains_key(key) {
                self.line_up(*key);
            }
        }
    }

    /// The next key that is neither cooling nor in `tried`; it goes to the end of the line. A key that is passed over
    /// because it was tried keeps its place.
    pub fn pick(&mut self, tried: &[KeyId], now: Timestamp) -> Next {
        self.let_return(now);
        match self.first_untried(tried) {
            Some(key) => {
                self.remove(key);
                self.line_up(key);
                Next::Key(key)
            }
            None => Next::None { retry_at: self.limited.first().map(|(until, _)| *until) },
        }
    }

    /// Leaves a key alone. Of several cooldowns the one that ends last holds; a key that is no member is ignored.
    pub fn cool_down(&mut self, key: KeyId, cooldown: Cooldown) {
        match self.places.get(&key) {
            None => return,
            Some(Place::Cooling(current)) if current.until >= cooldown.until => return,
            Some(_) => self.remove(key),
        }
        self.places.insert(key, Place::Cooling(cooldown));
        self.returning(cooldown.reason).insert((cooldown.until, key));
    }

    /// Ends a key's cooldown; it goes to the end of the line.
    pub fn revive(&mut self, key: KeyId) {
        if let Some(Place::Cooling(_)) = self.places.get(&key) {
            self.remove(key);
            self.line_up(key);
        }
    }

    /// The keys that are cooling at `now`, ordered by id.
    #[must_use]
    pub fn cooling(&self, now: Timestamp) -> Vec<(KeyId, Cooldown)> {
        let of = |reason, returning: &BTreeSet<(Timestamp, KeyId)>| {
            let cooling = returning.iter().filter(|(until, _)| *until > now);
            cooling.map(|&(until, key)| (key, Cooldown { until, reason })).collect::<Vec<_>>()
        };
        let mut cooling = of(CooldownReason::Limited, &self.limited);
        cooling.extend(of(CooldownReason::Refused, &self.refused));
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

    fn first_untried(&self, tried: &[KeyId]) -> Option<KeyId> {
        let mut ready = self.line.values().copied();
        ready.by_ref().take(HEAD).find(|key| !tried.contains(key)).or_else(|| {
            let tried: HashSet<KeyId> = tried.iter().copied().collect();
            ready.find(|key| !tried.contains(key))
        })
    }

    fn line_up(&mut self, key: KeyId) {
        self.places.insert(key, Place::Ready(self.next_turn));
        self.line.insert(self.next_turn, key);
        self.next_turn += 1;
    }

    fn remove(&mut self, key: KeyId) {
        match self.places.remove(&key) {
            Some(Place::Ready(turn)) => {
                self.line.remove(&turn);
            }
            Some(Place::Cooling(cooldown)) => {
                self.returning(cooldown.reason).remove(&(cooldown.until, key));
            }
            None => {}
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
    fn a_request_that_tried_almost_all_keys_finds_the_one_that_is_left() {
        let mut ring = ring(100);
        let tried: Vec<KeyId> = (1..=99).map(KeyId).collect();
        assert_eq!(ring.pick(&tried, at(0)), Next::Key(KeyId(100)));
        let all: Vec<KeyId> = (1..=100).map(KeyId).collect();
        assert_eq!(ring.pick(&all, at(0)), Next::None { retry_at: None });
        assert_eq!(picks(&mut ring, 2), [1, 2], "the others kept their places");
    }

    #[test]
    fn a_clock_that_jumps_back_leaves_returned_keys_in_line() {
        let mut ring = ring(2);
        ring.cool_down(KeyId(1), limited(10));
        assert_eq!(ring.pick(&[], at(10)), Next::Key(KeyId(2)));
        assert_eq!(picks(&mut ring, 3), [1, 2, 1]);
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
        fn picks_keep_to_the_rules_and_no_key_starves(steps in steps()) {
            let mut ring = ring(7);
            let mut members: HashSet<i64> = (1..=7).collect();
            let mut cooling: HashMap<i64, Cooldown> = HashMap::new();
            let mut passed: HashMap<i64, usize> = HashMap::new();
            for step in steps {
                match step {
                    Step::Pick { tried, now } => {
                        let tried: Vec<KeyId> = tried.into_iter().map(KeyId).collect();
                        cooling.retain(|_, cooldown| cooldown.until > at(now));
                        let can = |key: &i64| {
                            members.contains(key) && !cooling.contains_key(key) && !tried.contains(&KeyId(*key))
                        };
                        match ring.pick(&tried, at(now)) {
                            Next::Key(key) => {
                                prop_assert!(can(&key.0));
                                for other in (1..=7).filter(can) {
                                    *passed.entry(other).or_default() += 1;
                                }
                                passed.remove(&key.0);
                                prop_assert!(passed.values().all(|times| *times < 7), "one starves: {passed:?}");
                            }
                            Next::None { retry_at } => {
                                prop_assert!(!(1..=7).any(|key| can(&key)));
                                let limited = |cooldown: &&Cooldown| cooldown.reason == CooldownReason::Limited;
                                let first = cooling.values().filter(limited).map(|cooldown| cooldown.until).min();
                                prop_assert_eq!(retry_at, first);
                            }
                        }
                    }
                    Step::Cool { key, until, refused } => {
                        let reason = if refused { CooldownReason::Refused } else { CooldownReason::Limited };
                        let cooldown = Cooldown { until: at(until), reason };
                        ring.cool_down(KeyId(key), cooldown);
                        passed.remove(&key);
                        if members.contains(&key) && cooling.get(&key).is_none_or(|current| current.until < cooldown.until) {
                            cooling.insert(key, cooldown);
                        }
                    }
                    Step::Revive(key) => {
                        ring.revive(KeyId(key));
                        cooling.remove(&key);
                    }
                    Step::Publish(keys) => {
                        ring.publish(&keys.iter().copied().map(KeyId).collect::<Vec<_>>());
                        members = keys.into_iter().collect();
                        cooling.retain(|key, _| members.contains(key));
                        passed.retain(|key, _| members.contains(key));
                    }
                }
                let mut expected: Vec<_> = cooling.iter().map(|(key, cooldown)| (KeyId(*key), *cooldown)).collect();
                expected.sort_by_key(|(key, _)| *key);
                prop_assert_eq!(ring.cooling(at(i64::MIN)), expected);
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

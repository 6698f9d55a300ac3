//! The keys that may serve one model, in the order in which they are asked.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::ops::Bound;

use super::bucket::Bucket;
use super::policy::{QuotaGroup, Strategy};
use crate::{KeyId, Timestamp};
use foldhash::HashMap;

/// A place in a line; the lowest is asked first.
pub(super) type Rank = (u64, u64);

/// What one use of a key of weight 1 costs under [`Strategy::Weighted`].
const STRIDE: u64 = 1 << 20;

/// What keeps a key from serving until one of its requests has ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    Key(KeyId),
    Group(QuotaGroup),
}

/// The keys for one model.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) seats: HashMap<KeyId, Seat>,
    /// What the keys of a quota group share for this model.
    pub(super) groups: HashMap<QuotaGroup, Bucket>,
    /// The keys that can serve, as far as is known, by tier.
    tiers: BTreeMap<u8, BTreeMap<Rank, KeyId>>,
    resting: BTreeSet<(Timestamp, KeyId)>,
    /// In an order of its own, so that all backends line them up alike.
    parked: BTreeMap<Holder, VecDeque<KeyId>>,
    next_turn: u64,
    /// How far the line has come under [`Strategy::Weighted`].
    virtual_time: u64,
    /// When the lane was last used, to tell which one to forget.
    pub(super) last_use: u64,
}

/// A key in a lane.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) bucket: Bucket,
    tier: u8,
    weight: u32,
    pass: u64,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Ready(Rank),
    Resting(Timestamp),
    Parked(Holder),
    /// Not to be picked until it is called back.
    Away,
}

// === impl Lane ===

impl Lane {
    /// Makes these the members, in order, each with its tier and weight.
    pub(super) fn publish(
        &mut self,
        members: impl Iterator<Item = (KeyId, u8, u32, bool)>,
        strategy: Strategy,
        random: &mut u64,
    ) {
        let mut kept = HashSet::new();
        for (key, tier, weight, is_away) in members {
            kept.insert(key);
            match self.seats.get(&key) {
                Some(seat) if seat.tier == tier && seat.weight == weight => {}
                Some(_) => {
                    let bucket = self.remove(key).map(|seat| seat.bucket).unwrap_or_default();
                    self.seat(key, tier, weight, bucket);
                    self.line_up(key, strategy, random, 0);
                }
                None => {
                    self.seat(key, tier, weight, Bucket::default());
                    if !is_away {
                        self.line_up(key, strategy, random, 0);
                    }
                }
            }
        }
        // Who waits for a quota group may have left it.
        let parked: Vec<KeyId> = self.parked.values().flatten().copied().collect();
        for key in parked {
            self.line_up(key, strategy, random, 0);
        }
        let gone: Vec<KeyId> = self.seats.keys().copied().filter(|key| !kept.contains(key)).collect();
        for key in gone {
            self.remove(key);
        }
    }

    /// Puts everybody who can serve in line anew: the strategy has changed.
    pub(super) fn reorder(&mut self, strategy: Strategy, random: &mut u64) {
        let ready: Vec<KeyId> = self.tiers.values().flat_map(|line| line.values().copied()).collect();
        // Places of two strategies do not go together: one may be another's.
        for key in &ready {
            self.leave(*key);
        }
        for key in ready {
            self.line_up(key, strategy, random, 0);
        }
    }

    /// Puts the keys whose time has come back in line, the first to return first.
    pub(super) fn let_return(&mut self, now: Timestamp, strategy: Strategy, random: &mut u64) {
        while let Some(&(until, key)) = self.resting.first().filter(|(until, _)| *until <= now) {
            self.resting.remove(&(until, key));
            self.line_up(key, strategy, random, 0);
        }
    }

    /// The tiers that have somebody in line, the best first.
    pub(super) fn tiers(&self) -> Vec<u8> {
        self.tiers.iter().filter(|(_, line)| !line.is_empty()).map(|(tier, _)| *tier).collect()
    }

    /// The key in line after a rank.
    pub(super) fn after(&self, tier: u8, rank: Option<Rank>) -> Option<(Rank, KeyId)> {
        let begin = rank.map_or(Bound::Unbounded, Bound::Excluded);
        self.tiers.get(&tier)?.range((begin, Bound::Unbounded)).next().map(|(rank, key)| (*rank, *key))
    }

    /// Whether a key is in line.
    pub(super) fn is_ready(&self, key: KeyId) -> bool {
        self.seats.get(&key).is_some_and(|seat| matches!(seat.place, Place::Ready(_)))
    }

    /// Puts a key where its strategy wants it.
    pub(super) fn line_up(&mut self, key: KeyId, strategy: Strategy, random: &mut u64, in_flight: u32) {
        self.leave(key);
        let turn = self.next_turn;
        let Some(seat) = self.seats.get_mut(&key) else { return };
        let rank = match strategy {
            Strategy::RoundRobin => (turn, 0),
            Strategy::Weighted => {
                // Who was away does not make up for it.
                seat.pass = seat.pass.max(self.virtual_time);
                (seat.pass, turn)
            }
            Strategy::LeastInFlight => (u64::from(in_flight), turn),
            Strategy::FillFirst => (0, key.0.cast_unsigned()),
            Strategy::Random => (next_random(random), turn),
        };
        self.next_turn += 1;
        seat.place = Place::Ready(rank);
        self.tiers.entry(seat.tier).or_default().insert(rank, key);
    }

    /// A key was picked: it goes where its next turn is.
    pub(super) fn picked(&mut self, key: KeyId, strategy: Strategy, random: &mut u64, in_flight: u32) {
        if let Some(seat) = self.seats.get_mut(&key) {
            self.virtual_time = self.virtual_time.max(seat.pass);
            seat.pass = seat.pass.saturating_add(STRIDE / u64::from(seat.weight.clamp(1, 1 << 16)));
        }
        self.line_up(key, strategy, random, in_flight);
    }

    /// Takes a key out of line until a time.
    pub(super) fn rest(&mut self, key: KeyId, until: Timestamp) {
        self.leave(key);
        if let Some(seat) = self.seats.get_mut(&key) {
            seat.place = Place::Resting(until);
            self.resting.insert((until, key));
        }
    }

    /// Takes a key out of line until its holder has a request less.
    pub(super) fn park(&mut self, key: KeyId, holder: Holder) {
        self.leave(key);
        if let Some(seat) = self.seats.get_mut(&key) {
            seat.place = Place::Parked(holder.clone());
            self.parked.entry(holder).or_default().push_back(key);
        }
    }

    /// Takes a key out of line until it is called back.
    pub(super) fn send_away(&mut self, key: KeyId) {
        self.leave(key);
    }

    /// A holder has a request less: gives the key that may be back in line, which its caller lines up.
    pub(super) fn unpark(&mut self, holder: &Holder) -> Option<KeyId> {
        let key = self.parked.get_mut(holder)?.pop_front();
        if self.parked.get(holder).is_some_and(VecDeque::is_empty) {
            self.parked.remove(holder);
        }
        key
    }

    /// The resting key that returns first, and when.
    pub(super) fn first_return(&self) -> Option<(Timestamp, KeyId)> {
        self.resting.first().copied()
    }

    /// Whether some key only waits for a request in flight to end.
    pub(super) fn has_parked(&self) -> bool {
        !self.parked.is_empty()
    }

    fn seat(&mut self, key: KeyId, tier: u8, weight: u32, bucket: Bucket) {
        self.seats.insert(key, Seat { bucket, tier, weight, pass: self.virtual_time, place: Place::Away });
    }

    fn remove(&mut self, key: KeyId) -> Option<Seat> {
        self.leave(key);
        self.seats.remove(&key)
    }

    /// Takes a key from where it is.
    fn leave(&mut self, key: KeyId) {
        let Some(seat) = self.seats.get_mut(&key) else { return };
        match std::mem::replace(&mut seat.place, Place::Away) {
            Place::Ready(rank) => {
                if let Some(line) = self.tiers.get_mut(&seat.tier) {
                    line.remove(&rank);
                }
            }
            Place::Resting(until) => {
                self.resting.remove(&(until, key));
            }
            Place::Parked(holder) => {
                if let Some(parked) = self.parked.get_mut(&holder) {
                    parked.retain(|other| *other != key);
                    if parked.is_empty() {
                        self.parked.remove(&holder);
                    }
                }
            }
            Place::Away => {}
        }
    }
}

/// The next of a sequence of numbers that look random (SplitMix64, Steele et al., 2014).
pub(super) fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut number = *state;
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

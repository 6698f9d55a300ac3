//! What can be seen of a pool, and what of it outlives a restart.

use super::Rotation;
use crate::rotation::bucket::{Bucket, Cooling, CoolingReason};
use crate::rotation::lane::Rank;
use crate::rotation::member::{Member, Out, OutReason};
use crate::rotation::report::{Checkpoint, KeyReport, KeyState};
use crate::{KeyId, Timestamp};

// === impl Rotation ===

impl Rotation {
    /// How every key is, in the order in which they were published; of several states of a key the worst.
    #[must_use]
    pub fn reports(&self, now: Timestamp) -> Vec<KeyReport> {
        self.reports_of(&self.order, now)
    }

    /// How these keys are, in their order; one that is no member is left out.
    #[must_use]
    pub fn reports_of(&self, keys: &[KeyId], now: Timestamp) -> Vec<KeyReport> {
        let report = |key: &KeyId| {
            let in_flight = self.members.get(key)?.bucket.in_flight();
            let mut checkpoints = Vec::new();
            self.add_checkpoints(*key, now, &mut checkpoints);
            Some(KeyReport::of(*key, in_flight, checkpoints))
        };
        keys.iter().filter_map(report).collect()
    }

    /// All that keeps keys from serving and must outlive a restart.
    #[must_use]
    pub fn checkpoints(&self, now: Timestamp) -> Vec<Checkpoint> {
        let mut checkpoints = Vec::new();
        self.order.iter().for_each(|key| self.add_checkpoints(*key, now, &mut checkpoints));
        checkpoints
    }

    /// Adds what keeps one key from serving.
    fn add_checkpoints(&self, key: KeyId, now: Timestamp, checkpoints: &mut Vec<Checkpoint>) {
        let Some(member) = self.members.get(&key) else { return };
        let cooling = |model: Option<&str>, buckets: [Option<&Bucket>; 2]| {
            let coolings = buckets.into_iter().flatten().filter_map(|bucket| bucket.cooling(now));
            coolings.max_by_key(|cooling| cooling.until).map(|Cooling { since, until, reason }| Checkpoint {
                key,
                model: model.map(str::to_owned),
                state: reason.into(),
                since,
                until,
            })
        };
        if let Some(Out { reason, since, probe_at, .. }) = member.out {
            checkpoints.push(Checkpoint { key, model: None, state: reason.into(), since, until: probe_at });
        }
        let group = member.key.group.as_ref();
        let group_bucket = group.and_then(|group| self.groups.get(group));
        checkpoints.extend(cooling(None, [Some(&member.bucket), group_bucket]));
        for (model, lane) in &self.lanes {
            let own = lane.seats.get(&key).map(|seat| &seat.bucket);
            let shared = group.and_then(|group| lane.groups.get(group));
            checkpoints.extend(cooling(model.as_deref(), [own, shared]));
        }
    }

    /// Takes up what was known before a restart. What concerns a key that is no member, or has ended, is left out.
    pub fn restore(&mut self, checkpoints: &[Checkpoint], now: Timestamp) {
        for Checkpoint { key, model, state, since, until } in checkpoints {
            let Some(member) = self.members.get_mut(key) else { continue };
            let reason = match state {
                KeyState::Active => continue,
                KeyState::Cooling => CoolingReason::Limited,
                KeyState::Exhausted => CoolingReason::OutOfQuota,
                KeyState::Dead => {
                    member.out = Some(Out { reason: OutReason::Refused, since: *since, probe_at: *until, streak: 1 });
                    continue;
                }
            };
            if *until <= now {
                continue;
            }
            let cooling = Cooling { since: *since, until: *until, reason };
            match model {
                None => {
                    member.bucket.cool(cooling);
                }
                Some(model) => {
                    let (model, mut lane) = self.take_lane(Some(model));
                    if let Some(seat) = lane.seats.get_mut(key) {
                        seat.bucket.cool(cooling);
                    }
                    self.lanes.insert(model, lane);
                }
            }
        }
    }

    /// The bytes of state, estimated from the sizes of what is kept for each key.
    #[must_use]
    pub fn state_bytes(&self) -> usize {
        let bucket = |bucket: &Bucket| size_of::<Bucket>() + bucket.heap_bytes();
        let members = self.members.values().map(|member| size_of::<Member>() + member.bucket.heap_bytes());
        let seats = self.lanes.values().flat_map(|lane| {
            let own = lane
                .seats
                .values()
                .map(|seat| size_of_val(seat) + seat.bucket.heap_bytes() + size_of::<(Rank, KeyId)>());
            own.chain(lane.groups.values().map(bucket))
        });
        members.sum::<usize>() + seats.sum::<usize>() + self.groups.values().map(bucket).sum::<usize>()
    }
}

//! What answers and tests teach a pool.

use std::time::Duration;

use super::{Lease, Rotation, bucket_of};
use crate::rotation::bucket::{Bucket, Cooling, CoolingReason};
use crate::rotation::learned::Load;
use crate::rotation::member::{DEAD_PROBE_FIRST, DEAD_PROBE_LONGEST, Out, OutReason};
use crate::rotation::policy::QuotaGroup;
use crate::rotation::report::Learning;
use crate::{KeyId, LimitScope, Reading, Timestamp, Verdict};

/// How long a key that a test found limited, or whose model was forgotten, is left alone where the upstream did not say.
const UNTOLD_WAIT: Duration = Duration::from_secs(10);

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Concern {
    scope: LimitScope,
    is_group: bool,
}

// === impl Rotation ===

impl Rotation {
    /// Takes up what an answer says about the key of a lease.
    pub fn learn(&mut self, lease: &Lease, reading: &Reading, now: Timestamp) -> Learning {
        self.observe(lease, reading, now);
        match reading.verdict {
            Verdict::Healthy => {
                self.each_bucket(lease, |concern, bucket, load| {
                    bucket.accept((concern == learning_of(lease)).then_some(load), now);
                });
                self.bring_back(lease.key);
                self.call_back(lease);
                Learning::Nothing
            }
            Verdict::CoolDown { after, scope } => self.refuse(lease, scope, after, CoolingReason::Limited, now),
            Verdict::OutOfQuota { after: Some(after), scope } => {
                self.refuse(lease, scope, Some(after), CoolingReason::OutOfQuota, now)
            }
            Verdict::OutOfQuota { after: None, scope: LimitScope::Model } => {
                // The key has no quota for this model at all; somebody may buy some.
                self.refuse(lease, LimitScope::Model, Some(DEAD_PROBE_LONGEST), CoolingReason::OutOfQuota, now)
            }
            Verdict::OutOfQuota { after: None, scope: LimitScope::Key } => {
                self.take_out(lease.key, lease.group.as_ref(), OutReason::NoCredit, now)
            }
            Verdict::Dead => self.take_out(lease.key, None, OutReason::Refused, now),
            Verdict::Forbidden | Verdict::UpstreamFault { .. } | Verdict::ClientFault => {
                self.each_bucket(lease, |_, bucket, _| bucket.shrug());
                Learning::Nothing
            }
        }
    }

    /// A test showed that a key works: it is back in line for every model.
    pub fn revive(&mut self, key: KeyId) {
        let Some(member) = self.members.get_mut(&key) else { return };
        member.bucket.revive();
        member.out = None;
        if let Some(group) = &member.key.group {
            self.groups.get_mut(group).into_iter().for_each(Bucket::revive);
        }
        let group = member.key.group.clone();
        for lane in self.lanes.values_mut() {
            if let Some(bucket) = group.as_ref().and_then(|group| lane.groups.get_mut(group)) {
                bucket.revive();
            }
            if let Some(seat) = lane.seats.get_mut(&key) {
                seat.bucket.revive();
                lane.line_up(key, self.policy.strategy, &mut self.random, 0);
            }
        }
    }

    /// Takes up what a test of a key showed.
    pub fn learn_probe(&mut self, key: KeyId, reading: &Reading, now: Timestamp) -> Learning {
        let cool = |after: Option<Duration>, reason| {
            let until = now.saturating_add(after.unwrap_or(UNTOLD_WAIT));
            Cooling { since: now, until, reason }
        };
        let cooling = match reading.verdict {
            Verdict::Healthy => {
                self.revive(key);
                return Learning::Nothing;
            }
            Verdict::Dead => return self.take_out(key, None, OutReason::Refused, now),
            Verdict::OutOfQuota { after: None, .. } => return self.take_out(key, None, OutReason::NoCredit, now),
            Verdict::OutOfQuota { after, .. } => cool(after, CoolingReason::OutOfQuota),
            Verdict::CoolDown { after, .. } => cool(after, CoolingReason::Limited),
            Verdict::Forbidden | Verdict::UpstreamFault { .. } | Verdict::ClientFault => {
                self.put_off_probe(key, now);
                return Learning::Nothing;
            }
        };
        // The upstream knows the key again, or still does.
        if self.members.get(&key).is_some_and(|member| member.out.is_some()) {
            self.revive(key);
        }
        match self.members.get_mut(&key) {
            Some(member) => Learning::Cooling(member.bucket.cool(cooling)),
            None => Learning::Nothing,
        }
    }

    /// A test of a key showed nothing, or could not be made: the next one is later.
    pub fn put_off_probe(&mut self, key: KeyId, now: Timestamp) {
        if let Some(out) = self.members.get_mut(&key).and_then(|member| member.out.as_mut()) {
            out.probe_at = out.probe_at.max(now.saturating_add(DEAD_PROBE_FIRST));
        }
    }

    /// The keys that are out and whose next test is due.
    #[must_use]
    pub fn due_probes(&self, now: Timestamp) -> Vec<KeyId> {
        let due = |key: &&KeyId| {
            let out = self.members.get(key).and_then(|member| member.out);
            out.is_some_and(|out| out.probe_at <= now)
        };
        self.order.iter().filter(due).copied().collect()
    }

    /// Takes up what an answer told of the limits: they are those of the quota group, where the key has one.
    fn observe(&mut self, lease: &Lease, reading: &Reading, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&lease.model).filter(|_| !reading.limits.is_empty()) else { return };
        let retry_after = match reading.verdict {
            Verdict::CoolDown { after, .. } => after,
            _ => None,
        };
        let (bucket, load) = match (&lease.group, lease.group_load) {
            (Some(group), Some(load)) => (Some(bucket_of(&mut lane.groups, group)), load),
            _ => (lane.seats.get_mut(&lease.key).map(|seat| &mut seat.bucket), lease.load),
        };
        if let Some(bucket) = bucket {
            bucket.observe(&reading.limits, load, lease.tokens, retry_after, now);
        }
    }

    /// Leaves alone what a refusal concerns: the key or its quota group, for one model or for all.
    fn refuse(
        &mut self,
        lease: &Lease,
        scope: LimitScope,
        after: Option<Duration>,
        reason: CoolingReason,
        now: Timestamp,
    ) -> Learning {
        let concerned = Concern { scope, is_group: lease.group.is_some() };
        let learning = learning_of(lease);
        let (mut found, mut is_only_late) = (None, false);
        self.each_bucket(lease, |concern, bucket, load| {
            if concern == learning {
                found = Some(bucket.refuse(after, reason, load, lease.tokens, now));
                is_only_late = bucket.is_only_late();
            } else {
                bucket.take_back(lease.tokens);
            }
        });
        // The model may have been forgotten since: then nothing is found out.
        let untold = Cooling { since: now, until: now.saturating_add(after.unwrap_or(UNTOLD_WAIT)), reason };
        let cooling = found.unwrap_or(untold);
        let mut held = found;
        // What is found out is found out for the model; left alone is all that is concerned.
        self.each_bucket(lease, |concern, bucket, _| {
            if concern == concerned && concern != learning && cooling.until > now {
                held = Some(bucket.cool_along(cooling, is_only_late));
            }
        });
        held.map_or(Learning::Nothing, Learning::Cooling)
    }

    /// Takes a key out of use; credit that is used up is that of its whole quota group.
    fn take_out(&mut self, key: KeyId, group: Option<&QuotaGroup>, reason: OutReason, now: Timestamp) -> Learning {
        let concerned: Vec<KeyId> = match group {
            Some(group) => {
                let of_group =
                    |key: &&KeyId| self.members.get(key).is_some_and(|member| member.key.group.as_ref() == Some(group));
                self.order.iter().filter(of_group).copied().collect()
            }
            None => vec![key],
        };
        let mut learning = Learning::Nothing;
        for concerned in concerned {
            let Some(member) = self.members.get_mut(&concerned) else { continue };
            let Out { reason, probe_at, .. } = member.take_out(reason, now);
            if concerned == key {
                learning = Learning::Out { reason, probe_at };
            }
            for lane in self.lanes.values_mut() {
                lane.send_away(concerned);
            }
        }
        learning
    }

    /// A key that was out has served: it is back.
    fn bring_back(&mut self, key: KeyId) {
        if self.members.get(&key).is_some_and(|member| member.out.is_some()) {
            self.revive(key);
        }
    }

    /// Does something with every bucket in which a lease is counted.
    pub(super) fn each_bucket(&mut self, lease: &Lease, mut act: impl FnMut(Concern, &mut Bucket, Load)) {
        let shared = lease.group.as_ref().zip(lease.group_load);
        let lane = self.lanes.get_mut(&lease.model);
        let of = |scope, is_group| Concern { scope, is_group };
        if let Some(member) = self.members.get_mut(&lease.key) {
            act(of(LimitScope::Key, false), &mut member.bucket, lease.load);
        }
        if let Some((group, load)) = shared
            && let Some(bucket) = self.groups.get_mut(group)
        {
            act(of(LimitScope::Key, true), bucket, load);
        }
        let Some(lane) = lane else { return };
        if let Some(seat) = lane.seats.get_mut(&lease.key) {
            act(of(LimitScope::Model, false), &mut seat.bucket, lease.load);
        }
        if let Some((group, load)) = shared
            && let Some(bucket) = lane.groups.get_mut(group)
        {
            act(of(LimitScope::Model, true), bucket, load);
        }
    }
}

/// The bucket that finds out the limits that a lease runs into: that of its model, of the quota group where there is one.
fn learning_of(lease: &Lease) -> Concern {
    Concern { scope: LimitScope::Model, is_group: lease.group.is_some() }
}

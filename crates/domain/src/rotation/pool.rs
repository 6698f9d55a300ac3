//! One service's pool: picking, learning, giving back.

mod learning;
#[cfg(test)]
mod properties;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::bucket::{Bucket, Room};
use super::lane::{Holder, Lane, next_random};
use super::learned::Load;
use super::member::Member;
use super::policy::{Limits, PoolKey, QuotaGroup, RotationPolicy, Strategy};
use super::report::Ending;
use super::sessions::Sessions;
use crate::{KeyId, Timestamp};
use foldhash::HashMap;

/// How many models of a service have a lane of their own at once; the one unused for longest is forgotten first.
const LANES: usize = 64;

/// A model's name, or none for requests that name no model.
type Model = Option<Arc<str>>;

/// A pool in rotation. A pick costs a logarithm of the number of keys, and each key that cannot serve is looked at once
/// until it can again; only [`Rotation::publish`] walks over all keys.
#[derive(Clone, Debug, Default)]
pub struct Rotation {
    policy: RotationPolicy,
    /// In the order in which they were published.
    order: Vec<KeyId>,
    members: HashMap<KeyId, Member>,
    groups: HashMap<QuotaGroup, Bucket>,
    lanes: HashMap<Model, Lane>,
    sessions: Sessions,
    random: u64,
    uses: u64,
}

/// What a pick needs to know.
#[derive(Clone, Copy, Debug)]
pub struct PickRequest<'a> {
    /// The model that the request names.
    pub model: Option<&'a str>,
    /// The keys that this request has tried already.
    pub tried: &'a [KeyId],
    /// A hash of what tells the session.
    pub session: Option<u64>,
    /// Whether only the session's own key can serve it: it carries what another key cannot read.
    pub is_pinned: bool,
    /// How many tokens it may use, prompt and answer together.
    pub tokens: u32,
    /// The time now.
    pub now: Timestamp,
}

/// A key for one request. It is given back with [`Rotation::settle`], once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The key.
    pub key: KeyId,
    model: Model,
    group: Option<QuotaGroup>,
    tokens: u32,
    load: Load,
    group_load: Option<Load>,
    /// Whether some bucket has just returned and waits for what becomes of this request.
    is_probe: bool,
    ticket: Option<u64>,
}

/// What [`Rotation::pick`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// This key.
    Lease(Lease),
    /// No key can serve now.
    None {
        /// When the first of those that are limited may serve again.
        retry_at: Option<Timestamp>,
        /// Whether one may serve as soon as a request in flight has ended.
        is_busy: bool,
    },
}

// === impl Lease ===

impl Lease {
    /// A lease whose account is kept elsewhere, under a ticket: where the pool is shared by several nodes. A [`Rotation`] has
    /// not counted it, and must not be given it.
    #[must_use]
    pub const fn of_ticket(key: KeyId, ticket: u64, is_probe: bool) -> Self {
        let load = Load { in_flight: 0, in_minute: 0, number: 0, released_ms: u32::MAX };
        Self { key, model: None, group: None, tokens: 0, load, group_load: None, is_probe, ticket: Some(ticket) }
    }

    /// Whether others wait for what becomes of its request: its key has just returned.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// The ticket under which it is counted elsewhere; `None` for one of a [`Rotation`] in this process.
    #[must_use]
    pub const fn ticket(&self) -> Option<u64> {
        self.ticket
    }
}

// === impl Rotation ===

impl Rotation {
    /// A pool whose random choices begin with this seed.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self { random: seed, ..Self::default() }
    }

    /// Makes `keys` the members. Those that stay keep their place and their state, new ones come last, in order.
    pub fn publish(&mut self, policy: RotationPolicy, keys: Vec<PoolKey>) {
        let is_reordered = self.policy.strategy != policy.strategy;
        self.policy = policy;
        self.order = keys.iter().map(|key| key.id).collect();
        let mut before = std::mem::take(&mut self.members);
        for key in keys {
            let limits = match key.group {
                // What the service allows is then the limit of the group.
                Some(_) => key.limits,
                None => key.limits.or(self.policy.limits),
            };
            let member = match before.remove(&key.id) {
                Some(member) => Member { key, limits, ..member },
                None => Member::new(key, limits),
            };
            self.members.insert(member.key.id, member);
        }
        let mut lanes = std::mem::take(&mut self.lanes);
        for (model, lane) in &mut lanes {
            if is_reordered {
                lane.reorder(self.policy.strategy, &mut self.random);
            }
            self.fill(model.as_deref(), lane);
        }
        self.lanes = lanes;
    }

    /// The next key that can serve and was not tried; its use is counted. A key that is passed over keeps its place.
    pub fn pick(&mut self, request: &PickRequest<'_>) -> Next {
        let (model, mut lane) = self.take_lane(request.model);
        lane.let_return(request.now, self.policy.strategy, &mut self.random);
        let next = self.pick_from(&model, &mut lane, request);
        self.lanes.insert(model, lane);
        next
    }

    /// Gives a lease back when its request has ended, and takes up what that tells.
    pub fn end(&mut self, lease: &Lease, ending: &Ending, now: Timestamp) {
        if let Some(reading) = &ending.reading {
            self.learn(lease, reading, now);
        }
        self.settle(lease, ending.used, now);
    }

    /// Gives a lease back when its request has ended, with the tokens that were used where they are known.
    pub fn settle(&mut self, lease: &Lease, used: Option<u64>, now: Timestamp) {
        self.each_bucket(lease, |_, bucket, _| {
            bucket.release(now, lease.tokens, used);
            if lease.is_probe {
                // It may have ended without any answer.
                bucket.shrug();
            }
        });
        self.call_back(lease);
    }

    /// Something has changed for a key, or its quota group: whoever waits for that is back in line, as is the key where it
    /// counts how many of its requests are in flight.
    fn call_back(&mut self, lease: &Lease) {
        let strategy = self.policy.strategy;
        let in_flight = self.members.get(&lease.key).map_or(0, |member| member.bucket.in_flight());
        let holders = [Some(Holder::Key(lease.key)), lease.group.clone().map(Holder::Group)];
        for lane in self.lanes.values_mut() {
            for holder in holders.iter().flatten() {
                if let Some(key) = lane.unpark(holder) {
                    lane.line_up(key, strategy, &mut self.random, in_flight);
                }
            }
            if strategy == Strategy::LeastInFlight && lane.is_ready(lease.key) {
                lane.line_up(lease.key, strategy, &mut self.random, in_flight);
            }
        }
    }

    fn pick_from(&mut self, model: &Model, lane: &mut Lane, request: &PickRequest<'_>) -> Next {
        let session = request.session;
        let keeps_key = self.policy.has_affinity || request.is_pinned;
        let own = session.filter(|_| keeps_key).and_then(|session| self.sessions.get(session));
        if let Some(key) = own
            && let Some((room, _)) = self.room(lane, key, request)
        {
            let is_tried = request.tried.contains(&key);
            match room {
                Room::Now if !is_tried => return Next::Lease(self.take(model, lane, key, session, request)),
                Room::At(at) | Room::Tight(at) if request.is_pinned => {
                    return Next::None { retry_at: Some(at), is_busy: false };
                }
                Room::Busy if request.is_pinned => return Next::None { retry_at: None, is_busy: true },
                _ => {}
            }
        }
        let mut retry_at: Option<Timestamp> = None;
        let mut is_busy = false;
        for tier in lane.tiers() {
            // Random choices begin anywhere and come round; all others begin with the first in line.
            let start = (self.policy.strategy == Strategy::Random).then(|| (next_random(&mut self.random), 0));
            let mut cursor = start;
            let mut has_come_round = start.is_none();
            loop {
                let Some((rank, key)) = lane.after(tier, cursor) else {
                    if std::mem::replace(&mut has_come_round, true) {
                        break;
                    }
                    cursor = None;
                    continue;
                };
                if has_come_round && start.is_some_and(|start| rank > start) {
                    break;
                }
                cursor = Some(rank);
                let is_tried = request.tried.contains(&key);
                match self.room(lane, key, request) {
                    // It keeps its place for the next request.
                    Some((Room::Now | Room::Tight(_) | Room::Busy, _)) if is_tried => {}
                    Some((Room::Now, _)) => return Next::Lease(self.take(model, lane, key, session, request)),
                    Some((Room::At(at), _)) => lane.rest(key, at),
                    Some((Room::Tight(at), _)) => retry_at = Some(retry_at.map_or(at, |held| held.min(at))),
                    Some((Room::Busy, holder)) => {
                        is_busy = true;
                        lane.park(key, holder);
                    }
                    None => lane.send_away(key),
                }
            }
        }
        let retry_at = [retry_at, self.first_return(lane, request)].into_iter().flatten().min();
        Next::None { retry_at, is_busy: is_busy || lane.has_parked() }
    }

    /// When the first resting key returns. What has happened since it went to rest may keep it longer.
    fn first_return(&mut self, lane: &mut Lane, request: &PickRequest<'_>) -> Option<Timestamp> {
        loop {
            let (until, key) = lane.first_return()?;
            match self.room(lane, key, request) {
                Some((Room::At(at), _)) if at > until => lane.rest(key, at),
                Some(_) => return Some(until),
                None => lane.send_away(key),
            }
        }
    }

    /// The room that a key has for a request, and who lacks it; `None` for a key that is out of use.
    fn room(&mut self, lane: &mut Lane, key: KeyId, request: &PickRequest<'_>) -> Option<(Room, Holder)> {
        let member = self.members.get_mut(&key).filter(|member| member.out.is_none())?;
        let seat = lane.seats.get_mut(&key)?;
        let PickRequest { tokens, now, .. } = *request;
        let own = member.bucket.room(now, tokens, &member.limits);
        let own = own.and(seat.bucket.room(now, tokens, &Limits::default()));
        let Some(group) = &member.key.group else {
            return Some((own, Holder::Key(key)));
        };
        let shared = bucket_of(&mut self.groups, group).room(now, tokens, &self.policy.limits_of(group));
        let shared = shared.and(bucket_of(&mut lane.groups, group).room(now, tokens, &Limits::default()));
        let holder =
            if shared == Room::Busy && own != Room::Busy { Holder::Group(group.clone()) } else { Holder::Key(key) };
        Some((own.and(shared), holder))
    }

    /// Counts a use of a key.
    fn take(
        &mut self,
        model: &Model,
        lane: &mut Lane,
        key: KeyId,
        session: Option<u64>,
        request: &PickRequest<'_>,
    ) -> Lease {
        let PickRequest { tokens, now, .. } = *request;
        let mut is_probe = false;
        let mut reserve = |bucket: &mut Bucket, limits: &Limits, learns| {
            let load = bucket.reserve(now, tokens, limits, learns);
            is_probe |= bucket.is_probed();
            load
        };
        let mut load = Load { in_flight: 1, in_minute: 1, number: 0, released_ms: u32::MAX };
        let (mut group, mut group_load, mut in_flight) = (None, None, 0);
        if let Some(member) = self.members.get_mut(&key) {
            in_flight = reserve(&mut member.bucket, &member.limits, false).in_flight;
            if let Some(group) = &member.key.group {
                reserve(bucket_of(&mut self.groups, group), &self.policy.limits_of(group), false);
                group_load = Some(reserve(bucket_of(&mut lane.groups, group), &Limits::default(), true));
            }
            group = member.key.group.clone();
        }
        if let Some(seat) = lane.seats.get_mut(&key) {
            // What a group's key runs into is the group's limit.
            load = reserve(&mut seat.bucket, &Limits::default(), group.is_none());
        }
        lane.picked(key, self.policy.strategy, &mut self.random, in_flight);
        if self.policy.strategy == Strategy::LeastInFlight {
            for other in self.lanes.values_mut().filter(|other| other.is_ready(key)) {
                other.line_up(key, Strategy::LeastInFlight, &mut self.random, in_flight);
            }
        }
        if let Some(session) = session {
            self.sessions.put(session, key);
        }
        Lease { key, model: model.clone(), group, tokens, load, group_load, is_probe, ticket: None }
    }

    /// The lane of a model, out of the map so that it can be changed beside the members.
    fn take_lane(&mut self, model: Option<&str>) -> (Model, Lane) {
        self.uses += 1;
        let model: Model = model.map(Arc::from);
        let (model, mut lane) = self.lanes.remove_entry(&model).unwrap_or_else(|| {
            if self.lanes.len() >= LANES {
                let oldest = self.lanes.iter().min_by_key(|(_, lane)| lane.last_use).map(|(model, _)| model.clone());
                oldest.and_then(|oldest| self.lanes.remove(&oldest));
            }
            let mut lane = Lane::default();
            self.fill(model.as_deref(), &mut lane);
            (model, lane)
        });
        lane.last_use = self.uses;
        (model, lane)
    }

    /// Makes the keys that may serve a model the members of its lane.
    fn fill(&mut self, model: Option<&str>, lane: &mut Lane) {
        let members = &self.members;
        let fitting = self.order.iter().filter_map(|key| members.get(key)).filter(|member| member.key.serves(model));
        let seats = fitting.map(|member| (member.key.id, member.key.tier, member.key.weight, member.out.is_some()));
        lane.publish(seats, self.policy.strategy, &mut self.random);
    }
}

fn bucket_of<'a>(buckets: &'a mut HashMap<QuotaGroup, Bucket>, group: &QuotaGroup) -> &'a mut Bucket {
    buckets.entry(group.clone()).or_default()
}

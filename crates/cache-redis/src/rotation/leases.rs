//! The tickets of a node's leases, what it owes, and the task that tells that it lives.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::Value;
use rotator_domain::rotation::{Ending, PickRequest};
use rotator_domain::{ServiceId, Timestamp};
use tokio::time::Instant;

use super::turns::{Haste, arguments};
use super::{Shared, wire};
use crate::RedisCacheError;

/// How much is owed at the most; past it the oldest is left to the end of this node.
const MOST_OWED: usize = 100_000;
/// How much is given back by one call.
const AT_ONCE: usize = 100;
/// So many signs of life fit into the silence after which a node counts as ended.
const SIGNS: u32 = 5;

/// The leases that this node has taken.
#[derive(Debug, Default)]
pub(super) struct Leases {
    last: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Of the leases that are held, and of what is owed.
    services: HashMap<u64, ServiceId>,
    owed: VecDeque<Owed>,
}

/// A lease that is to be given back and could not be.
#[derive(Clone, Debug)]
struct Owed {
    ticket: u64,
    service_id: ServiceId,
    /// What the script takes.
    ending: Vec<String>,
    /// Whether it is not known if there is such a lease: its pick was not answered, and may be late. Up to then it is looked
    /// for again.
    until: Option<Instant>,
}

// === impl Leases ===

impl Leases {
    /// A new ticket.
    pub(super) fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn hold(&self, ticket: u64, service_id: ServiceId) {
        self.lock().services.insert(ticket, service_id);
    }

    fn forget(&self, ticket: u64) {
        self.lock().services.remove(&ticket);
    }

    fn owe(&self, owed: Owed) {
        let mut state = self.lock();
        if state.owed.len() >= MOST_OWED
            && let Some(oldest) = state.owed.pop_front()
        {
            state.services.remove(&oldest.ticket);
        }
        state.owed.push_back(owed);
    }

    /// The services in which something is held.
    fn services(&self) -> HashSet<ServiceId> {
        self.lock().services.values().copied().collect()
    }

    fn take_owed(&self) -> Vec<Owed> {
        self.lock().owed.drain(..).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Shared ===

impl Shared {
    /// Runs a pick to its end, also where nobody waits for it any more: a lease that nobody gets is given back.
    pub(super) async fn pick(
        self: &Arc<Self>,
        service_id: ServiceId,
        ticket: u64,
        request: &PickRequest<'_>,
    ) -> Result<Value, RedisCacheError> {
        self.leases.hold(ticket, service_id);
        let mut waiting = Unanswered { shared: self, service_id, ticket, is_open: true };
        let answer = self.turn(service_id, ticket, wire::pick(request), request.now, Haste::Now).await;
        waiting.is_open = false;
        match &answer {
            // A lease.
            Ok(Value::Array(parts)) if parts.first() == Some(&Value::Int(1)) => {}
            Err(RedisCacheError::TimedOut(_) | RedisCacheError::Unreachable(_)) => waiting.give_up(),
            _ => self.leases.forget(ticket),
        }
        answer
    }

    /// Gives a lease back; one that cannot be now is owed, and given back when Redis answers again.
    pub(super) async fn settle(
        self: &Arc<Self>,
        service_id: ServiceId,
        ticket: u64,
        ending: &Ending,
        now: Timestamp,
    ) -> Result<(), RedisCacheError> {
        let ending = wire::ending(ending)?;
        // Also where the caller does not wait to the end.
        let owed = Owed { ticket, service_id, ending: ending.clone(), until: None };
        let mut owing = Owing { leases: &self.leases, owed: Some(owed) };
        self.turn(service_id, ticket, ending, now, Haste::Soon).await?;
        owing.owed = None;
        self.leases.forget(ticket);
        Ok(())
    }

    /// Gives back what is owed, as far as Redis answers.
    async fn pay(&self) -> Result<(), RedisCacheError> {
        let mut owed: HashMap<ServiceId, Vec<Owed>> = HashMap::new();
        for one in self.leases.take_owed() {
            owed.entry(one.service_id).or_default().push(one);
        }
        let mut failed = Ok(());
        for (service_id, all) in owed {
            for some in all.chunks(AT_ONCE) {
                let mut answer = Err(RedisCacheError::TimedOut(self.silence));
                if failed.is_ok() {
                    let turns = some.iter().map(|one| (one.ticket, &one.ending[..]));
                    let call = arguments(self.call(service_id, "turns", None), turns);
                    answer = call.run_large::<Value>(&self.connections).await;
                }
                let is_paid = answer.is_ok();
                if failed.is_ok() {
                    failed = answer.map(drop);
                }
                for one in some {
                    let may_come = one.until.is_some_and(|until| Instant::now() < until);
                    if !is_paid || may_come {
                        self.leases.owe(one.clone());
                    } else {
                        self.leases.forget(one.ticket);
                    }
                }
            }
        }
        failed
    }
}

/// Tells that this node lives, for every service in which it holds something, and gives back what it owes; until it is stopped.
pub(super) async fn tell(shared: Arc<Shared>) {
    let mut signs = tokio::time::interval(shared.silence / SIGNS);
    signs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let stopped = tokio::select! {
            () = shared.stop.cancelled() => true,
            _ = signs.tick() => false,
        };
        if let Err(error) = shared.pay().await {
            tracing::debug!(error = %error, "leases cannot be given back now");
        }
        if stopped {
            return;
        }
        for service_id in shared.leases.services() {
            let call = shared.call(service_id, "live", None);
            if let Err(error) = call.run_large::<Value>(&shared.connections).await {
                tracing::debug!(service.id = service_id.0, error = %error, "no sign of life could be given");
                break;
            }
        }
    }
}

/// A pick that was not answered: it may have been done all the same.
struct Unanswered<'a> {
    shared: &'a Shared,
    service_id: ServiceId,
    ticket: u64,
    is_open: bool,
}

impl Unanswered<'_> {
    fn give_up(&self) {
        let until = Some(Instant::now() + self.shared.silence);
        let ending = wire::nothing_known();
        self.shared.leases.owe(Owed { ticket: self.ticket, service_id: self.service_id, ending, until });
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.give_up();
        }
    }
}

/// A lease that is being given back.
struct Owing<'a> {
    leases: &'a Leases,
    owed: Option<Owed>,
}

impl Drop for Owing<'_> {
    fn drop(&mut self) {
        if let Some(owed) = self.owed.take() {
            self.leases.owe(owed);
        }
    }
}

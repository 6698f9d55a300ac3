//! The leases of a node: how they are taken and given back, and the task that tells that the node lives.

use std::sync::Arc;

use redis::Value;
use rotator_domain::rotation::{Ending, PickRequest};
use rotator_domain::{ServiceId, Timestamp};

use super::turns::{Haste, arguments};
use super::{Shared, wire};
use crate::RedisCacheError;
use crate::tickets::Tickets;

/// How much is given back by one call.
const AT_ONCE: usize = 100;
/// So many signs of life fit into the silence after which a node counts as ended.
const SIGNS: u32 = 5;

/// The leases that this node has taken, each with what ends it as the script takes it.
pub(super) type Leases = Tickets<ServiceId, Vec<String>>;

// === impl Shared ===

impl Shared {
    /// Runs a pick to its end, also where nobody waits for it any more: a lease that nobody gets is given back.
    pub(super) async fn pick(
        self: &Arc<Self>,
        service_id: ServiceId,
        ticket: u64,
        request: &PickRequest<'_>,
    ) -> Result<Value, RedisCacheError> {
        let asking = self.leases.ask(ticket, service_id, wire::nothing_known(), self.silence);
        let answer = self.turn(service_id, ticket, wire::pick(request), request.now, Haste::Now).await;
        asking.answered(&answer, |answer| {
            // A lease.
            matches!(answer, Value::Array(parts) if parts.first() == Some(&Value::Int(1)))
        });
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
        let giving = self.leases.give(ticket, service_id, ending.clone());
        self.turn(service_id, ticket, ending, now, Haste::Soon).await?;
        giving.done();
        Ok(())
    }

    /// Gives back what is owed, as far as Redis answers.
    async fn pay(&self) -> Result<(), RedisCacheError> {
        let mut failed = Ok(());
        for (service_id, all) in self.leases.take_owed() {
            for some in all.chunks(AT_ONCE) {
                let mut answer = Err(RedisCacheError::TimedOut(self.silence));
                if failed.is_ok() {
                    let turns = some.iter().map(|one| (one.ticket, &one.used[..]));
                    let call = arguments(self.call(service_id, "turns", None), turns);
                    answer = call.run_large::<Value>(&self.connections).await;
                }
                let is_paid = answer.is_ok();
                if failed.is_ok() {
                    failed = answer.map(drop);
                }
                some.iter().for_each(|one| self.leases.paid(one, is_paid));
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
        for service_id in shared.leases.ids() {
            let call = shared.call(service_id, "live", None);
            if let Err(error) = call.run_large::<Value>(&shared.connections).await {
                tracing::debug!(service.id = service_id.0, error = %error, "no sign of life could be given");
                break;
            }
        }
    }
}

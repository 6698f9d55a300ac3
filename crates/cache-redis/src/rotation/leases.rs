//! The leases of a node: how they are taken and given back.

use std::sync::Arc;

use redis::Value;
use rotator_domain::rotation::{Ending, PickRequest};
use rotator_domain::{ServiceId, Timestamp};

use super::turns::{Haste, arguments};
use super::{Shared, wire};
use crate::life::Holder;
use crate::script::ScriptCall;
use crate::tickets::{Owed, Tickets};
use crate::{Connections, RedisCacheError};

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
        asking.answered(&answer, wire::is_lease);
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
}

impl Holder for Shared {
    type Id = ServiceId;
    type Used = Vec<String>;

    const HELD: &str = "leases";

    fn tickets(&self) -> &Leases {
        &self.leases
    }

    fn connections(&self) -> &Connections {
        &self.connections
    }

    fn sign(&self, service_id: ServiceId) -> ScriptCall<'_> {
        self.call(service_id, "live", None)
    }

    fn give_back(&self, service_id: ServiceId, some: &[Owed<ServiceId, Vec<String>>]) -> ScriptCall<'_> {
        let turns = some.iter().map(|one| (one.ticket, &one.used[..]));
        arguments(self.call(service_id, "turns", None), turns)
    }
}

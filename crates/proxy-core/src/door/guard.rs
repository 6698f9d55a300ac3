//! What the holder of a client key may do, and how much of it.

use std::sync::Arc;

use http::request::Parts;
use http::{Extensions, Method};
use rotator_domain::metering::{Admission, ClientAsk, Estimate, Gauge, Seed};
use rotator_domain::{Timestamp, TokenUsage};

use crate::catalog::ServiceEntry;
use crate::client_keys::{ClientAddress, ClientEntry};
use crate::demand::Demand;
use crate::headers;
use crate::proxy::Shared;
use crate::refusal::{Limited, Refusal};
use crate::reserved::Reserved;
use crate::route::DoorName;
use crate::tally::Tally;

/// Whether the client key is still valid, and its holder may come from there.
pub(super) fn check_holder(shared: &Shared, client: &ClientEntry, extensions: &Extensions) -> Result<(), Refusal> {
    if client.is_expired(|| shared.clock.now()) {
        return Err(Refusal::ClientKeyExpired);
    }
    let address = extensions.get::<ClientAddress>().map(|ClientAddress(address)| *address);
    if client.policy().allows_source(address) { Ok(()) } else { Err(Refusal::SourceNotAllowed) }
}

/// Whether the holder may ask the service for this. Behind the generic door nobody knows of models.
///
/// What changes something must name its model where models are listed: who hides it, in a body that cannot be read or behind
/// another protocol, is refused.
pub(super) fn check_asked(
    client: &ClientEntry,
    entry: &ServiceEntry,
    door: DoorName,
    demand: &Demand,
    parts: &Parts,
) -> Result<(), Refusal> {
    let policy = client.policy();
    if !policy.allows_service(entry.slug().as_str()) {
        return Err(Refusal::ServiceNotAllowed);
    }
    if door == DoorName::Generic || policy.models.is_empty() {
        return Ok(());
    }
    match &demand.model {
        Some(model) if policy.allows_model(model) => Ok(()),
        Some(model) => Err(Refusal::ModelNotAllowed(Some(model.clone()))),
        None if only_reads(parts) => Ok(()),
        None => Err(Refusal::ModelNotAllowed(None)),
    }
}

/// Reserves what the request may use of its client's limits. A client without limits costs nothing.
pub(super) async fn reserve(
    shared: &Arc<Shared>,
    client: &ClientEntry,
    door: DoorName,
    demand: &Demand,
    parts: &Parts,
    tally: &mut Tally,
) -> Result<(), Refusal> {
    let (Some(meters), Some((id, limits))) = (&shared.client_meters, client.metered()) else { return Ok(()) };
    let (ask, now) = (asked(shared, door, demand, parts), shared.clock.now());
    let failed = |error| {
        tracing::error!(client.id = %id, error = %error, "a client's limits could not be asked");
        Refusal::NoMeters
    };
    let was_returning = shared.returning.is_any(id);
    let mut admission = meters.admit(id, limits, &ask, now).await.map_err(failed)?;
    if let Admission::Unknown(gauges) = &admission {
        // Whoever embeds the proxy keeps no figures: the counting begins here.
        meters.seed(id, &nothing_used(gauges, now), now).await.map_err(failed)?;
        admission = meters.admit(id, limits, &ask, now).await.map_err(failed)?;
    }
    // Where only reservations are in the way, some of them may be on their way back, or have come back meanwhile.
    if let Admission::Refused(overrun, _) = &admission
        && overrun.is_passing(now)
        && (shared.returning.wait(id).await || was_returning)
    {
        admission = meters.admit(id, limits, &ask, now).await.map_err(failed)?;
    }
    match admission {
        Admission::Admitted(reservation, standing) => {
            tally.reserved(standing, Some(Reserved::new(shared, id, reservation)));
            Ok(())
        }
        Admission::Refused(overrun, standing) => {
            tally.reserved(standing, None);
            Err(Refusal::Limited(Limited::new(overrun, now)))
        }
        Admission::Unknown(_) => Err(Refusal::NoMeters),
    }
}

/// What the request may use.
fn asked(shared: &Shared, door: DoorName, demand: &Demand, parts: &Parts) -> ClientAsk {
    if door == DoorName::Generic || only_reads(parts) {
        return ClientAsk { tokens: Estimate::AtMost(0), nanodollars: Estimate::AtMost(0) };
    }
    let (input, output) = (u64::from(demand.prompt_tokens()), demand.answer_tokens.map(u64::from));
    let estimate = |amount| if output.is_some() { Estimate::AtMost(amount) } else { Estimate::AsUsual(amount) };
    let tokens = TokenUsage { input, output: output.unwrap_or(0), ..TokenUsage::default() };
    let priced = shared.pricing.as_ref().zip(demand.model.as_deref());
    let cost = priced.and_then(|(pricing, model)| pricing.cost(model, &tokens));
    let nanodollars = cost.map_or(Estimate::AsUsual(0), estimate);
    ClientAsk { tokens: estimate(tokens.total()), nanodollars }
}

/// Whether the request asks for nothing to be made: no model runs for it.
fn only_reads(parts: &Parts) -> bool {
    let method = &parts.method;
    (method.is_safe() || *method == Method::DELETE) && headers::requested_upgrade(&parts.headers).is_none()
}

fn nothing_used(gauges: &[Gauge], now: Timestamp) -> Vec<Seed> {
    let seed =
        |gauge: &Gauge| Seed { unit: gauge.unit, span: gauge.span, start: gauge.span.window(now).start, used: 0 };
    gauges.iter().map(seed).collect()
}

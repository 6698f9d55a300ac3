//! The path of a request through the proxy: route, client key, service, then the attempts.

mod guard;
mod look;
mod metering;
mod relay;

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use rotator_domain::{Format, OutputFormat};
use rotator_format_converters::recognise;

use self::metering::Metering;
use self::relay::{Admitted, ClientBody, Relayed};
use crate::attempt::{Outgoing, Served};
use crate::body::{InboundBody, ProxyBody};
use crate::catalog::{Catalog, Door, ServiceEntry};
use crate::demand::Demand;
use crate::proxy::Shared;
use crate::refusal::Refusal;
use crate::route::{DoorName, Route};
use crate::tally::{Received, Tally};
use crate::translate::{Client, Translator};
use crate::{credentials, headers, limit_headers, upgrade};

/// What a request asks, and of whom.
#[derive(Clone, Copy)]
struct Asked<'a> {
    entry: Option<&'a Arc<ServiceEntry>>,
    route: Route<'a>,
    query: Option<&'a str>,
    /// What an LLM's client speaks.
    format: Option<Format>,
}

/// Answers a request at either door.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    request: Request<InboundBody>,
    received: Received,
) -> Response<ProxyBody> {
    let mut tally = Tally::begin(shared, received, request.method() == Method::HEAD);
    let catalog = shared.catalog.load();
    let (mut parts, body) = request.into_parts();
    let uri = std::mem::take(&mut parts.uri);
    let route = Route::parse(uri.path());
    tally.trace(shared, &parts.method, route, &parts.headers);
    let Some(route) = route else {
        return told(Refusal::NoRoute.respond(None), tally);
    };
    let entry = service_of(&catalog, route);
    let format = client_format(route, entry, &parts.headers, uri.query());
    let asked = Asked { entry, route, query: uri.query(), format };
    let mut answered = match serve(shared, &catalog, asked, parts, body, &mut tally).await {
        Ok(response) => response,
        Err(refusal) => {
            tracing::debug!(service.slug = route.slug, refusal = refusal.code(), "answered without the upstream");
            refusal.respond(format)
        }
    };
    if let Some(standing) = tally.standing() {
        limit_headers::tell(answered.headers_mut(), standing, format, shared.clock.now());
    }
    told(answered, tally)
}

/// The answer, whose end is told.
fn told(answer: Response<ProxyBody>, mut tally: Box<Tally>) -> Response<ProxyBody> {
    tally.answered(answer.status().as_u16(), answer.headers());
    answer.map(|body| body.tallied(tally))
}

async fn serve(
    shared: &Arc<Shared>,
    catalog: &Catalog,
    asked: Asked<'_>,
    mut parts: Parts,
    body: InboundBody,
    tally: &mut Tally,
) -> Result<Response<ProxyBody>, Refusal> {
    let Asked { entry, route, query, format } = asked;
    let limit = shared.settings.replay_limit;
    let presented = credentials::presented(route.door, &parts.headers, query);
    let known = |key: Vec<u8>| catalog.client(&key).map(|(digest, client)| (key, digest, client));
    let mut client_key = presented.into_iter().find_map(known);
    let mut demand = Demand::of_head(&parts.method, &parts.headers);
    if route.door == DoorName::Llm {
        demand = demand.with_llm(route.rest, None);
    }
    let body = if look::may_hold_key(route.door, &parts.headers) {
        let idle = entry.map_or(shared.settings.idle_timeout, |entry| entry.idle_timeout(shared));
        let looked = look::take_key(body, limit, idle, |key| catalog.client(key).is_some()).await?;
        client_key = client_key.or_else(|| looked.key().and_then(known));
        if client_key.is_none() && looked.is_too_long() {
            return Err(Refusal::BodyTooLong);
        }
        demand = demand.with_llm(route.rest, looked.whole());
        looked.into_body(&mut parts.headers)
    } else {
        ClientBody::Streaming(body)
    };
    let (client_key, digest, client) = client_key.ok_or(Refusal::BadClientKey)?;
    guard::check_holder(shared, client, &parts.extensions)?;
    let entry = entry.ok_or(Refusal::NoService)?;
    guard::check_asked(client, entry, route.door, &demand, &parts)?;
    tally.let_in(shared, entry, route.door == DoorName::Llm, client);
    tally.log(shared, entry, route, query, &parts, &client_key);
    guard::reserve(shared, client, route.door, &demand, &parts, tally).await?;
    let body = match tally.request_body() {
        Some(capture) => body.watched(capture),
        None => body,
    };
    admit(shared, entry, route, &parts)?;

    let outgoing = outgoing(route, query, &mut parts, &client_key);
    let client_upgrade = outgoing.upgrade.is_some().then(|| upgrade::client_side(&mut parts.extensions)).flatten();
    let method = parts.method.clone();
    // A connection that is to speak another protocol has no formats.
    let format = format.filter(|_| outgoing.upgrade.is_none());
    let translator = format.map(|format| {
        Translator::new(Client { shared, service: entry, format, digest, method: &method, path: route.rest, query })
    });
    let admitted = Admitted { door: route.door, rest: route.rest, demand, outgoing, body, client_key, translator };
    let (mut served, entry, is_unasked) = match relay::relay(shared, catalog, entry, admitted, tally).await? {
        Relayed::Answered(response) => return Ok(response),
        Relayed::Served { served, entry, translation: Some(translation), .. } => {
            return translation.answer(shared, entry, served, tally).await;
        }
        Relayed::Served { served, entry, translation: None, is_unasked } => (served, entry, is_unasked),
    };
    let switched = served.response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if switched && let Some(client) = client_upgrade {
        shared.tunnels.join(client, &mut served.response);
    }
    let reader = metering::reader(entry, route, &parts.method);
    Ok(pass_on(shared, entry, served, switched, Metering { reader, is_unasked }))
}

/// The service that a route names, if the door is its own and it is active.
fn service_of<'a>(catalog: &'a Catalog, route: Route<'_>) -> Option<&'a Arc<ServiceEntry>> {
    catalog.by_slug(route.slug).filter(|entry| {
        let own_door = matches!(
            (&entry.door, route.door),
            (Door::Generic { .. }, DoorName::Generic) | (Door::Llm { .. }, DoorName::Llm)
        );
        own_door && entry.is_active()
    })
}

/// The format in which errors are told: an LLM client's own, or none at the generic door.
fn client_format(
    route: Route<'_>,
    entry: Option<&Arc<ServiceEntry>>,
    headers: &HeaderMap,
    query: Option<&str>,
) -> Option<Format> {
    if route.door == DoorName::Generic {
        return None;
    }
    let recognised = || recognise(route.rest, query, headers);
    match entry.map(|entry| &entry.door) {
        Some(Door::Llm { adapter, output_format }) => Some(match output_format {
            OutputFormat::None => adapter.format(),
            OutputFormat::Auto => recognised().unwrap_or_else(|| adapter.format()),
            OutputFormat::Fixed(format) => *format,
        }),
        _ => Some(recognised().unwrap_or(Format::OpenAi)),
    }
}

/// What can be refused before anything is sent.
fn admit(shared: &Shared, entry: &ServiceEntry, route: Route<'_>, parts: &Parts) -> Result<(), Refusal> {
    if let Door::Generic { methods } = &entry.door
        && !methods.allows(&parts.method)
    {
        return Err(Refusal::Method(methods.clone()));
    }
    if route.climbs() {
        return Err(Refusal::PathClimbs);
    }
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match (length, shared.settings.max_request_body) {
        (Some(length), Some(longest)) if length > longest => Err(Refusal::BodyTooLong),
        _ => Ok(()),
    }
}

/// The request as it goes to the upstream, but for the path, the upstream key and the body.
fn outgoing(route: Route<'_>, query: Option<&str>, parts: &mut Parts, client_key: &[u8]) -> Outgoing {
    let mut outgoing_headers = std::mem::take(&mut parts.headers);
    let upgrade = headers::requested_upgrade(&outgoing_headers);
    if parts.version == Version::HTTP_2 {
        headers::join_cookies(&mut outgoing_headers);
    }
    headers::remove_hop_by_hop(&mut outgoing_headers);
    credentials::remove_from_headers(route.door, &mut outgoing_headers, client_key);
    // The client sets it anew for the target.
    outgoing_headers.remove(HOST);
    if let Some(protocol) = upgrade.clone() {
        headers::restore_upgrade(&mut outgoing_headers, protocol);
    }
    let query = query.map(|query| credentials::remove_from_query(route.door, query, client_key));
    Outgoing { method: parts.method.clone(), headers: outgoing_headers, path: String::new(), query, upgrade }
}

/// The upstream's answer as it goes to the client.
fn pass_on(
    shared: &Shared,
    entry: &ServiceEntry,
    served: Served,
    switched: bool,
    metering: Metering,
) -> Response<ProxyBody> {
    let Served { response, held, attempts } = served;
    let (mut parts, body) = response.into_parts();
    let protocol = if switched { headers::requested_upgrade(&parts.headers) } else { None };
    headers::remove_hop_by_hop(&mut parts.headers);
    if let Some(protocol) = protocol {
        headers::restore_upgrade(&mut parts.headers, protocol);
    }
    if entry.policy.tells_rotation {
        headers::tell_rotation(&mut parts.headers, entry.slug(), held.lease().key, attempts);
    }
    parts.extensions.clear();
    parts.version = http::Version::default();
    let body = metering.of(body, &mut parts.headers);
    let idle = entry.idle_timeout(shared);
    Response::from_parts(parts, ProxyBody::upstream(body, idle, held))
}

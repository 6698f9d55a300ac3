//! How services and keys are, as it changes.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use rotator_domain::ServiceId;

use super::App;
use super::error::ApiError;
use super::events::{self, EventSource, Events, LAST_EVENT_ID};
use crate::live::{Cursor, Watching};
use crate::use_cases::Actor;
use crate::wire::{ErrorBody, LiveUpdate};

/// How many services' keys one client may watch.
const MOST: usize = 8;

/// Somebody who looks.
struct Looker {
    app: App,
    actor: Actor,
    watching: Watching,
    cursor: Cursor,
}

/// Watch services and keys: the first events tell how all services are and, for those that `service` names, how their keys are;
/// later ones, at most one a second, what has changed. An event with an id tells the last of it: a client that names that id
/// (`Last-Event-ID`) is told what has changed since, or everything anew (`is_snapshot`). The same happens to one that reads
/// slowly. States are those that all nodes share; rates, errors and times of use are counted by the node that answers, from when
/// somebody looks. Of more than 256 services those that are used are looked at each second, the others in turn. The answer ends
/// after a quarter of an hour, to be asked for again.
#[utoipa::path(
    get,
    path = "/events",
    tag = "live",
    security(("bearer" = [])),
    params(
        ("service" = Option<Vec<i64>>, Query, description = "A service whose keys are told, by its id; at most 8 of them"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that had one"),
    ),
    responses(
        (status = 200, description = "Updates from now on", body = LiveUpdate, content_type = "text/event-stream"),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such service", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(super) async fn watch(
    State(app): State<App>,
    actor: Actor,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let services = services(query.as_deref().unwrap_or_default())?;
    for service in &services {
        app.as_actor(&actor).service(ServiceId(*service)).await?;
    }
    let watching = app.live().watch(services).map_err(|_| {
        ApiError::field("service", "too many services are watched at the same time; leave one, or try again later")
    })?;
    let place = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let cursor = place.map_or_else(Cursor::default, |place| watching.cursor(place));
    let is_ending = app.context().is_ending.clone();
    Ok(events::answer(Looker { app, actor, watching, cursor }, is_ending))
}

/// The services that a query names.
fn services(query: &str) -> Result<BTreeSet<i64>, ApiError> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let read = |pair: &str| match pair.split_once('=') {
        Some(("service", id)) => id.parse::<i64>().map_err(|_| ApiError::field("service", "must be an id")),
        _ => Err(ApiError::field("query", "must hold nothing but `service`")),
    };
    let services: BTreeSet<i64> = pairs.map(read).collect::<Result<_, _>>()?;
    if services.len() > MOST {
        return Err(ApiError::field("service", format!("must be named at most {MOST} times")));
    }
    Ok(services)
}

// === impl Looker ===

impl EventSource for Looker {
    async fn is_welcome(&self) -> bool {
        events::is_still_there(&self.app, &self.actor).await
    }

    async fn look(&mut self) -> Events {
        let Self { app, actor, watching, cursor } = self;
        let Some(update) = app.as_actor(actor).live_update(watching, cursor).await else {
            return Events::default();
        };
        let mut text = String::new();
        if update.is_whole {
            // Writing into memory does not fail.
            let _ = writeln!(text, "id: {}", watching.place(cursor.seen()));
        }
        let _ = write!(text, "data: {}\n\n", serde_json::to_string(&update).unwrap_or_default());
        Events { text, has_more: !update.is_whole }
    }

    fn place(&self) -> String {
        self.watching.place(self.cursor.seen())
    }
}

impl App {
    fn live(&self) -> &Arc<crate::live::LiveView> {
        &self.0.live
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_named_by_their_ids() {
        let read = |query: &str| services(query).ok().map(|ids| ids.into_iter().collect::<Vec<_>>());
        assert_eq!(read(""), Some(vec![]));
        assert_eq!(read("service=7&service=3&service=7&"), Some(vec![3, 7]));
        for bad in ["service", "service=", "service=a", "services=1", "service=1&limit=3"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let many = (0..9).map(|id| format!("service={id}")).collect::<Vec<_>>().join("&");
        assert_eq!(read(&many), None);
    }
}

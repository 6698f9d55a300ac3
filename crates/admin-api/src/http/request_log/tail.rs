//! The log as it grows.
//!
//! The storage is followed, so that the requests of all nodes are seen.

use std::fmt::Write;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use rotator_storage_trait::{LogFilter, LogSlice};

use super::LogParameters;
use crate::http::App;
use crate::http::error::ApiError;
use crate::http::events::{self, EventSource, Events, LAST_EVENT_ID};
use crate::use_cases::{Actor, UseCaseError};
use crate::wire::{ErrorBody, RequestLogEntry};

/// How many requests are read at once.
const AT_ONCE: u64 = 500;

/// Somebody who follows the log.
struct Follower {
    app: App,
    actor: Actor,
    filter: LogFilter,
    /// The last request that was looked at.
    seen: i64,
}

/// Follow the log: each request as an event, with its id and the same JSON as in the search. A client that names the last event
/// that it saw (`Last-Event-ID`) misses none. The answer ends after a quarter of an hour, to be asked for again.
#[utoipa::path(
    get,
    path = "/request-logs/tail",
    tag = "request logs",
    security(("bearer" = [])),
    params(
        LogParameters,
        ("Last-Event-ID" = Option<i64>, Header, description = "The id of the last request that was seen"),
    ),
    responses(
        (status = 200, description = "Requests from now on, or from the last one that was seen", body = RequestLogEntry,
         content_type = "text/event-stream"),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(crate) async fn tail(
    State(app): State<App>,
    actor: Actor,
    headers: HeaderMap,
    parameters: Result<Query<LogParameters>, QueryRejection>,
) -> Result<Response, ApiError> {
    let parameters = LogParameters::read(parameters)?;
    for (field, is_there) in [
        ("since", parameters.since.is_some()),
        ("until", parameters.until.is_some()),
        ("limit", parameters.limit.is_some()),
    ] {
        if is_there {
            return Err(ApiError::field(field, "is not for the tail"));
        }
    }
    let filter = parameters.filter(app.context().clock.now())?;
    let last_event = headers.get(LAST_EVENT_ID).map(|value| value.to_str().ok().and_then(|text| text.parse().ok()));
    let refused = || ApiError::field("Last-Event-ID", "must be a whole number");
    let last_event = last_event.map(|id: Option<i64>| id.ok_or_else(refused)).transpose()?;
    let seen = match last_event.or(parameters.after) {
        Some(seen) => seen,
        None => app.context().storage.newest_request().await.map_err(UseCaseError::Storage)?,
    };
    let is_ending = app.context().is_ending.clone();
    Ok(events::answer(Follower { app, actor, filter, seen }, is_ending))
}

// === impl Follower ===

impl Follower {
    /// The requests that have come since.
    async fn newer(&mut self) -> Result<Events, UseCaseError> {
        let newest = self.app.context().storage.newest_request().await.map_err(UseCaseError::Storage)?;
        if newest <= self.seen {
            // An id that fell is another log's.
            self.seen = newest;
            return Ok(Events::default());
        }
        let slice = LogSlice::Between(self.seen, newest);
        let entries = self.app.as_actor(&self.actor).logged_requests(&self.filter, slice, AT_ONCE).await?;
        let is_cut = entries.len() as u64 == AT_ONCE;
        self.seen = entries.last().filter(|_| is_cut).map_or(newest, |last| last.id);
        let mut text = String::new();
        for entry in entries {
            let json = serde_json::to_string(&entry).unwrap_or_default();
            // Writing into memory does not fail.
            let _ = write!(text, "id: {}\ndata: {json}\n\n", entry.id);
        }
        Ok(Events { text, has_more: is_cut })
    }
}

impl EventSource for Follower {
    async fn is_welcome(&self) -> bool {
        events::is_still_there(&self.app, &self.actor).await
    }

    async fn look(&mut self) -> Events {
        self.newer().await.unwrap_or_else(|error| {
            tracing::debug!(error = %error, "the log of requests cannot be followed");
            Events::default()
        })
    }

    fn place(&self) -> String {
        self.seen.to_string()
    }
}

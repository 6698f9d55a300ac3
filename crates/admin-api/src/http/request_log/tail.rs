//! The log as it grows: server-sent events (WHATWG HTML, section 9.2).
//!
//! The storage is followed, so that the requests of all nodes are seen.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use rotator_storage_trait::{LogFilter, LogSlice};
use tokio::time::Instant;

use super::LogParameters;
use crate::http::App;
use crate::http::error::ApiError;
use crate::use_cases::{Actor, UseCaseError};
use crate::wire::{ErrorBody, RequestLogEntry};

/// How long between two looks.
const LOOKING: Duration = Duration::from_secs(1);
/// How long nothing is sent at the most.
const SILENCE: Duration = Duration::from_secs(15);
/// How long one answer goes on: the client then shows its token again.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How many requests are read at once.
const AT_ONCE: u64 = 500;
/// What a client that comes back has seen last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Keeps nginx from holding events back.
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Somebody who follows the log.
struct Follower {
    app: App,
    actor: Actor,
    filter: LogFilter,
    /// The last request that was looked at.
    seen: i64,
    began: Instant,
    sent: Instant,
    is_greeted: bool,
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
    let now = Instant::now();
    let follower = Follower { app, actor, filter, seen, began: now, sent: now, is_greeted: false };
    let events = stream::unfold(follower, async |mut follower: Follower| {
        let events = follower.next().await?;
        Some((Ok::<_, Infallible>(events), follower))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (BUFFERING, "no")];
    Ok((headers, Body::from_stream(events)).into_response())
}

// === impl Follower ===

impl Follower {
    /// What is sent next; `None` ends the answer.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.is_greeted {
            self.is_greeted = true;
            return Some(Bytes::from(format!("retry: 1000\nid: {}\n\n", self.seen)));
        }
        let mut is_ending = self.app.context().is_ending.clone();
        loop {
            if self.began.elapsed() >= LONGEST || *is_ending.borrow() {
                return None;
            }
            // Whoever may not read the log any more does not read on. A database that does not answer says nothing of them.
            if matches!(self.actor.is_still_there(self.app.context()).await, Ok(false)) {
                return None;
            }
            let events = match self.look().await {
                Ok(events) => events,
                Err(error) => {
                    tracing::debug!(error = %error, "the log of requests cannot be followed");
                    String::new()
                }
            };
            if !events.is_empty() {
                self.sent = Instant::now();
                return Some(events.into());
            }
            if self.sent.elapsed() >= SILENCE {
                self.sent = Instant::now();
                return Some(Bytes::from(format!(": still here\nid: {}\n\n", self.seen)));
            }
            tokio::select! {
                () = tokio::time::sleep(LOOKING) => {}
                // Where nobody can say that the server ends, it does not.
                Ok(_) = is_ending.wait_for(|is_ending| *is_ending) => return None,
            }
        }
    }

    /// The requests that have come since.
    async fn look(&mut self) -> Result<String, UseCaseError> {
        let newest = self.app.context().storage.newest_request().await.map_err(UseCaseError::Storage)?;
        if newest <= self.seen {
            // An id that fell is another log's.
            self.seen = newest;
            return Ok(String::new());
        }
        let slice = LogSlice::Between(self.seen, newest);
        let entries = self.app.as_actor(&self.actor).logged_requests(&self.filter, slice, AT_ONCE).await?;
        let is_cut = entries.len() as u64 == AT_ONCE;
        self.seen = entries.last().filter(|_| is_cut).map_or(newest, |last| last.id);
        let mut events = String::new();
        for entry in entries {
            let json = serde_json::to_string(&entry).unwrap_or_default();
            // Writing into memory does not fail.
            let _ = write!(events, "id: {}\ndata: {json}\n\n", entry.id);
        }
        Ok(events)
    }
}

//! Logged requests.

mod tail;

pub(super) use tail::*;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{OriginalUri, Query, State};
use axum::http::HeaderMap;
use rotator_domain::{KeyId, ServiceId, Timestamp};
use rotator_storage_trait::{LogFilter, LogSlice};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::error::ApiError;
use super::extract::{Id, client, moment};
use super::paging::link_next;
use crate::use_cases::Actor;
use crate::wire::{ErrorBody, LoggedRequest, RequestLogEntry};

const MOST: u64 = 1000;
const USUAL: u64 = 100;

/// Which requests to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct LogParameters {
    /// Those that ended then or later: RFC 3339, a day (`2026-11-01`, in UTC), or how long ago (`30m`, `24h`, `7d`).
    since: Option<String>,
    /// Those that ended before, written alike.
    until: Option<String>,
    /// Only those that asked this service, by its id.
    service: Option<i64>,
    /// Only those that this upstream key served, by its id.
    key: Option<i64>,
    /// Only those of this client key, by its id; `none` means those in `GLOBAL_PROXY_KEYS`.
    client: Option<String>,
    /// Only those with this status, such as `404`, or one of this class, such as `5xx`.
    status: Option<String>,
    /// Only those for this model.
    model: Option<String>,
    /// Only those of this trace, or with this `x-request-id`.
    trace: Option<String>,
    /// How many at the most: 1 to 1000, 100 when absent.
    limit: Option<u64>,
    /// The id before which the page begins, as the `Link` header of the page before names it; in the tail, the id after which it
    /// begins.
    after: Option<i64>,
}

/// Search the logged requests, the newest first.
#[utoipa::path(
    get,
    path = "/request-logs",
    tag = "request logs",
    security(("bearer" = [])),
    params(LogParameters),
    responses(
        (status = 200, description = "A page, with a `Link` to the next; a request shows about a second after its end",
         body = Vec<RequestLogEntry>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    OriginalUri(uri): OriginalUri,
    parameters: Result<Query<LogParameters>, QueryRejection>,
) -> Result<(HeaderMap, Json<Vec<RequestLogEntry>>), ApiError> {
    let parameters = LogParameters::read(parameters)?;
    let limit = parameters.limit.unwrap_or(USUAL);
    if limit == 0 || limit > MOST {
        return Err(ApiError::field("limit", format!("must be 1 to {MOST}")));
    }
    let filter = parameters.filter(app.context().clock.now())?;
    let slice = LogSlice::Before(parameters.after);
    let entries = app.as_actor(&actor).logged_requests(&filter, slice, limit).await?;
    let mut headers = HeaderMap::new();
    if let Some(last) = entries.last().filter(|_| entries.len() as u64 == limit) {
        link_next(&mut headers, &uri, last.id);
    }
    Ok((headers, Json(entries)))
}

/// Show a logged request with its bodies, where they are kept. Reading bodies is written into the audit log.
#[utoipa::path(
    get,
    path = "/request-logs/{id}",
    tag = "request logs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The request's id")),
    responses(
        (status = 200, description = "The request", body = LoggedRequest),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such request", body = ErrorBody),
    )
)]
pub(super) async fn show(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<LoggedRequest>, ApiError> {
    Ok(Json(app.as_actor(&actor).logged_request(id).await?))
}

// === impl LogParameters ===

impl LogParameters {
    fn read(parameters: Result<Query<Self>, QueryRejection>) -> Result<Self, ApiError> {
        parameters.map(|Query(parameters)| parameters).map_err(|error| ApiError::field("query", error.body_text()))
    }

    fn filter(&self, now: Timestamp) -> Result<LogFilter, ApiError> {
        Ok(LogFilter {
            from: moment("since", self.since.as_deref(), now)?,
            until: moment("until", self.until.as_deref(), now)?,
            service: self.service.map(ServiceId),
            key: self.key.map(KeyId),
            client: client(self.client.as_deref())?,
            status: self.status.as_deref().map(status).transpose()?,
            model: self.model.clone(),
            trace: self.trace.clone(),
        })
    }
}

/// A status, or all of a class.
fn status(text: &str) -> Result<(u16, u16), ApiError> {
    let refused = || ApiError::field("status", "must be a status such as 404, or a class such as 5xx");
    let number = |text: &str| text.parse::<u16>().map_err(|_| refused());
    let (first, last) = match text.to_ascii_lowercase().strip_suffix("xx") {
        Some(class) => (number(class)?.checked_mul(100).ok_or_else(refused)?, 99),
        None => (number(text)?, 0),
    };
    if (100..=999).contains(&first) { Ok((first, first + last)) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_or_a_class() {
        assert_eq!(status("404").ok(), Some((404, 404)));
        assert_eq!(status("5XX").ok(), Some((500, 599)));
        for bad in ["", "xx", "0xx", "10xx", "700xx", "99", "1000", "ok", "-1xx"] {
            assert!(status(bad).is_err(), "{bad}");
        }
    }
}

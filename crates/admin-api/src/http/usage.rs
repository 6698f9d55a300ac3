//! What requests used.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use rotator_domain::{Grain, KeyId, ServiceId, Timestamp};
use rotator_storage_trait::{UsageDimension, UsageQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::error::ApiError;
use super::extract::{client, moment};
use crate::use_cases::Actor;
use crate::wire::{ErrorBody, UsageReport};

const MOST_GROUPS: u64 = 10_000;
/// What is shown when no time is named.
const USUAL_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Which figures to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct UsageParameters {
    /// What figures are kept apart by: `time`, `service`, `key`, `client`, `model`, with commas between them; all are added up
    /// when absent.
    by: Option<String>,
    /// How long the stretches are: `minute`, `hour` (when absent) or `day`.
    grain: Option<String>,
    /// From when on: RFC 3339, a day (`2026-11-01`, in UTC), or how long ago (`30m`, `24h`, `7d`); a day ago when absent.
    since: Option<String>,
    /// Until when, written alike; now when absent.
    until: Option<String>,
    /// Only this service's, by its id.
    service: Option<i64>,
    /// Only this upstream key's, by its id.
    key: Option<i64>,
    /// Only this client key's, by its id; `none` means those in `GLOBAL_PROXY_KEYS`.
    client: Option<String>,
    /// Only this model's.
    model: Option<String>,
    /// How many groups at the most: 1 to 10000, 1000 when absent.
    limit: Option<u64>,
}

/// Show what requests used.
#[utoipa::path(
    get,
    path = "/usage",
    tag = "usage",
    security(("bearer" = [])),
    params(UsageParameters),
    responses(
        (status = 200, description = "The figures; they are at most about two seconds old", body = UsageReport),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(super) async fn show(
    State(app): State<App>,
    actor: Actor,
    parameters: Result<Query<UsageParameters>, QueryRejection>,
) -> Result<Json<UsageReport>, ApiError> {
    let Query(parameters) = parameters.map_err(|error| ApiError::field("query", error.body_text()))?;
    let limit = parameters.limit.unwrap_or(1000);
    if limit == 0 || limit > MOST_GROUPS {
        return Err(ApiError::field("limit", format!("must be 1 to {MOST_GROUPS}")));
    }
    let query = parameters.query(app.context().clock.now())?;
    Ok(Json(app.as_actor(&actor).usage(query, limit).await?))
}

// === impl UsageParameters ===

impl UsageParameters {
    fn query(self, now: Timestamp) -> Result<UsageQuery, ApiError> {
        let grain = match self.grain.as_deref() {
            None => Grain::Hour,
            Some(name) => {
                Grain::from_name(name).ok_or_else(|| ApiError::field("grain", "must be minute, hour or day"))?
            }
        };
        let until =
            moment("until", self.until.as_deref(), now)?.unwrap_or(now.saturating_add(Duration::from_millis(1)));
        let usual = || Timestamp::from_millis(until.as_millis().saturating_sub(millis(USUAL_TIME)));
        // A stretch counts as a whole.
        let from = grain.start(moment("since", self.since.as_deref(), now)?.unwrap_or_else(usual));
        if from >= until {
            return Err(ApiError::field("since", "must be before until"));
        }
        let by = self.by.unwrap_or_default();
        let names = by.split(',').map(str::trim).filter(|name| !name.is_empty());
        let by: Option<Vec<_>> = names.map(UsageDimension::from_name).collect();
        let by = by.ok_or_else(|| ApiError::field("by", "must name time, service, key, client or model"))?;
        let client = client(self.client.as_deref())?;
        let (service, key) = (self.service.map(ServiceId), self.key.map(KeyId));
        Ok(UsageQuery { grain, from, until, by, service, key, client, model: self.model })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

//! The audit log.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use rotator_domain::Timestamp;
use rotator_storage_trait::AuditFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::error::ApiError;
use super::extract::moment;
use super::paging::{PageQuery, Paged};
use crate::use_cases::Actor;
use crate::wire::{AuditEntry, ErrorBody};

/// Which entries to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditParameters {
    /// Only what this user, and this user's tokens, did, or `token:` and a token's name.
    actor: Option<String>,
    /// Only this, such as `keys.export`, or all that begins so, such as `client_key.*`.
    action: Option<String>,
    /// Only what was done to this, such as `service:12` or `user:jane`.
    subject: Option<String>,
    /// From then on: RFC 3339, a day (`2026-11-01`, in UTC), or how long ago (`30m`, `24h`, `7d`).
    since: Option<String>,
    /// Until then, written alike.
    until: Option<String>,
}

/// Read the audit log, newest first.
#[utoipa::path(
    get,
    path = "/audit",
    tag = "audit",
    security(("bearer" = [])),
    params(PageQuery, AuditParameters),
    responses(
        (status = 200, description = "A page, with a `Link` to the next", body = Vec<AuditEntry>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    paged: Paged,
    parameters: Result<Query<AuditParameters>, QueryRejection>,
) -> Result<(HeaderMap, Json<Vec<AuditEntry>>), ApiError> {
    let Query(parameters) = parameters.map_err(|error| ApiError::field("query", error.body_text()))?;
    let filter = parameters.filter(app.context().clock.now())?;
    let entries = app.as_actor(&actor).audit_entries(&filter, paged.page(|id| id)).await?;
    let headers = paged.headers(entries.iter().map(|entry| entry.id), None);
    Ok((headers, Json(entries)))
}

// === impl AuditParameters ===

impl AuditParameters {
    fn filter(self, now: Timestamp) -> Result<AuditFilter, ApiError> {
        let Self { actor, action, subject, since, until } = self;
        let is_action = |action: &str| {
            let name = action.strip_suffix('*').unwrap_or(action);
            !action.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
        };
        if action.as_deref().is_some_and(|action| !is_action(action)) {
            return Err(ApiError::field("action", "must be an action such as keys.export, or its beginning and a *"));
        }
        let from = moment("since", since.as_deref(), now)?;
        let until = moment("until", until.as_deref(), now)?;
        Ok(AuditFilter { actor, action, subject, from, until })
    }
}

//! The audit log.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;

use super::App;
use super::error::ApiError;
use super::paging::{PageQuery, Paged};
use crate::use_cases::Actor;
use crate::wire::{AuditEntry, ErrorBody};

/// Read the audit log, newest first.
#[utoipa::path(
    get,
    path = "/audit",
    tag = "audit",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page, with a `Link` to the next", body = Vec<AuditEntry>),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    paged: Paged,
) -> Result<(HeaderMap, Json<Vec<AuditEntry>>), ApiError> {
    let entries = app.as_actor(&actor).audit_entries(paged.page(|id| id)).await?;
    let headers = paged.headers(entries.iter().map(|entry| entry.id), None);
    Ok((headers, Json(entries)))
}

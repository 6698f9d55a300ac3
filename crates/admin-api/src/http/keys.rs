//! Upstream keys.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use rotator_domain::{KeyId, ServiceId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::error::ApiError;
use super::extract::{Body, DryRun, Id};
use super::paging::{PageQuery, Paged};
use super::versions::{IfMatch, tagged};
use crate::use_cases::{Actor, KeyChoice};
use crate::wire::{
    BatchBody, BatchReport, DeletedCount, ErrorBody, ExportedKeys, KeyBulkBody, KeyBulkReport, KeyFilter, KeyPatch,
    Message, NewKey, PoolBody, PoolReport, RevealedKey, UpstreamKey,
};

/// Which keys to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct KeyParameters {
    /// Only those in this state: `active`, `cooling`, `exhausted`, `dead` or `disabled`.
    state: Option<String>,
    /// Only those whose id, masked value, label, quota group or models hold this text, whatever the case; at most 200 characters.
    q: Option<String>,
    /// How many of them to pass over, instead of `after`.
    offset: Option<u64>,
}

/// List a config's keys, masked.
#[utoipa::path(
    get,
    path = "/proxy-configs/{id}/keys",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id"), PageQuery, KeyParameters),
    responses(
        (status = 200, description = "A page, with `X-Total-Count` and a `Link` to the next", body = Vec<UpstreamKey>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    paged: Paged,
    parameters: Result<Query<KeyParameters>, QueryRejection>,
) -> Result<(HeaderMap, Json<Vec<UpstreamKey>>), ApiError> {
    let Query(KeyParameters { state, q, offset }) =
        parameters.map_err(|_| ApiError::field("offset", "must be a whole number"))?;
    let page = paged.page(KeyId);
    if offset.is_some() && page.after.is_some() {
        return Err(ApiError::field("offset", "must not come with after"));
    }
    let choice =
        KeyChoice::read(KeyFilter { state, q }).map_err(|error| ApiError::field(error.field, error.message))?;
    let listed = app.as_actor(&actor).keys(ServiceId(id), &choice, offset.unwrap_or(0), page).await?;
    let headers = paged.headers(listed.entries.iter().map(|key| key.id), Some(listed.total));
    Ok((headers, Json(listed.entries)))
}

/// Add a key.
#[utoipa::path(
    post,
    path = "/proxy-configs/{id}/keys",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    request_body = NewKey,
    responses(
        (status = 201, description = "The key, masked", body = UpstreamKey),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 409, description = "The config has this key already", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn add(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(key): Body<NewKey>,
) -> Result<(StatusCode, HeaderMap, Json<UpstreamKey>), ApiError> {
    let added = app.as_actor(&actor).add_key(ServiceId(id), key).await?;
    let (headers, added) = tagged(added, |added| &added.version);
    Ok((StatusCode::CREATED, headers, added))
}

/// Make a config's pool the wanted one, in one transaction: keys that are missing are added, the others changed where they
/// differ, and with `prune` those that are not named deleted.
#[utoipa::path(
    put,
    path = "/proxy-configs/{id}/keys",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id"), DryRun),
    request_body = PoolBody,
    responses(
        (status = 200, description = "What it took, or would take", body = PoolReport),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 413, description = "The body is too long", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn set_pool(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    dry_run: DryRun,
    Body(pool): Body<PoolBody>,
) -> Result<Json<PoolReport>, ApiError> {
    Ok(Json(app.as_actor(&actor).set_pool(ServiceId(id), pool, dry_run.0).await?))
}

/// Delete all keys of a config.
#[utoipa::path(
    delete,
    path = "/proxy-configs/{id}/keys",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    responses(
        (status = 200, description = "How many were deleted", body = DeletedCount),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
    )
)]
pub(super) async fn clear(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<DeletedCount>, ApiError> {
    Ok(Json(app.as_actor(&actor).clear_keys(ServiceId(id)).await?))
}

/// Add many keys in one transaction. Blank entries are dropped, known ones skipped, bad ones reported.
#[utoipa::path(
    post,
    path = "/proxy-configs/{id}/keys/batch",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    request_body = BatchBody,
    responses(
        (status = 200, description = "What became of each", body = BatchReport),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 413, description = "The body is too long", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn add_batch(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(batch): Body<BatchBody>,
) -> Result<Json<BatchReport>, ApiError> {
    Ok(Json(app.as_actor(&actor).add_batch(ServiceId(id), batch).await?))
}

/// Do the same to many keys of a config, in one transaction: those with these ids, or all that a filter lets through.
#[utoipa::path(
    post,
    path = "/proxy-configs/{id}/keys/bulk",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    request_body = KeyBulkBody,
    responses(
        (status = 200, description = "How many keys it was done to", body = KeyBulkReport),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 413, description = "The body is too long", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
        (status = 503, description = "The rotation state does not answer, so that nothing can be reset", body = ErrorBody),
    )
)]
pub(super) async fn bulk(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(body): Body<KeyBulkBody>,
) -> Result<Json<KeyBulkReport>, ApiError> {
    Ok(Json(app.as_actor(&actor).change_keys(ServiceId(id), body).await?))
}

/// Give all keys of a config in clear. The audit log names who asked.
#[utoipa::path(
    post,
    path = "/proxy-configs/{id}/keys/export",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    responses(
        (status = 200, description = "The keys in clear", body = ExportedKeys),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
    )
)]
pub(super) async fn export(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<ExportedKeys>, ApiError> {
    Ok(Json(app.as_actor(&actor).export_keys(ServiceId(id)).await?))
}

/// Give one key in clear. The audit log names who asked.
#[utoipa::path(
    post,
    path = "/keys/{id}/reveal",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    responses(
        (status = 200, description = "The key in clear", body = RevealedKey),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
    )
)]
pub(super) async fn reveal(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<RevealedKey>, ApiError> {
    Ok(Json(app.as_actor(&actor).reveal_key(KeyId(id)).await?))
}

/// Change what is named of a key.
#[utoipa::path(
    patch,
    path = "/keys/{id}",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id"), IfMatch),
    request_body = KeyPatch,
    responses(
        (status = 200, description = "The key, masked", body = UpstreamKey),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
        (status = 412, description = "It is at another version", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    expected: IfMatch,
    Body(patch): Body<KeyPatch>,
) -> Result<(HeaderMap, Json<UpstreamKey>), ApiError> {
    let changed = app.as_actor(&actor).change_key(KeyId(id), patch, &expected.0).await?;
    Ok(tagged(changed, |changed| &changed.version))
}

/// Delete a key.
#[utoipa::path(
    delete,
    path = "/keys/{id}",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id"), IfMatch),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
        (status = 412, description = "It is at another version", body = ErrorBody),
    )
)]
pub(super) async fn delete(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    expected: IfMatch,
) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_key(KeyId(id), &expected.0).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

//! Upstream keys.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use rotator_domain::{KeyId, ServiceId};

use super::App;
use super::error::ApiError;
use super::extract::{Body, DryRun, Id};
use super::paging::{PageQuery, Paged};
use crate::use_cases::Actor;
use crate::wire::{
    BatchBody, BatchReport, DeletedCount, ErrorBody, ExportedKeys, KeyPatch, Message, NewKey, PoolBody, PoolReport,
    UpstreamKey,
};

/// List a config's keys, masked.
#[utoipa::path(
    get,
    path = "/proxy-configs/{id}/keys",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id"), PageQuery),
    responses(
        (status = 200, description = "A page, with `X-Total-Count` and a `Link` to the next", body = Vec<UpstreamKey>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    paged: Paged,
) -> Result<(HeaderMap, Json<Vec<UpstreamKey>>), ApiError> {
    let listed = app.as_actor(&actor).keys(ServiceId(id), paged.page(KeyId)).await?;
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
) -> Result<(StatusCode, Json<UpstreamKey>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.as_actor(&actor).add_key(ServiceId(id), key).await?)))
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

/// Change what is named of a key.
#[utoipa::path(
    patch,
    path = "/keys/{id}",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    request_body = KeyPatch,
    responses(
        (status = 200, description = "The key, masked", body = UpstreamKey),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(patch): Body<KeyPatch>,
) -> Result<Json<UpstreamKey>, ApiError> {
    Ok(Json(app.as_actor(&actor).change_key(KeyId(id), patch).await?))
}

/// Delete a key.
#[utoipa::path(
    delete,
    path = "/keys/{id}",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
    )
)]
pub(super) async fn delete(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_key(KeyId(id)).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

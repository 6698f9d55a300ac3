//! Client keys.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use rotator_domain::ClientKeyId;

use super::App;
use super::error::ApiError;
use super::extract::{Body, Id};
use super::paging::{PageQuery, Paged};
use crate::use_cases::Actor;
use crate::wire::{
    ClientKey, ClientKeyBody, ClientKeyPatch, ClientKeyReport, ErrorBody, Message, NewClientKey, RotationBody,
};

/// List the client keys, without their values. Those in `GLOBAL_PROXY_KEYS` are not among them.
#[utoipa::path(
    get,
    path = "/client-keys",
    tag = "client keys",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page, with `X-Total-Count` and a `Link` to the next", body = Vec<ClientKey>),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    paged: Paged,
) -> Result<(HeaderMap, Json<Vec<ClientKey>>), ApiError> {
    let listed = app.as_actor(&actor).client_keys(paged.page(ClientKeyId)).await?;
    let headers = paged.headers(listed.entries.iter().map(|key| key.id), Some(listed.total));
    Ok((headers, Json(listed.entries)))
}

/// Make a client key. Its value is shown this once.
#[utoipa::path(
    post,
    path = "/client-keys",
    tag = "client keys",
    security(("bearer" = [])),
    request_body = ClientKeyBody,
    responses(
        (status = 201, description = "The key with its value", body = NewClientKey),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<ClientKeyBody>,
) -> Result<(StatusCode, Json<NewClientKey>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.as_actor(&actor).create_client_key(body).await?)))
}

/// Show a client key and how its limits stand.
#[utoipa::path(
    get,
    path = "/client-keys/{id}",
    tag = "client keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    responses(
        (status = 200, description = "The key, without its value", body = ClientKeyReport),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
    )
)]
pub(super) async fn show(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<ClientKeyReport>, ApiError> {
    Ok(Json(app.as_actor(&actor).client_key(ClientKeyId(id)).await?))
}

/// Change what is named of a client key.
#[utoipa::path(
    patch,
    path = "/client-keys/{id}",
    tag = "client keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    request_body = ClientKeyPatch,
    responses(
        (status = 200, description = "The key, without its value", body = ClientKey),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(patch): Body<ClientKeyPatch>,
) -> Result<Json<ClientKey>, ApiError> {
    Ok(Json(app.as_actor(&actor).change_client_key(ClientKeyId(id), patch).await?))
}

/// Give a client key another value, shown this once; the old one may open the doors for a while longer.
#[utoipa::path(
    post,
    path = "/client-keys/{id}/rotate",
    tag = "client keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    request_body = RotationBody,
    responses(
        (status = 200, description = "The key with its new value", body = NewClientKey),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn rotate(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(body): Body<RotationBody>,
) -> Result<Json<NewClientKey>, ApiError> {
    Ok(Json(app.as_actor(&actor).rotate_client_key(ClientKeyId(id), body).await?))
}

/// Delete a client key; it opens no door from now on.
#[utoipa::path(
    delete,
    path = "/client-keys/{id}",
    tag = "client keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
    )
)]
pub(super) async fn delete(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_client_key(ClientKeyId(id)).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

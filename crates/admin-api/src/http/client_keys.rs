//! Client keys.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use rotator_domain::ClientKeyId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::error::ApiError;
use super::extract::{Body, Id};
use super::paging::{PageQuery, Paged};
use super::versions::{IfMatch, tagged};
use crate::use_cases::Actor;
use crate::wire::{
    ClientKey, ClientKeyBody, ClientKeyPatch, ClientKeyReport, ErrorBody, Message, NewClientKey, RotationBody,
};

/// What to tell of the client keys.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StandingParameters {
    /// Whether it is told how the limits of each stand; no when absent.
    #[serde(default)]
    standing: bool,
}

/// List the client keys, without their values. Those in `GLOBAL_PROXY_KEYS` are not among them.
#[utoipa::path(
    get,
    path = "/client-keys",
    tag = "client keys",
    security(("bearer" = [])),
    params(PageQuery, StandingParameters),
    responses(
        (status = 200, description = "A page, with `X-Total-Count` and a `Link` to the next", body = Vec<ClientKeyReport>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    paged: Paged,
    parameters: Result<Query<StandingParameters>, QueryRejection>,
) -> Result<(HeaderMap, Json<Vec<ClientKeyReport>>), ApiError> {
    let Query(StandingParameters { standing }) =
        parameters.map_err(|_| ApiError::field("standing", "must be true or false"))?;
    let listed = app.as_actor(&actor).client_keys(paged.page(ClientKeyId), standing).await?;
    let headers = paged.headers(listed.entries.iter().map(|report| report.key.id), Some(listed.total));
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
pub(super) async fn show(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
) -> Result<(HeaderMap, Json<ClientKeyReport>), ApiError> {
    let shown = app.as_actor(&actor).client_key(ClientKeyId(id)).await?;
    Ok(tagged(shown, |shown| &shown.key.version))
}

/// Change what is named of a client key.
#[utoipa::path(
    patch,
    path = "/client-keys/{id}",
    tag = "client keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id"), IfMatch),
    request_body = ClientKeyPatch,
    responses(
        (status = 200, description = "The key, without its value", body = ClientKey),
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
    Body(patch): Body<ClientKeyPatch>,
) -> Result<(HeaderMap, Json<ClientKey>), ApiError> {
    let changed = app.as_actor(&actor).change_client_key(ClientKeyId(id), patch, &expected.0).await?;
    Ok(tagged(changed, |changed| &changed.version))
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
    app.as_actor(&actor).delete_client_key(ClientKeyId(id), &expected.0).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

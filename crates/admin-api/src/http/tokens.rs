//! API tokens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rotator_domain::AdminTokenId;

use super::App;
use super::error::ApiError;
use super::extract::{Body, Id};
use crate::use_cases::Actor;
use crate::wire::{AdminToken, AdminTokenBody, ErrorBody, Message, NewAdminToken};

/// List one's own API tokens; admins see those of everybody.
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "tokens",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The tokens, without their values", body = Vec<AdminToken>),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn list(State(app): State<App>, actor: Actor) -> Result<Json<Vec<AdminToken>>, ApiError> {
    Ok(Json(app.as_actor(&actor).tokens().await?))
}

/// Make an API token of one's own. Its value is shown this once.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "tokens",
    security(("bearer" = [])),
    request_body = AdminTokenBody,
    responses(
        (status = 201, description = "The token", body = NewAdminToken),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 403, description = "The scope is above one's own role", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<AdminTokenBody>,
) -> Result<(StatusCode, Json<NewAdminToken>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.as_actor(&actor).create_token(body).await?)))
}

/// Delete an API token; it stops to work at once. Those of others are for admins.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "tokens",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The token's id")),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 403, description = "It is another's", body = ErrorBody),
        (status = 404, description = "No such token", body = ErrorBody),
    )
)]
pub(super) async fn delete(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_token(AdminTokenId(id)).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

//! Users.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::App;
use super::error::ApiError;
use super::extract::{Body, Name};
use crate::use_cases::Actor;
use crate::wire::{AdminUser, AdminUserBody, AdminUserPatch, ErrorBody, Message, PasswordBody};

/// List the users.
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All users", body = Vec<AdminUser>),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn list(State(app): State<App>, actor: Actor) -> Result<Json<Vec<AdminUser>>, ApiError> {
    Ok(Json(app.as_actor(&actor).users().await?))
}

/// Make a user.
#[utoipa::path(
    post,
    path = "/users",
    tag = "users",
    security(("bearer" = [])),
    request_body = AdminUserBody,
    responses(
        (status = 201, description = "The user", body = AdminUser),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 409, description = "The name is taken", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<AdminUserBody>,
) -> Result<(StatusCode, Json<AdminUser>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.as_actor(&actor).create_user(body).await?)))
}

/// Change what is named of a user. Another role holds at once; with a new password, or disabled, the user's sessions end.
#[utoipa::path(
    patch,
    path = "/users/{name}",
    tag = "users",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "The user's name")),
    request_body = AdminUserPatch,
    responses(
        (status = 200, description = "The user", body = AdminUser),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such user", body = ErrorBody),
        (status = 409, description = "No other enabled user has the role admin", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    actor: Actor,
    Name(name): Name,
    Body(patch): Body<AdminUserPatch>,
) -> Result<Json<AdminUser>, ApiError> {
    Ok(Json(app.as_actor(&actor).change_user(&name, patch).await?))
}

/// Delete a user with their tokens; their sessions end.
#[utoipa::path(
    delete,
    path = "/users/{name}",
    tag = "users",
    security(("bearer" = [])),
    params(("name" = String, Path, description = "The user's name")),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such user", body = ErrorBody),
        (status = 409, description = "No other enabled user has the role admin", body = ErrorBody),
    )
)]
pub(super) async fn delete(State(app): State<App>, actor: Actor, Name(name): Name) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_user(&name).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

/// Change one's own password. It needs the old one and a session; other sessions end.
#[utoipa::path(
    put,
    path = "/me/password",
    tag = "session",
    security(("bearer" = [])),
    request_body = PasswordBody,
    responses(
        (status = 200, description = "The new password holds", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 403, description = "A token was shown", body = ErrorBody),
        (status = 422, description = "The old one is wrong, or the new one cannot be one", body = ErrorBody),
        (status = 429, description = "Too many tries failed; `Retry-After` says how long to wait", body = ErrorBody),
    )
)]
pub(super) async fn change_own_password(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<PasswordBody>,
) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).change_own_password(body).await?;
    Ok(Json(Message { message: "changed".to_owned() }))
}

//! Logging in and out.

use axum::Json;
use axum::extract::State;
use axum::http::Extensions;

use super::error::ApiError;
use super::extract::Body;
use super::{App, auth};
use crate::use_cases::{Actor, log_in};
use crate::wire::{ErrorBody, LoginAnswer, LoginBody, Me, Message};

/// Log in with a name and a password.
#[utoipa::path(
    post,
    path = "/login",
    tag = "session",
    request_body = LoginBody,
    responses(
        (status = 200, description = "A session", body = LoginAnswer),
        (status = 401, description = "The name or the password is wrong", body = ErrorBody),
        (status = 429, description = "Too many tries failed; `Retry-After` says how long to wait", body = ErrorBody),
    )
)]
pub(super) async fn login(
    State(app): State<App>,
    extensions: Extensions,
    Body(body): Body<LoginBody>,
) -> Result<Json<LoginAnswer>, ApiError> {
    Ok(Json(log_in(app.context(), &auth::origin(&extensions), body).await?))
}

/// End the session.
#[utoipa::path(
    post,
    path = "/logout",
    tag = "session",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The session has ended", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn logout(State(app): State<App>, actor: Actor) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).log_out().await?;
    Ok(Json(Message { message: "logged out".to_owned() }))
}

/// Who the bearer of the token is.
#[utoipa::path(
    get,
    path = "/me",
    tag = "session",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The bearer", body = Me),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn me(actor: Actor) -> Json<Me> {
    Json(Me { name: actor.name, user: actor.user, role: actor.role.name().to_owned() })
}

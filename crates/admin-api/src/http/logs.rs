//! What is logged.

use axum::Json;
use axum::extract::State;

use super::App;
use super::error::ApiError;
use super::extract::Body;
use crate::use_cases::Actor;
use crate::wire::{ErrorBody, LogLevel};

/// Show what this node logs.
#[utoipa::path(
    get,
    path = "/log-level",
    tag = "server",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The level of the node that answers", body = LogLevel),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn show(State(app): State<App>, actor: Actor) -> Json<LogLevel> {
    Json(app.as_actor(&actor).log_level())
}

/// Change what this node logs, until it ends. Other nodes stay as they are.
#[utoipa::path(
    put,
    path = "/log-level",
    tag = "server",
    security(("bearer" = [])),
    request_body = LogLevel,
    responses(
        (status = 200, description = "The level of the node that answers", body = LogLevel),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "No level", body = ErrorBody),
    )
)]
pub(super) async fn set(
    State(app): State<App>,
    actor: Actor,
    Body(level): Body<LogLevel>,
) -> Result<Json<LogLevel>, ApiError> {
    Ok(Json(app.as_actor(&actor).set_log_level(level).await?))
}

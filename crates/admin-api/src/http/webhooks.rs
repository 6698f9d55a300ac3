//! Webhooks.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use rotator_domain::WebhookId;

use super::App;
use super::error::ApiError;
use super::extract::{Body, Id};
use super::paging::{PageQuery, Paged};
use crate::use_cases::Actor;
use crate::wire::{
    ErrorBody, Message, NewWebhook, RotationBody, Webhook, WebhookBody, WebhookDelivery, WebhookPatch, WebhookTest,
};

/// List all webhooks, without their secrets; there are 100 at the most.
#[utoipa::path(
    get,
    path = "/webhooks",
    tag = "webhooks",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "All of them", body = Vec<Webhook>),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn list(State(app): State<App>, actor: Actor) -> Result<Json<Vec<Webhook>>, ApiError> {
    Ok(Json(app.as_actor(&actor).webhooks().await?))
}

/// Make a webhook. Its secret is shown this once.
#[utoipa::path(
    post,
    path = "/webhooks",
    tag = "webhooks",
    security(("bearer" = [])),
    request_body = WebhookBody,
    responses(
        (status = 201, description = "The webhook with its secret", body = NewWebhook),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(body): Body<WebhookBody>,
) -> Result<(StatusCode, Json<NewWebhook>), ApiError> {
    Ok((StatusCode::CREATED, Json(app.as_actor(&actor).create_webhook(body).await?)))
}

/// Show a webhook.
#[utoipa::path(
    get,
    path = "/webhooks/{id}",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "The webhook, without its secret", body = Webhook),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such webhook", body = ErrorBody),
    )
)]
pub(super) async fn show(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<Webhook>, ApiError> {
    Ok(Json(app.as_actor(&actor).webhook(WebhookId(id)).await?))
}

/// Change what is named of a webhook.
#[utoipa::path(
    patch,
    path = "/webhooks/{id}",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The webhook's id")),
    request_body = WebhookPatch,
    responses(
        (status = 200, description = "The webhook, without its secret", body = Webhook),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such webhook", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn change(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(patch): Body<WebhookPatch>,
) -> Result<Json<Webhook>, ApiError> {
    Ok(Json(app.as_actor(&actor).change_webhook(WebhookId(id), patch).await?))
}

/// Delete a webhook, and what waits for it.
#[utoipa::path(
    delete,
    path = "/webhooks/{id}",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such webhook", body = ErrorBody),
    )
)]
pub(super) async fn delete(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_webhook(WebhookId(id)).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

/// Give a webhook another secret, shown this once; messages may be signed with the old one as well for a while.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/rotate",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The webhook's id")),
    request_body = RotationBody,
    responses(
        (status = 200, description = "The webhook with its new secret", body = NewWebhook),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such webhook", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn rotate(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(body): Body<RotationBody>,
) -> Result<Json<NewWebhook>, ApiError> {
    Ok(Json(app.as_actor(&actor).rotate_webhook(WebhookId(id), body).await?))
}

/// Send a webhook a `ping`, now and once, also where it is disabled, and tell what came of it.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/test",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "What came of it", body = WebhookTest),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such webhook", body = ErrorBody),
    )
)]
pub(super) async fn test(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<WebhookTest>, ApiError> {
    Ok(Json(app.as_actor(&actor).test_webhook(WebhookId(id)).await?))
}

/// List the messages to a webhook, the newest first. Those that ended are kept for a week, the last thousand of them.
#[utoipa::path(
    get,
    path = "/webhooks/{id}/deliveries",
    tag = "webhooks",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The webhook's id"), PageQuery),
    responses(
        (status = 200, description = "A page, with a `Link` to the next", body = Vec<WebhookDelivery>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such webhook", body = ErrorBody),
    )
)]
pub(super) async fn deliveries(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    paged: Paged,
) -> Result<(HeaderMap, Json<Vec<WebhookDelivery>>), ApiError> {
    let deliveries = app.as_actor(&actor).webhook_deliveries(WebhookId(id), paged.page(|id| id)).await?;
    let headers = paged.headers(deliveries.iter().map(|delivery| delivery.id), None);
    Ok((headers, Json(deliveries)))
}

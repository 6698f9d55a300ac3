//! Proxy configs.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use rotator_domain::ServiceId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::error::ApiError;
use super::extract::{Body, ConfigBody, DryRun, Id};
use super::paging::{PageQuery, Paged};
use crate::use_cases::Actor;
use crate::wire::{ErrorBody, Message, ProxyConfig, ProxyConfigBody, StatusBody};

/// Which configs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SlugQuery {
    /// Only the config with exactly this slug.
    slug: Option<String>,
}

/// List the configs.
#[utoipa::path(
    get,
    path = "/proxy-configs",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(PageQuery, SlugQuery),
    responses(
        (status = 200, description = "A page, with `X-Total-Count` and a `Link` to the next", body = Vec<ProxyConfig>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "A bad page", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    paged: Paged,
    Query(SlugQuery { slug }): Query<SlugQuery>,
) -> Result<(HeaderMap, Json<Vec<ProxyConfig>>), ApiError> {
    let listed = match slug {
        Some(slug) => app.as_actor(&actor).configs_by_slug(&slug).await?,
        None => app.as_actor(&actor).configs(paged.page(ServiceId)).await?,
    };
    let headers = paged.headers(listed.entries.iter().map(|config| config.id), Some(listed.total));
    Ok((headers, Json(listed.entries)))
}

/// Make a config, with its first keys if it names some.
#[utoipa::path(
    post,
    path = "/proxy-configs",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(DryRun),
    request_body = ProxyConfigBody,
    responses(
        (status = 200, description = "A dry run: the config as it would be", body = ProxyConfig),
        (status = 201, description = "The config", body = ProxyConfig),
        (status = 400, description = "The body is no JSON", body = ErrorBody),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 409, description = "The name or the slug is taken", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn create(
    State(app): State<App>,
    actor: Actor,
    dry_run: DryRun,
    config: ConfigBody,
) -> Result<(StatusCode, Json<ProxyConfig>), ApiError> {
    let created = app.as_actor(&actor).create_config(config.body, dry_run.0).await?;
    Ok((if dry_run.0 { StatusCode::OK } else { StatusCode::CREATED }, Json(created)))
}

/// Show a config.
#[utoipa::path(
    get,
    path = "/proxy-configs/{id}",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    responses(
        (status = 200, description = "The config", body = ProxyConfig),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
    )
)]
pub(super) async fn show(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<ProxyConfig>, ApiError> {
    Ok(Json(app.as_actor(&actor).config(ServiceId(id)).await?))
}

/// Replace a config whole. Its keys stay as they are.
#[utoipa::path(
    put,
    path = "/proxy-configs/{id}",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id"), DryRun),
    request_body = ProxyConfigBody,
    responses(
        (status = 200, description = "The config", body = ProxyConfig),
        (status = 400, description = "The body is no JSON", body = ErrorBody),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 409, description = "The name or the slug is taken", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn replace(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    dry_run: DryRun,
    config: ConfigBody,
) -> Result<Json<ProxyConfig>, ApiError> {
    if !config.keys_are_known && config.body.api_keys.is_some() {
        let message = format!("are changed through proxy-configs/{id}/keys");
        return Err(ApiError::field("api_keys", message));
    }
    Ok(Json(app.as_actor(&actor).replace_config(ServiceId(id), config.body, dry_run.0).await?))
}

/// Turn a config on or off.
#[utoipa::path(
    put,
    path = "/proxy-configs/{id}/status",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    request_body = StatusBody,
    responses(
        (status = 200, description = "The config", body = ProxyConfig),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn set_status(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    Body(body): Body<StatusBody>,
) -> Result<Json<ProxyConfig>, ApiError> {
    Ok(Json(app.as_actor(&actor).set_config_status(ServiceId(id), body.is_active).await?))
}

/// Delete a config and its keys.
#[utoipa::path(
    delete,
    path = "/proxy-configs/{id}",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
    )
)]
pub(super) async fn delete(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_config(ServiceId(id)).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

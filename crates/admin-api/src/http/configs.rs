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
use super::versions::{IfMatch, tagged};
use crate::use_cases::Actor;
use crate::wire::{ErrorBody, Message, ProxyConfig, ProxyConfigBody, StatusBody};

/// Which configs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ConfigParameters {
    /// Only the config with exactly this slug.
    slug: Option<String>,
    /// `none` leaves `api_keys` empty, which makes long lists cheaper; how many keys there are is told anyway.
    keys: Option<String>,
}

/// List the configs.
#[utoipa::path(
    get,
    path = "/proxy-configs",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(PageQuery, ConfigParameters),
    responses(
        (status = 200, description = "A page, with `X-Total-Count` and a `Link` to the next", body = Vec<ProxyConfig>),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 422, description = "Refused parameters, named", body = ErrorBody),
    )
)]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    paged: Paged,
    Query(ConfigParameters { slug, keys }): Query<ConfigParameters>,
) -> Result<(HeaderMap, Json<Vec<ProxyConfig>>), ApiError> {
    let shows_keys = match keys.as_deref() {
        None => true,
        Some("none") => false,
        Some(_) => return Err(ApiError::field("keys", "must be none")),
    };
    let listed = match slug {
        Some(slug) => app.as_actor(&actor).configs_by_slug(&slug, shows_keys).await?,
        None => app.as_actor(&actor).configs(paged.page(ServiceId), shows_keys).await?,
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
) -> Result<(StatusCode, HeaderMap, Json<ProxyConfig>), ApiError> {
    let created = app.as_actor(&actor).create_config(config.body, dry_run.0).await?;
    if dry_run.0 {
        return Ok((StatusCode::OK, HeaderMap::new(), Json(created)));
    }
    let (headers, created) = tagged(created, |created| &created.version);
    Ok((StatusCode::CREATED, headers, created))
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
pub(super) async fn show(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
) -> Result<(HeaderMap, Json<ProxyConfig>), ApiError> {
    let shown = app.as_actor(&actor).config(ServiceId(id)).await?;
    Ok(tagged(shown, |shown| &shown.version))
}

/// Replace a config whole. Its keys stay as they are.
#[utoipa::path(
    put,
    path = "/proxy-configs/{id}",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id"), DryRun, IfMatch),
    request_body = ProxyConfigBody,
    responses(
        (status = 200, description = "The config", body = ProxyConfig),
        (status = 400, description = "The body is no JSON", body = ErrorBody),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 409, description = "The name or the slug is taken", body = ErrorBody),
        (status = 412, description = "It is at another version", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn replace(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    dry_run: DryRun,
    expected: IfMatch,
    config: ConfigBody,
) -> Result<(HeaderMap, Json<ProxyConfig>), ApiError> {
    if !config.keys_are_known && config.body.api_keys.is_some() {
        let message = format!("are changed through proxy-configs/{id}/keys");
        return Err(ApiError::field("api_keys", message));
    }
    let replaced = app.as_actor(&actor).replace_config(ServiceId(id), config.body, dry_run.0, &expected.0).await?;
    // What was only tried is at no version.
    Ok(if dry_run.0 { (HeaderMap::new(), Json(replaced)) } else { tagged(replaced, |replaced| &replaced.version) })
}

/// Turn a config on or off.
#[utoipa::path(
    put,
    path = "/proxy-configs/{id}/status",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id"), IfMatch),
    request_body = StatusBody,
    responses(
        (status = 200, description = "The config", body = ProxyConfig),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 412, description = "It is at another version", body = ErrorBody),
        (status = 422, description = "Refused fields, named", body = ErrorBody),
    )
)]
pub(super) async fn set_status(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    expected: IfMatch,
    Body(body): Body<StatusBody>,
) -> Result<(HeaderMap, Json<ProxyConfig>), ApiError> {
    let changed = app.as_actor(&actor).set_config_status(ServiceId(id), body.is_active, &expected.0).await?;
    Ok(tagged(changed, |changed| &changed.version))
}

/// Delete a config and its keys.
#[utoipa::path(
    delete,
    path = "/proxy-configs/{id}",
    tag = "proxy configs",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id"), IfMatch),
    responses(
        (status = 200, description = "Deleted", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
        (status = 412, description = "It is at another version", body = ErrorBody),
    )
)]
pub(super) async fn delete(
    State(app): State<App>,
    actor: Actor,
    Id(id): Id,
    expected: IfMatch,
) -> Result<Json<Message>, ApiError> {
    app.as_actor(&actor).delete_config(ServiceId(id), &expected.0).await?;
    Ok(Json(Message { message: "deleted".to_owned() }))
}

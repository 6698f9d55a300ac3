//! The server itself.

use axum::Json;
use axum::extract::State;
use rotator_cache_trait::Node;

use super::App;
use crate::AdminContext;
use crate::time::rfc3339;
use crate::wire::{AppConfig, ErrorBody, NodeStatus, Status};

/// What a client may know before it logs in.
#[utoipa::path(
    get,
    path = "/app-config",
    tag = "server",
    responses((status = 200, description = "The public settings", body = AppConfig))
)]
pub(super) async fn app_config(State(app): State<App>) -> Json<AppConfig> {
    let context = app.context();
    Json(AppConfig {
        proxy_public_base_url: context.public_base_url.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        features: context.features.clone(),
    })
}

/// How the server is.
#[utoipa::path(
    get,
    path = "/status",
    tag = "server",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The state of the server", body = Status),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn status(State(app): State<App>) -> Json<Status> {
    let AdminContext { storage, nodes, clock, request_log, .. } = app.context();
    let services = storage.count_services().await;
    let nodes = nodes.nodes(clock.now()).await.unwrap_or_else(|error| {
        tracing::warn!(error = %error, "the nodes could not be listed");
        Vec::new()
    });
    let node = |Node { id, version, seen_at }| NodeStatus { id, version, seen_at: rfc3339(seen_at) };
    Json(Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_seconds: app.0.started.elapsed().as_secs(),
        database: services.is_ok(),
        services: services.unwrap_or(0),
        nodes: nodes.into_iter().map(node).collect(),
        lost_log_entries: request_log.lost(),
    })
}

//! What load balancers, monitors and browsers ask of the server itself.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::Full;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use rotator_storage_trait::Storage;
use serde::Serialize;

use crate::backends::{CacheLink, Standing};

/// Answers `/healthz`, `/readyz`, `/metrics` and `/`.
pub(crate) struct Health {
    storage: Arc<dyn Storage>,
    /// This node's part in a cache that others share.
    link: Option<Arc<dyn CacheLink>>,
    registry: Registry,
    cache: CacheMetrics,
}

/// How this node stands in a cache that others share; told when they are asked for.
#[derive(Default)]
struct CacheMetrics {
    alone: Gauge,
    nodes: Gauge,
    losses: Gauge,
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    database: &'static str,
    /// `own`, `shared`, or `alone` while the shared one does not answer.
    cache: &'static str,
    /// How many nodes share it.
    nodes: usize,
}

const NOT_READY: &str = "not ready";
const NO_ANSWER: &str = "does not answer";
/// When to come again, in seconds, while the database does not answer.
const LATER: &str = "5";

const WELCOME: &str = concat!(
    "<!doctype html><html lang=en><meta charset=utf-8><title>API Key Rotator</title>",
    "<h1>API Key Rotator ",
    env!("CARGO_PKG_VERSION"),
    "</h1><ul><li><a href=/docs>Admin API</a><li><a href=/healthz>Health</a><li><a href=/readyz>Readiness</a></ul>"
);

// === impl Health ===

impl Health {
    pub(crate) fn new(storage: Arc<dyn Storage>, link: Option<Arc<dyn CacheLink>>, mut registry: Registry) -> Self {
        let cache = CacheMetrics::default();
        if link.is_some() {
            let metrics = [
                ("rotator_cache_alone", "Whether this node goes on without the shared cache", &cache.alone),
                ("rotator_cache_nodes", "How many nodes share the cache", &cache.nodes),
                ("rotator_cache_losses", "How often this node has lost the shared cache", &cache.losses),
            ];
            for (name, help, gauge) in metrics {
                registry.register(name, help, gauge.clone());
            }
        }
        Self { storage, link, registry, cache }
    }

    /// The answer to a path, if it is one of these.
    pub(crate) async fn answer(&self, path: &str) -> Option<Response<Full<Bytes>>> {
        match path {
            "/" => Some(text(StatusCode::OK, "text/html; charset=utf-8", WELCOME)),
            "/healthz" => Some(alive()),
            "/readyz" => Some(self.readiness().await),
            "/metrics" => Some(self.metrics()),
            _ => None,
        }
    }

    async fn readiness(&self) -> Response<Full<Bytes>> {
        let standing = self.link.as_ref().map(|link| link.standing());
        let cache = match standing {
            None => "own",
            Some(Standing { alone_since: None, .. }) => "shared",
            Some(_) => "alone",
        };
        let nodes = standing.map_or(1, |standing| standing.nodes);
        let readiness = |status, database| Readiness { status, database, cache, nodes };
        let (status, readiness) = match self.storage.ping().await {
            Ok(()) => (StatusCode::OK, readiness("ready", "ok")),
            Err(error) => {
                tracing::warn!(error = %error, "the database does not answer");
                (StatusCode::SERVICE_UNAVAILABLE, readiness(NOT_READY, NO_ANSWER))
            }
        };
        readiness.answer(status)
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        if let Some(Standing { alone_since, nodes, losses }) = self.link.as_ref().map(|link| link.standing()) {
            self.cache.alone.set(i64::from(alone_since.is_some()));
            self.cache.nodes.set(i64::try_from(nodes).unwrap_or(i64::MAX));
            self.cache.losses.set(i64::try_from(losses).unwrap_or(i64::MAX));
        }
        let mut page = String::new();
        match prometheus_client::encoding::text::encode(&mut page, &self.registry) {
            Ok(()) => text(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", page),
            Err(error) => {
                tracing::error!(error = %error, "the metrics could not be written");
                text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "")
            }
        }
    }
}

/// The answer to any path before the server has its database.
pub(crate) fn before_start(path: &str, shares_cache: bool) -> Response<Full<Bytes>> {
    if path == "/healthz" {
        return alive();
    }
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = if path == "/readyz" {
        let cache = if shares_cache { "alone" } else { "own" };
        Readiness { status: NOT_READY, database: NO_ANSWER, cache, nodes: 1 }.answer(status)
    } else {
        // A problem document for the doors' clients, and the field that those of the admin API read.
        let detail = "the server waits for its database";
        let problem = serde_json::json!({
            "type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": detail, "error": detail,
        });
        text(status, "application/problem+json", problem.to_string())
    };
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(LATER));
    response
}

fn alive() -> Response<Full<Bytes>> {
    text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")
}

// === impl Readiness ===

impl Readiness {
    fn answer(&self, status: StatusCode) -> Response<Full<Bytes>> {
        text(status, "application/json", serde_json::to_vec(self).unwrap_or_default())
    }
}

fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

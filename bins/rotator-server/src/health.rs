//! What load balancers, monitors and browsers ask of the server itself.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderValue, RETRY_AFTER};
use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::Full;
use rotator_storage_trait::Storage;
use rotator_usage::UsageWriter;
use serde::Serialize;

use crate::backends::CacheLink;
use crate::dependencies::{Dependencies, Dependency, database};
use crate::metrics::{MetricsPage, Sources};
use crate::responses::text;

/// Answers `/healthz`, `/readyz`, `/metrics` and `/`.
pub(crate) struct Health {
    storage: Arc<dyn Storage>,
    /// This node's part in a cache that others share.
    link: Option<Arc<dyn CacheLink>>,
    usage: Option<Arc<UsageWriter>>,
    metrics: MetricsPage,
    /// Whether the metrics are told at an address of their own, and nowhere else.
    are_metrics_apart: bool,
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    database: &'static str,
    /// `own`, `shared`, or `alone` while the shared one does not answer.
    cache: &'static str,
    /// How many nodes share it.
    nodes: usize,
    /// Each with its state, and why it is so where something is wrong.
    dependencies: Dependencies,
}

const READY: &str = "ready";
const NOT_READY: &str = "not ready";
/// When to come again, in seconds, while the database does not answer.
const LATER: &str = "5";

// === impl Health ===

impl Health {
    /// `metrics` are told at an address of their own only where they are `apart`.
    pub(crate) fn new(sources: &Sources, metrics: MetricsPage, are_metrics_apart: bool) -> Self {
        let Sources { storage, link, usage, .. } = sources;
        Self { storage: Arc::clone(storage), link: link.clone(), usage: usage.clone(), metrics, are_metrics_apart }
    }

    /// The answer to a request, if it is for one of these.
    pub(crate) async fn answer(&self, request: &Parts) -> Option<Response<Full<Bytes>>> {
        match request.uri.path() {
            "/healthz" => Some(alive()),
            "/readyz" => Some(self.readiness().await),
            "/metrics" if !self.are_metrics_apart => Some(self.metrics.answer(&request.headers).await),
            _ => None,
        }
    }

    /// The answer to a request at the metrics' own address.
    pub(crate) async fn answer_apart(&self, request: &Parts) -> Response<Full<Bytes>> {
        match request.uri.path() {
            "/metrics" => self.metrics.answer(&request.headers).await,
            _ => text(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "only /metrics is here\n"),
        }
    }

    async fn readiness(&self) -> Response<Full<Bytes>> {
        let standing = self.link.as_ref().map(|link| link.standing());
        let database = database(self.storage.as_ref()).await;
        if let Err(reason) = &database {
            tracing::warn!(reason, "the database does not answer");
        }
        let dependencies = Dependencies {
            database: Dependency::database(database),
            cache: Dependency::cache(standing),
            usage: Dependency::usage(self.usage.as_ref().map(|usage| usage.standing())),
        };
        Readiness::new(dependencies, standing.map_or(1, |standing| standing.nodes)).answer()
    }
}

/// The answer to any path before the server has its database.
pub(crate) fn before_start(path: &str, shares_cache: bool) -> Response<Full<Bytes>> {
    if path == "/healthz" {
        return alive();
    }
    let mut response = if path == "/readyz" {
        Readiness::new(Dependencies::before_start(shares_cache), 1).answer()
    } else {
        // A problem document for the doors' clients, and the field that those of the admin API read.
        let detail = "the server waits for its database";
        let problem = serde_json::json!({
            "type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": detail, "error": detail,
        });
        text(StatusCode::SERVICE_UNAVAILABLE, "application/problem+json", problem.to_string())
    };
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(LATER));
    response
}

fn alive() -> Response<Full<Bytes>> {
    text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")
}

// === impl Readiness ===

impl Readiness {
    /// Without the database it is not ready; without the shared cache it goes on alone, and figures wait in the journal.
    fn new(dependencies: Dependencies, nodes: usize) -> Self {
        let (database, cache) = (dependencies.database.state, dependencies.cache.state);
        let status = if database == Dependency::OK { READY } else { NOT_READY };
        Self { status, database, cache, nodes, dependencies }
    }

    fn answer(&self) -> Response<Full<Bytes>> {
        let status = if self.status == READY { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        text(status, "application/json", serde_json::to_vec(self).unwrap_or_default())
    }
}

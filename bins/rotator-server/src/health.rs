//! What load balancers, monitors and browsers ask of the server itself.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use prometheus_client::registry::Registry;
use rotator_storage_trait::Storage;
use serde::Serialize;

/// Answers `/healthz`, `/readyz`, `/metrics` and `/`.
pub(crate) struct Health {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) registry: Registry,
}

#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    database: &'static str,
}

const WELCOME: &str = concat!(
    "<!doctype html><html lang=en><meta charset=utf-8><title>API Key Rotator</title>",
    "<h1>API Key Rotator ",
    env!("CARGO_PKG_VERSION"),
    "</h1><ul><li><a href=/docs>Admin API</a><li><a href=/healthz>Health</a><li><a href=/readyz>Readiness</a></ul>"
);

// === impl Health ===

impl Health {
    /// The answer to a path, if it is one of these.
    pub(crate) async fn answer(&self, path: &str) -> Option<Response<Full<Bytes>>> {
        match path {
            "/" => Some(text(StatusCode::OK, "text/html; charset=utf-8", WELCOME)),
            "/healthz" => Some(text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")),
            "/readyz" => Some(self.readiness().await),
            "/metrics" => Some(self.metrics()),
            _ => None,
        }
    }

    async fn readiness(&self) -> Response<Full<Bytes>> {
        let (status, readiness) = match self.storage.ping().await {
            Ok(()) => (StatusCode::OK, Readiness { status: "ready", database: "ok" }),
            Err(error) => {
                tracing::warn!(error = %error, "the database does not answer");
                (StatusCode::SERVICE_UNAVAILABLE, Readiness { status: "not ready", database: "does not answer" })
            }
        };
        text(status, "application/json", serde_json::to_vec(&readiness).unwrap_or_default())
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
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

fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

//! A page to read the API: Swagger UI, served from the binary. The page holds no data; it asks for a token and fetches the
//! document with it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use utoipa_swagger_ui::Config;

use super::App;

const PAGE: &str = include_str!("docs/index.html");
const SCRIPT: &str = include_str!("docs/docs.js");
/// Swagger UI sets styles on its elements; scripts come from this server only.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// The document.
pub(super) async fn openapi(State(app): State<App>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], app.0.openapi.clone())
}

/// The page and what it loads.
pub(super) fn router() -> Router {
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(|| async { page("text/html; charset=utf-8", PAGE) }))
        .route("/docs/docs.js", get(|| async { page("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/docs/{file}", get(asset))
}

async fn asset(Path(file): Path<String>) -> Response {
    match utoipa_swagger_ui::serve(&file, Arc::new(Config::from("/api/admin/openapi.json"))) {
        Ok(Some(asset)) => ([(CONTENT_TYPE, asset.content_type)], asset.bytes.into_owned()).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page(content_type: &'static str, body: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 2] = [(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, POLICY)];
    (headers, body)
}

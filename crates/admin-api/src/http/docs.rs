//! A page to read the API: Swagger UI, served from the binary. The page holds no data; it asks for a token and fetches the
//! document with it.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::App;
use super::error::ApiError;
use super::packed::Packed;

/// What the page needs of Swagger UI.
static FILES: &[Packed] = &include!(concat!(env!("OUT_DIR"), "/docs_files.rs"));
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

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let file = FILES.iter().find(|file| file.path == name).ok_or(ApiError::NotFound("the file"))?;
    file.answer(&headers)
}

fn page(content_type: &'static str, body: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 2] = [(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, POLICY)];
    (headers, body)
}

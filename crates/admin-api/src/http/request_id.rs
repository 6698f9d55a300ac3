//! What a request is called, in the audit log and in its answer.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use rotator_domain::is_request_id;

use crate::random;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request: its client's own, where a log can hold it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// Gives a request its id, and tells it in the answer.
pub(super) async fn name(mut request: Request, next: Next) -> Response {
    let told = request.headers().get(X_REQUEST_ID).filter(|id| is_request_id(id.as_bytes()));
    let told = told.and_then(|id| id.to_str().ok()).map(str::to_owned);
    let Some(id) = told.or_else(|| random::session_id().ok()) else { return next.run(request).await };
    let header = HeaderValue::from_str(&id);
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    if let Ok(header) = header {
        response.headers_mut().insert(X_REQUEST_ID, header);
    }
    response
}

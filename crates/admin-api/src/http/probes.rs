//! Testing keys.

use std::convert::Infallible;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use rotator_domain::{KeyId, ServiceId};

use super::App;
use super::error::ApiError;
use super::extract::Id;
use crate::use_cases::{Actor, probe};
use crate::wire::{ErrorBody, PoolProbeLine, ProbeReport};

/// How many keys of a config are tested at once.
const AT_ONCE: usize = 8;

/// Test a key with one real request to its upstream.
#[utoipa::path(
    post,
    path = "/keys/{id}/test",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The key's id")),
    responses(
        (status = 200, description = "What the upstream answered", body = ProbeReport),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such key", body = ErrorBody),
    )
)]
pub(super) async fn test(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Json<ProbeReport>, ApiError> {
    Ok(Json(app.as_actor(&actor).test_key(KeyId(id)).await?))
}

/// Test all keys of a config, a few at once. The answer is a stream of JSON lines, one a key as soon as it is tested; whoever
/// closes it ends the test.
#[utoipa::path(
    post,
    path = "/proxy-configs/{id}/keys/test",
    tag = "keys",
    security(("bearer" = [])),
    params(("id" = i64, Path, description = "The config's id")),
    responses(
        (status = 200, description = "One line a key", body = PoolProbeLine, content_type = "application/x-ndjson"),
        (status = 401, description = "No valid token", body = ErrorBody),
        (status = 404, description = "No such config", body = ErrorBody),
    )
)]
pub(super) async fn test_all(State(app): State<App>, actor: Actor, Id(id): Id) -> Result<Response, ApiError> {
    let service = ServiceId(id);
    let keys = app.as_actor(&actor).keys_to_test(service).await?;
    let total = keys.len() as u64;
    let tests = stream::iter(keys).map(move |key| {
        let app = app.clone();
        async move { (key, probe(app.context(), service, key).await) }
    });
    let lines = tests.buffer_unordered(AT_ONCE).zip(stream::iter(1..)).map(move |((key, report), tested)| {
        let line = PoolProbeLine { tested, total, id: key.0, report };
        let mut text = serde_json::to_vec(&line).unwrap_or_default();
        text.push(b'\n');
        Ok::<_, Infallible>(Bytes::from(text))
    });
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

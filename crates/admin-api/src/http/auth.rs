//! Who asks: the bearer of a session or of an API token.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;
use rotator_domain::Timestamp;

use super::App;
use super::error::ApiError;
use crate::session;
use crate::use_cases::tokens::PREFIX;
use crate::use_cases::{Actor, UseCaseError};

/// Lets a request pass whose bearer is known, and notes who it is.
pub(super) async fn require(State(app): State<App>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let token = bearer(request.headers()).ok_or(ApiError::Unauthorized)?;
    let mut actor = actor_of(&app, token).await?.ok_or(ApiError::Unauthorized)?;
    actor.remote = remote(request.extensions());
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}

/// The address that the connection comes from, where the server tells it.
pub(super) fn remote(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// The actor of a request that has passed [`require`].
impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::Unauthorized)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
}

async fn actor_of(app: &App, token: &str) -> Result<Option<Actor>, ApiError> {
    let context = app.context();
    let now = context.clock.now();
    if token.starts_with(PREFIX) {
        let digest = context.digest_key.admin_token(token.as_bytes());
        let found = context.storage.admin_token(&digest).await.map_err(UseCaseError::Storage)?;
        let valid = found.filter(|token| token.expires_at.is_none_or(|end| end > now));
        return Ok(valid.map(|token| Actor { name: format!("token:{}", token.name), remote: None, session: None }));
    }
    let Some(claims) = session::read(token, &context.jwt_secret, now) else {
        return Ok(None);
    };
    if context.storage.is_session_ended(&claims.jti).await.map_err(UseCaseError::Storage)? {
        return Ok(None);
    }
    let end = Timestamp::from_millis(claims.exp.saturating_mul(1000));
    Ok(Some(Actor { name: claims.sub, remote: None, session: Some((claims.jti, end)) }))
}

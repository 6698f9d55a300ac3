//! Who asks: the bearer of a session or of an API token, and whether they may.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;

use super::error::ApiError;
use super::request_id::RequestId;
use super::{App, browser, permissions};
use crate::use_cases::{Actor, Origin, Pass};

/// Lets a request pass whose bearer is known and may do what it asks for, and notes who it is.
pub(super) async fn require(State(app): State<App>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    let shown = match bearer(request.headers()) {
        Some(bearer) => Some(bearer),
        None => browser::token(request.method(), request.headers())?,
    };
    let shown = shown.ok_or(ApiError::Unauthorized)?;
    let pass = Pass::read(app.context(), shown).ok_or(ApiError::Unauthorized)?;
    let actor = Actor::of(app.context(), pass, origin(request.extensions())).await?;
    let actor = actor.ok_or(ApiError::Unauthorized)?;
    permissions::check(&actor, request.method(), request.extensions().get::<MatchedPath>())?;
    request.extensions_mut().insert(actor);
    Ok(next.run(request).await)
}

/// Where a request comes from, as far as the server tells it.
pub(super) fn origin(extensions: &Extensions) -> Origin {
    let remote: Option<IpAddr> = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    Origin { remote, request_id: extensions.get::<RequestId>().map(|RequestId(id)| id.clone()) }
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

//! Sessions of browsers: the token lives in a cookie that scripts cannot read, and what changes something must come from the UI's
//! own page.

use axum::Json;
use axum::extract::State;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{Extensions, HeaderMap, Method};
use axum::response::{AppendHeaders, IntoResponse};
use rotator_domain::Timestamp;

use super::error::ApiError;
use super::extract::Body;
use super::{App, auth};
use crate::time::rfc3339;
use crate::use_cases::{Actor, Pass, log_in};
use crate::wire::{ErrorBody, LoginAnswer, LoginBody, Message, Session};

const NAME: &str = "rotator_session";
/// Where the cookie is sent to: not with proxied requests.
const PATH: &str = "/api/admin";
/// What a page of another site cannot send without being asked whether it may (a CORS preflight).
const GUARD: &str = "x-rotator-csrf";

/// Begin a session of a browser, whose token is in a cookie.
#[utoipa::path(
    post,
    path = "/login/browser",
    tag = "session",
    params(("x-rotator-csrf" = String, Header, description = "Anything: that it is there shows where the request comes from")),
    request_body = LoginBody,
    responses(
        (status = 200, description = "A session; `Set-Cookie` has its token", body = Message),
        (status = 401, description = "The name or the password is wrong", body = ErrorBody),
        (status = 403, description = "The request comes from another site's page", body = ErrorBody),
        (status = 429, description = "Too many tries failed; `Retry-After` says how long to wait", body = ErrorBody),
    )
)]
pub(super) async fn begin(
    State(app): State<App>,
    extensions: Extensions,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> Result<impl IntoResponse, ApiError> {
    require_own_page(&headers)?;
    let LoginAnswer { access_token, expires_in, message, .. } =
        log_in(app.context(), &auth::origin(&extensions), body).await?;
    Ok((AppendHeaders([(SET_COOKIE, cookie(&access_token, expires_in, &headers))]), Json(Message { message })))
}

/// Who is logged in, and until when.
#[utoipa::path(
    get,
    path = "/session",
    tag = "session",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The session, or the token", body = Session),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn show(actor: Actor) -> Json<Session> {
    let expires_at = match &actor.pass {
        Pass::Session(claims) => Some(Timestamp::from_millis(claims.exp.saturating_mul(1000))),
        Pass::Token { expires_at, .. } => *expires_at,
    };
    Json(Session { username: actor.name, role: actor.role.name().to_owned(), expires_at: expires_at.map(rfc3339) })
}

/// End the session, and take the cookie back.
#[utoipa::path(
    delete,
    path = "/session",
    tag = "session",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The session has ended", body = Message),
        (status = 401, description = "No valid token", body = ErrorBody),
    )
)]
pub(super) async fn end(
    State(app): State<App>,
    headers: HeaderMap,
    actor: Actor,
) -> Result<impl IntoResponse, ApiError> {
    app.as_actor(&actor).log_out().await?;
    let message = Message { message: "logged out".to_owned() };
    Ok((AppendHeaders([(SET_COOKIE, cookie("", 0, &headers))]), Json(message)))
}

/// The token of a request's cookie, if it comes from the UI's own page or changes nothing.
pub(super) fn token<'a>(method: &Method, headers: &'a HeaderMap) -> Result<Option<&'a str>, ApiError> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let Some((_, token)) = pairs.find(|(name, value)| *name == NAME && !value.is_empty()) else { return Ok(None) };
    if !matches!(*method, Method::GET | Method::HEAD) {
        require_own_page(headers)?;
    }
    Ok(Some(token))
}

fn require_own_page(headers: &HeaderMap) -> Result<(), ApiError> {
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    match site {
        Some(b"same-origin") | None if headers.contains_key(GUARD) => Ok(()),
        _ => Err(ApiError::OtherSite),
    }
}

/// `Secure` where the browser came by TLS, as the proxy in front says: without it the cookie must work as well.
fn cookie(token: &str, seconds: u64, headers: &HeaderMap) -> String {
    let is_tls =
        headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"));
    let secure = if is_tls { "; Secure" } else { "" };
    format!("{NAME}={token}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn told(method: &Method, pairs: &[(&'static str, &'static str)]) -> Result<Option<String>, ()> {
        let headers = headers(pairs);
        token(method, &headers).map(|token| token.map(str::to_owned)).map_err(|_| ())
    }

    #[test]
    fn a_cookie_reads_everywhere_and_writes_from_its_own_page_only() {
        let held = ("cookie", "a=b; rotator_session=t.o.k");
        let token = Ok(Some("t.o.k".to_owned()));
        assert_eq!(told(&Method::GET, &[held]), token);
        assert_eq!(told(&Method::POST, &[held]), Err(()));
        assert_eq!(told(&Method::POST, &[held, (GUARD, "1")]), token);
        assert_eq!(told(&Method::DELETE, &[held, (GUARD, "1"), ("sec-fetch-site", "same-origin")]), token);
        assert_eq!(told(&Method::DELETE, &[held, (GUARD, "1"), ("sec-fetch-site", "same-site")]), Err(()));
        assert_eq!(told(&Method::PATCH, &[held, ("sec-fetch-site", "same-origin")]), Err(()));
        assert_eq!(told(&Method::POST, &[("cookie", "rotator_session=")]), Ok(None));
        assert_eq!(told(&Method::POST, &[]), Ok(None));
    }

    #[test]
    fn a_cookie_is_for_no_script_and_no_other_site() {
        let plain = cookie("t", 60, &HeaderMap::new());
        assert_eq!(plain, "rotator_session=t; Path=/api/admin; Max-Age=60; HttpOnly; SameSite=Strict");
        assert_eq!(cookie("t", 60, &headers(&[("x-forwarded-proto", "https")])), format!("{plain}; Secure"));
    }
}

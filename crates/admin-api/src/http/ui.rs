//! The web UI, from the binary. All that it shows it asks the API for.

use axum::extract::Request;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, Method};
use axum::response::{Html, IntoResponse, Response};

use super::error::ApiError;
use super::packed::Packed;

/// All files of the built UI; none where it was not built.
static FILES: &[Packed] = &include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));
/// The page that shows whatever the browser's path says.
const PAGE: &str = "/index.html";
/// What is shown where the UI was not built: how to get it.
const MISSING: &str = include_str!("ui/missing.html");
/// Files whose names change with their content are under this.
const NAMED_BY_CONTENT: &str = "/assets/";
/// Nothing comes from another host, and nothing runs that is not a file of the UI.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// Answers what no other route does: the files of the UI, and its page where a browser asks for a page.
pub(super) async fn serve(request: Request) -> Result<Response, ApiError> {
    let path = request.uri().path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::NotFound("the route"));
    }
    if let Some(file) = file(path) {
        return answer(file, request.headers());
    }
    if path.starts_with(NAMED_BY_CONTENT) || !wants_page(request.headers()) {
        return Err(ApiError::NotFound("the route"));
    }
    match file(PAGE) {
        Some(page) => answer(page, request.headers()),
        None => Ok((common("no-cache"), Html(MISSING)).into_response()),
    }
}

fn file(path: &str) -> Option<&'static Packed> {
    FILES.iter().find(|file| file.path == path)
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// A file with what holds for all of the UI.
fn answer(file: &Packed, headers: &HeaderMap) -> Result<Response, ApiError> {
    let cache = match file.path.starts_with(NAMED_BY_CONTENT) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    Ok((common(cache), file.answer(headers)?).into_response())
}

fn common(cache: &'static str) -> [(HeaderName, &'static str); 4] {
    [
        (CACHE_CONTROL, cache),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ]
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::http::header::ACCEPT_ENCODING;

    use super::*;

    async fn ask(method: Method, path: &str, accept: &str) -> StatusCode {
        let request = Request::builder().method(method).uri(path).header(ACCEPT, accept).body(Body::empty()).unwrap();
        match serve(request).await {
            Ok(response) => {
                assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], POLICY);
                response.status()
            }
            Err(error) => error.into_response().status(),
        }
    }

    #[tokio::test]
    async fn browsers_get_a_page_for_every_path_and_others_are_told_that_there_is_none() {
        assert_eq!(ask(Method::GET, "/", "text/html,*/*").await, StatusCode::OK);
        assert_eq!(ask(Method::GET, "/services/3/keys", "text/html").await, StatusCode::OK);
        assert_eq!(ask(Method::GET, "/services/3/keys", "*/*").await, StatusCode::NOT_FOUND);
        assert_eq!(ask(Method::GET, "/assets/gone-1a2b.js", "text/html").await, StatusCode::NOT_FOUND);
        assert_eq!(ask(Method::POST, "/", "text/html").await, StatusCode::NOT_FOUND);
    }

    #[test]
    fn what_is_named_by_its_content_is_kept_for_ever() {
        let packed = |path| Packed { path, gzip: b"" };
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, "gzip".parse().unwrap())]);
        let cache = |path| answer(&packed(path), &headers).ok().unwrap().headers()[CACHE_CONTROL].clone();
        assert_eq!(cache("/assets/a.css"), "public, max-age=31536000, immutable");
        assert_eq!(cache("/index.html"), "no-cache");
    }
}

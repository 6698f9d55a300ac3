//! The web UI, from the binary. Its files are kept compressed, and unpacked for clients that cannot read them so. All that it shows
//! it asks the API for.

use std::io::Read;

use axum::extract::Request;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, Method};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;

use super::error::ApiError;

/// All files of the built UI; none where it was not built.
static FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/ui_files.rs"));
/// The page that shows whatever the browser's path says.
const PAGE: &str = "/index.html";
/// What is shown where the UI was not built: how to get it.
const MISSING: &str = include_str!("ui/missing.html");
/// Files whose names change with their content are under this.
const NAMED_BY_CONTENT: &str = "/assets/";
/// Nothing comes from another host, and nothing runs that is not a file of the UI.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

struct File {
    path: &'static str,
    gzip: &'static [u8],
}

/// Answers what no other route does: the files of the UI, and its page where a browser asks for a page.
pub(super) async fn serve(request: Request) -> Result<Response, ApiError> {
    let path = request.uri().path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::NotFound("the route"));
    }
    if let Some(file) = file(path) {
        return file.answer(request.headers());
    }
    if path.starts_with(NAMED_BY_CONTENT) || !wants_page(request.headers()) {
        return Err(ApiError::NotFound("the route"));
    }
    match file(PAGE) {
        Some(page) => page.answer(request.headers()),
        None => Ok((common("text/html; charset=utf-8", "no-cache"), MISSING).into_response()),
    }
}

fn file(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Whether a client takes gzip (RFC 9110, section 12.5.3), told by the name alone or with a weight that is not nought.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

fn common(content_type: &'static str, cache: &'static str) -> [(HeaderName, &'static str); 6] {
    [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, cache),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (VARY, "accept-encoding"),
    ]
}

// === impl File ===

impl File {
    fn answer(&self, headers: &HeaderMap) -> Result<Response, ApiError> {
        let cache = match self.path.starts_with(NAMED_BY_CONTENT) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        let common = common(self.content_type(), cache);
        if takes_gzip(headers) {
            return Ok((common, [(CONTENT_ENCODING, "gzip")], self.gzip).into_response());
        }
        let mut plain = Vec::new();
        // The build wrote it; it reads.
        GzDecoder::new(self.gzip).read_to_end(&mut plain).map_err(|_| ApiError::NotFound("the file"))?;
        Ok((common, plain).into_response())
    }

    fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("json") => "application/json",
            Some("png") => "image/png",
            Some("woff2") => "font/woff2",
            _ => "application/octet-stream",
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;

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
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        let takes = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
            takes_gzip(&headers)
        };
        assert!(takes("gzip, deflate, br"));
        assert!(takes("br;q=1, GZIP;q=0.5"));
        assert!(!takes("gzip;q=0, br"));
        assert!(!takes("br"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_packed_file_is_the_same_unpacked() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, b"body {}").unwrap();
        let file = File { path: "/assets/a.css", gzip: packer.finish().unwrap().leak() };
        let mut plain = Vec::new();
        GzDecoder::new(file.gzip).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, b"body {}");
        let response = file.answer(&HeaderMap::new()).ok().unwrap();
        assert!(response.headers().get(CONTENT_ENCODING).is_none());
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    }
}

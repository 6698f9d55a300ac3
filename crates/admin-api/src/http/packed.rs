//! Files that the build has packed: they are sent as they are, and unpacked for clients that cannot read them so.

use std::io::Read;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;

use super::error::ApiError;

/// One of them.
pub(super) struct Packed {
    pub(super) path: &'static str,
    pub(super) gzip: &'static [u8],
}

// === impl Packed ===

impl Packed {
    /// The file, as a client with these headers reads it.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Result<Response, ApiError> {
        let about = [(CONTENT_TYPE, self.content_type()), (VARY, "accept-encoding")];
        if takes_gzip(headers) {
            return Ok((about, [(CONTENT_ENCODING, "gzip")], self.gzip).into_response());
        }
        let mut plain = Vec::new();
        // The build wrote it; it reads.
        GzDecoder::new(self.gzip).read_to_end(&mut plain).map_err(|_| ApiError::NotFound("the file"))?;
        Ok((about, plain).into_response())
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

/// Whether a client takes gzip (RFC 9110, section 12.5.3), told by the name alone or with a weight that is not nought.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[tokio::test]
    async fn a_packed_file_is_the_same_unpacked() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, b"body {}").unwrap();
        let file = Packed { path: "/assets/a.css", gzip: packer.finish().unwrap().leak() };
        let response = file.answer(&HeaderMap::new()).ok().unwrap();
        assert!(response.headers().get(CONTENT_ENCODING).is_none());
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        let plain = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(plain.as_ref(), b"body {}");
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, "gzip".parse().unwrap())]);
        let response = file.answer(&headers).ok().unwrap();
        assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
        let packed = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(packed.as_ref(), file.gzip);
    }
}

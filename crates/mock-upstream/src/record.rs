//! What reached the upstream.

use http::request::Parts;
use http::{HeaderMap, Method, Version};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The upstream key that it carried, or nothing.
    pub key: String,
    /// Its method.
    pub method: Method,
    /// Its path and query, as they were written.
    pub path_and_query: String,
    /// Its HTTP version.
    pub version: Version,
    /// Its headers, repeats included.
    pub headers: HeaderMap,
    /// What arrived of its body, at most 64 KiB of it.
    pub body: Vec<u8>,
    /// How long its body was, in bytes.
    pub body_length: u64,
    /// Its trailers.
    pub trailers: Option<HeaderMap>,
}

/// How much of a body is kept.
pub(crate) const KEPT: usize = 64 * 1024;

// === impl Recorded ===

impl Recorded {
    pub(crate) fn new(key: String, parts: &Parts) -> Self {
        Self {
            key,
            method: parts.method.clone(),
            path_and_query: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            version: parts.version,
            headers: parts.headers.clone(),
            body: Vec::new(),
            body_length: 0,
            trailers: None,
        }
    }

    /// All values of a header, as text.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }
}

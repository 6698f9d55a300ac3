//! What is asked.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use clap::Args;
use http::header::{CONTENT_TYPE, HOST};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

/// What is asked, by how many.
#[derive(Args)]
pub(crate) struct Target {
    /// Where to; http alone.
    #[arg(long)]
    url: Uri,
    /// A header besides, as in `X-Proxy-Key: rk-1`.
    #[arg(long)]
    header: Vec<String>,
    /// The body.
    #[arg(long, default_value = "", conflicts_with = "body_bytes")]
    body: String,
    /// A JSON body of so many bytes, 16 at the least.
    #[arg(long)]
    body_bytes: Option<usize>,
    /// How many connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
}

/// The same for every request.
pub(crate) struct Asked {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is asked, ready to be sent.
pub(crate) struct Aim {
    pub(crate) asked: Arc<Asked>,
    pub(crate) connections: usize,
}

// === impl Target ===

impl Target {
    /// What was told on the command line; an error names what does not do.
    pub(crate) fn read(self) -> io::Result<Aim> {
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
        if self.url.scheme() != Some(&Scheme::HTTP) {
            return Err(wrong("the URL must begin with http://"));
        }
        let authority = self.url.authority().ok_or_else(|| wrong("the URL names no host"))?;
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(authority.as_str()).map_err(io::Error::other)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for line in &self.header {
            let (name, value) = line.split_once(':').ok_or_else(|| wrong("a header is `name: value`"))?;
            let name: HeaderName = name.trim().parse().map_err(io::Error::other)?;
            headers.insert(name, HeaderValue::from_str(value.trim()).map_err(io::Error::other)?);
        }
        let asked = Asked {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            path: self.url.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")),
            headers,
            body: self.body_bytes.map_or_else(|| Bytes::from(self.body), json_of),
        };
        Ok(Aim { asked: Arc::new(asked), connections: self.connections.max(1) })
    }
}

/// A JSON document of so many bytes, 16 at the least.
pub(crate) fn json_of(bytes: usize) -> Bytes {
    const AROUND: usize = r#"{"text":""}"#.len();
    Bytes::from(format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes.max(16) - AROUND)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str, header: &[&str]) -> Target {
        let header = header.iter().map(|&line| line.to_owned()).collect();
        Target { url: url.parse().unwrap(), header, body: "{}".to_owned(), body_bytes: None, connections: 2 }
    }

    #[test]
    fn a_url_becomes_an_address_and_a_path() {
        let aim = target("http://[::1]:81/a?b=c", &["X-Proxy-Key: rk-1"]).read().unwrap();
        let Asked { host, port, path, headers, body } = &*aim.asked;
        assert_eq!((host.as_str(), *port, path.as_str(), &body[..]), ("::1", 81, "/a?b=c", &b"{}"[..]));
        assert_eq!(
            (&headers["host"], &headers["x-proxy-key"]),
            (&"[::1]:81".parse().unwrap(), &"rk-1".parse().unwrap())
        );
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        assert!(target("https://example.test/", &[]).read().is_err());
        assert!(target("http://example.test/", &["nothing"]).read().is_err());
    }

    #[test]
    fn a_body_is_json_of_the_length_that_was_asked_for() {
        for length in [16, 64, 65_536] {
            let body = json_of(length);
            assert_eq!(body.len(), length);
            assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }
    }
}

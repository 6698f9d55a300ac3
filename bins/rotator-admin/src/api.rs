//! The admin API as a client calls it.

use std::time::Duration;

use reqwest::header::LINK;
use reqwest::{Body, Method, RequestBuilder, Response};
use rotator_admin_api::wire::{ErrorBody, ProxyConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::CliError;
use crate::events::Events;

/// A server, and who asks it.
pub(crate) struct Api {
    http: reqwest::Client,
    /// Without a slash at its end.
    server: String,
    token: Option<String>,
}

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most entries that the server gives at once.
pub(crate) const PAGE: usize = 1000;
/// No body.
pub(crate) const NOTHING: Option<&()> = None;

// === impl Api ===

impl Api {
    /// A client of the server at this address.
    pub(crate) fn new(server: &str, token: Option<String>) -> Result<Self, CliError> {
        let url = reqwest::Url::parse(server).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url else {
            return Err(CliError::Usage(format!("--server: {server} is no http(s) URL")));
        };
        // Only the first call in a process can set it; whatever is set then will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT);
        let http = match builder().build() {
            // A machine without root certificates can trust nobody, which plain HTTP does not ask for.
            Err(_) if url.scheme() == "http" => builder().tls_certs_only([]).build(),
            built => built,
        };
        let http = http.map_err(|error| CliError::Server(format!("no HTTP client can be made: {error}")))?;
        Ok(Self { http, server: server.trim_end_matches('/').to_owned(), token })
    }

    /// The server's address.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Reads something.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CliError> {
        self.call(Method::GET, path, NOTHING).await
    }

    /// Reads something that parameters pick out.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, CliError> {
        self.typed(self.send(self.request(Method::GET, path).query(query)).await?).await
    }

    /// Reads at most so many entries of a list that parameters pick out, page by page.
    pub(crate) async fn search<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        most: usize,
    ) -> Result<Vec<T>, CliError> {
        let mut entries = Vec::new();
        let mut next = Some(self.request(Method::GET, path).query(query));
        while let Some(request) = next {
            let response = self.send(request).await?;
            let following = next_page(&response);
            entries.extend(self.typed::<Vec<T>>(response).await?);
            next = following.filter(|_| entries.len() < most).map(|path| self.request(Method::GET, &path));
        }
        entries.truncate(most);
        Ok(entries)
    }

    /// Follows a stream of events, from the last one on that was seen.
    pub(crate) async fn events(
        &self,
        path: &str,
        query: &[(&str, String)],
        last: Option<&str>,
    ) -> Result<Events, CliError> {
        let request = self.request(Method::GET, path).query(query);
        let request = last.into_iter().fold(request, |request, last| request.header("last-event-id", last));
        self.send(request).await.map(Events::of)
    }

    /// Calls a route that answers with JSON.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, CliError> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.typed(self.send(request).await?).await
    }

    /// Posts JSON that is streamed.
    pub(crate) async fn post_stream<T: DeserializeOwned>(
        &self,
        path: &str,
        length: usize,
        body: Body,
    ) -> Result<T, CliError> {
        let request = self.request(Method::POST, path);
        let request = request.header("content-type", "application/json").header("content-length", length);
        self.typed(self.send(request.body(body)).await?).await
    }

    /// Reads a list to its last page.
    pub(crate) async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, CliError> {
        let mut entries = Vec::new();
        let mut next = Some(format!("{path}?limit={PAGE}"));
        while let Some(path) = next {
            let response = self.send(self.request(Method::GET, &path)).await?;
            next = next_page(&response);
            entries.extend(self.typed::<Vec<T>>(response).await?);
        }
        Ok(entries)
    }

    /// Calls a route that answers with lines of JSON, and takes each as soon as it is there.
    pub(crate) async fn lines<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        mut take: impl FnMut(T),
    ) -> Result<(), CliError> {
        let mut response = self.send(self.request(method, path)).await?;
        let mut text = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| CliError::unreachable(&self.server, &error))? {
            text.extend_from_slice(&piece);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                take(serde_json::from_slice(&line).map_err(|_| self.not_ours())?);
            }
        }
        Ok(())
    }

    /// The service with this slug, else the one with this id.
    pub(crate) async fn service(&self, slug_or_id: &str) -> Result<ProxyConfig, CliError> {
        let none = || CliError::NotFound(format!("there is no service {slug_or_id}"));
        if let Some(service) = self.service_by_slug(slug_or_id).await? {
            return Ok(service);
        }
        let id: i64 = slug_or_id.parse().map_err(|_| none())?;
        match self.get(&format!("proxy-configs/{id}")).await {
            Err(CliError::NotFound(_)) => Err(none()),
            answered => answered,
        }
    }

    /// The service with this slug.
    pub(crate) async fn service_by_slug(&self, slug: &str) -> Result<Option<ProxyConfig>, CliError> {
        let request = self.request(Method::GET, "proxy-configs").query(&[("slug", slug)]);
        let found: Vec<ProxyConfig> = self.typed(self.send(request).await?).await?;
        Ok(found.into_iter().next())
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/admin/{path}", self.server));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, CliError> {
        let response = request.send().await.map_err(|error| CliError::unreachable(&self.server, &error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.json::<ErrorBody>().await;
        let unknown =
            |_| ErrorBody { error: format!("status {status}, not an answer of the admin API"), fields: Vec::new() };
        Err(CliError::answered(status.as_u16(), body.unwrap_or_else(unknown)))
    }

    async fn typed<T: DeserializeOwned>(&self, response: Response) -> Result<T, CliError> {
        response.json().await.map_err(|_| self.not_ours())
    }

    /// What an answer is that cannot be read.
    pub(crate) fn not_ours(&self) -> CliError {
        CliError::Server(format!("{} does not answer as an API Key Rotator does", self.server))
    }
}

/// The path of the next page below the admin API (RFC 8288).
fn next_page(response: &Response) -> Option<String> {
    let link = response.headers().get(LINK)?.to_str().ok()?;
    let target = link.split(',').find(|link| link.contains("rel=\"next\""))?;
    let target = target.trim().strip_prefix('<')?.split('>').next()?;
    target.split_once("/admin/").map(|(_, path)| path.to_owned())
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A service's keys' path.
pub(crate) fn keys_of(service: &ProxyConfig) -> String {
    format!("proxy-configs/{}/keys", service.id)
}

/// A body that says how much of it has been taken.
pub(crate) fn watched_body(bytes: Vec<u8>, taken: impl Fn(usize) + Send + Sync + 'static) -> Body {
    const PIECE: usize = 64 * 1024;
    let bytes = bytes::Bytes::from(bytes);

    let pieces = (0..bytes.len()).step_by(PIECE).map(move |at| {
        let piece = bytes.slice(at..bytes.len().min(at + PIECE));
        taken(piece.len());
        Ok::<_, std::io::Error>(piece)
    });
    Body::wrap_stream(futures_util::stream::iter(pieces))
}

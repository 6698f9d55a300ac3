//! The connections to upstreams.

mod connector;

use std::error::Error as StdError;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use foldhash::HashMap;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rotator_domain::HttpVersion;
use rustls::ClientConfig;

use self::connector::TimedConnector;
use crate::body::AttemptBody;
use crate::error::BuildError;
use crate::observe::Connections;

/// How many idle connections to one upstream are kept.
const IDLE_CONNECTIONS: usize = 256;
/// How long an idle connection is kept.
const IDLE_TIME: Duration = Duration::from_secs(90);

type UpstreamClient = Client<TimedConnector, AttemptBody>;

/// All pools of connections: one for each HTTP version and connect timeout in use.
pub(crate) struct Upstreams {
    tls: ClientConfig,
    clients: RwLock<HashMap<(HttpVersion, Duration), UpstreamClient>>,
    connections: Connections,
}

/// Why no answer came; says whose fault it is and whether the request can have run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// The request never left: another attempt is safe.
    #[error("no connection to the upstream")]
    NotSent(#[source] hyper_util::client::legacy::Error),
    /// The connection broke after the request, or a part of it, had been sent.
    #[error("the upstream broke the connection")]
    Broken(#[source] hyper_util::client::legacy::Error),
    /// The upstream took too long to the first byte of its answer.
    #[error("the upstream did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The client paused for too long in the middle of its body.
    #[error("the client sent nothing for {} ms", .0.as_millis())]
    ClientStalled(Duration),
    /// The client's own body ended with an error.
    #[error("the client's body ended early")]
    ClientBody(#[source] hyper_util::client::legacy::Error),
}

// === impl Upstreams ===

impl Upstreams {
    /// Counts into `connections`. Prepares TLS: the system's root certificates, or Mozilla's where the system has none.
    pub(crate) fn new(connections: &Connections) -> Result<Self, BuildError> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(BuildError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls, clients: RwLock::default(), connections: connections.clone() })
    }

    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(
        &self,
        mut request: Request<AttemptBody>,
        version: HttpVersion,
        connect_timeout: Duration,
    ) -> Result<Response<Incoming>, SendError> {
        *request.version_mut() = if version == HttpVersion::Http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        self.client(version, connect_timeout).request(request).await.map_err(SendError::from)
    }

    fn client(&self, version: HttpVersion, connect_timeout: Duration) -> UpstreamClient {
        let key = (version, connect_timeout);
        if let Some(client) = self.clients.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return client.clone();
        }
        let mut clients = self.clients.write().unwrap_or_else(PoisonError::into_inner);
        clients.entry(key).or_insert_with(|| self.connect(version, connect_timeout)).clone()
    }

    fn connect(&self, version: HttpVersion, connect_timeout: Duration) -> UpstreamClient {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        let builder = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http();
        let tls = match version {
            HttpVersion::Auto => builder.enable_all_versions().wrap_connector(tcp),
            HttpVersion::Http1 => builder.enable_http1().wrap_connector(tcp),
            HttpVersion::Http2 => builder.enable_http2().wrap_connector(tcp),
        };
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http2_only(version == HttpVersion::Http2)
            .http2_adaptive_window(true)
            .build(TimedConnector::new(tls, connect_timeout, self.connections.clone()))
    }
}

// === impl SendError ===

impl From<hyper_util::client::legacy::Error> for SendError {
    fn from(error: hyper_util::client::legacy::Error) -> Self {
        let cause = error.source().and_then(|source| source.downcast_ref::<hyper::Error>());
        if error.is_connect() || cause.is_some_and(hyper::Error::is_canceled) {
            Self::NotSent(error)
        } else if cause.is_some_and(hyper::Error::is_user) {
            // The only thing of ours that can fail inside hyper is the body, and it fails with the client's error.
            Self::ClientBody(error)
        } else {
            Self::Broken(error)
        }
    }
}

//! Accepting connections, and ending without cutting any request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use rotator_cache_trait::Counters;
use rotator_domain::{Clock, Network, SystemClock};
use rotator_proxy_core::{BoxError, ClientAddress, Proxy, ProxyBody};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::util::ServiceExt;

use crate::admin_upkeep::AdminUpkeep;
use crate::client_address::client_address;
use crate::config::{CacheUrl, Config};
use crate::error::AppError;
use crate::following::Following;
use crate::health::{self, Health};
use crate::key_states::KeyStates;
use crate::request_log::RequestLog;
use crate::usage::Usage;
use crate::webhooks::Webhooks;

/// How long a client may take to send a request's head, and an idle connection may stay open for the next one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);
/// How long between two looks after the keys: a kill forgets no more than this of what was learned.
const TENDING: Duration = Duration::from_secs(5);
/// How long between two times of forgetting what has been kept for long enough.
const FORGETTING: Duration = Duration::from_secs(60 * 60);
/// An allocation so large has a page of its own, which goes when it is freed. It is never touched.
const PAGE_OF_ITS_OWN: usize = 1024 * 1024;
/// How long to rest when the system has no file descriptor left for another connection.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Everything that answers requests.
pub(crate) struct Site {
    pub(crate) proxy: Proxy,
    pub(crate) admin: axum::Router,
    pub(crate) health: Health,
    pub(crate) states: KeyStates,
    /// Sees what other nodes and commands change.
    pub(crate) following: Arc<Following>,
    pub(crate) counters: Arc<dyn Counters>,
    /// Where requests are counted, if they are.
    pub(crate) usage: Option<Arc<Usage>>,
    /// Proxies that are believed where they say for whom they ask.
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) request_log: RequestLog,
    pub(crate) upkeep: AdminUpkeep,
    pub(crate) webhooks: Arc<Webhooks>,
    /// Tells answers that would never end by themselves that the server ends.
    pub(crate) ending: watch::Sender<bool>,
}

/// Where requests come in, from before there is a site until the last one has ended.
pub(crate) struct Entrance {
    main: Gate,
    /// Where the metrics are, if that is an address of their own.
    metrics: Option<Gate>,
    inside: Arc<Inside>,
    connections: GracefulShutdown,
}

/// One address.
struct Gate {
    listener: TcpListener,
    address: SocketAddr,
    is_for_metrics: bool,
}

/// What is behind the entrance.
struct Inside {
    /// Set once, when the database answers.
    site: OnceLock<Arc<Site>>,
    /// Whether there is a cache that others share.
    shares_cache: bool,
}

type SiteBody = UnsyncBoxBody<Bytes, BoxError>;

// === impl Site ===

impl Site {
    /// Looks after the keys, for ever.
    async fn tend(&self) {
        loop {
            tokio::time::sleep(TENDING).await;
            give_back_memory();
            let looked = self.states.tend(&self.proxy, TENDING).await;
            self.webhooks.watch(looked, &self.states).await;
            self.upkeep.store_uses().await;
            if self.is_first("forgetting", FORGETTING).await {
                let now = SystemClock.now();
                if let Some(usage) = &self.usage {
                    usage.forget_old(now).await;
                }
                self.upkeep.forget_old(now).await;
                self.webhooks.forget_old().await;
            }
        }
    }

    /// Whether nobody has come first to this work in this stretch of time.
    async fn is_first(&self, work: &str, length: Duration) -> bool {
        let stretch = SystemClock.now().as_millis() / i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        match self.counters.count(&format!("{work}:{stretch}"), length * 2).await {
            Ok(count) => count == 1,
            Err(error) => {
                tracing::warn!(error = %error, "whose turn it is to do a work could not be told");
                false
            }
        }
    }

    async fn answer(&self, mut request: Request<Incoming>, remote: SocketAddr) -> Response<SiteBody> {
        let path = request.uri().path();
        let address = client_address(remote.ip(), request.headers(), &self.trusted_proxies);
        if path.starts_with("/proxy/") || path.starts_with("/llm/") {
            request.extensions_mut().insert(ClientAddress(address));
            return self.proxy.handle(request).await.map(ProxyBody::boxed_unsync);
        }
        let (mut parts, body) = request.into_parts();
        if let Some(response) = self.health.answer(&parts).await {
            return own(response);
        }
        // Who logs in is slowed and written down by where the client is, not the proxy before this server.
        parts.extensions.insert(ConnectInfo(SocketAddr::new(address, remote.port())));
        let request = Request::from_parts(parts, axum::body::Body::new(body));
        let answered: Result<_, Infallible> = self.admin.clone().oneshot(request).await;
        match answered {
            Ok(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
            Err(never) => match never {},
        }
    }
}

// === impl Entrance ===

impl Entrance {
    /// Takes the addresses.
    pub(crate) async fn bind(config: &Config) -> Result<Self, AppError> {
        let main = Gate::bind(config.listen, false).await?;
        let metrics = match config.metrics.listen {
            Some(address) => Some(Gate::bind(address, true).await?),
            None => None,
        };
        if let Some(Gate { address, .. }) = &metrics {
            tracing::info!(address = %address, "metrics are told at an address of their own");
        }
        let shares_cache = config.cache != CacheUrl::Memory;
        let inside = Arc::new(Inside { site: OnceLock::new(), shares_cache });
        Ok(Self { main, metrics, inside, connections: GracefulShutdown::new() })
    }

    /// The address that was taken.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.main.address
    }

    /// Takes connections, for ever.
    pub(crate) async fn accept(&self) -> Infallible {
        let main = self.main.accept(&self.inside, &self.connections);
        match &self.metrics {
            None => main.await,
            Some(metrics) => tokio::select! {
                never = main => never,
                never = metrics.accept(&self.inside, &self.connections) => never,
            },
        }
    }

    /// Serves until `shutdown` is done; then takes no more connections and waits until every request in flight has ended,
    /// or until `grace` is over.
    pub(crate) async fn serve(self, site: Site, shutdown: impl Future<Output = ()>, grace: Option<Duration>) {
        let site = Arc::clone(self.inside.site.get_or_init(|| Arc::new(site)));
        let tended = Arc::clone(&site);
        let tending = tokio::spawn(async move { tended.tend().await });
        let following = Arc::clone(&site.following);
        let following = tokio::spawn(async move { following.follow().await });
        let counted = Arc::clone(&site);
        let counting = tokio::spawn(async move {
            if let Some(usage) = &counted.usage {
                usage.run().await;
            }
        });
        let logged = Arc::clone(&site);
        let logging = tokio::spawn(async move { logged.request_log.run().await });
        let webhooks = Arc::clone(&site.webhooks);
        let telling = tokio::spawn(async move { webhooks.run().await });
        tokio::select! {
            never = self.accept() => match never {},
            () = shutdown => {}
        }
        drop((self.main, self.metrics));
        tending.abort();
        following.abort();
        // A message that is cut off is sent again by the next start, or by another node.
        telling.abort();
        tracing::info!("shutting down: waiting for the requests in flight");
        site.ending.send_replace(true);
        let ended = async {
            self.connections.shutdown().await;
            site.proxy.close().await;
        };
        match grace {
            None => ended.await,
            Some(grace) => {
                if tokio::time::timeout(grace, ended).await.is_err() {
                    tracing::warn!("some requests did not end in time and are cut");
                }
            }
        }
        counting.abort();
        if let Some(usage) = &site.usage {
            usage.close().await;
        }
        logging.abort();
        site.request_log.close().await;
        site.upkeep.store_uses().await;
        site.states.save().await;
    }
}

// === impl Gate ===

impl Gate {
    async fn bind(listen: SocketAddr, is_for_metrics: bool) -> Result<Self, AppError> {
        let failed = |error| AppError::failed(format!("could not listen on {listen}"), error);
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, is_for_metrics })
    }

    /// Takes connections, for ever.
    async fn accept(&self, inside: &Arc<Inside>, connections: &GracefulShutdown) -> Infallible {
        loop {
            match self.listener.accept().await {
                Ok((stream, remote)) => {
                    connection(stream, remote, self.is_for_metrics, Arc::clone(inside), connections);
                }
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    }
}

// === impl Inside ===

impl Inside {
    async fn answer(&self, request: Request<Incoming>, remote: SocketAddr, is_for_metrics: bool) -> Response<SiteBody> {
        match self.site.get() {
            Some(site) if is_for_metrics => own(site.health.answer_apart(&request.into_parts().0).await),
            Some(site) => site.answer(request, remote).await,
            None => own(health::before_start(request.uri().path(), self.shares_cache)),
        }
    }
}

/// Lets the allocator give memory back that was freed a while ago. mimalloc looks after it only when pages come and go: a server
/// with nothing to do would keep all that its start, a hashed password or a burst of requests has taken.
fn give_back_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(PAGE_OF_ITS_OWN)));
}

/// An answer of the server's own.
fn own(response: Response<Full<Bytes>>) -> Response<SiteBody> {
    response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
}

/// Serves one connection in a task that the graceful shutdown watches.
fn connection(
    stream: TcpStream,
    remote: SocketAddr,
    is_for_metrics: bool,
    inside: Arc<Inside>,
    graceful: &GracefulShutdown,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "TCP_NODELAY could not be set");
    }
    let service = service_fn(move |request| {
        let inside = Arc::clone(&inside);
        async move { Ok::<_, Infallible>(inside.answer(request, remote, is_for_metrics).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).keep_alive(true);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(Duration::from_secs(30)));
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    let serving = graceful.watch(serving);
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            tracing::debug!(error = %error, "a connection ended early");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<'a, F: Future>(_: impl Fn(&'a Inside, Request<Incoming>, SocketAddr, bool) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_connection_keeps_little_for_the_request_that_it_may_bring() {
        let size = size(Inside::answer);
        assert!(size <= 2048, "{size} bytes for each open connection");
    }
}

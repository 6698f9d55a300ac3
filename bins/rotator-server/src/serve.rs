//! Accepting connections, and ending without cutting any request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use rotator_proxy_core::{BoxError, Proxy, ProxyBody};
use tokio::net::{TcpListener, TcpStream};
use tower::util::ServiceExt;

use crate::following::Announcer;
use crate::health::Health;
use crate::key_states::KeyStates;

/// How long a client may take to send a request's head, and an idle connection may stay open for the next one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);
/// How long between two looks after the keys: a kill forgets no more than this of what was learned.
const TENDING: Duration = Duration::from_secs(5);
/// How long to rest when the system has no file descriptor left for another connection.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Everything that answers requests.
pub(crate) struct Site {
    pub(crate) proxy: Proxy,
    pub(crate) admin: axum::Router,
    pub(crate) health: Health,
    pub(crate) states: KeyStates,
    /// Hears what other nodes change, where there are any.
    pub(crate) announcer: Option<Arc<Announcer>>,
}

type SiteBody = UnsyncBoxBody<Bytes, BoxError>;

// === impl Site ===

impl Site {
    /// Looks after the keys, for ever.
    async fn tend(&self) {
        loop {
            tokio::time::sleep(TENDING).await;
            self.states.tend(&self.proxy, TENDING).await;
        }
    }

    async fn answer(&self, mut request: Request<Incoming>, remote: SocketAddr) -> Response<SiteBody> {
        let path = request.uri().path();
        if path.starts_with("/proxy/") || path.starts_with("/llm/") {
            return self.proxy.handle(request).await.map(ProxyBody::boxed_unsync);
        }
        if let Some(response) = self.health.answer(path).await {
            return response.map(|body| body.map_err(|never| match never {}).boxed_unsync());
        }
        request.extensions_mut().insert(ConnectInfo(remote));
        let answered: Result<_, Infallible> = self.admin.clone().oneshot(request.map(axum::body::Body::new)).await;
        match answered {
            Ok(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
            Err(never) => match never {},
        }
    }
}

/// Serves until `shutdown` is done; then takes no more connections and waits until every request in flight has ended,
/// or until `grace` is over.
pub(crate) async fn run(
    listener: TcpListener,
    site: Arc<Site>,
    shutdown: impl Future<Output = ()>,
    grace: Option<Duration>,
) {
    let graceful = GracefulShutdown::new();
    let tended = Arc::clone(&site);
    let tending = tokio::spawn(async move { tended.tend().await });
    let following = site.announcer.clone().map(|announcer| tokio::spawn(async move { announcer.follow().await }));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, remote)) => connection(stream, remote, Arc::clone(&site), &graceful),
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            },
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    tending.abort();
    following.iter().for_each(tokio::task::JoinHandle::abort);
    tracing::info!("shutting down: waiting for the requests in flight");
    let ended = async {
        graceful.shutdown().await;
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
    site.states.save().await;
}

/// Serves one connection in a task that the graceful shutdown watches.
fn connection(stream: TcpStream, remote: SocketAddr, site: Arc<Site>, graceful: &GracefulShutdown) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "TCP_NODELAY could not be set");
    }
    let service = service_fn(move |request| {
        let site = Arc::clone(&site);
        async move { Ok::<_, Infallible>(site.answer(request, remote).await) }
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

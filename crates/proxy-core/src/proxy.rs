//! The tower service, and how it is built.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use rotator_cache_trait::{ClientMeters, ConversationStore, RotationState};
use rotator_domain::{Clock, Pricing, SystemClock};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;
use tower::Service;
use tracing::Instrument;

use crate::attempt::{Breakers, Oddities, WaitingRoom};
use crate::body::{BoxError, Inspected, ProxyBody};
use crate::catalog::CatalogHandle;
use crate::door;
use crate::error::BuildError;
use crate::log::RequestLogger;
use crate::observe::ProxyMetrics;
use crate::request_id::RequestIds;
use crate::reserved::Returning;
use crate::settings::ProxySettings;
use crate::tally::{Received, RequestObserver};
use crate::trace::TraceContext;
use crate::translate::ModelLists;
use crate::unpriced::Unpriced;
use crate::upgrade::Tunnels;
use crate::upstream::Upstreams;

/// The proxy: answers `/proxy/{slug}/...` and `/llm/{slug}/...`, and 404 for everything else. Cheap to clone.
#[derive(Clone)]
pub struct Proxy(pub(crate) Arc<Shared>);

/// Builds a [`Proxy`].
pub struct ProxyBuilder {
    catalog: CatalogHandle,
    rotation: Arc<dyn RotationState>,
    clock: Arc<dyn Clock>,
    settings: ProxySettings,
    metrics: ProxyMetrics,
    conversations: Option<Arc<dyn ConversationStore>>,
    observer: Option<Arc<dyn RequestObserver>>,
    client_meters: Option<Arc<dyn ClientMeters>>,
    pricing: Option<Arc<dyn Pricing>>,
    logger: Option<Arc<dyn RequestLogger>>,
    traces: Option<Arc<dyn TraceContext>>,
}

/// What all clones of a proxy share.
pub(crate) struct Shared {
    pub(crate) catalog: CatalogHandle,
    pub(crate) rotation: Arc<dyn RotationState>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: ProxySettings,
    pub(crate) metrics: ProxyMetrics,
    pub(crate) upstreams: Upstreams,
    /// What is remembered for clients whose format leaves it to the server.
    pub(crate) conversations: Option<Arc<dyn ConversationStore>>,
    /// Who hears of ended requests.
    pub(crate) observer: Option<Arc<dyn RequestObserver>>,
    /// What counts the limits of client keys.
    pub(crate) client_meters: Option<Arc<dyn ClientMeters>>,
    /// What tokens cost.
    pub(crate) pricing: Option<Arc<dyn Pricing>>,
    pub(crate) unpriced: Unpriced,
    pub(crate) returning: Returning,
    /// Who logs requests.
    pub(crate) logger: Option<Arc<dyn RequestLogger>>,
    /// Who knows of traces.
    pub(crate) traces: Option<Arc<dyn TraceContext>>,
    pub(crate) model_lists: ModelLists,
    pub(crate) tunnels: Tunnels,
    pub(crate) waiting: WaitingRoom,
    pub(crate) breakers: Breakers,
    pub(crate) oddities: Oddities,
    pub(crate) request_ids: RequestIds,
    /// Leases and reservations on their way back.
    pub(crate) settling: TaskTracker,
}

// === impl Proxy ===

impl Proxy {
    /// Starts building a proxy that serves `catalog` and asks `rotation` which key is next.
    pub fn builder(catalog: CatalogHandle, rotation: Arc<dyn RotationState>) -> ProxyBuilder {
        ProxyBuilder {
            catalog,
            rotation,
            clock: Arc::new(SystemClock),
            settings: ProxySettings::default(),
            metrics: ProxyMetrics::default(),
            conversations: None,
            observer: None,
            client_meters: None,
            pricing: None,
            logger: None,
            traces: None,
        }
    }

    /// Answers one request. The answer has an `x-request-id`: the upstream's, or the client's, or one that was made here and
    /// stands in all that is logged of the request.
    pub async fn handle<B>(&self, request: Request<B>) -> Response<ProxyBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        // On the heap, and gone when the answer begins: it is some KiB, which would be copied each time that a future around it is
        // moved, and hyper keeps room for what it is given as long as a connection.
        Box::pin(self.answer(request)).await
    }

    async fn answer<B>(&self, request: Request<B>) -> Response<ProxyBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let id = self.0.request_ids.of(request.headers());
        // Of the highest level, so that whatever is logged says to which request it belongs.
        let span = tracing::error_span!("request", request.id = %id);
        let received = Received::default();
        let counted = received.clone();
        let count = move |data: &Bytes| counted.add(data);
        let mut request = request.map(|body| Inspected::new(body.map_err(Into::into), count).boxed_unsync());
        request.extensions_mut().insert(id.clone());
        let mut answer = door::answer(&self.0, request, received).instrument(span.clone()).await;
        id.tell(answer.headers_mut());
        answer.map(|body| body.within(span))
    }

    /// Ends every upgraded connection (WebSocket), and waits until all are gone and every lease is given back. Call it when
    /// the server shuts down.
    pub async fn close(&self) {
        self.0.tunnels.close().await;
        self.0.settling.close();
        self.0.settling.wait().await;
    }
}

impl<B> Service<Request<B>> for Proxy
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<ProxyBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let proxy = self.clone();
        Box::pin(async move { Ok(proxy.answer(request).await) })
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proxy")
    }
}

// === impl Shared ===

impl Shared {
    /// Does what nobody waits for. What is in memory is done at once; for anything else a task goes on, which the shutdown waits
    /// for.
    pub(crate) fn go_on(&self, work: impl Future<Output = ()> + Send + 'static) -> Option<JoinHandle<()>> {
        let mut work = Box::pin(work);
        let goes_on = work.as_mut().now_or_never().is_none() && tokio::runtime::Handle::try_current().is_ok();
        goes_on.then(|| self.settling.spawn(work.in_current_span()))
    }
}

// === impl ProxyBuilder ===

impl ProxyBuilder {
    /// Replaces the default settings.
    #[must_use]
    pub fn settings(mut self, settings: ProxySettings) -> Self {
        self.settings = settings;
        self
    }

    /// Replaces the operating system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Counts into `metrics`, so that they can be registered before the proxy exists.
    #[must_use]
    pub fn metrics(mut self, metrics: ProxyMetrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Remembers conversations and signatures in `store`, for clients that speak another format than the upstream. Without
    /// one they have to show everything themselves.
    #[must_use]
    pub fn conversations(mut self, store: Arc<dyn ConversationStore>) -> Self {
        self.conversations = Some(store);
        self
    }

    /// Tells `observer` of every request that has ended.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn RequestObserver>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Counts what client keys with limits use in `meters`. Without them limits do not hold.
    #[must_use]
    pub fn client_meters(mut self, meters: Arc<dyn ClientMeters>) -> Self {
        self.client_meters = Some(meters);
        self
    }

    /// Says what requests cost, for whoever is told of them and for budgets of money. Without it nothing costs anything.
    #[must_use]
    pub fn pricing(mut self, pricing: Arc<dyn Pricing>) -> Self {
        self.pricing = Some(pricing);
        self
    }

    /// Tells `logger` of the requests of services that log them ([`LogPolicy`](rotator_domain::LogPolicy)); without one nothing
    /// is kept of any.
    #[must_use]
    pub fn logger(mut self, logger: Arc<dyn RequestLogger>) -> Self {
        self.logger = Some(logger);
        self
    }

    /// Makes spans of requests and attempts, which belong to the traces that `traces` knows of; without it there are none.
    #[must_use]
    pub fn traces(mut self, traces: Arc<dyn TraceContext>) -> Self {
        self.traces = Some(traces);
        self
    }

    /// Builds the proxy.
    ///
    /// # Errors
    /// When no TLS configuration can be made.
    pub fn build(self) -> Result<Proxy, BuildError> {
        Ok(Proxy(Arc::new(Shared {
            catalog: self.catalog,
            rotation: self.rotation,
            clock: self.clock,
            settings: self.settings,
            upstreams: Upstreams::new(self.metrics.connections())?,
            metrics: self.metrics,
            conversations: self.conversations,
            observer: self.observer,
            client_meters: self.client_meters,
            pricing: self.pricing,
            unpriced: Unpriced::default(),
            returning: Returning::default(),
            logger: self.logger,
            traces: self.traces,
            model_lists: ModelLists::default(),
            tunnels: Tunnels::default(),
            waiting: WaitingRoom::default(),
            breakers: Breakers::default(),
            oddities: Oddities::default(),
            request_ids: RequestIds::default(),
            settling: TaskTracker::new(),
        })))
    }
}

impl std::fmt::Debug for ProxyBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyBuilder")
    }
}

//! The page of metrics: what the proxy counts, and how everything else is at the moment when somebody asks.

mod process;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use prometheus_client::collector::Collector;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use rotator_domain::{Clock, Secret, SystemClock};
use rotator_proxy_core::{Proxy, ProxyMetrics};
use rotator_storage_trait::Storage;
use rotator_usage::UsageWriter;
use tokio::sync::Mutex;
use tokio::time::Instant;

use self::process::ProcessMetrics;
use crate::backends::{self, CacheLink, Standing};
use crate::dependencies::database;
use crate::responses::text;

/// How long to look how the keys are.
const LOOKING: Duration = Duration::from_secs(2);
/// How long what was seen holds, whoever asks.
const FRESH: Duration = Duration::from_secs(2);

/// Tells the metrics.
pub(crate) struct MetricsPage {
    registry: Registry,
    token: Option<Secret>,
    sources: Sources,
    gauges: Gauges,
    looked: Mutex<Option<Instant>>,
}

/// What is looked at.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) proxy: Proxy,
    pub(crate) storage: Arc<dyn Storage>,
    /// This node's part in a cache that others share.
    pub(crate) link: Option<Arc<dyn CacheLink>>,
    pub(crate) usage: Option<Arc<UsageWriter>>,
}

/// What was seen.
#[derive(Default)]
struct Gauges {
    database_up: Gauge,
    database_ping: Gauge<f64, std::sync::atomic::AtomicU64>,
    cache_alone: Gauge,
    cache_nodes: Gauge,
    cache_losses: Counter,
    usage_batches: Gauge,
    usage_journal_up: Gauge,
    usage_behind: Gauge<f64, std::sync::atomic::AtomicU64>,
}

// === impl MetricsPage ===

impl MetricsPage {
    /// A page for those who show `token`, or for everybody where there is none. `others` count for themselves.
    pub(crate) fn new(
        token: Option<Secret>,
        metrics: &ProxyMetrics,
        sources: Sources,
        others: Vec<Box<dyn Collector>>,
    ) -> Self {
        let mut registry = Registry::default();
        metrics.register(&mut registry);
        let gauges = Gauges::default();
        gauges.register(&mut registry, sources.usage.is_some());
        others.into_iter().for_each(|other| registry.register_collector(other));
        registry.register_collector(Box::new(ProcessMetrics { started: SystemClock.now() }));
        let build: Family<Vec<(&str, String)>, Gauge> = Family::default();
        let version = ("version", env!("CARGO_PKG_VERSION").to_owned());
        build.get_or_create(&vec![version, ("features", backends::features().join(","))]).set(1);
        registry.register("rotator_build_info", "The version of the program, and what it holds", build);
        Self { registry, token, sources, gauges, looked: Mutex::default() }
    }

    /// The page, for a request with these headers.
    pub(crate) async fn answer(&self, headers: &HeaderMap) -> Response<Full<Bytes>> {
        if self.token.as_ref().is_some_and(|token| !shows(headers, token)) {
            let mut refused = text(StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8", "");
            refused.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return refused;
        }
        self.look().await;
        let mut page = String::new();
        match prometheus_client::encoding::text::encode(&mut page, &self.registry) {
            Ok(()) => text(StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", page),
            Err(error) => {
                tracing::error!(error = %error, "the metrics could not be written");
                text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain; charset=utf-8", "")
            }
        }
    }

    /// Looks at everything that is not counted. However many ask, it is done every two seconds at the most.
    async fn look(&self) {
        let mut looked = self.looked.lock().await;
        if looked.is_some_and(|looked| looked.elapsed() < FRESH) {
            return;
        }
        let Sources { proxy, storage, link, usage } = &self.sources;
        let (ping, ()) = tokio::join!(database(storage.as_ref()), proxy.look_at_keys(LOOKING));
        self.gauges.see_database(ping.ok());
        self.gauges.see_cache(link.as_ref().map(|link| link.standing()));
        if let Some(usage) = usage {
            let standing = usage.standing();
            self.gauges.usage_batches.set(number(standing.batches_waiting));
            self.gauges.usage_journal_up.set(i64::from(standing.is_journaled));
            self.gauges.usage_behind.set(standing.behind.as_secs_f64());
        }
        *looked = Some(Instant::now());
    }
}

// === impl Gauges ===

impl Gauges {
    fn register(&self, registry: &mut Registry, counts_usage: bool) {
        registry.register("rotator_database_up", "Whether the database answers", self.database_up.clone());
        registry.register_with_unit(
            "rotator_database_ping",
            "How long the database took to answer when it last did",
            Unit::Seconds,
            self.database_ping.clone(),
        );
        registry.register(
            "rotator_cache_alone",
            "Whether this node goes on without the cache that others share",
            self.cache_alone.clone(),
        );
        registry.register(
            "rotator_cache_nodes",
            "How many nodes share the cache, this one among them",
            self.cache_nodes.clone(),
        );
        registry.register(
            "rotator_cache_losses",
            "How often this node has lost the shared cache",
            self.cache_losses.clone(),
        );
        if counts_usage {
            registry.register(
                "rotator_usage_batches_waiting",
                "Batches of usage figures that the database has not taken",
                self.usage_batches.clone(),
            );
            registry.register(
                "rotator_usage_journal_up",
                "Whether usage figures are on this node's disk before they are in the database",
                self.usage_journal_up.clone(),
            );
            registry.register_with_unit(
                "rotator_usage_behind",
                "How old the oldest usage figures may be that are not in the database",
                Unit::Seconds,
                self.usage_behind.clone(),
            );
        }
    }

    fn see_database(&self, answered: Option<Duration>) {
        self.database_up.set(i64::from(answered.is_some()));
        if let Some(took) = answered {
            self.database_ping.set(took.as_secs_f64());
        }
    }

    /// A cache of this process's own has one node, and is never lost.
    fn see_cache(&self, standing: Option<Standing>) {
        self.cache_alone.set(i64::from(standing.is_some_and(|standing| standing.alone_since.is_some())));
        self.cache_nodes.set(standing.map_or(1, |standing| number(standing.nodes)));
        let losses = standing.map_or(0, |standing| standing.losses);
        self.cache_losses.inc_by(losses.saturating_sub(self.cache_losses.get()));
    }
}

/// Whether a request shows the token, compared in constant time.
fn shows(headers: &HeaderMap, token: &Secret) -> bool {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown =
        shown.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    shown.is_some_and(|(_, shown)| Secret::new(shown.trim()) == *token)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

//! What the proxy counts.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The proxy's metrics; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ProxyMetrics(Arc<Metrics>);

#[derive(Debug, Default)]
struct Metrics {
    requests: Family<RequestLabels, Counter>,
    attempts: Family<AttemptLabels, Counter>,
    in_flight: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    service: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    service: String,
    outcome: &'static str,
}

/// One request in flight, until dropped.
#[derive(Debug)]
pub(crate) struct InFlight(ProxyMetrics);

// === impl ProxyMetrics ===

impl ProxyMetrics {
    /// Registers all metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("rotator_requests", "Requests answered, by service and status", self.0.requests.clone());
        registry.register(
            "rotator_upstream_attempts",
            "Requests sent to upstreams, by service and what became of them",
            self.0.attempts.clone(),
        );
        registry.register(
            "rotator_requests_in_flight",
            "Requests whose answers have not ended",
            self.0.in_flight.clone(),
        );
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(crate) fn begin(&self) -> InFlight {
        self.0.in_flight.inc();
        InFlight(self.clone())
    }

    /// Counts an answered request; `service` is the slug of a known service, or `-`.
    pub(crate) fn answered(&self, service: &str, status: u16) {
        self.0.requests.get_or_create(&RequestLabels { service: service.to_owned(), status }).inc();
    }

    /// Counts an attempt.
    pub(crate) fn attempted(&self, service: &str, outcome: &'static str) {
        self.0.attempts.get_or_create(&AttemptLabels { service: service.to_owned(), outcome }).inc();
    }
}

// === impl InFlight ===

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.dec();
    }
}

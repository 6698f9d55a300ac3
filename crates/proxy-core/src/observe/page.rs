//! The metrics as they are told.

use std::fmt::Error;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

use super::histogram::Observed;
use super::{ProxyMetrics, ServiceMetrics};

/// Writes everything that the proxy counts.
#[derive(Debug)]
pub(super) struct Page(pub(super) ProxyMetrics);

/// What a metric is called, what it tells and in which unit.
struct Family {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    kind: MetricType,
}

/// The labels of a metric beside its service's.
type Labels = Vec<(&'static str, &'static str)>;

/// Writes families of all services.
struct Writer<'a, 'e> {
    encoder: &'a mut DescriptorEncoder<'e>,
    services: Vec<Arc<ServiceMetrics>>,
}

// === impl Page ===

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), Error> {
        let services = self.0.all();
        let mut writer = Writer { encoder: &mut encoder, services };
        writer.requests()?;
        writer.traffic()?;
        writer.keys()?;
        let connections = self.0.connections();
        let open = Family::gauge("rotator_upstream_connections", "Connections to upstreams, in use or idle.");
        let opened = Family::counter(
            "rotator_upstream_connections_opened",
            "Connections to upstreams that have been opened, whatever became of them.",
        );
        writer.single(&open, &ConstGauge::new(connections.now_open()))?;
        writer.single(&opened, &ConstCounter::new(connections.opened()))
    }
}

// === impl Family ===

impl Family {
    const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: None, kind: MetricType::Counter }
    }

    const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: None, kind: MetricType::Gauge }
    }

    /// Its name tells the unit: some readers take no other word about one of a histogram.
    const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: None, kind: MetricType::Histogram }
    }

    fn of(self, unit: Unit) -> Self {
        Self { unit: Some(unit), ..self }
    }

    fn describe<'s>(&'s self, encoder: &'s mut DescriptorEncoder<'_>) -> Result<MetricEncoder<'s>, Error> {
        encoder.encode_descriptor(self.name, self.help, self.unit.as_ref(), self.kind)
    }
}

// === impl Writer ===

impl Writer<'_, '_> {
    fn requests(&mut self) -> Result<(), Error> {
        let requests = Family::counter(
            "rotator_requests",
            "Requests that have ended, by how they ended and the class of their status; service - is what no client key let in.",
        );
        self.each(&requests, |service| {
            let ends = service.requests();
            ends.map(|(outcome, status, count)| {
                (vec![("outcome", outcome), ("status", status)], ConstCounter::new(count))
            })
            .collect()
        })?;
        let duration =
            Family::histogram("rotator_request_duration_seconds", "How long requests took to the last byte.");
        self.histogram(&duration, ServiceMetrics::durations)?;
        let first_byte =
            Family::histogram("rotator_request_first_byte_seconds", "How long requests took to the first byte.");
        self.histogram(&first_byte, ServiceMetrics::first_bytes)?;
        let in_flight = Family::gauge("rotator_requests_in_flight", "Requests whose answers have not ended.");
        self.one(&in_flight, |service| ConstGauge::new(service.in_flight()))?;
        let waiting = Family::gauge("rotator_requests_waiting", "Requests that wait in line for a key.");
        self.one(&waiting, |service| ConstGauge::new(service.waiting()))?;
        let attempts =
            Family::counter("rotator_upstream_attempts", "Requests sent to upstreams, by what became of them.");
        self.each(&attempts, |service| labelled("outcome", service.attempts()))
    }

    fn traffic(&mut self) -> Result<(), Error> {
        let tokens = Family::counter(
            "rotator_tokens",
            "Tokens that answers told: cached and cache_written are a part of input, and reasoning of output.",
        );
        self.each(&tokens, |service| labelled("kind", service.tokens()))?;
        let cost = Family::counter("rotator_cost", "What the tokens cost, as far as prices are known.");
        self.one(&cost.of(Unit::Other("dollars".to_owned())), |service| ConstCounter::new(service.cost()))?;
        let received = Family::counter("rotator_received", "Bytes of the bodies of requests.").of(Unit::Bytes);
        self.one(&received, |service| ConstCounter::new(service.bytes().0))?;
        let sent = Family::counter("rotator_sent", "Bytes of the bodies of answers.").of(Unit::Bytes);
        self.one(&sent, |service| ConstCounter::new(service.bytes().1))
    }

    fn keys(&mut self) -> Result<(), Error> {
        let keys = Family::gauge("rotator_keys", "Keys of the services that were used, by their state.");
        self.each(&keys, |service| {
            let states = service.keys().into_iter();
            states.map(|(state, count)| (vec![("state", state)], ConstGauge::new(count))).collect()
        })
    }

    /// A family with some metrics of each service. One without any is left out: its description would be read as the next one's.
    fn each<M: EncodeMetric>(
        &mut self,
        family: &Family,
        metrics: impl Fn(&ServiceMetrics) -> Vec<(Labels, M)>,
    ) -> Result<(), Error> {
        let Self { encoder, services } = self;
        let metrics: Vec<_> = services.iter().map(|service| (service.slug(), metrics(service))).collect();
        if metrics.iter().all(|(_, metrics)| metrics.is_empty()) {
            return Ok(());
        }
        let mut encoder = family.describe(encoder)?;
        for (slug, metrics) in metrics {
            for (labels, metric) in metrics {
                let labels: Vec<_> = std::iter::once(("service", slug)).chain(labels).collect();
                metric.encode(encoder.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    /// A family with one metric of each service.
    fn one<M: EncodeMetric>(&mut self, family: &Family, metric: impl Fn(&ServiceMetrics) -> M) -> Result<(), Error> {
        self.each(family, |service| vec![(Vec::new(), metric(service))])
    }

    fn histogram(&mut self, family: &Family, read: impl Fn(&ServiceMetrics) -> Observed) -> Result<(), Error> {
        let Self { encoder, services } = self;
        let mut encoder = family.describe(encoder)?;
        for service in services.iter() {
            let Observed { sum, count, buckets } = read(service);
            let labels = [("service", service.slug())];
            encoder.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }

    /// A family of one metric.
    fn single(&mut self, family: &Family, metric: &impl EncodeMetric) -> Result<(), Error> {
        metric.encode(family.describe(self.encoder)?)
    }
}

/// Metrics with one label beside the service's.
fn labelled(
    label: &'static str,
    counts: impl Iterator<Item = (&'static str, u64)>,
) -> Vec<(Labels, ConstCounter<u64>)> {
    counts.map(|(value, count)| (vec![(label, value)], ConstCounter::new(count))).collect()
}

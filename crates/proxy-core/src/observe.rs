//! What the proxy counts, for Prometheus.
//!
//! A request only adds to atomics of its service, which the service's entry holds; everything else is done when somebody asks
//! for the page. Of services [`MOST_SERVICES`] have a label of their own, the others are counted together.

mod connections;
mod histogram;
mod keys;
mod outcome;
mod page;
mod service;

pub(crate) use connections::{Connections, OpenConnection};
pub(crate) use outcome::AttemptOutcome;
pub(crate) use service::{InFlight, ServiceMetrics};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::registry::Registry;

use self::page::Page;

/// How many services have a label of their own.
const MOST_SERVICES: usize = 500;
/// The label of what no client key let in to a service. No slug begins with a hyphen.
const NO_SERVICE: &str = "-";
/// The label of the services that have none of their own. A service of this name is counted with them.
const OTHER_SERVICES: &str = "other";

/// The proxy's metrics; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct ProxyMetrics(Arc<Metrics>);

#[derive(Debug)]
struct Metrics {
    /// Requests that no client key let in.
    nobody: Arc<ServiceMetrics>,
    others: Arc<ServiceMetrics>,
    /// By slug; those that were used.
    services: Mutex<HashMap<String, Arc<ServiceMetrics>>>,
    connections: Connections,
}

// === impl ProxyMetrics ===

impl ProxyMetrics {
    /// Registers all metrics.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(Page(self.clone())));
    }

    /// What requests count into that no client key let in.
    pub(crate) fn nobody(&self) -> &Arc<ServiceMetrics> {
        &self.0.nobody
    }

    /// What the requests of a service count into. Asked for once by each entry of the catalog.
    pub(crate) fn of(&self, slug: &str) -> Arc<ServiceMetrics> {
        if slug == OTHER_SERVICES {
            return Arc::clone(&self.0.others);
        }
        let mut services = self.0.services.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(service) = services.get(slug) {
            return Arc::clone(service);
        }
        if services.len() >= MOST_SERVICES {
            // Services that were deleted or renamed, and such as were changed and not used since.
            services.retain(|_, service| Arc::strong_count(service) > 1);
        }
        if services.len() >= MOST_SERVICES {
            return Arc::clone(&self.0.others);
        }
        let service = Arc::new(ServiceMetrics::new(slug));
        services.insert(slug.to_owned(), Arc::clone(&service));
        service
    }

    /// What is counted of connections to upstreams.
    pub(crate) fn connections(&self) -> &Connections {
        &self.0.connections
    }

    /// The services with labels of their own, in the order of their slugs.
    fn services(&self) -> Vec<Arc<ServiceMetrics>> {
        let services = self.0.services.lock().unwrap_or_else(PoisonError::into_inner);
        let mut services: Vec<_> = services.values().map(Arc::clone).collect();
        services.sort_unstable_by(|one, other| one.slug().cmp(other.slug()));
        services
    }

    /// Everything that has a label for a service.
    fn all(&self) -> Vec<Arc<ServiceMetrics>> {
        let mut all = vec![Arc::clone(&self.0.nobody)];
        all.extend(self.services());
        if Arc::strong_count(&self.0.others) > 1 || self.0.others.is_used() {
            all.push(Arc::clone(&self.0.others));
        }
        all
    }
}

// === impl Metrics ===

impl Default for Metrics {
    fn default() -> Self {
        Self {
            nobody: Arc::new(ServiceMetrics::new(NO_SERVICE)),
            others: Arc::new(ServiceMetrics::new(OTHER_SERVICES)),
            services: Mutex::default(),
            connections: Connections::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(metrics: &ProxyMetrics) -> Vec<String> {
        metrics.all().iter().map(|service| service.slug().to_owned()).collect()
    }

    #[test]
    fn only_so_many_services_have_labels_of_their_own() {
        let metrics = ProxyMetrics::default();
        let held: Vec<_> = (0..MOST_SERVICES + 3).map(|number| metrics.of(&format!("s{number:04}"))).collect();
        let labels = labels(&metrics);
        assert_eq!(labels.len(), MOST_SERVICES + 2);
        assert_eq!((labels[0].as_str(), labels[labels.len() - 1].as_str()), ("-", "other"));
        assert!(Arc::ptr_eq(&held[MOST_SERVICES], &held[MOST_SERVICES + 2]));
        assert!(Arc::ptr_eq(&held[7], &metrics.of("s0007")));
    }

    #[test]
    fn a_service_that_is_gone_leaves_its_label_to_another() {
        let metrics = ProxyMetrics::default();
        let mut held: Vec<_> = (0..MOST_SERVICES).map(|number| metrics.of(&format!("s{number}"))).collect();
        held.remove(0);
        assert_eq!(metrics.of("new").slug(), "new");
        assert!(!labels(&metrics).contains(&"s0".to_owned()));
    }

    #[test]
    fn a_service_called_other_has_no_second_label() {
        let metrics = ProxyMetrics::default();
        let _other = metrics.of("other");
        assert_eq!(labels(&metrics), ["-", "other"]);
    }
}

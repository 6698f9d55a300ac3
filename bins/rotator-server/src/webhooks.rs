//! Looks at what webhooks are told of, off the path of requests, and sends messages over the proxy's connections.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use rotator_cache_trait::ClientMeters;
use rotator_domain::rotation::Checkpoint;
use rotator_domain::{
    ClientKeyId, Clock, ServiceId, SystemClock, TargetUrl, Timestamp, Vault, Webhook, WebhookEvent, WebhookId,
};
use rotator_proxy_core::{CatalogHandle, ClientEntry, Proxy};
use rotator_storage_trait::{Storage, StorageError};
use rotator_webhooks::{BudgetLook, Courier, Outcome, PoolLook, PostError, Watcher, WebhookPost};
use tokio::sync::Mutex;

use crate::client_meters::SeededMeters;
use crate::key_states::KeyStates;

/// How long a webhook may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Tells webhooks.
pub(crate) struct Webhooks {
    storage: Arc<dyn Storage>,
    catalog: CatalogHandle,
    meters: Arc<SeededMeters>,
    courier: Arc<Courier>,
    watcher: Watcher,
    agenda: Mutex<Agenda>,
}

/// What is to be looked at.
#[derive(Default)]
struct Agenda {
    /// Services at which there may be something new, and how their keys are.
    pools: HashMap<ServiceId, Vec<Checkpoint>>,
    /// Client keys that have used something.
    clients: HashSet<ClientKeyId>,
    /// The webhooks that have seen everything that there was, as they were then.
    caught_up: Vec<(WebhookId, Timestamp)>,
}

/// Sends over the proxy's connections.
struct ProxyPost(Proxy);

/// Tells what came of messages.
#[derive(Debug)]
pub(crate) struct DeliveryCounts(Arc<Courier>);

// === impl Webhooks ===

impl Webhooks {
    /// `shares_state` is whether other nodes see the same pools and budgets as this one.
    pub(crate) fn new(
        storage: &Arc<dyn Storage>,
        vault: &Vault,
        proxy: &Proxy,
        (catalog, meters): (CatalogHandle, Arc<SeededMeters>),
        shares_state: bool,
    ) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let post = Arc::new(ProxyPost(proxy.clone()));
        let courier = Arc::new(Courier::new(Arc::clone(storage), post, vault.clone(), Arc::clone(&clock)));
        let watcher = Watcher::new(Arc::clone(storage), vault.clone(), clock, Arc::clone(&courier), shares_state);
        Self { storage: Arc::clone(storage), catalog, meters, courier, watcher, agenda: Mutex::default() }
    }

    /// What sends messages.
    pub(crate) fn courier(&self) -> Arc<Courier> {
        Arc::clone(&self.courier)
    }

    /// What came of messages, for the metrics.
    pub(crate) fn counts(&self) -> DeliveryCounts {
        DeliveryCounts(self.courier())
    }

    /// Sends messages; for ever.
    pub(crate) async fn run(&self) {
        self.courier.run().await;
    }

    /// Takes in how keys are that were looked at, of all that `states` knows, and what client keys have used since the last call.
    /// What cannot be taken in now is the next time.
    pub(crate) async fn watch(&self, looked: Vec<(ServiceId, Vec<Checkpoint>)>, states: &KeyStates) {
        let mut agenda = self.agenda.lock().await;
        agenda.pools.extend(looked);
        agenda.clients.extend(self.meters.used());
        if let Err(error) = self.look(&mut agenda, states).await {
            tracing::warn!(error = %error, "what webhooks are told of cannot be looked at");
        }
    }

    /// Forgets old messages.
    pub(crate) async fn forget_old(&self) {
        match self.courier.forget_old().await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "old messages to webhooks were forgotten"),
            Err(error) => tracing::warn!(error = %error, "old messages to webhooks could not be forgotten"),
        }
    }

    async fn look(&self, agenda: &mut Agenda, states: &KeyStates) -> Result<(), StorageError> {
        let webhooks = self.storage.webhooks().await?;
        if !webhooks.iter().any(|webhook| webhook.is_enabled) {
            *agenda = Agenda::default();
            return Ok(());
        }
        let versions: Vec<_> = webhooks.iter().map(|webhook| (webhook.id, webhook.updated_at)).collect();
        if agenda.caught_up != versions {
            // One that is new, or was changed, is told of what is so already.
            for (service, states) in states.seen().await {
                agenda.pools.entry(service).or_insert(states);
            }
        }
        let pools = self.pools(agenda);
        let budgets = self.budgets(&webhooks, &agenda.clients).await;
        self.watcher.look(&webhooks, &pools, &budgets).await?;
        *agenda = Agenda { caught_up: versions, ..Agenda::default() };
        Ok(())
    }

    /// How the pools of active services are.
    fn pools(&self, agenda: &Agenda) -> Vec<PoolLook> {
        let catalog = self.catalog.load();
        let pools = agenda.pools.iter().filter_map(|(service, states)| {
            let entry = catalog.by_id(*service).filter(|entry| entry.is_active())?;
            let (slug, census) = (entry.slug().as_str().to_owned(), Arc::clone(entry.census()));
            Some(PoolLook { service: *service, slug, census, states: states.clone() })
        });
        pools.collect()
    }

    /// How the budgets of client keys are. Those that cannot be told now are when they are used again.
    async fn budgets(&self, webhooks: &[Webhook], clients: &HashSet<ClientKeyId>) -> Vec<BudgetLook> {
        if clients.is_empty() || !webhooks.iter().any(|webhook| webhook.wants(WebhookEvent::BudgetNear)) {
            return Vec::new();
        }
        let entries = self.catalog.load().clients(clients);
        let mut looks = Vec::new();
        for entry in entries {
            looks.extend(self.budgets_of(&entry).await);
        }
        looks
    }

    async fn budgets_of(&self, entry: &ClientEntry) -> Option<BudgetLook> {
        let (client, limits) = (entry.id?, entry.limits());
        let metered = limits.metered().filter(|_| !limits.budgets.is_empty())?;
        let standing = match self.meters.standing(client, &metered, SystemClock.now()).await {
            Ok(standing) => standing?,
            Err(error) => {
                tracing::debug!(client.id = %client, error = %error, "how budgets stand cannot be told");
                return None;
            }
        };
        let is_budget = |unit, span| limits.budgets.iter().any(|budget| (budget.unit, budget.period) == (unit, span));
        let budgets =
            standing.gauges.into_iter().filter(|standing| is_budget(standing.gauge.unit, standing.gauge.span));
        Some(BudgetLook { client, name: entry.name.clone(), budgets: budgets.collect() })
    }
}

// === impl ProxyPost ===

#[async_trait]
impl WebhookPost for ProxyPost {
    async fn post(&self, url: &TargetUrl, headers: &[(&'static str, String)], body: &str) -> Result<u16, PostError> {
        let mut all = HeaderMap::new();
        all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let agent = concat!("api-key-rotator/", env!("CARGO_PKG_VERSION"));
        all.insert(USER_AGENT, HeaderValue::from_static(agent));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| PostError::new("a header cannot be written"))?;
            all.insert(*name, value);
        }
        let answered = self.0.post(url, all, Bytes::copy_from_slice(body.as_bytes()), PATIENCE).await;
        answered.map(|status| status.as_u16()).map_err(|error| PostError::new(error.to_string()))
    }
}

// === impl DeliveryCounts ===

impl Collector for DeliveryCounts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = "Attempts to tell webhooks, and messages that were not even tried, by what came of them.";
        let mut family = encoder.encode_descriptor("rotator_webhook_deliveries", help, None, MetricType::Counter)?;
        for outcome in Outcome::ALL {
            let counter = ConstCounter::new(self.0.count(outcome));
            counter.encode(family.encode_family(&[("outcome", outcome.name())])?)?;
        }
        Ok(())
    }
}

//! Puts the parts together: storage, cache, proxy and admin API.

use std::io::Write;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use rotator_admin_api::bootstrap::{BootstrapOptions, Bootstrapped, Generated, bootstrap};
use rotator_admin_api::{AdminContext, LogControl};
use rotator_cache_trait::OnlyNode;
use rotator_domain::{Clock, Secret, SystemClock, Vault};
use rotator_proxy_core::{Proxy, ProxyMetrics};
use rotator_storage_trait::Storage;
use rotator_usage::SharedPrices;

use crate::admin_upkeep::AdminUpkeep;
use crate::backends::{self, Cache, Tracing};
use crate::catalog_source::CatalogSource;
use crate::client_meters::SeededMeters;
use crate::config::Config;
use crate::error::AppError;
use crate::following::Following;
use crate::health::Health;
use crate::key_states::KeyStates;
use crate::live::LiveCounts;
use crate::master_key;
use crate::metrics::{MetricsPage, Sources};
use crate::prober::ProxyProber;
use crate::request_log::RequestLog;
use crate::serve::Site;
use crate::usage::Usage;
use crate::webhooks::Webhooks;

/// The largest body that the admin API takes: an import of 200,000 keys.
const ADMIN_BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Everything that is needed to serve.
pub(crate) struct Composition {
    pub(crate) site: Site,
    pub(crate) storage: Arc<dyn Storage>,
}

/// The storage and what is needed to read it.
pub(crate) struct Opened {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) vault: Vault,
    pub(crate) bootstrapped: Bootstrapped,
}

/// Opens the database and brings it up to date.
pub(crate) async fn open_storage(config: &Config) -> Result<Arc<dyn Storage>, AppError> {
    let factory = backends::storage_factory(&config.database)?;
    let opened = factory.open(&config.database, &config.database_options).await;
    opened.map_err(|error| AppError::storage("could not open the database", error))
}

/// Opens the database and makes what a first start needs: secrets, an administrator, a client key. What was generated is
/// shown, also where the rest fails: it is stored by then, and cannot be shown again.
pub(crate) async fn open(config: &Config) -> Result<Opened, AppError> {
    let storage = open_storage(config).await?;
    match prepare(config, storage.as_ref()).await {
        Ok((vault, bootstrapped)) => Ok(Opened { storage, vault, bootstrapped }),
        Err(error) => {
            storage.close().await;
            Err(error)
        }
    }
}

async fn prepare(config: &Config, storage: &dyn Storage) -> Result<(Vault, Bootstrapped), AppError> {
    let vault = Vault::new(&master_key::load_or_create(config)?);
    let options = BootstrapOptions {
        admin_username: config.admin_username.clone(),
        admin_password: config.admin_password.clone(),
        jwt_secret: config.jwt_secret.clone(),
        has_global_client_keys: !config.global_proxy_keys.is_empty(),
        now: SystemClock.now(),
    };
    let mut generated = Generated::default();
    let bootstrapped = bootstrap(storage, &vault, options, &mut generated).await;
    show_generated(config, &generated, &mut std::io::stdout().lock())
        .map_err(|error| AppError::failed("could not show the generated secrets", error))?;
    let bootstrapped = bootstrapped.map_err(|error| {
        let is_passing = error.is_passing();
        AppError::failed_for("could not prepare the database", error, is_passing)
    })?;
    Ok((vault, bootstrapped))
}

/// Composes the server.
pub(crate) async fn compose(
    config: &Config,
    opened: Opened,
    cache: Cache,
    logs: Arc<dyn LogControl>,
    tracing: Option<Tracing>,
) -> Result<Composition, AppError> {
    let Opened { storage, vault, bootstrapped } = opened;
    let prices = SharedPrices::new(config.usage.prices.clone());
    let source = Arc::new(CatalogSource::new(
        Arc::clone(&storage),
        Arc::clone(&cache.rotation),
        vault.clone(),
        bootstrapped.digest_key.clone(),
        config.global_proxy_keys.clone(),
        prices.clone(),
    ));
    if let Err(error) = source.load_all().await {
        storage.close().await;
        let is_passing = error.is_passing();
        return Err(AppError::failed_for("could not read the services", error, is_passing));
    }

    let feed = cache.shared.as_ref().map(|shared| Arc::clone(&shared.feed));
    let following = Arc::new(Following { source: Arc::clone(&source), feed });
    let nodes = match &cache.shared {
        Some(shared) => Arc::clone(&shared.nodes),
        None => Arc::new(OnlyNode { id: config.node_id.clone(), version: env!("CARGO_PKG_VERSION").to_owned() }) as _,
    };
    let turns = cache.shared.as_ref().map(|_| Arc::clone(&cache.counters));
    let states = KeyStates::new(Arc::clone(&storage), Arc::clone(&cache.rotation), turns);
    let catalog = source.catalog();
    states.restore(catalog.load().services().map(|entry| entry.id())).await;

    let metrics = ProxyMetrics::default();
    let usage = Usage::open(&config.usage, &config.data_dir, &storage).map(Arc::new);
    let meters = Arc::new(SeededMeters::new(cache.clients, Arc::clone(&storage), usage.clone()));
    let request_log = RequestLog::new(config.request_log, &storage);
    let upkeep = AdminUpkeep::new(&storage, config.audit_kept);
    let (ending, is_ending) = tokio::sync::watch::channel(false);
    let live = Arc::new(LiveCounts::new(catalog.clone(), usage.as_ref().map(|usage| usage.observer())));
    let mut proxy = Proxy::builder(catalog.clone(), Arc::clone(&cache.rotation))
        .settings(config.proxy.clone())
        .metrics(metrics.clone())
        .client_meters(Arc::clone(&meters) as _)
        .pricing(Arc::new(prices.clone()))
        .conversations(cache.conversations)
        .logger(request_log.logger())
        .observer(Arc::clone(&live) as _);
    if let Some(tracing) = &tracing {
        proxy = proxy.traces(Arc::clone(&tracing.context));
    }
    let proxy = proxy.build().map_err(|error| AppError::failed("could not build the proxy", error))?;
    if let Some(tracing) = tracing {
        tracing.export.send_over(&proxy);
    }
    let shares_state = cache.shared.is_some();
    let watched = (catalog, Arc::clone(&meters));
    let webhooks = Arc::new(Webhooks::new(&storage, &vault, &proxy, watched, shares_state));
    let admin = rotator_admin_api::router(AdminContext {
        storage: Arc::clone(&storage),
        vault,
        digest_key: bootstrapped.digest_key,
        counters: Arc::clone(&cache.counters),
        rotation: cache.rotation,
        meters,
        nodes,
        changes: Arc::clone(&following) as _,
        prober: Arc::new(ProxyProber(proxy.clone())),
        logs,
        clock: Arc::new(SystemClock),
        jwt_secret: bootstrapped.jwt_secret,
        session_ttl: config.session_ttl,
        public_base_url: config.public_base_url.clone(),
        features: backends::features(),
        body_limit: ADMIN_BODY_LIMIT,
        token_uses: upkeep.token_uses(),
        request_log: request_log.queue(),
        webhooks: webhooks.courier(),
        prices,
        live,
        is_ending,
    });
    let link = cache.shared.map(|shared| shared.link);
    let writer = usage.as_ref().map(|usage| usage.writer());
    let sources = Sources { proxy: proxy.clone(), storage: Arc::clone(&storage), link, usage: writer };
    let others: Vec<Box<dyn Collector>> = vec![Box::new(request_log.lost()), Box::new(webhooks.counts())];
    let page = MetricsPage::new(config.metrics.token.clone(), &metrics, sources.clone(), others);
    let health = Health::new(&sources, page, config.metrics.listen.is_some());
    let (counters, trusted_proxies) = (cache.counters, config.trusted_proxies.clone());
    let site = Site {
        proxy,
        admin,
        health,
        states,
        following,
        counters,
        usage,
        trusted_proxies,
        request_log,
        upkeep,
        webhooks,
        ending,
    };
    Ok(Composition { site, storage })
}

/// Shows what was generated at this start, once, on the terminal; it is in no log.
fn show_generated(config: &Config, generated: &Generated, out: &mut dyn Write) -> std::io::Result<()> {
    let password = generated.admin_password.as_ref().map(Secret::expose);
    let client_key = generated.client_key.as_ref().map(Secret::expose);
    if password.is_none() && client_key.is_none() {
        return Ok(());
    }
    writeln!(out, "\nFirst start. Shown once, keep it:")?;
    if let Some(password) = password {
        writeln!(out, "  admin user      {}\n  admin password  {password}", config.admin_username)?;
    }
    if let Some(client_key) = client_key {
        writeln!(out, "  client key      {client_key}")?;
    }
    writeln!(out)?;
    out.flush()
}

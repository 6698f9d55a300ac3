//! The admin API in this process, without a proxy behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rotator_admin_api::bootstrap::{BootstrapOptions, Generated, bootstrap};
use rotator_admin_api::{
    AdminContext, ChangeError, ChangeListener, KeyProber, LiveTraffic, LogControl, LogLevelError, ProbeError,
    ProbeOutcome, ServedService, Traffic, router,
};
use rotator_cache_memory::{MemoryClientMeters, MemoryCounters, MemoryRotation};
use rotator_cache_trait::OnlyNode;
use rotator_domain::{Clock, KeyId, MasterKey, Secret, ServiceId, SystemClock, TargetUrl, Vault, Verdict};
use rotator_storage_sqlite::SqliteFactory;
use rotator_storage_trait::{DatabaseUrl, Storage, StorageFactory, StorageOptions};
use rotator_usage::SharedPrices;
use rotator_webhooks::{Courier, PostError, WebhookPost};

pub(crate) const PASSWORD: &str = "planted-admin-password";

/// There is no proxy to tell, only prices.
struct NoProxy {
    storage: Arc<dyn Storage>,
    prices: SharedPrices,
}

/// Finds every second key good.
struct EverySecondWorks;

/// Answers messages to one path with 204, and all others with 500.
struct TakesOnePath;

/// Takes one level.
#[derive(Default)]
struct Debugging(AtomicBool);

impl LogControl for Debugging {
    fn level(&self) -> String {
        if self.0.load(Ordering::Relaxed) { "debug" } else { "info" }.to_owned()
    }

    fn set_level(&self, level: &str) -> Result<(), LogLevelError> {
        if level != "debug" {
            return Err(LogLevelError);
        }
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Serves nothing.
struct Quiet;

impl LiveTraffic for Quiet {
    fn services(&self) -> Vec<ServedService> {
        Vec::new()
    }

    fn traffic(&self, _: &[ServiceId]) -> Traffic {
        Traffic::default()
    }
}

#[async_trait]
impl ChangeListener for NoProxy {
    async fn service_changed(&self, _: ServiceId) -> Result<(), ChangeError> {
        Ok(())
    }

    async fn client_keys_changed(&self) -> Result<(), ChangeError> {
        Ok(())
    }

    async fn prices_changed(&self) -> Result<(), ChangeError> {
        self.prices.set_overrides(self.storage.prices().await.map_err(ChangeError::new)?);
        Ok(())
    }
}

#[async_trait]
impl KeyProber for EverySecondWorks {
    async fn probe(&self, _: ServiceId, key: KeyId) -> Result<ProbeOutcome, ProbeError> {
        match key.0 % 2 {
            0 => Ok(ProbeOutcome { status: 200, verdict: Verdict::Healthy, took: Duration::from_millis(3) }),
            _ => Err(ProbeError::new("no connection")),
        }
    }
}

#[async_trait]
impl WebhookPost for TakesOnePath {
    async fn post(&self, url: &TargetUrl, _: &[(&'static str, String)], _: &str) -> Result<u16, PostError> {
        Ok(if url.as_url().path() == "/taken" { 204 } else { 500 })
    }
}

/// Serves the admin API on a free port until the test ends, and gives what it stores things in.
pub(crate) async fn start() -> (SocketAddr, Arc<dyn Storage>) {
    let url = DatabaseUrl::new("sqlite::memory:");
    let storage = SqliteFactory.open(&url, &StorageOptions::default()).await.unwrap();
    let vault = Vault::new(&MasterKey::generate().unwrap());
    let options = BootstrapOptions {
        admin_username: "admin".to_owned(),
        admin_password: Some(Secret::new(PASSWORD)),
        jwt_secret: None,
        has_global_client_keys: true,
        now: SystemClock.now(),
    };
    let bootstrapped = bootstrap(storage.as_ref(), &vault, options, &mut Generated::default()).await.unwrap();
    let prices = SharedPrices::default();
    let post = Arc::new(TakesOnePath);
    let courier = Courier::new(Arc::clone(&storage), post, vault.clone(), Arc::new(SystemClock));
    let router = router(AdminContext {
        storage: Arc::clone(&storage),
        vault,
        digest_key: bootstrapped.digest_key,
        counters: Arc::new(MemoryCounters::default()),
        rotation: Arc::new(MemoryRotation::default()),
        meters: Arc::new(MemoryClientMeters::default()),
        nodes: Arc::new(OnlyNode { id: "only".to_owned(), version: "1".to_owned() }),
        changes: Arc::new(NoProxy { storage: Arc::clone(&storage), prices: prices.clone() }),
        prober: Arc::new(EverySecondWorks),
        logs: Arc::new(Debugging::default()),
        clock: Arc::new(SystemClock),
        jwt_secret: bootstrapped.jwt_secret,
        session_ttl: Duration::from_secs(600),
        public_base_url: None,
        features: Vec::new(),
        body_limit: 64 * 1024 * 1024,
        token_uses: Arc::default(),
        request_log: Arc::default(),
        prices,
        live: Arc::new(Quiet),
        webhooks: Arc::new(courier),
        is_ending: tokio::sync::watch::channel(false).1,
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
    });
    (address, storage)
}

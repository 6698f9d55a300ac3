//! Fills the proxy's catalog from the storage, at the start and after every change.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rotator_admin_api::{ChangeError, ChangeListener};
use rotator_cache_trait::{CacheError, RotationState};
use rotator_domain::{DigestKey, Secret, Service, ServiceId, Vault};
use rotator_proxy_core::{Catalog, CatalogHandle, ClientEntry, ClientKeyRing, EntryError, ServiceEntry};
use rotator_storage_trait::{Served, Storage, StorageError, StorageErrorKind};
use rotator_usage::SharedPrices;
use tokio::sync::Mutex;
use tokio::task::JoinError;

use crate::pool_loader::{LoadedService, PoolLoader};

/// How long the storage may take to tell the version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads services, keys and client keys, and hands them to the proxy.
pub(crate) struct CatalogSource {
    storage: Arc<dyn Storage>,
    rotation: Arc<dyn RotationState>,
    pools: PoolLoader,
    digest_key: DigestKey,
    global_keys: Vec<Secret>,
    catalog: CatalogHandle,
    prices: SharedPrices,
    /// Held by who reads, so that an older read never replaces a newer one.
    known: Mutex<Known>,
}

/// Which versions the catalog holds. Each was asked for before what it stands for was read, so that this is of that version or
/// of a later one.
#[derive(Default)]
struct Known {
    /// The one up to which every change has been taken up; none where everything must be read.
    all: Option<i64>,
    /// What was read at a later one.
    later: HashMap<Served, i64>,
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The service cannot be served.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The pool could not be published.
    #[error(transparent)]
    Rotation(#[from] CacheError),
    /// The server ends.
    #[error("the reading was interrupted")]
    Interrupted(#[from] JoinError),
}

// === impl CatalogSource ===

impl CatalogSource {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        rotation: Arc<dyn RotationState>,
        vault: Vault,
        digest_key: DigestKey,
        global_keys: Vec<Secret>,
        prices: SharedPrices,
    ) -> Self {
        let catalog = CatalogHandle::default();
        let pools = PoolLoader::new(Arc::clone(&storage), vault);
        Self { storage, rotation, pools, digest_key, global_keys, catalog, prices, known: Mutex::default() }
    }

    /// The catalog that this source fills.
    pub(crate) fn catalog(&self) -> CatalogHandle {
        self.catalog.clone()
    }

    /// Reads everything. What fails for now leaves the catalog as it was, and is done by the next [`Self::catch_up`].
    pub(crate) async fn load_all(&self) -> Result<(), ReadError> {
        self.read_all(&mut *self.known.lock().await).await
    }

    /// Reads what was changed since it was last read, whoever changed it. What fails for now is read by the next call.
    pub(crate) async fn catch_up(&self) -> Result<(), ReadError> {
        let mut known = self.known.lock().await;
        let version = self.version().await?;
        let all = match known.all {
            Some(all) if !known.is_after(version) => all,
            _ => return self.read_all(&mut known).await,
        };
        if all == version {
            return Ok(());
        }
        for change in self.storage.changes_since(all).await? {
            if known.holds(change.served, change.version) {
                continue;
            }
            match self.read(&mut known, change.served, version.max(change.version)).await {
                Err(error) if error.is_passing() => return Err(error),
                // One that cannot be served must not keep the others from being served.
                Err(error) => tracing::error!(
                    changed = ?change.served,
                    error = %error,
                    cause = std::error::Error::source(&error).map(ToString::to_string),
                    "a change cannot be taken up"
                ),
                Ok(()) => {}
            }
        }
        known.holds_all(version);
        Ok(())
    }

    /// Reads what may have changed, unless that was read at this version already.
    async fn changed(&self, served: Served) -> Result<(), ReadError> {
        let mut known = self.known.lock().await;
        let version = self.version().await?;
        if known.is_after(version) {
            return self.read_all(&mut known).await;
        }
        if known.holds(served, version) { Ok(()) } else { self.read(&mut known, served, version).await }
    }

    /// The version now. A connection that leads nowhere must not keep every later change waiting.
    async fn version(&self) -> Result<i64, StorageError> {
        let asked = tokio::time::timeout(PATIENCE, self.storage.config_version()).await;
        asked.unwrap_or_else(|_| Err(StorageError::new(StorageErrorKind::Unavailable, "read the version in time")))
    }

    async fn read(&self, known: &mut Known, served: Served, version: i64) -> Result<(), ReadError> {
        match served {
            Served::Service(id) => match self.storage.service(id).await? {
                Some(service) => self.catalog.put_service(self.entry(service).await?),
                None => {
                    self.catalog.remove_service(id);
                    self.rotation.retire_pool(id).await?;
                }
            },
            Served::ClientKeys => self.catalog.set_client_keys(self.client_keys().await?),
            Served::Prices => self.prices.set_overrides(self.storage.prices().await?),
        }
        known.later.insert(served, version);
        Ok(())
    }

    async fn read_all(&self, known: &mut Known) -> Result<(), ReadError> {
        *known = Known::default();
        let version = self.version().await?;
        let mut entries = Vec::new();
        let mut slices = self.pools.slices();
        while let Some(slice) = slices.next().await? {
            let (slice, pools): (Vec<_>, Vec<_>) = slice.into_iter().map(|one| (one.entry, one.pool)).unzip();
            let mut refused = HashSet::new();
            for (service, error) in self.rotation.publish_pools(pools).await {
                let error = ReadError::from(error);
                if error.is_passing() {
                    return Err(error);
                }
                // One service that cannot be served must not keep the others from being served.
                tracing::error!(service.id = %service, error = %error, "a service cannot be served");
                refused.insert(service);
            }
            entries.extend(slice.into_iter().filter(|entry: &ServiceEntry| !refused.contains(&entry.id())));
        }
        let (client_keys, prices) = (self.client_keys().await?, self.storage.prices().await?);
        self.prices.set_overrides(prices);
        self.catalog.replace(Catalog::new(entries, client_keys));
        known.holds_all(version);
        Ok(())
    }

    /// Prepares a service and publishes its pool.
    async fn entry(&self, service: Service) -> Result<ServiceEntry, ReadError> {
        let LoadedService { entry, pool } = self.pools.load(&service).await?;
        self.rotation.publish_pool(pool).await?;
        Ok(entry)
    }

    async fn client_keys(&self) -> Result<ClientKeyRing, StorageError> {
        let stored = self.storage.client_keys().await?;
        let stored = stored.into_iter().filter(|key| key.is_active).flat_map(|key| {
            let entry = ClientEntry::new(Some(key.id), key.name).with_policy(key.policy).until(key.expires_at);
            let previous = key.previous.map(|previous| {
                let until = key.expires_at.map_or(previous.until, |expires_at| expires_at.min(previous.until));
                (previous.digest, entry.clone().until(Some(until)))
            });
            std::iter::once((key.digest, entry)).chain(previous)
        });
        let global = self.global_keys.iter().map(|key| {
            let digest = self.digest_key.client_key(key.expose().as_bytes());
            (digest, ClientEntry::new(None, "GLOBAL_PROXY_KEYS"))
        });
        Ok(ClientKeyRing::new(self.digest_key.clone(), stored.chain(global)))
    }
}

#[async_trait]
impl ChangeListener for CatalogSource {
    async fn service_changed(&self, id: ServiceId) -> Result<(), ChangeError> {
        self.changed(Served::Service(id)).await.map_err(ChangeError::new)
    }

    async fn client_keys_changed(&self) -> Result<(), ChangeError> {
        self.changed(Served::ClientKeys).await.map_err(ChangeError::new)
    }

    async fn prices_changed(&self) -> Result<(), ChangeError> {
        self.changed(Served::Prices).await.map_err(ChangeError::new)
    }
}

// === impl Known ===

impl Known {
    /// Whether this was read at this version or a later one.
    fn holds(&self, served: Served, version: i64) -> bool {
        let later = self.later.get(&served).copied();
        later.max(self.all).is_some_and(|known| known >= version)
    }

    /// Whether something was read at a later version: this one is that of another database, which was reset or put back.
    fn is_after(&self, version: i64) -> bool {
        self.later.values().copied().max().max(self.all).is_some_and(|known| known > version)
    }

    /// Everything has been taken up to this version.
    fn holds_all(&mut self, version: i64) {
        self.all = Some(version);
        self.later.retain(|_, later| *later > version);
    }
}

// === impl ReadError ===

impl ReadError {
    /// Whether it may be read later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Storage(error) => matches!(error.kind(), StorageErrorKind::Unavailable | StorageErrorKind::Collided),
            Self::Rotation(error) => matches!(error, CacheError::Unavailable(_)),
            Self::Entry(_) | Self::Interrupted(_) => false,
        }
    }
}

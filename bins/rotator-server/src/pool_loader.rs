//! Reads the pools of many services at once and opens their keys.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use futures_util::TryStreamExt;
use rotator_cache_trait::Pool;
use rotator_domain::rotation::{Census, PoolKey};
use rotator_domain::{KeyId, SealContext, Secret, Service, ServiceId, Vault};
use rotator_proxy_core::{EntryError, ServiceEntry};
use rotator_storage_trait::{Page, SealedKey, Storage, StorageError, StorageErrorKind, sealed_pages};
use tokio::task::JoinSet;

use crate::catalog_source::ReadError;

/// How many services are read at once.
const SERVICES: u64 = 1000;
/// How many keys are read at once.
const KEYS: u64 = 5000;
/// How many pages are opened while the next is read.
const AHEAD: usize = 2;
/// How many slices are read beside one another: some wait for the database while others are opened, and more than the storage
/// has connections only wait.
const BESIDE: RangeInclusive<usize> = 4..=8;

/// Reads services and opens their keys.
#[derive(Clone)]
pub(crate) struct PoolLoader {
    storage: Arc<dyn Storage>,
    vault: Vault,
}

/// All services as they are read: several slices beside one another, since opening a key takes about as long as reading it.
pub(crate) struct Slices {
    loader: PoolLoader,
    after: Option<ServiceId>,
    is_read: bool,
    beside: usize,
    loading: JoinSet<Result<Vec<LoadedService>, ReadError>>,
}

/// A service, ready to be served.
pub(crate) struct LoadedService {
    pub(crate) entry: ServiceEntry,
    pub(crate) pool: Pool,
}

/// The keys of a service: the active ones, and the values of all.
#[derive(Default)]
struct Opened {
    active: Vec<PoolKey>,
    values: Vec<(KeyId, Secret)>,
}

// === impl PoolLoader ===

impl PoolLoader {
    pub(crate) fn new(storage: Arc<dyn Storage>, vault: Vault) -> Self {
        Self { storage, vault }
    }

    /// Every service, slice by slice.
    pub(crate) fn slices(&self) -> Slices {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let beside = cores.clamp(*BESIDE.start(), *BESIDE.end());
        Slices { loader: self.clone(), after: None, is_read: false, beside, loading: JoinSet::new() }
    }

    /// One service.
    pub(crate) async fn load(&self, service: &Service) -> Result<LoadedService, ReadError> {
        let keys = self.open(service.id, service.id).await?.remove(&service.id).unwrap_or_default();
        let service = service.clone();
        Ok(tokio::task::spawn_blocking(move || prepare(&service, keys)).await??)
    }

    async fn load_slice(&self, services: Vec<Service>) -> Result<Vec<LoadedService>, ReadError> {
        let (Some(first), Some(last)) = (services.first(), services.last()) else { return Ok(Vec::new()) };
        let mut keys = match self.open(first.id, last.id).await {
            // A row that does not read back is found by reading each service by itself.
            Err(ReadError::Storage(error)) if is_corrupt(&error) => return self.load_each(services).await,
            keys => keys?,
        };
        let prepare = move || {
            let prepared = services.into_iter().filter_map(|service| {
                let prepared = prepare(&service, keys.remove(&service.id).unwrap_or_default());
                // One service that cannot be served must not keep the others from being served.
                prepared.map_err(|error| not_served(&service, &error)).ok()
            });
            prepared.collect()
        };
        Ok(tokio::task::spawn_blocking(prepare).await?)
    }

    async fn load_each(&self, services: Vec<Service>) -> Result<Vec<LoadedService>, ReadError> {
        let mut loaded = Vec::new();
        for service in services {
            match self.load(&service).await {
                Ok(service) => loaded.push(service),
                Err(ReadError::Storage(error)) if is_corrupt(&error) => not_served(&service, &error),
                Err(ReadError::Entry(error)) => not_served(&service, &error),
                Err(error) => return Err(error),
            }
        }
        Ok(loaded)
    }

    /// The keys of all services of a range. One that does not open is left out and logged.
    async fn open(&self, first: ServiceId, last: ServiceId) -> Result<HashMap<ServiceId, Opened>, ReadError> {
        let range = first..=last;
        let pages = sealed_pages(self.storage.as_ref(), &range, KEYS).map_err(ReadError::from);
        let opened = pages.map_ok(|keys| {
            let vault = self.vault.clone();
            async move { Ok(tokio::task::spawn_blocking(move || open(&vault, keys)).await?) }
        });
        let gather = |mut pools: HashMap<ServiceId, Opened>, page: HashMap<ServiceId, Opened>| async {
            for (service, mut keys) in page {
                let pool = pools.entry(service).or_default();
                pool.active.append(&mut keys.active);
                pool.values.append(&mut keys.values);
            }
            Ok(pools)
        };
        opened.try_buffered(AHEAD).try_fold(HashMap::new(), gather).await
    }
}

// === impl Slices ===

impl Slices {
    /// The next services that can be served, in no order; what cannot be served is logged. `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<LoadedService>>, ReadError> {
        while !self.is_read && self.loading.len() < self.beside {
            let page = Page { after: self.after, limit: SERVICES };
            let services = self.loader.storage.services(page).await?;
            self.is_read = (services.len() as u64) < SERVICES;
            self.after = services.last().map(|last| last.id);
            let loader = self.loader.clone();
            self.loading.spawn(async move { loader.load_slice(services).await });
        }
        match self.loading.join_next().await {
            Some(loaded) => loaded?.map(Some),
            None => Ok(None),
        }
    }
}

fn is_corrupt(error: &StorageError) -> bool {
    *error.kind() == StorageErrorKind::Corrupt
}

fn open(vault: &Vault, keys: Vec<SealedKey>) -> HashMap<ServiceId, Opened> {
    let mut pools: HashMap<ServiceId, Opened> = HashMap::new();
    for SealedKey { id, service_id, sealed, is_active, policy, .. } in keys {
        match vault.open(SealContext::UpstreamKey(id), &sealed) {
            Ok(value) => {
                let pool = pools.entry(service_id).or_default();
                pool.values.push((id, value));
                if is_active {
                    pool.active.push(PoolKey::new(id, policy));
                }
            }
            Err(error) => tracing::error!(key.id = %id, error = %error, "a key cannot be used"),
        }
    }
    pools
}

fn prepare(service: &Service, keys: Opened) -> Result<LoadedService, EntryError> {
    let entry = ServiceEntry::new(service, keys.values)?.with_census(Census::of(&keys.active));
    let pool = Pool { service_id: service.id, policy: service.policy.rotation.clone(), keys: keys.active };
    Ok(LoadedService { entry, pool })
}

/// Tells why a service is not served.
fn not_served(service: &Service, error: &(dyn std::error::Error + 'static)) {
    tracing::error!(
        service.slug = %service.slug,
        error = %error,
        cause = ?error.source().map(ToString::to_string),
        "a service cannot be served"
    );
}

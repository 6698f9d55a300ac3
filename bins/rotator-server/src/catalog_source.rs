//! Fills the proxy's catalog from the storage, at the start and after every change.

use std::sync::Arc;

use async_trait::async_trait;
use rotator_admin_api::{ChangeError, ChangeListener};
use rotator_cache_trait::RotationState;
use rotator_domain::{DigestKey, Secret, Service, ServiceId, Vault};
use rotator_proxy_core::{Catalog, CatalogHandle, ClientKeyRing, ServiceEntry};
use rotator_storage_trait::Storage;
use tokio::sync::Mutex;

use crate::pool_loader::{LoadedService, PoolLoader};

/// Reads services, keys and client keys, and hands them to the proxy.
pub(crate) struct CatalogSource {
    storage: Arc<dyn Storage>,
    rotation: Arc<dyn RotationState>,
    pools: PoolLoader,
    digest_key: DigestKey,
    global_keys: Vec<Secret>,
    catalog: CatalogHandle,
    /// One reload at a time, so that an older read never replaces a newer one.
    reloading: Mutex<()>,
}

// === impl CatalogSource ===

impl CatalogSource {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        rotation: Arc<dyn RotationState>,
        vault: Vault,
        digest_key: DigestKey,
        global_keys: Vec<Secret>,
    ) -> Self {
        let catalog = CatalogHandle::default();
        let pools = PoolLoader::new(Arc::clone(&storage), vault);
        Self { storage, rotation, pools, digest_key, global_keys, catalog, reloading: Mutex::new(()) }
    }

    /// The catalog that this source fills.
    pub(crate) fn catalog(&self) -> CatalogHandle {
        self.catalog.clone()
    }

    /// Reads everything.
    pub(crate) async fn load_all(&self) -> Result<(), ChangeError> {
        let _reloading = self.reloading.lock().await;
        let mut entries = Vec::new();
        let mut slices = self.pools.slices();
        while let Some(slice) = slices.next().await.map_err(ChangeError::new)? {
            let (slice, pools): (Vec<_>, Vec<_>) = slice.into_iter().map(|one| (one.entry, one.pool)).unzip();
            let refused = self.rotation.publish_pools(pools).await;
            for (service, error) in &refused {
                tracing::error!(service.id = %service, error = %error, "a service cannot be served");
            }
            let is_refused = |id| refused.iter().any(|(refused, _)| *refused == id);
            entries.extend(slice.into_iter().filter(|entry: &ServiceEntry| !is_refused(entry.id())));
        }
        self.catalog.replace(Catalog::new(entries, self.client_keys().await?));
        Ok(())
    }

    /// Prepares a service and publishes its pool.
    async fn entry(&self, service: Service) -> Result<ServiceEntry, ChangeError> {
        let LoadedService { entry, pool } = self.pools.load(&service).await.map_err(ChangeError::new)?;
        self.rotation.publish_pool(pool).await.map_err(ChangeError::new)?;
        Ok(entry)
    }

    async fn client_keys(&self) -> Result<ClientKeyRing, ChangeError> {
        let stored = self.storage.client_keys().await.map_err(ChangeError::new)?;
        let stored = stored.into_iter().filter(|key| key.is_active).map(|key| (key.digest, key.name));
        let global = self.global_keys.iter().map(|key| {
            let digest = self.digest_key.client_key(key.expose().as_bytes());
            (digest, "GLOBAL_PROXY_KEYS".to_owned())
        });
        Ok(ClientKeyRing::new(self.digest_key.clone(), stored.chain(global)))
    }
}

#[async_trait]
impl ChangeListener for CatalogSource {
    async fn service_changed(&self, id: ServiceId) -> Result<(), ChangeError> {
        let _reloading = self.reloading.lock().await;
        match self.storage.service(id).await.map_err(ChangeError::new)? {
            Some(service) => self.catalog.put_service(self.entry(service).await?),
            None => {
                self.catalog.remove_service(id);
                self.rotation.retire_pool(id).await.map_err(ChangeError::new)?;
            }
        }
        Ok(())
    }

    async fn client_keys_changed(&self) -> Result<(), ChangeError> {
        let _reloading = self.reloading.lock().await;
        self.catalog.set_client_keys(self.client_keys().await?);
        Ok(())
    }
}

//! Fills the proxy's catalog from the storage, at the start and after every change.

use std::sync::Arc;

use async_trait::async_trait;
use rotator_admin_api::{ChangeError, ChangeListener};
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::PoolKey;
use rotator_domain::{DigestKey, KeyId, SealContext, Secret, Service, ServiceId, Vault};
use rotator_proxy_core::{Catalog, CatalogHandle, ClientEntry, ClientKeyRing, ServiceEntry};
use rotator_storage_trait::{KeyRecord, Page, Storage};
use tokio::sync::Mutex;

/// How many rows are read at once.
const PAGE: u64 = 1000;

/// Reads services, keys and client keys, and hands them to the proxy.
pub(crate) struct CatalogSource {
    storage: Arc<dyn Storage>,
    rotation: Arc<dyn RotationState>,
    vault: Vault,
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
        Self { storage, rotation, vault, digest_key, global_keys, catalog, reloading: Mutex::new(()) }
    }

    /// The catalog that this source fills.
    pub(crate) fn catalog(&self) -> CatalogHandle {
        self.catalog.clone()
    }

    /// Reads everything.
    pub(crate) async fn load_all(&self) -> Result<(), ChangeError> {
        let _reloading = self.reloading.lock().await;
        let mut entries = Vec::new();
        let mut after = None;
        loop {
            let page = self.storage.services(Page { after, limit: PAGE }).await.map_err(ChangeError::new)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for service in &page {
                match self.entry(service).await {
                    Ok(entry) => entries.push(entry),
                    // One service that cannot be served must not keep the others from being served.
                    Err(error) => tracing::error!(
                        service.slug = %service.slug,
                        error = %error,
                        cause = ?std::error::Error::source(&error).map(ToString::to_string),
                        "a service cannot be served"
                    ),
                }
            }
        }
        self.catalog.replace(Catalog::new(entries, self.client_keys().await?));
        Ok(())
    }

    /// Prepares a service and publishes its pool.
    async fn entry(&self, service: &Service) -> Result<ServiceEntry, ChangeError> {
        let (active, secrets) = self.keys(service.id).await?;
        let entry = ServiceEntry::new(service, secrets).map_err(ChangeError::new)?;
        let pool = Pool { service_id: service.id, policy: service.policy.rotation.clone(), keys: active };
        self.rotation.publish_pool(pool).await.map_err(ChangeError::new)?;
        Ok(entry)
    }

    /// The active keys of a service, and the values of all. A key that does not open is left out and logged.
    async fn keys(&self, service: ServiceId) -> Result<(Vec<PoolKey>, Vec<(KeyId, Secret)>), ChangeError> {
        let (mut active, mut secrets) = (Vec::new(), Vec::new());
        let mut after = None;
        loop {
            let page = self.storage.keys(service, Page { after, limit: PAGE }).await.map_err(ChangeError::new)?;
            let Some(last) = page.last() else { return Ok((active, secrets)) };
            after = Some(last.id);
            for KeyRecord { id, sealed, is_active, policy, .. } in page {
                match self.vault.open(SealContext::UpstreamKey(id), &sealed) {
                    Ok(value) => {
                        secrets.push((id, value));
                        if is_active {
                            active.push(PoolKey::new(id, policy));
                        }
                    }
                    Err(error) => tracing::error!(key.id = %id, error = %error, "a key cannot be used"),
                }
            }
        }
    }

    async fn client_keys(&self) -> Result<ClientKeyRing, ChangeError> {
        let stored = self.storage.client_keys().await.map_err(ChangeError::new)?;
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
        let _reloading = self.reloading.lock().await;
        match self.storage.service(id).await.map_err(ChangeError::new)? {
            Some(service) => self.catalog.put_service(self.entry(&service).await?),
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

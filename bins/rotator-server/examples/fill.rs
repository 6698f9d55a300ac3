//! Fills an empty database with services and keys, as many as are asked for; `cargo xtask scale` runs it.
//!
//! Takes the number of services, of keys, and of those of the first service, which is a large one; the others share the rest
//! evenly. The database is that of `DATABASE_URL`. Everything is real: the keys are sealed under `ROTATOR_MASTER_KEY`, and the
//! services are valid.

#![expect(clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::sync::Arc;

use rotator_admin_api::bootstrap::{BootstrapOptions, Generated, bootstrap};
use rotator_domain::rotation::KeyPolicy;
use rotator_domain::{
    Clock, DigestKey, KeyId, MasterKey, SealContext, Secret, Service, ServiceDraft, ServiceId, SystemClock, Timestamp,
    Vault,
};
use rotator_storage_trait::{DatabaseUrl, KeyRecord, Storage, StorageFactory, StorageOptions};
use tokio::task::JoinSet;

type Failure = Box<dyn Error + Send + Sync>;

/// How many keys are stored in one transaction, and services beside one another.
const BATCH: usize = 10_000;
const BESIDE: usize = 8;

/// What is made.
#[derive(Clone)]
struct Filling {
    storage: Arc<dyn Storage>,
    vault: Vault,
    digest_key: DigestKey,
    now: Timestamp,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [services, keys, largest] = arguments.as_slice() else {
        return Err("fill SERVICES KEYS LARGEST".into());
    };
    let (services, keys, largest): (u32, u32, u32) = (services.parse()?, keys.parse()?, largest.parse()?);
    let vault = Vault::new(&MasterKey::from_hex(&std::env::var("ROTATOR_MASTER_KEY")?)?);
    let url = DatabaseUrl::new(std::env::var("DATABASE_URL")?);
    let storage = factory(&url)?.open(&url, &StorageOptions::default()).await?;
    let options = BootstrapOptions {
        admin_username: "admin".to_owned(),
        admin_password: std::env::var("ADMIN_PASSWORD").ok().map(Secret::new),
        jwt_secret: None,
        has_global_client_keys: true,
        now: SystemClock.now(),
    };
    let digest_key = bootstrap(storage.as_ref(), &vault, options, &mut Generated::default()).await?.digest_key;
    let filling = Filling { storage, vault, digest_key, now: SystemClock.now() };
    let services = filling.services(services).await?;
    eprintln!("{} services", services.len());
    filling.keys(&services, keys, largest).await?;
    eprintln!("{keys} keys");
    filling.storage.close().await;
    Ok(())
}

fn factory(url: &DatabaseUrl) -> Result<Box<dyn StorageFactory>, Failure> {
    let factories: [Box<dyn StorageFactory>; 3] = [
        Box::new(rotator_storage_sqlite::SqliteFactory),
        Box::new(rotator_storage_mysql::MySqlFactory),
        Box::new(rotator_storage_postgres::PostgresFactory),
    ];
    let found = factories.into_iter().find(|factory| factory.schemes().contains(&url.scheme()));
    found.ok_or_else(|| "no such database".into())
}

// === impl Filling ===

impl Filling {
    async fn services(&self, count: u32) -> Result<Vec<ServiceId>, Failure> {
        let first = self.storage.reserve_ids(count).await?;
        let ids: Vec<i64> = (first..first + i64::from(count)).collect();
        let mut storing = JoinSet::new();
        for ids in ids.chunks(ids.len().div_ceil(BESIDE).max(1)) {
            let (own, ids) = (self.clone(), ids.to_vec());
            storing.spawn(async move {
                for id in ids {
                    own.storage.insert_service(&service(id, own.now)?).await?;
                }
                Ok::<_, Failure>(())
            });
        }
        while let Some(stored) = storing.join_next().await {
            stored??;
        }
        Ok(ids.into_iter().map(ServiceId).collect())
    }

    /// The first service has the large pool, the others take turns.
    async fn keys(&self, services: &[ServiceId], count: u32, largest: u32) -> Result<(), Failure> {
        let first = self.storage.reserve_ids(count).await?;
        let of = |number: u32| match number.checked_sub(largest) {
            None => services.first(),
            Some(rest) => {
                let others = services.get(1..).filter(|others| !others.is_empty()).unwrap_or(services);
                let each = (count - largest).div_ceil(u32::try_from(others.len()).unwrap_or(u32::MAX)).max(1);
                others.get((rest / each) as usize)
            }
        };
        let places: Vec<(KeyId, ServiceId)> =
            (0..count).filter_map(|number| Some((KeyId(first + i64::from(number)), *of(number)?))).collect();
        for batch in places.chunks(BATCH) {
            let (own, batch) = (self.clone(), batch.to_vec());
            let seal = move || batch.into_iter().map(|(id, service)| own.key(id, service)).collect();
            let records: Result<Vec<KeyRecord>, Failure> = tokio::task::spawn_blocking(seal).await?;
            self.storage.insert_keys(&records?).await?;
        }
        Ok(())
    }

    fn key(&self, id: KeyId, service_id: ServiceId) -> Result<KeyRecord, Failure> {
        let value = Secret::new(format!("sk-proj-{:048x}", id.0));
        Ok(KeyRecord {
            id,
            service_id,
            sealed: self.vault.seal(SealContext::UpstreamKey(id), &value)?,
            digest: self.digest_key.upstream_key(service_id, &value),
            label: None,
            is_active: true,
            policy: KeyPolicy::default(),
            created_at: self.now,
            updated_at: self.now,
        })
    }
}

fn service(id: i64, now: Timestamp) -> Result<Service, Failure> {
    let draft = ServiceDraft {
        name: format!("Service {id}"),
        slug: format!("service-{id}"),
        config_type: "LLM".into(),
        is_active: true,
        target_base_url: Some("https://api.openai.com/v1".into()),
        ..ServiceDraft::default()
    };
    Ok(draft.into_service(ServiceId(id), now, now)?)
}

//! How much is asked of the storage when there are many services: by the slice, never by the service.

mod counted;

use std::sync::Arc;

use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use rotator_admin_api::{LogControl, LogLevelError};
use rotator_domain::rotation::{Checkpoint, KeyPolicy, KeyState};
use rotator_domain::{DigestKey, KeyId, SealContext, Secret, Service, ServiceDraft, ServiceId, Timestamp, Vault};
use rotator_storage_trait::KeyRecord;
use serde_json::{Value, json};
use tower::util::ServiceExt;

use self::counted::Counted;
use crate::args::Settings;
use crate::backends;
use crate::compose::{self, Composition, Opened};
use crate::config::Config;
use crate::pool_loader::PoolLoader;
use crate::serve::Site;

const SERVICES: i64 = 2000;
/// Of every service but the first.
const KEYS: i64 = 10;
/// Of the first.
const LARGEST: i64 = 4000;
/// A slice of a thousand services is read in up to five pages of keys here, besides its services and states.
const A_START: u64 = 24;
/// As many statements as a page of a list may take, whatever is on it; two of them ask who wants it and whether they still may.
const A_PAGE: u64 = 7;
const PASSWORD: &str = "an-administrators-password";

fn service(id: i64) -> Service {
    let draft = ServiceDraft {
        name: format!("Service {id}"),
        slug: format!("service-{id}"),
        config_type: "LLM".into(),
        is_active: true,
        target_base_url: Some("http://127.0.0.1:9/v1".into()),
        ..ServiceDraft::default()
    };
    draft.into_service(ServiceId(id), Timestamp::EPOCH, Timestamp::EPOCH).unwrap()
}

/// What makes keys ready for the storage.
struct Sealing<'a> {
    vault: &'a Vault,
    digest_key: &'a DigestKey,
}

impl Sealing<'_> {
    fn key(&self, id: i64, service_id: ServiceId) -> KeyRecord {
        let (id, value) = (KeyId(id), Secret::new(format!("sk-{id:032}")));
        KeyRecord {
            id,
            service_id,
            sealed: self.vault.seal(SealContext::UpstreamKey(id), &value).unwrap(),
            digest: self.digest_key.upstream_key(service_id, &value),
            label: None,
            is_active: true,
            policy: KeyPolicy::default(),
            created_at: Timestamp::EPOCH,
            updated_at: Timestamp::EPOCH,
        }
    }
}

/// Logs nothing.
struct NoLog;

impl LogControl for NoLog {
    fn level(&self) -> String {
        "off".to_owned()
    }

    fn set_level(&self, _: &str) -> Result<(), LogLevelError> {
        Err(LogLevelError)
    }
}

/// A database with all of it, and what is needed to serve it.
async fn filled(config: &Config) -> (Opened, Arc<Counted>) {
    let Opened { storage, vault, bootstrapped } = compose::open(config).await.unwrap();
    let first = storage.reserve_ids(u32::try_from(SERVICES).unwrap()).await.unwrap();
    let services = first..first + SERVICES;
    for id in services.clone() {
        storage.insert_service(&service(id)).await.unwrap();
    }
    let large = std::iter::repeat_n(first, usize::try_from(LARGEST - KEYS).unwrap());
    let pools: Vec<i64> = large.chain(services.flat_map(|id| std::iter::repeat_n(id, KEYS as usize))).collect();
    let first_key = storage.reserve_ids(u32::try_from(pools.len()).unwrap()).await.unwrap();
    let sealing = Sealing { vault: &vault, digest_key: &bootstrapped.digest_key };
    let keys = (first_key..).zip(&pools).map(|(id, service)| sealing.key(id, ServiceId(*service)));
    let keys: Vec<KeyRecord> = keys.collect();
    storage.insert_keys(&keys).await.unwrap();
    // A dead key in each of a hundred services.
    for key in keys.iter().rev().step_by(usize::try_from(KEYS).unwrap()).take(100) {
        let (since, until) = (Timestamp::EPOCH, Timestamp::from_millis(i64::MAX));
        let dead = Checkpoint { key: key.id, model: None, state: KeyState::Dead, since, until };
        storage.save_states(key.service_id, &[dead]).await.unwrap();
    }
    let counted = Arc::new(Counted::new(storage));
    (Opened { storage: Arc::clone(&counted) as _, vault, bootstrapped }, counted)
}

/// An answer of the admin API as JSON.
async fn ask(site: &Site, token: &str, method: &str, path: &str, body: Option<Value>) -> Value {
    let request = Request::builder().method(method).uri(format!("/api/admin/{path}"));
    let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let body = body.map_or_else(axum::body::Body::empty, |body| body.to_string().into());
    let answer = site.admin.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    assert!(answer.status() == StatusCode::OK || answer.status() == StatusCode::CREATED, "{path}: {}", answer.status());
    serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_of_the_storage_does_not_grow_with_the_services() {
    let folder = tempfile::tempdir().unwrap();
    let text = |text: &str| Some(text.to_owned());
    let settings = Settings {
        // In memory, so that the test does not wait for a disk.
        database_url: text("sqlite::memory:"),
        rotator_data_dir: text(&folder.path().display().to_string()),
        rotator_master_key: text(&"5e".repeat(32)),
        admin_password: text(PASSWORD),
        global_proxy_keys: text("a-client-key"),
        ..Settings::default()
    };
    let config = Config::new(&settings).unwrap();
    let (opened, counted) = filled(&config).await;

    counted.take();
    let Composition { site, .. } =
        compose::compose(&config, opened, backends::cache(&config).await.unwrap(), Arc::new(NoLog), None)
            .await
            .unwrap();
    let asked = counted.take();
    assert!(asked <= A_START, "a start asked {asked} times");

    let login = json!({"username": "admin", "password": PASSWORD});
    let session = ask(&site, "", "POST", "login", Some(login)).await;
    let token = session["access_token"].as_str().unwrap();
    let configs = ask(&site, token, "GET", "proxy-configs?limit=1000", None).await;
    let configs = configs.as_array().unwrap();
    let shown: Vec<usize> = configs.iter().map(|config| config["api_keys"].as_array().unwrap().len()).collect();
    assert_eq!(shown, [2; 1000], "as many keys as fit into a list of this length");
    assert_eq!(configs[0]["api_key_count"], LARGEST);
    assert_eq!(configs[999]["active_key_count"], KEYS);

    let large = configs[0]["id"].as_i64().unwrap();
    let last = large + SERVICES - 1;
    counted.take();
    for (path, length) in [
        ("proxy-configs?limit=1000".to_owned(), 1000),
        (format!("proxy-configs?limit=500&after={}", last - 500), 500),
        (format!("proxy-configs/{large}/keys"), 1000),
        (format!("proxy-configs/{last}/keys"), 10),
    ] {
        assert_eq!(ask(&site, token, "GET", &path, None).await.as_array().unwrap().len(), length);
        let asked = counted.take();
        assert!(asked <= A_PAGE, "{path} asked {asked} times");
    }
    let states = ask(&site, token, "GET", &format!("proxy-configs/{last}/keys"), None).await;
    assert_eq!(states[9]["state"], "dead", "{states}");

    // Who looks after the keys looks where something happened.
    counted.take();
    site.states.save().await;
    assert_eq!(counted.take(), 0, "nothing happened");
    let key = json!({"key_value": "sk-one-more-key-of-this-pool"});
    ask(&site, token, "POST", &format!("proxy-configs/{large}/keys"), Some(key)).await;
    assert!(counted.take() <= 16, "a change reads one service");
    site.states.save().await;
    assert_eq!(counted.take(), 0, "a change of keys is no change of states");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_key_keeps_no_service_but_its_own_from_being_served() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rotator.db").display().to_string();
    let settings = Settings {
        database_url: Some(format!("sqlite:{file}")),
        rotator_master_key: Some("5e".repeat(32)),
        ..Settings::default()
    };
    let Opened { storage, vault, bootstrapped } = compose::open(&Config::new(&settings).unwrap()).await.unwrap();
    for id in 1..=3 {
        storage.insert_service(&service(id)).await.unwrap();
        let sealer = Sealing { vault: &vault, digest_key: &bootstrapped.digest_key };
        storage.insert_keys(&[sealer.key(10 * id, ServiceId(id))]).await.unwrap();
    }
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{file}")).await.unwrap();
    sqlx::query("UPDATE upstream_keys SET policy = '{' WHERE id = 20").execute(&pool).await.unwrap();
    pool.close().await;
    let mut slices = PoolLoader::new(Arc::clone(&storage), vault).slices();
    let mut served = Vec::new();
    while let Some(slice) = slices.next().await.unwrap() {
        served.extend(slice.into_iter().map(|loaded| (loaded.entry.id().0, loaded.pool.keys.len())));
    }
    assert_eq!(served, [(1, 1), (3, 1)]);
}

//! Services and keys from a place of one's own: a JSON file, which is read again when it changes. Requests in flight are not
//! disturbed, keys that stay keep their turn and their state, and a file that makes no sense leaves what was there.
//!
//! ```sh
//! echo '[{"slug": "openai", "base_url": "https://api.openai.com/v1", "keys": ["sk-first", "sk-second"]}]' > pools.json
//! cargo run --package rotator-proxy-core --example own_catalog
//! curl http://127.0.0.1:8080/llm/openai/models -H "Authorization: Bearer my-client-key"
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use rotator_cache_memory::MemoryRotation;
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::PoolKey;
use rotator_domain::{DigestKey, KeyId, Secret, ServiceDraft, ServiceId, Timestamp};
use rotator_proxy_core::{Catalog, CatalogHandle, ClientEntry, ClientKeyRing, Proxy, ServiceEntry};
use serde::Deserialize;
use tokio::net::TcpListener;

const FILE: &str = "pools.json";

/// A service as the file says it.
#[derive(Deserialize)]
struct Entry {
    slug: String,
    base_url: String,
    keys: Vec<String>,
}

/// What fills the proxy from the file.
struct FileCatalog {
    catalog: CatalogHandle,
    rotation: Arc<MemoryRotation>,
    /// The ids that were given to slugs and to keys: what keeps its name keeps its id, and with it its state.
    ids: HashMap<String, i64>,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let digest_key = DigestKey::generate()?;
    let me = (digest_key.client_key(b"my-client-key"), ClientEntry::new(None, "me"));
    let mut source = FileCatalog::new(ClientKeyRing::new(digest_key, [me]));
    source.take_up(&tokio::fs::read_to_string(FILE).await?).await?;
    let proxy = Proxy::builder(source.catalog.clone(), Arc::clone(&source.rotation) as _).build()?;

    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        loop {
            ticks.tick().await;
            if let Ok(text) = tokio::fs::read_to_string(FILE).await
                && let Err(error) = source.take_up(&text).await
            {
                println!("{FILE} is left as it was: {error}");
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://127.0.0.1:8080/llm/...");
    axum::serve(listener, axum::Router::new().fallback_service(proxy)).await?;
    Ok(())
}

// === impl FileCatalog ===

impl FileCatalog {
    fn new(clients: ClientKeyRing) -> Self {
        let catalog = CatalogHandle::new(Catalog::new([], clients));
        Self { catalog, rotation: Arc::default(), ids: HashMap::new(), text: String::new() }
    }

    /// Serves what the text says, if it says something else than before.
    async fn take_up(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        if self.text == text {
            return Ok(());
        }
        text.clone_into(&mut self.text);
        // Everything is prepared before anything changes.
        let entries: Vec<Entry> = serde_json::from_str(text)?;
        let services = entries.iter().map(|entry| self.prepare(entry)).collect::<Result<Vec<_>, _>>()?;
        let mut stays = Vec::new();
        for (entry, pool) in services {
            stays.push(entry.id());
            // The pool first: a request must find no service whose keys are not known yet.
            self.rotation.publish_pool(pool).await?;
            self.catalog.put_service(entry);
        }
        let gone: Vec<ServiceId> = self.catalog.load().services().map(|entry| entry.id()).collect();
        for id in gone.into_iter().filter(|id| !stays.contains(id)) {
            self.catalog.remove_service(id);
            self.rotation.retire_pool(id).await?;
        }
        Ok(())
    }

    fn prepare(&mut self, entry: &Entry) -> Result<(ServiceEntry, Pool), Box<dyn Error>> {
        let draft = ServiceDraft {
            name: entry.slug.clone(),
            slug: entry.slug.clone(),
            config_type: "LLM".to_owned(),
            is_active: true,
            target_base_url: Some(entry.base_url.clone()),
            ..ServiceDraft::default()
        };
        let id = ServiceId(self.id(&format!("service {}", entry.slug)));
        let service = draft.into_service(id, Timestamp::EPOCH, Timestamp::EPOCH)?;
        let named = entry.keys.iter().map(|key| (KeyId(self.id(&format!("key {} {key}", entry.slug))), key.as_str()));
        let keys: Vec<(KeyId, Secret)> = named.map(|(id, key)| (id, Secret::new(key))).collect();
        let members = keys.iter().map(|(id, _)| PoolKey::plain(*id)).collect();
        let pool = Pool { service_id: id, policy: service.policy.rotation.clone(), keys: members };
        Ok((ServiceEntry::new(&service, keys)?, pool))
    }

    fn id(&mut self, name: &str) -> i64 {
        let next = i64::try_from(self.ids.len()).unwrap_or(i64::MAX);
        *self.ids.entry(name.to_owned()).or_insert(next + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_file_says_is_served_and_nonsense_changes_nothing() {
        let mut source = FileCatalog::new(ClientKeyRing::new(DigestKey::generate().unwrap(), []));
        let entry = |slug: &str, keys: &str| {
            format!(r#"{{"slug": "{slug}", "base_url": "https://x.example", "keys": {keys}}}"#)
        };
        source.take_up(&format!("[{}, {}]", entry("a", r#"["k", "l"]"#), entry("b", "[]"))).await.unwrap();
        let catalog = source.catalog.load();
        let (a, b) = (catalog.by_slug("a").unwrap().id(), catalog.by_slug("b").unwrap().id());

        source.take_up("[{]").await.unwrap_err();
        assert!(source.catalog.load().by_slug("b").is_some());

        source.take_up(&format!("[{}]", entry("a", r#"["l"]"#))).await.unwrap();
        let catalog = source.catalog.load();
        assert_eq!(catalog.by_slug("a").map(|entry| (entry.id(), entry.key_count())), Some((a, 1)));
        assert!(catalog.by_id(b).is_none());
    }
}

//! The immutable snapshot that requests read.

mod entry;
mod shards;

pub use entry::ServiceEntry;
pub(crate) use entry::{Door, Injection};

use std::collections::HashSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rotator_domain::{ClientKeyId, Digest, ServiceId, Slug};

use self::shards::Shards;
use crate::{ClientEntry, ClientKeyRing};

/// All services with their keys, and the client keys, as they were at one moment.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    by_slug: Shards<Slug, Arc<ServiceEntry>>,
    by_id: Shards<ServiceId, Arc<ServiceEntry>>,
    client_keys: Option<Arc<ClientKeyRing>>,
}

/// The current [`Catalog`], shared; readers never wait, and a change is seen by the next request.
#[derive(Clone, Debug, Default)]
pub struct CatalogHandle(Arc<ArcSwap<Catalog>>);

// === impl Catalog ===

impl Catalog {
    /// A catalog of these services; without client keys it lets nobody in.
    pub fn new(services: impl IntoIterator<Item = ServiceEntry>, client_keys: ClientKeyRing) -> Self {
        let mut catalog = Self { client_keys: Some(Arc::new(client_keys)), ..Self::default() };
        for entry in services {
            catalog.put(Arc::new(entry));
        }
        catalog
    }

    /// The service behind `slug`, whether active or not.
    #[must_use]
    pub fn by_slug(&self, slug: &str) -> Option<&Arc<ServiceEntry>> {
        self.by_slug.get(slug)
    }

    /// All services.
    pub fn services(&self) -> impl Iterator<Item = &Arc<ServiceEntry>> {
        self.by_id.values()
    }

    /// The service with this id.
    #[must_use]
    pub fn by_id(&self, id: ServiceId) -> Option<&Arc<ServiceEntry>> {
        self.by_id.get(&id)
    }

    /// What is known of these client keys, each once.
    #[must_use]
    pub fn clients(&self, ids: &HashSet<ClientKeyId>) -> Vec<Arc<ClientEntry>> {
        self.client_keys.as_ref().map(|ring| ring.of(ids)).unwrap_or_default()
    }

    /// A presented client key, if it is valid, with what stands for it.
    pub(crate) fn client(&self, presented: &[u8]) -> Option<(Digest, &Arc<ClientEntry>)> {
        self.client_keys.as_ref()?.find(presented)
    }

    fn put(&mut self, entry: Arc<ServiceEntry>) {
        self.remove(entry.id());
        self.by_id.insert(entry.id(), Arc::clone(&entry));
        self.by_slug.insert(entry.slug().clone(), entry);
    }

    fn remove(&mut self, id: ServiceId) {
        if let Some(removed) = self.by_id.remove(&id)
            && self.by_slug.get(removed.slug()).is_some_and(|entry| entry.id() == id)
        {
            self.by_slug.remove(removed.slug());
        }
    }
}

// === impl CatalogHandle ===

impl CatalogHandle {
    /// A handle to `catalog`.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(catalog)))
    }

    /// The catalog as it is now.
    #[must_use]
    pub fn load(&self) -> Arc<Catalog> {
        self.0.load_full()
    }

    /// Replaces everything.
    pub fn replace(&self, catalog: Catalog) {
        self.0.store(Arc::new(catalog));
    }

    /// Adds a service, or replaces the one with the same id.
    pub fn put_service(&self, entry: ServiceEntry) {
        let entry = Arc::new(entry);
        self.change(|catalog| catalog.put(Arc::clone(&entry)));
    }

    /// Takes a service away.
    pub fn remove_service(&self, id: ServiceId) {
        self.change(|catalog| catalog.remove(id));
    }

    /// Replaces the client keys.
    pub fn set_client_keys(&self, ring: ClientKeyRing) {
        let ring = Arc::new(ring);
        self.change(|catalog| catalog.client_keys = Some(Arc::clone(&ring)));
    }

    fn change(&self, change: impl Fn(&mut Catalog)) {
        self.0.rcu(|current| {
            let mut next = Catalog::clone(current);
            change(&mut next);
            next
        });
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::{DigestKey, ServiceDraft, Timestamp};

    use super::*;

    fn entry(id: i64, slug: &str) -> ServiceEntry {
        let draft = ServiceDraft {
            name: slug.into(),
            slug: slug.into(),
            config_type: "LLM".into(),
            is_active: true,
            target_base_url: Some("https://api.openai.com/v1".into()),
            ..ServiceDraft::default()
        };
        let service = draft.into_service(ServiceId(id), Timestamp::EPOCH, Timestamp::EPOCH).unwrap();
        ServiceEntry::new(&service, []).unwrap()
    }

    #[test]
    fn a_renamed_service_leaves_its_old_slug() {
        let handle = CatalogHandle::default();
        handle.put_service(entry(1, "old"));
        handle.put_service(entry(1, "new"));
        assert!(handle.load().by_slug("old").is_none());
        assert_eq!(handle.load().by_slug("new").unwrap().id(), ServiceId(1));
    }

    #[test]
    fn two_services_may_swap_their_slugs() {
        let handle = CatalogHandle::default();
        handle.put_service(entry(1, "a"));
        handle.put_service(entry(2, "b"));
        handle.put_service(entry(1, "b"));
        handle.put_service(entry(2, "a"));
        let catalog = handle.load();
        assert_eq!(catalog.by_slug("a").unwrap().id(), ServiceId(2));
        assert_eq!(catalog.by_id(ServiceId(1)).unwrap().slug().as_str(), "b");
    }

    #[test]
    fn without_client_keys_nobody_comes_in() {
        let catalog = Catalog::default();
        assert!(catalog.client(b"").is_none());
        let key = DigestKey::generate().unwrap();
        let me = ClientEntry::new(None, "me");
        let ring = ClientKeyRing::new(key.clone(), [(key.client_key(b"good"), me.clone())]);
        let catalog = Catalog::new([], ring);
        assert_eq!(catalog.client(b"good").map(|(_, entry)| entry.as_ref()), Some(&me));
        assert!(catalog.client(b"bad").is_none());
    }
}

//! Upstream keys, their values sealed.

use std::ops::RangeInclusive;

use async_trait::async_trait;
use futures_util::stream::{self, Stream};
use rotator_domain::rotation::KeyPolicy;
use rotator_domain::{Digest, KeyId, KeyLabel, KeyPolicyChange, Sealed, ServiceId, Timestamp};

use crate::{Page, StorageError};

/// An upstream key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id.
    pub id: KeyId,
    /// The service whose pool it belongs to.
    pub service_id: ServiceId,
    /// Its value, sealed for this id.
    pub sealed: Sealed,
    /// The digest by which a second copy in the same service is noticed.
    pub digest: Digest,
    /// What the operator calls it.
    pub label: Option<KeyLabel>,
    /// Whether it may be picked.
    pub is_active: bool,
    /// How it is used.
    pub policy: KeyPolicy,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What serving needs of a key, and finding it: far less than a [`KeyRecord`], where very many are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// Its id.
    pub id: KeyId,
    /// The service whose pool it belongs to.
    pub service_id: ServiceId,
    /// Its value, sealed for this id.
    pub sealed: Sealed,
    /// What the operator calls it.
    pub label: Option<KeyLabel>,
    /// Whether it may be picked.
    pub is_active: bool,
    /// How it is used.
    pub policy: KeyPolicy,
}

/// What to change of a key; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// Whether it may be picked.
    pub is_active: Option<bool>,
    /// What the operator calls it; `Some(None)` takes the label away.
    pub label: Option<Option<KeyLabel>>,
    /// How it is used.
    pub policy: KeyPolicyChange,
}

/// Changes of one service's keys that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolChange {
    /// Keys to delete; this comes first. One that is not there is no error.
    pub delete: Vec<KeyId>,
    /// What to change of which key; one that is not there is no error.
    pub change: Vec<(KeyId, KeyChange)>,
    /// New keys.
    pub insert: Vec<KeyRecord>,
}

/// How many keys a service has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// All of them.
    pub total: u64,
    /// Those that are active.
    pub active: u64,
}

/// Stores upstream keys.
#[async_trait]
pub trait KeyRepository: Send + Sync {
    /// Stores new keys in one transaction: all of them or, after an error, none. A key whose digest the service already
    /// has (or that comes twice in `keys`) is skipped; the answer holds the ids of the skipped ones in order.
    /// `NotFound` when a service is not there.
    async fn insert_keys(&self, keys: &[KeyRecord]) -> Result<Vec<KeyId>, StorageError>;

    /// Deletes, changes and stores keys of `service` in one transaction: all of it or, after an error, nothing. New keys are
    /// skipped as in [`Self::insert_keys`], and so are the answer's ids.
    async fn change_pool(
        &self,
        service: ServiceId,
        change: &PoolChange,
        now: Timestamp,
    ) -> Result<Vec<KeyId>, StorageError>;

    /// The key with this id.
    async fn key(&self, id: KeyId) -> Result<Option<KeyRecord>, StorageError>;

    /// A page of a service's keys, ordered by id. An unknown service has none.
    async fn keys(&self, service: ServiceId, page: Page<KeyId>) -> Result<Vec<KeyRecord>, StorageError>;

    /// The keys of a service after the first `skip` ones, ordered by id, at most `limit`. What is skipped is not read: a page at
    /// the end of a large pool costs a walk through an index.
    async fn keys_from(&self, service: ServiceId, skip: u64, limit: u64) -> Result<Vec<KeyRecord>, StorageError>;

    /// The ids of a service's keys in order: of those that are active, of those that are not, or of all.
    async fn key_ids(&self, service: ServiceId, is_active: Option<bool>) -> Result<Vec<KeyId>, StorageError>;

    /// Those keys of a service that have one of these ids, ordered by id.
    async fn keys_among(&self, service: ServiceId, ids: &[KeyId]) -> Result<Vec<KeyRecord>, StorageError>;

    /// A page of the keys of all services of a range of ids, ordered by service, then by id; `after` names a key and its service.
    /// A page in the middle of a large pool costs no more than one at its beginning.
    async fn sealed_keys(
        &self,
        services: RangeInclusive<ServiceId>,
        page: Page<(ServiceId, KeyId)>,
    ) -> Result<Vec<SealedKey>, StorageError>;

    /// The first keys of each of these services, at most `most` of each, ordered by service, then by id. Some databases look at
    /// every key of a pool for it, so that a large one is better read by [`Self::keys`].
    async fn first_keys(&self, services: &[ServiceId], most: u64) -> Result<Vec<KeyRecord>, StorageError>;

    /// How many keys each of these services has, in the order of `services`.
    async fn count_keys(&self, services: &[ServiceId]) -> Result<Vec<KeyCounts>, StorageError>;

    /// Changes what is named, so that of changes at once none is lost, and gives the key as it is then. `NotFound` when there is none.
    async fn change_key(&self, id: KeyId, change: &KeyChange, now: Timestamp) -> Result<KeyRecord, StorageError>;

    /// As [`Self::change_key`], while what is stored is `before`: `Changed` where it is not.
    async fn change_known_key(
        &self,
        before: &KeyRecord,
        change: &KeyChange,
        now: Timestamp,
    ) -> Result<KeyRecord, StorageError>;

    /// Changes what is named of those keys of a service that have one of these ids, in one transaction: all of them or, after
    /// an error, none. Says how many there are.
    async fn change_keys(
        &self,
        service: ServiceId,
        ids: &[KeyId],
        change: &KeyChange,
        now: Timestamp,
    ) -> Result<u64, StorageError>;

    /// Deletes those keys of a service that have one of these ids, in one transaction, and says how many there were.
    async fn delete_keys_among(&self, service: ServiceId, ids: &[KeyId]) -> Result<u64, StorageError>;

    /// Deletes a key and gives the service it belonged to. `NotFound` when there is none.
    async fn delete_key(&self, id: KeyId) -> Result<ServiceId, StorageError>;

    /// Deletes all keys of a service and says how many there were.
    async fn delete_keys(&self, service: ServiceId) -> Result<u64, StorageError>;
}

/// All keys of all services of a range as [`KeyRepository::sealed_keys`] gives them, `limit` a page; no page is empty. Who takes
/// one page while the next is read ([`buffered`](futures_util::StreamExt::buffered)) waits for the slower of both alone.
pub fn sealed_pages<'a, Keys: KeyRepository + ?Sized>(
    storage: &'a Keys,
    services: &'a RangeInclusive<ServiceId>,
    limit: u64,
) -> impl Stream<Item = Result<Vec<SealedKey>, StorageError>> + Send + 'a {
    // Where the next page begins; none after the last.
    stream::try_unfold(Some(None), move |place| async move {
        let Some(after) = place else { return Ok(None) };
        let keys = storage.sealed_keys(services.clone(), Page { after, limit }).await?;
        let last = keys.last().map(|key| (key.service_id, key.id));
        let is_last = (keys.len() as u64) < limit;
        Ok(last.is_some().then(|| (keys, (!is_last).then_some(last))))
    })
}

// === impl SealedKey ===

impl From<KeyRecord> for SealedKey {
    fn from(record: KeyRecord) -> Self {
        let KeyRecord { id, service_id, sealed, label, is_active, policy, .. } = record;
        Self { id, service_id, sealed, label, is_active, policy }
    }
}

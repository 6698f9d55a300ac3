//! Client keys.

use async_trait::async_trait;
use rotator_domain::{ClientKey, ClientKeyId};

use crate::{Page, StorageError};

/// Stores client keys. No value opens two of them: neither by its digest nor by the one before the last rotation.
#[async_trait]
pub trait ClientKeyRepository: Send + Sync {
    /// Stores a new client key.
    async fn insert_client_key(&self, key: &ClientKey) -> Result<(), StorageError>;

    /// All client keys, ordered by id.
    async fn client_keys(&self) -> Result<Vec<ClientKey>, StorageError>;

    /// A page of client keys, ordered by id.
    async fn client_keys_page(&self, page: Page<ClientKeyId>) -> Result<Vec<ClientKey>, StorageError>;

    /// How many client keys there are.
    async fn count_client_keys(&self) -> Result<u64, StorageError>;

    /// The client key with this id.
    async fn client_key(&self, id: ClientKeyId) -> Result<Option<ClientKey>, StorageError>;

    /// Replaces everything of a client key but its id and the time at which it was made; `NotFound` where there is none.
    async fn update_client_key(&self, key: &ClientKey) -> Result<(), StorageError>;

    /// As [`Self::update_client_key`], while what is stored is `before`: `Changed` where it is not.
    async fn update_known_client_key(&self, before: &ClientKey, after: &ClientKey) -> Result<(), StorageError>;

    /// Deletes a client key; `NotFound` where there is none.
    async fn delete_client_key(&self, id: ClientKeyId) -> Result<(), StorageError>;
}

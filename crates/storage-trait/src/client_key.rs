//! Client keys.

use async_trait::async_trait;
use rotator_domain::ClientKey;

use crate::StorageError;

/// Stores client keys.
#[async_trait]
pub trait ClientKeyRepository: Send + Sync {
    /// Stores a new client key.
    async fn insert_client_key(&self, key: &ClientKey) -> Result<(), StorageError>;

    /// All client keys, ordered by id.
    async fn client_keys(&self) -> Result<Vec<ClientKey>, StorageError>;
}

//! Client keys.

use async_trait::async_trait;
use rotator_domain::ClientKey;
use rotator_storage_trait::{ClientKeyRepository, StorageError};
use sea_orm::{EntityTrait, QueryOrder};

use crate::SeaOrmStorage;
use crate::entity::client_key::{ActiveModel, Column, Entity};

#[async_trait]
impl ClientKeyRepository for SeaOrmStorage {
    async fn insert_client_key(&self, key: &ClientKey) -> Result<(), StorageError> {
        let attempt = self.attempt("store a client key").unique("key_value");
        let insert = Entity::insert(ActiveModel::from(key));
        self.insert(attempt, insert).await
    }

    async fn client_keys(&self) -> Result<Vec<ClientKey>, StorageError> {
        let attempt = self.attempt("list client keys");
        let rows = Entity::find().order_by_asc(Column::Id).all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }
}

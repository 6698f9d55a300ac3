//! Client keys.

use async_trait::async_trait;
use rotator_domain::ClientKey;
use rotator_storage_trait::{ClientKeyRepository, Served, StorageError};
use sea_orm::{EntityTrait, QueryOrder};

use crate::SeaOrmStorage;
use crate::changes::commit;
use crate::entity::client_key::{ActiveModel, Column, Entity};
use crate::storage::again;

#[async_trait]
impl ClientKeyRepository for SeaOrmStorage {
    async fn insert_client_key(&self, key: &ClientKey) -> Result<(), StorageError> {
        let attempt = self.attempt("store a client key").unique("key_value");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let insert = Entity::insert(ActiveModel::from(key)).exec_without_returning(&transaction).await;
            insert.map_err(|error| attempt.failed(error))?;
            commit(transaction, attempt, [Served::ClientKeys]).await
        })
        .await
    }

    async fn client_keys(&self) -> Result<Vec<ClientKey>, StorageError> {
        let attempt = self.attempt("list client keys");
        let rows = Entity::find().order_by_asc(Column::Id).all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }
}

//! Client keys.

use async_trait::async_trait;
use rotator_domain::{ClientKey, ClientKeyId};
use rotator_storage_trait::{ClientKeyRepository, Page, Served, StorageError, StorageErrorKind};
use sea_orm::{
    ActiveValue, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::SeaOrmStorage;
use crate::changes::commit;
use crate::entity::client_key::{ActiveModel, Column, Entity};
use crate::error::Attempt;
use crate::storage::{again, limit};

/// The field whose value no two keys have.
const VALUE: &str = "key_value";

#[async_trait]
impl ClientKeyRepository for SeaOrmStorage {
    async fn insert_client_key(&self, key: &ClientKey) -> Result<(), StorageError> {
        let attempt = self.attempt("store a client key").unique(VALUE);
        let row = ActiveModel::try_from(key).map_err(|error| attempt.failed(error))?;
        again(|| async {
            let transaction = self.begin(attempt).await?;
            refuse_taken(&transaction, attempt, key).await?;
            let done = Entity::insert(row.clone()).exec_without_returning(&transaction).await;
            done.map_err(|error| attempt.failed(error))?;
            commit(transaction, attempt, [Served::ClientKeys]).await
        })
        .await
    }

    async fn client_keys(&self) -> Result<Vec<ClientKey>, StorageError> {
        self.client_keys_page(Page { after: None, limit: u64::MAX }).await
    }

    async fn client_keys_page(&self, page: Page<ClientKeyId>) -> Result<Vec<ClientKey>, StorageError> {
        let attempt = self.attempt("list client keys");
        let mut query = Entity::find().order_by_asc(Column::Id).limit(limit(page.limit));
        if let Some(after) = page.after {
            query = query.filter(Column::Id.gt(after.0));
        }
        attempt.read(query.all(&self.connections.readers).await.map_err(|error| attempt.failed(error))?)
    }

    async fn count_client_keys(&self) -> Result<u64, StorageError> {
        let attempt = self.attempt("count client keys");
        Entity::find().count(&self.connections.readers).await.map_err(|error| attempt.failed(error))
    }

    async fn client_key(&self, id: ClientKeyId) -> Result<Option<ClientKey>, StorageError> {
        let attempt = self.attempt("read a client key");
        let row = Entity::find_by_id(id.0).one(&self.connections.readers).await;
        attempt.read_one(row.map_err(|error| attempt.failed(error))?)
    }

    async fn update_client_key(&self, key: &ClientKey) -> Result<(), StorageError> {
        self.update_client(None, key).await
    }

    async fn update_known_client_key(&self, before: &ClientKey, after: &ClientKey) -> Result<(), StorageError> {
        self.update_client(Some(before), after).await
    }

    async fn delete_client_key(&self, id: ClientKeyId) -> Result<(), StorageError> {
        let attempt = self.attempt("delete a client key");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let delete = Entity::delete_by_id(id.0).exec(&transaction).await;
            match delete.map_err(|error| attempt.failed(error))?.rows_affected {
                0 => Err(attempt.fail(StorageErrorKind::NotFound)),
                _ => commit(transaction, attempt, [Served::ClientKeys]).await,
            }
        })
        .await
    }
}

impl SeaOrmStorage {
    /// Replaces a client key that is known to be stored as `before`, where that is said.
    async fn update_client(&self, before: Option<&ClientKey>, key: &ClientKey) -> Result<(), StorageError> {
        let attempt = self.attempt("change a client key").unique(VALUE);
        let mut row = ActiveModel::try_from(key).map_err(|error| attempt.failed(error))?;
        row.created_at = ActiveValue::NotSet;
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let there = Entity::find_by_id(key.id.0).lock_exclusive().one(&transaction).await;
            match (there.map_err(|error| attempt.failed(error))?, before) {
                (None, _) => return Err(attempt.fail(StorageErrorKind::NotFound)),
                (Some(stored), Some(before)) => attempt.unless_changed(Some(stored), before)?,
                (Some(_), None) => {}
            }
            refuse_taken(&transaction, attempt, key).await?;
            // Nothing is read back: MySQL tells how many rows changed, which may be none.
            let update = Entity::update_many().set(row.clone()).filter(Column::Id.eq(key.id.0));
            update.exec(&transaction).await.map_err(|error| attempt.failed(error))?;
            commit(transaction, attempt, [Served::ClientKeys]).await
        })
        .await
    }
}

/// The columns are unique each by itself; that no value is in one of one key and in the other of another is seen to here.
async fn refuse_taken(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    key: &ClientKey,
) -> Result<(), StorageError> {
    let mut taken = Condition::any().add(Column::PreviousDigest.eq(key.digest.0.to_vec()));
    if let Some(previous) = &key.previous {
        taken = taken.add(Column::Digest.eq(previous.digest.0.to_vec()));
    }
    let taken = Entity::find().filter(Column::Id.ne(key.id.0)).filter(taken).count(transaction).await;
    match taken.map_err(|error| attempt.failed(error))? {
        0 => Ok(()),
        _ => Err(attempt.fail(StorageErrorKind::Conflict { field: VALUE })),
    }
}

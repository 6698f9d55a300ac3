//! Prices that the operator set.

use async_trait::async_trait;
use rotator_domain::PriceOverride;
use rotator_domain::rotation::Glob;
use rotator_storage_trait::{PriceRepository, Served, StorageError, StorageErrorKind};
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Iterable};

use crate::SeaOrmStorage;
use crate::changes::commit;
use crate::entity::price::{ActiveModel, Column, Entity};
use crate::storage::again;

#[async_trait]
impl PriceRepository for SeaOrmStorage {
    async fn prices(&self) -> Result<Vec<PriceOverride>, StorageError> {
        let attempt = self.attempt("list prices");
        let rows = Entity::find().all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }

    async fn put_price(&self, price: &PriceOverride) -> Result<(), StorageError> {
        let attempt = self.attempt("store a price");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let others = Column::iter().filter(|column| !matches!(column, Column::Pattern));
            let replace = OnConflict::column(Column::Pattern).update_columns(others).to_owned();
            let insert = Entity::insert(ActiveModel::from(price)).on_conflict(replace);
            insert.exec_without_returning(&transaction).await.map_err(|error| attempt.failed(error))?;
            commit(transaction, attempt, [Served::Prices]).await
        })
        .await
    }

    async fn delete_price(&self, pattern: &Glob) -> Result<(), StorageError> {
        let attempt = self.attempt("delete a price");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let delete = Entity::delete_by_id(pattern.as_str().to_owned()).exec(&transaction).await;
            match delete.map_err(|error| attempt.failed(error))?.rows_affected {
                0 => Err(attempt.fail(StorageErrorKind::NotFound)),
                _ => commit(transaction, attempt, [Served::Prices]).await,
            }
        })
        .await
    }
}

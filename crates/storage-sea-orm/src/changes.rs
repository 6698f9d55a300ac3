//! The versions of what servers serve.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rotator_storage_trait::{ChangeRepository, Served, StorageError, StorageErrorKind, StoredChange};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::SeaOrmStorage;
use crate::entity::{config_change, config_epoch};
use crate::error::Attempt;
use crate::storage::CHUNK;

#[async_trait]
impl ChangeRepository for SeaOrmStorage {
    async fn config_version(&self) -> Result<i64, StorageError> {
        version(&self.connections.readers, self.attempt("read the version")).await
    }

    async fn changes_since(&self, version: i64) -> Result<Vec<StoredChange>, StorageError> {
        use config_change::{Column, Entity};
        let attempt = self.attempt("read what has changed");
        let query = Entity::find().filter(Column::Version.gt(version));
        let query = query.order_by_asc(Column::Version).order_by_asc(Column::Kind).order_by_asc(Column::Id);
        let rows = query.all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }
}

/// Ends the transaction of a change of what servers serve: counts the version up, writes down what has changed, and
/// commits. Nothing else counts versions.
///
/// The update locks the one row until the commit, so that versions become visible in their order: who sees one sees all
/// before it. It is the last lock of every such transaction, so none waits for another one's rows while it holds it.
pub(crate) async fn commit(
    transaction: DatabaseTransaction,
    attempt: Attempt,
    changed: impl IntoIterator<Item = Served>,
) -> Result<(), StorageError> {
    let changed: BTreeSet<Served> = changed.into_iter().collect();
    if !changed.is_empty() {
        use config_epoch::{Column, Entity, ROW};
        Entity::update_many()
            .col_expr(Column::Version, Expr::col(Column::Version).add(1_i64))
            .filter(Column::Id.eq(ROW))
            .exec(&transaction)
            .await
            .map_err(|error| attempt.failed(error))?;
        let version = version(&transaction, attempt).await?;
        write_down(&transaction, attempt, &changed, version).await?;
    }
    transaction.commit().await.map_err(|error| attempt.failed(error))
}

async fn write_down(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    changed: &BTreeSet<Served>,
    version: i64,
) -> Result<(), StorageError> {
    use config_change::{ActiveModel, Column, Entity};
    let rows: Vec<ActiveModel> = changed.iter().map(|served| ActiveModel::of(*served, version)).collect();
    for chunk in rows.chunks(CHUNK) {
        let again = OnConflict::columns([Column::Kind, Column::Id]).update_column(Column::Version).to_owned();
        let insert = Entity::insert_many(chunk.iter().cloned()).on_conflict(again);
        insert.exec_without_returning(transaction).await.map_err(|error| attempt.failed(error))?;
    }
    Ok(())
}

async fn version(db: &impl ConnectionTrait, attempt: Attempt) -> Result<i64, StorageError> {
    let row = config_epoch::Entity::find_by_id(config_epoch::ROW).one(db).await;
    let row = row.map_err(|error| attempt.failed(error))?;
    Ok(row.ok_or_else(|| attempt.fail(StorageErrorKind::Corrupt))?.version)
}

//! The whole backend: opening, resetting, ids.

use async_trait::async_trait;
use rotator_storage_trait::{IdAllocator, Storage, StorageError, StorageErrorKind};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    DatabaseTransaction, EntityTrait, QueryFilter, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;

use crate::Connections;
use crate::entity::id_sequence::{Column, Entity, ROW};
use crate::error::Attempt;
use crate::migration::{Migrator, drop_all, refuse_newer};

/// Rows of one statement. Nine columns a row stay below the 32,766 parameters of SQLite and the 65,535 of the others.
pub(crate) const CHUNK: usize = 1000;

/// Every repository over a SQL database.
#[derive(Debug)]
pub struct SeaOrmStorage {
    pub(crate) connections: Connections,
}

// === impl SeaOrmStorage ===

impl SeaOrmStorage {
    /// Takes open pools, a [`DatabaseConnection`](sea_orm::DatabaseConnection) or [`Connections`], and brings the schema
    /// up to date, where the database allows it in one transaction.
    ///
    /// # Errors
    /// `SchemaTooNew` when a migration was applied that this program does not know; nothing is changed then.
    pub async fn open(connections: impl Into<Connections>) -> Result<Self, StorageError> {
        let connections = connections.into();
        let attempt = Attempt::new("bring the schema up to date", connections.classify);
        // One transaction around all of it, so that of two nodes that start at once one finds the other's work done.
        let transaction = begin(&connections, attempt).await?;
        refuse_newer(&transaction, attempt).await?;
        Migrator::up(&transaction, None).await.map_err(|error| attempt.failed(error))?;
        transaction.commit().await.map_err(|error| attempt.failed(error))?;
        Ok(Self { connections })
    }

    /// Drops the tables of this program, and nothing else in the database, and makes them anew.
    ///
    /// # Errors
    /// `SchemaTooNew` when a newer program may have made tables that this one does not know; nothing is changed then.
    pub async fn reset(connections: impl Into<Connections>) -> Result<(), StorageError> {
        let connections = connections.into();
        let attempt = Attempt::new("reset the database", connections.classify);
        let transaction = begin(&connections, attempt).await?;
        refuse_newer(&transaction, attempt).await?;
        drop_all(&transaction).await.map_err(|error| attempt.failed(error))?;
        Migrator::up(&transaction, None).await.map_err(|error| attempt.failed(error))?;
        transaction.commit().await.map_err(|error| attempt.failed(error))
    }

    /// Something that is about to be done.
    pub(crate) fn attempt(&self, action: &'static str) -> Attempt {
        Attempt::new(action, self.connections.classify)
    }

    /// Begins a change; dropped without a commit, it never was.
    pub(crate) async fn begin(&self, attempt: Attempt) -> Result<DatabaseTransaction, StorageError> {
        begin(&self.connections, attempt).await
    }
}

#[async_trait]
impl Storage for SeaOrmStorage {
    async fn ping(&self) -> Result<(), StorageError> {
        let attempt = self.attempt("reach the database");
        self.connections.readers.ping().await.map_err(|error| attempt.failed(error))
    }

    async fn close(&self) {
        self.connections.close().await;
    }
}

#[async_trait]
impl IdAllocator for SeaOrmStorage {
    async fn reserve_ids(&self, count: u32) -> Result<i64, StorageError> {
        let attempt = self.attempt("reserve ids");
        let transaction = self.begin(attempt).await?;
        // The update locks the row, so that what is read next is what this transaction wrote.
        Entity::update_many()
            .col_expr(Column::NextId, Expr::col(Column::NextId).add(i64::from(count)))
            .filter(Expr::col(Column::Id).eq(ROW))
            .exec(&transaction)
            .await
            .map_err(|error| attempt.failed(error))?;
        let row = Entity::find_by_id(ROW).one(&transaction).await.map_err(|error| attempt.failed(error))?;
        transaction.commit().await.map_err(|error| attempt.failed(error))?;
        let next = row.ok_or_else(|| attempt.fail(StorageErrorKind::Corrupt))?.next_id;
        Ok(next - i64::from(count))
    }
}

/// Begins a writing transaction. SQLite takes the write lock at once: a transaction that began by reading could not be
/// made a writing one once another has written in between, and would fail where this one waits.
async fn begin(connections: &Connections, attempt: Attempt) -> Result<DatabaseTransaction, StorageError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    connections.writer.begin_with_options(options).await.map_err(|error| attempt.failed(error))
}

/// A page's limit as every driver takes it.
pub(crate) fn limit(limit: u64) -> u64 {
    Ord::min(limit, i64::MAX.unsigned_abs())
}

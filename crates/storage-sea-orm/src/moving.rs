//! Everything at once: read as it was at one moment, or stored into an empty database.

mod tables;
mod usage;

use async_trait::async_trait;
use rotator_storage_trait::{Filling, MovingRepository, Record, Snapshot, StorageError, StorageErrorKind};
use sea_orm::sea_query::Expr;
use sea_orm::{
    AccessMode, DatabaseTransaction, DbBackend, EntityTrait, ExprTrait, IsolationLevel, QueryFilter, TransactionTrait,
    Value,
};

use self::tables::{TABLES, Within};
use crate::SeaOrmStorage;
use crate::entity::id_sequence;
use crate::error::Attempt;

/// A transaction that reads and sees one moment.
struct SqlSnapshot {
    transaction: DatabaseTransaction,
    attempt: Attempt,
    /// What comes first, until it was given.
    next_id: Option<i64>,
    /// The place of the table that is being read.
    table: usize,
    /// The primary key of the row that was read last of it.
    after: Option<Vec<Value>>,
}

/// A transaction that writes.
struct SqlFilling {
    transaction: DatabaseTransaction,
    attempt: Attempt,
    /// The least id that may be handed out afterwards.
    next_id: i64,
}

#[async_trait]
impl MovingRepository for SeaOrmStorage {
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StorageError> {
        let attempt = self.attempt("read the whole database");
        let readers = &self.connections.readers;
        let begun = match readers.get_database_backend() {
            // Each of its transactions sees one moment.
            DbBackend::Sqlite => readers.begin().await,
            _ => readers.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await,
        };
        let transaction = begun.map_err(|error| attempt.failed(error))?;
        // The moment is that of the first look.
        let row = id_sequence::Entity::find_by_id(id_sequence::ROW).one(&transaction).await;
        let row = row.map_err(|error| attempt.failed(error))?;
        let next_id = Some(row.ok_or_else(|| attempt.fail(StorageErrorKind::Corrupt))?.next_id);
        Ok(Box::new(SqlSnapshot { transaction, attempt, next_id, table: 0, after: None }))
    }

    async fn fill(&self) -> Result<Box<dyn Filling>, StorageError> {
        let attempt = self.attempt("fill the database");
        // The first thing that a server stores is a setting: whoever begins one meanwhile waits.
        let transaction = self.begin_alone(attempt).await?;
        for table in TABLES {
            if table.holds_any(&transaction).await.map_err(|error| attempt.failed(error))? {
                return Err(attempt.fail(StorageErrorKind::NotEmpty));
            }
        }
        Ok(Box::new(SqlFilling { transaction, attempt, next_id: 1 }))
    }
}

#[async_trait]
impl Snapshot for SqlSnapshot {
    async fn next_page(&mut self, limit: u64) -> Result<Vec<Record>, StorageError> {
        if let Some(next_id) = self.next_id.take() {
            return Ok(vec![Record::NextId(next_id)]);
        }
        let within = Within { transaction: &self.transaction, attempt: self.attempt };
        while let Some(table) = TABLES.get(self.table) {
            let page = table.page(within, self.after.take(), limit).await?;
            match page.last {
                Some(last) => self.after = Some(last),
                None => self.table += 1,
            }
            // A page may hold rows and no record: those that this version does not know.
            if !page.records.is_empty() {
                return Ok(page.records);
            }
        }
        Ok(Vec::new())
    }
}

#[async_trait]
impl Filling for SqlFilling {
    async fn store(&mut self, records: &[Record]) -> Result<(), StorageError> {
        let within = Within { transaction: &self.transaction, attempt: self.attempt };
        for table in TABLES {
            let highest = table.store(within, records).await?;
            self.next_id = Ord::max(self.next_id, highest.saturating_add(1));
        }
        let told = records.iter().filter_map(|record| if let Record::NextId(id) = record { Some(*id) } else { None });
        self.next_id = told.fold(self.next_id, Ord::max);
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), StorageError> {
        use id_sequence::{Column, Entity, ROW};
        let attempt = self.attempt;
        // An id may have been handed out before: the sequence never goes back.
        Entity::update_many()
            .col_expr(Column::NextId, Expr::value(self.next_id))
            .filter(Expr::col(Column::Id).eq(ROW))
            .filter(Expr::col(Column::NextId).lt(self.next_id))
            .exec(&self.transaction)
            .await
            .map_err(|error| attempt.failed(error))?;
        self.transaction.commit().await.map_err(|error| attempt.failed(error))
    }
}

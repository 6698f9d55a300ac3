//! The whole backend: opening, resetting, ids.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rotator_domain::ServiceId;
use rotator_storage_trait::{IdAllocator, Storage, StorageError, StorageErrorKind};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, Insert, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::Connections;
use crate::entity::id_sequence::{Column, Entity, ROW};
use crate::entity::service;
use crate::error::Attempt;
use crate::key_counts::LargePools;
use crate::migration::{drop_all, lock, refuse_newer, up};

/// Rows of one statement. Nine columns a row stay below the 32,766 parameters of SQLite and the 65,535 of the others.
pub(crate) const CHUNK: usize = 1000;
/// Bytes of one statement, about; MySQL's `max_allowed_packet` may be as small as 4 MiB.
const LONGEST: usize = 1024 * 1024;

/// Every repository over a SQL database.
#[derive(Debug)]
pub struct SeaOrmStorage {
    pub(crate) connections: Connections,
    pub(crate) large_pools: LargePools,
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
        alone(&connections, attempt, async |transaction| {
            refuse_newer(transaction, attempt).await?;
            up(transaction).await.map_err(|error| attempt.failed(error))
        })
        .await?;
        Ok(Self { connections, large_pools: LargePools::default() })
    }

    /// Drops the tables of this program, and nothing else in the database, and makes them anew.
    ///
    /// # Errors
    /// `SchemaTooNew` when a newer program may have made tables that this one does not know; nothing is changed then.
    pub async fn reset(connections: impl Into<Connections>) -> Result<(), StorageError> {
        let connections = connections.into();
        let attempt = Attempt::new("reset the database", connections.classify);
        alone(&connections, attempt, async |transaction| {
            refuse_newer(transaction, attempt).await?;
            drop_all(transaction).await.map_err(|error| attempt.failed(error))?;
            up(transaction).await.map_err(|error| attempt.failed(error))
        })
        .await
    }

    /// Something that is about to be done.
    pub(crate) fn attempt(&self, action: &'static str) -> Attempt {
        Attempt::new(action, self.connections.classify)
    }

    /// Stores new rows, in one statement.
    pub(crate) async fn insert<A: ActiveModelTrait>(
        &self,
        attempt: Attempt,
        insert: Insert<A>,
    ) -> Result<(), StorageError> {
        let statement = insert.into_query();
        again(|| async {
            let done = self.connections.writer.execute(&statement).await;
            done.map(|_| ()).map_err(|error| attempt.failed(error))
        })
        .await
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
        again(|| async {
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
        })
        .await
    }
}

/// Changes the schema as the only node that does, and where the database allows it in one transaction: of two nodes that
/// start at once, one finds the other's work done.
async fn alone(
    connections: &Connections,
    attempt: Attempt,
    change: impl AsyncFnOnce(&DatabaseTransaction) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let transaction = begin(connections, attempt).await?;
    if !lock::take(&transaction).await.map_err(|error| attempt.failed(error))? {
        let source = "another node has been changing the schema for a minute and is not done";
        return Err(attempt.fail(StorageErrorKind::Unavailable).with_source(source));
    }
    let done = change(&transaction).await;
    let given_back = lock::give_back(&transaction).await.map_err(|error| attempt.failed(error));
    done.and(given_back)?;
    transaction.commit().await.map_err(|error| attempt.failed(error))
}

/// Does a change that other ones may collide with: where the database undid it for the sake of another, it is done again,
/// but not for ever.
pub(crate) async fn again<T, F>(mut change: impl FnMut() -> F) -> Result<T, StorageError>
where
    F: Future<Output = Result<T, StorageError>>,
{
    const ATTEMPTS: u32 = 10;
    let mut attempt = 1;
    loop {
        match change().await {
            Err(error) if *error.kind() == StorageErrorKind::Collided && attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}

/// Makes changes of many rows of one pool wait for one another before they begin: each would lock the rows in an order of
/// its own, and of those that wait for one another in a circle all but one are undone. A service that is not there has no
/// line.
pub(crate) async fn line_up(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    services: impl IntoIterator<Item = ServiceId>,
) -> Result<(), StorageError> {
    let ids: BTreeSet<i64> = services.into_iter().map(|service| service.0).collect();
    if transaction.get_database_backend() == DbBackend::Sqlite || ids.is_empty() {
        // SQLite has one writer.
        return Ok(());
    }
    let ids: Vec<i64> = ids.into_iter().collect();
    for chunk in ids.chunks(CHUNK) {
        let pools = service::Entity::find().select_only().column(service::Column::Id);
        let pools = pools.filter(service::Column::Id.is_in(chunk.iter().copied())).order_by_asc(service::Column::Id);
        let locked: Result<Vec<i64>, _> = pools.lock_exclusive().into_tuple().all(transaction).await;
        locked.map_err(|error| attempt.failed(error))?;
    }
    Ok(())
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

/// Whether a text can be in the database at all: PostgreSQL refuses to even look for one with NUL.
pub(crate) fn storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Splits rows into statements that every database takes: with not too many parameters, and not too long.
pub(crate) fn statements<R>(rows: &[R], bytes: impl Fn(&R) -> usize) -> impl Iterator<Item = &[R]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let mut length = 0;
        let fits = rest.iter().take(CHUNK).take_while(|row| {
            length += bytes(row);
            length <= LONGEST
        });
        // One row that is too long alone is for the database to judge.
        let count = fits.count().max(1).min(rest.len());
        let (statement, after) = rest.split_at(count);
        rest = after;
        Some(statement).filter(|statement| !statement.is_empty())
    })
}

/// A page's limit as every driver takes it.
pub(crate) fn limit(limit: u64) -> u64 {
    Ord::min(limit, i64::MAX.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_collides_is_done_again_but_not_for_ever() {
        for (collisions, expected) in [(0, Ok(())), (9, Ok(())), (10, Err(StorageErrorKind::Collided))] {
            let turns = Cell::new(0);
            let change = || async {
                turns.set(turns.get() + 1);
                let done = turns.get() > collisions;
                if done { Ok(()) } else { Err(StorageError::new(StorageErrorKind::Collided, "try")) }
            };
            assert_eq!(again(change).await.map_err(|error| error.kind().clone()), expected);
        }
        let refused = Cell::new(0);
        let change = || async {
            refused.set(refused.get() + 1);
            Err::<(), _>(StorageError::new(StorageErrorKind::Refused, "try"))
        };
        assert!(again(change).await.is_err());
        assert_eq!(refused.get(), 1);
    }

    #[test]
    fn statements_are_neither_too_wide_nor_too_long() {
        let lengths = |rows: &[usize]| statements(rows, |bytes| *bytes).map(<[usize]>::len).collect::<Vec<_>>();
        assert!(lengths(&[]).is_empty());
        assert_eq!(lengths(&[1; 2500]), [1000, 1000, 500]);
        assert_eq!(lengths(&[LONGEST / 2; 5]), [2, 2, 1]);
        assert_eq!(lengths(&[2 * LONGEST, 1, 2 * LONGEST]), [1, 1, 1]);
    }
}

//! Opens SQLite databases.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rotator_storage_sea_orm::{Connections, SeaOrmStorage, read_legacy};
use rotator_storage_trait::{
    DatabaseUrl, LegacyService, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions,
};
use sea_orm::SqlxSqliteConnector;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::time::{Instant, sleep};

use crate::fault;
use crate::location::Location;

/// Opens `sqlite:path`, `sqlite://path` and `sqlite::memory:`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SqliteFactory;

const BACK_UP: &str = "back up the SQLite database";
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// How many rows wait for their caller at the most.
const ROWS_WAITING: usize = 1000;

// === impl SqliteFactory ===

#[async_trait]
impl StorageFactory for SqliteFactory {
    fn schemes(&self) -> &'static [&'static str] {
        &["sqlite"]
    }

    async fn open(&self, url: &DatabaseUrl, options: &StorageOptions) -> Result<Arc<dyn Storage>, StorageError> {
        let connections = connect(&Location::parse(url)?, options).await?;
        match SeaOrmStorage::open(connections.clone()).await {
            Ok(storage) => Ok(Arc::new(storage)),
            Err(error) => {
                connections.close().await;
                Err(error)
            }
        }
    }

    async fn reset(&self, url: &DatabaseUrl, options: &StorageOptions) -> Result<(), StorageError> {
        let connections = connect(&Location::parse(url)?, options).await?;
        let done = SeaOrmStorage::reset(connections.clone()).await;
        connections.close().await;
        done
    }

    async fn back_up(&self, url: &DatabaseUrl, options: &StorageOptions, to: &Path) -> Result<(), StorageError> {
        let location = Location::parse(url)?;
        let fail = |kind| StorageError::new(kind, BACK_UP);
        if location.in_memory {
            return Err(fail(StorageErrorKind::Unsupported).with_source("a database in memory is gone with its server"));
        }
        let to = to.to_str().ok_or_else(|| {
            fail(StorageErrorKind::Unsupported).with_source("the name of the file for the backup is no UTF-8")
        })?;
        let connect = only_reading(location).busy_timeout(options.acquire_timeout);
        let pool = open(settings(1, options), options, connect).await;
        let pool = pool.map_err(fault::while_reading)?;
        // One reading transaction, beside which the journal, a WAL, takes every change.
        let done = sqlx::query("VACUUM INTO ?").bind(to).execute(&pool).await;
        pool.close().await;
        done.map(|_| ())
            .map_err(|error| fail(fault::kind(&error).unwrap_or(StorageErrorKind::Refused)).with_source(error))
    }

    async fn read_legacy(
        &self,
        url: &DatabaseUrl,
        options: &StorageOptions,
    ) -> Result<Vec<LegacyService>, StorageError> {
        let connect = only_reading(Location::parse(url)?);
        let pool = open(settings(1, options), options, connect).await.map_err(fault::while_reading)?;
        let pool = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        let services = read_legacy(&pool, fault::classify).await;
        // An error while closing changes nothing for anybody.
        let _ = pool.close().await;
        services
    }
}

/// Opens the writer first: it makes the journal a WAL, which readers cannot.
async fn connect(location: &Location, options: &StorageOptions) -> Result<Connections, StorageError> {
    location.create()?;
    let connect = pragmas(location.options.clone(), options);
    let mut writer = settings(1, options);
    if !location.in_memory {
        writer = writer.after_release(|connection, _| Box::pin(has_ended(connection)));
    }
    let writer = open(writer, options, connect.clone()).await.map_err(fault::while_opening)?;
    // A file that only may be read opens all the same, and would tell of it at the first change.
    let attempt = sqlx::raw_sql("BEGIN IMMEDIATE; CREATE TABLE rotator_attempt (a); ROLLBACK").execute(&writer).await;
    attempt.map_err(fault::while_opening)?;
    let readers = if location.in_memory {
        // The database is the connection.
        writer.clone()
    } else {
        // A change that takes the readers' way is a mistake of this program, and fails.
        let readers = options.max_connections.saturating_sub(1).max(1);
        let readers = open(settings(readers, options), options, connect.pragma("query_only", "ON")).await;
        readers.map_err(fault::while_opening)?
    };
    Ok(Connections {
        readers: SqlxSqliteConnector::from_sqlx_sqlite_pool(readers),
        writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
        classify: fault::classify,
    })
}

/// How to connect to a file that stays as it is: without pragmas, for even the journal mode would be a change.
fn only_reading(location: Location) -> SqliteConnectOptions {
    location.options.read_only(true).create_if_missing(false).disable_statement_logging()
}

fn pragmas(connect: SqliteConnectOptions, options: &StorageOptions) -> SqliteConnectOptions {
    connect
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(options.acquire_timeout)
        // Rows go from a thread of the connection's own to the caller, who is woken up for each where only a few wait.
        .row_buffer_size(ROWS_WAITING)
        // The text of a statement with a thousand rows helps nobody.
        .disable_statement_logging()
}

/// Whether a connection that comes back is in no transaction; one that is, is closed, which undoes what it holds.
///
/// A commit that fails, as on a full disk, may have undone the transaction or not, and the driver cannot tell: it goes on to count it as
/// open. All that this connection wrote later would be within it, and never be committed.
async fn has_ended(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let is_free = sqlx::raw_sql("BEGIN; ROLLBACK").execute(&mut *connection).await.is_ok();
    Ok(is_free && !connection.is_in_transaction())
}

fn settings(connections: u32, options: &StorageOptions) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(options.acquire_timeout)
        // A connection to a file does not go stale, and one to memory must never be closed.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

async fn open(
    pool: SqlitePoolOptions,
    options: &StorageOptions,
    connect: SqliteConnectOptions,
) -> Result<SqlitePool, sqlx::Error> {
    let deadline = Instant::now() + options.acquire_timeout;
    loop {
        match pool.clone().connect_with(connect.clone()).await {
            Ok(pool) => return Ok(pool),
            // The one thing for which SQLite does not wait by itself is the change of the journal to a WAL, when another
            // process makes it at the same moment.
            Err(error) if fault::is_busy(&error) && Instant::now() < deadline => sleep(BUSY_PAUSE).await,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};

    use super::*;

    async fn pragma(pool: &DatabaseConnection, name: &str) -> i64 {
        let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
        pool.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    #[tokio::test]
    async fn what_is_committed_after_commits_that_failed_is_committed() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::new(format!("sqlite:{}/rotator.db", folder.path().display()));
        let connections = connect(&Location::parse(&url).unwrap(), &StorageOptions::default()).await.unwrap();
        let write = async |statements: &str| {
            let transaction = connections.writer.begin().await.unwrap();
            transaction.execute_unprepared(statements).await.unwrap();
            transaction.commit().await
        };
        let rows = async || {
            let count = Statement::from_string(DbBackend::Sqlite, "SELECT COUNT(*) FROM child");
            let row = connections.readers.query_one_raw(count).await.unwrap().unwrap();
            row.try_get_by_index::<i64>(0).unwrap()
        };
        write("CREATE TABLE parent (id INTEGER PRIMARY KEY)").await.unwrap();
        write("CREATE TABLE child (id REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)").await.unwrap();
        // As on a full disk: one is undone and the other one is not.
        write("ROLLBACK").await.unwrap_err();
        write("INSERT INTO child VALUES (1)").await.unwrap_err();
        write("INSERT INTO child VALUES (NULL)").await.unwrap();
        assert_eq!(rows().await, 1);
        connections.close().await;
    }

    #[tokio::test]
    async fn changes_are_synced_and_readers_cannot_make_any() {
        const FULL: i64 = 2;
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::new(format!("sqlite:{}/rotator.db", folder.path().display()));
        let connections = connect(&Location::parse(&url).unwrap(), &StorageOptions::default()).await.unwrap();
        assert_eq!(pragma(&connections.writer, "synchronous").await, FULL);
        assert_eq!(pragma(&connections.writer, "foreign_keys").await, 1);
        assert_eq!(pragma(&connections.readers, "query_only").await, 1);
        let attempt = connections.readers.execute_unprepared("CREATE TABLE t (a)").await;
        assert!(attempt.unwrap_err().to_string().contains("readonly"));
        connections.writer.execute_unprepared("CREATE TABLE t (a)").await.unwrap();
        connections.close().await;
    }
}

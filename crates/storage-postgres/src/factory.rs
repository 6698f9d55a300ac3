//! Opens PostgreSQL databases.

use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rotator_storage_sea_orm::{Connections, SeaOrmStorage};
use rotator_storage_trait::{
    DatabaseUrl, LegacyService, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions,
};
use sea_orm::SqlxPostgresConnector;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::time::timeout;

use crate::{fault, location, server, session};

/// Opens `postgres://user:password@host:port/database` and `postgresql://...`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresFactory;

// === impl PostgresFactory ===

#[async_trait]
impl StorageFactory for PostgresFactory {
    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql"]
    }

    async fn open(&self, url: &DatabaseUrl, options: &StorageOptions) -> Result<Arc<dyn Storage>, StorageError> {
        let connections = connect(url, options).await?;
        match SeaOrmStorage::open(connections.clone()).await {
            Ok(storage) => Ok(Arc::new(storage)),
            Err(error) => {
                connections.close().await;
                Err(error)
            }
        }
    }

    async fn reset(&self, url: &DatabaseUrl, options: &StorageOptions) -> Result<(), StorageError> {
        let connections = connect(url, options).await?;
        let done = SeaOrmStorage::reset(connections.clone()).await;
        connections.close().await;
        done
    }

    async fn back_up(&self, _: &DatabaseUrl, _: &StorageOptions, _: &Path) -> Result<(), StorageError> {
        let error = StorageError::new(StorageErrorKind::Unsupported, "back up the PostgreSQL database");
        Err(error.with_source("it is no file; use pg_dump, or `rotator-server export`"))
    }

    async fn read_legacy(&self, _: &DatabaseUrl, _: &StorageOptions) -> Result<Vec<LegacyService>, StorageError> {
        let error = StorageError::new(StorageErrorKind::Unsupported, "read the predecessor's tables");
        Err(error.with_source("the predecessor kept nothing in PostgreSQL; name its MySQL or SQLite database"))
    }
}

async fn connect(url: &DatabaseUrl, options: &StorageOptions) -> Result<Connections, StorageError> {
    let pool = pool(url, options).await?;
    if let Err(error) = server::check(&pool).await {
        pool.close().await;
        return Err(error);
    }
    let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    Ok(Connections { readers: pool.clone(), writer: pool, classify: fault::classify })
}

/// Opens a pool whose sessions are this program's own. The driver itself sets UTC and UTF-8, and logs what the server
/// notes of statements that find their work done.
async fn pool(url: &DatabaseUrl, options: &StorageOptions) -> Result<PgPool, StorageError> {
    let connect = location::parse(url)?;
    let patience = options.acquire_timeout.as_millis().clamp(1, 1_000_000_000);
    let settings = format!(
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; SET lock_timeout = {patience}; \
         SET client_min_messages = warning"
    );
    let pool = PgPoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        .after_release(|connection, _| Box::pin(session::in_step(connection)))
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move {
                sqlx::raw_sql(AssertSqlSafe(settings)).execute(connection).await?;
                Ok(())
            })
        });
    // Once without the pool, which would keep to itself why nobody answers, and only say that it waited.
    let answer = timeout(options.acquire_timeout, connect.connect()).await;
    let answer = answer.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())));
    // How it ends changes nothing.
    drop(answer.map_err(fault::while_opening)?.close().await);
    pool.connect_with(connect).await.map_err(fault::while_opening)
}

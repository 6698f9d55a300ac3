//! Opens MySQL and MariaDB databases.

use std::io;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rotator_storage_sea_orm::{Connections, SeaOrmStorage, read_legacy};
use rotator_storage_trait::{
    DatabaseUrl, LegacyService, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions,
};
use sea_orm::SqlxMySqlConnector;
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use tokio::time::timeout;

use crate::{fault, location, server, session};

/// Opens `mysql://user:password@host:port/database` and `mariadb://...`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MySqlFactory;

/// Modes that refuse what does not fit, rather than to change it.
const STRICT: &str = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

// === impl MySqlFactory ===

#[async_trait]
impl StorageFactory for MySqlFactory {
    fn schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb"]
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
        let error = StorageError::new(StorageErrorKind::Unsupported, "back up the MySQL database");
        Err(error.with_source("it is no file; use mysqldump (or mariadb-dump), or `rotator-server export`"))
    }

    async fn read_legacy(
        &self,
        url: &DatabaseUrl,
        options: &StorageOptions,
    ) -> Result<Vec<LegacyService>, StorageError> {
        // The predecessor's server may be older than this program's own, and a replica will do.
        let single = StorageOptions { max_connections: 1, ..options.clone() };
        let pool = SqlxMySqlConnector::from_sqlx_mysql_pool(pool(url, &single, "READ ONLY").await?);
        let services = read_legacy(&pool, fault::classify).await;
        // An error while closing changes nothing for anybody.
        let _ = pool.close().await;
        services
    }
}

async fn connect(url: &DatabaseUrl, options: &StorageOptions) -> Result<Connections, StorageError> {
    let pool = pool(url, options, "READ WRITE").await?;
    if let Err(error) = server::check(&pool).await {
        pool.close().await;
        return Err(error);
    }
    let pool = SqlxMySqlConnector::from_sqlx_mysql_pool(pool);
    Ok(Connections { readers: pool.clone(), writer: pool, classify: fault::classify })
}

/// Opens a pool whose sessions are this program's own; `access` is that of their transactions.
async fn pool(url: &DatabaseUrl, options: &StorageOptions, access: &str) -> Result<MySqlPool, StorageError> {
    let connect = location::parse(url)?;
    let patience = options.acquire_timeout.as_secs().max(1);
    let settings = format!("SET SESSION sql_mode = '{STRICT}', SESSION innodb_lock_wait_timeout = {patience}");
    let transactions = format!("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, {access}");
    let pool = MySqlPoolOptions::new()
        .max_connections(options.max_connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        .after_release(|connection, _| Box::pin(session::in_step(connection)))
        .after_connect(move |connection, _| {
            let statements = [settings.clone(), transactions.clone()];
            Box::pin(async move {
                for statement in statements {
                    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
                }
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

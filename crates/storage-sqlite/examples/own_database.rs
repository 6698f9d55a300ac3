//! A SQL database of one's own: a factory that opens a pool with the database's driver. The tables, the migrations and every repository are
//! those of `rotator-storage-sea-orm`, and `storage_suite!` has the tests that every backend runs. This one, for the scheme
//! `scratch`, keeps everything in memory until it is closed.
//!
//! ```sh
//! cargo run --package rotator-storage-sqlite --example own_database
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rotator_storage_sea_orm::{Connections, SeaOrmStorage};
use rotator_storage_trait::{
    DatabaseUrl, LegacyService, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions,
};
use sea_orm::SqlxSqliteConnector;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

/// Opens databases that are gone with their server.
struct ScratchFactory;

const OPEN: &str = "open the scratch database";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let storage = ScratchFactory.open(&DatabaseUrl::new("scratch:"), &StorageOptions::default()).await?;
    println!("the first id is {}", storage.reserve_ids(1).await?);
    storage.close().await;
    Ok(())
}

// === impl ScratchFactory ===

impl ScratchFactory {
    /// One connection, for the database is the connection.
    async fn connect(options: &StorageOptions) -> Result<Connections, StorageError> {
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(options.acquire_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(SqliteConnectOptions::new().in_memory(true).foreign_keys(true))
            .await
            .map_err(|error| StorageError::new(StorageErrorKind::Unavailable, OPEN).with_source(error))?;
        // What its own errors mean a driver says in `Connections::classify`; for what all have in common nothing need be said.
        Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool).into())
    }

    fn unsupported(action: &'static str) -> StorageError {
        StorageError::new(StorageErrorKind::Unsupported, action).with_source("a scratch database has no file")
    }
}

#[async_trait]
impl StorageFactory for ScratchFactory {
    fn schemes(&self) -> &'static [&'static str] {
        &["scratch"]
    }

    async fn open(&self, _: &DatabaseUrl, options: &StorageOptions) -> Result<Arc<dyn Storage>, StorageError> {
        Ok(Arc::new(SeaOrmStorage::open(Self::connect(options).await?).await?))
    }

    async fn reset(&self, _: &DatabaseUrl, _: &StorageOptions) -> Result<(), StorageError> {
        // Each opening begins with nothing.
        Ok(())
    }

    async fn back_up(&self, _: &DatabaseUrl, _: &StorageOptions, _: &Path) -> Result<(), StorageError> {
        Err(Self::unsupported("back up the scratch database"))
    }

    async fn read_legacy(&self, _: &DatabaseUrl, _: &StorageOptions) -> Result<Vec<LegacyService>, StorageError> {
        Err(Self::unsupported("read the predecessor's tables"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open() -> (Arc<dyn Storage>, ()) {
        (ScratchFactory.open(&DatabaseUrl::new("scratch:"), &StorageOptions::default()).await.unwrap(), ())
    }

    rotator_storage_trait::storage_suite!(open);
}

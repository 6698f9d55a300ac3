//! The suites of every backend and of those that many nodes share, on a server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use rotator_storage_mysql::MySqlFactory;
use rotator_storage_trait::{DatabaseUrl, Storage, StorageFactory, StorageOptions};
use rotator_test_services::{Database, MARIADB};

fn empty() -> (DatabaseUrl, Database) {
    let database = MARIADB.database().unwrap();
    (DatabaseUrl::new(database.url()), database)
}

async fn open() -> (Arc<dyn Storage>, Database) {
    let (url, database) = empty();
    (MySqlFactory.open(&url, &StorageOptions::default()).await.unwrap(), database)
}

rotator_storage_trait::storage_suite!(open);
rotator_storage_trait::nodes_suite!(MySqlFactory, empty);

//! The suite of every backend, on a file and in memory.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod file {
    use std::sync::Arc;

    use rotator_storage_sqlite::SqliteFactory;
    use rotator_storage_trait::{DatabaseUrl, Storage, StorageFactory, StorageOptions};
    use tempfile::TempDir;

    async fn open() -> (Arc<dyn Storage>, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::new(format!("sqlite:{}/rotator.db", folder.path().display()));
        (SqliteFactory.open(&url, &StorageOptions::default()).await.unwrap(), folder)
    }

    rotator_storage_trait::storage_suite!(open);
}

mod memory {
    use std::sync::Arc;

    use rotator_storage_sqlite::SqliteFactory;
    use rotator_storage_trait::{DatabaseUrl, Storage, StorageFactory, StorageOptions};

    async fn open() -> (Arc<dyn Storage>, ()) {
        let url = DatabaseUrl::new("sqlite::memory:");
        (SqliteFactory.open(&url, &StorageOptions::default()).await.unwrap(), ())
    }

    rotator_storage_trait::storage_suite!(open);
}

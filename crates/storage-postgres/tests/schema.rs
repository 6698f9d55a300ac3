//! The schema on PostgreSQL: brought up to date from every version, all of it or nothing; and what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use rotator_domain::rotation::KeyPolicy;
use rotator_domain::{KeyId, ServiceId};
use rotator_storage_postgres::PostgresFactory;
use rotator_storage_trait::{
    DatabaseUrl, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions, suite,
};
use rotator_test_services::{Database, POSTGRES};

fn url(database: &Database) -> DatabaseUrl {
    DatabaseUrl::new(database.url())
}

async fn try_open(database: &Database) -> Result<Arc<dyn Storage>, StorageError> {
    PostgresFactory.open(&url(database), &StorageOptions::default()).await
}

async fn open_and_close(database: &Database) {
    try_open(database).await.unwrap().close().await;
}

/// Every column and every index.
fn schema(database: &Database) -> String {
    let columns = "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable \
                   FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name";
    let indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexdef";
    database.execute(columns).unwrap() + &database.execute(indexes).unwrap()
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let (old, new) = (POSTGRES.database().unwrap(), POSTGRES.database().unwrap());
    old.execute(include_str!("m0001.sql")).unwrap();
    let storage = try_open(&old).await.unwrap();
    let service = storage.service(ServiceId(1)).await.unwrap().unwrap();
    assert_eq!((service.slug.as_str(), service.policy.idle_timeout), ("old", Some(Duration::from_millis(1500))));
    let key = storage.key(KeyId(2)).await.unwrap().unwrap();
    assert_eq!((key.label.unwrap().as_str(), &key.policy), ("old key", &KeyPolicy::default()));
    assert!(storage.states(ServiceId(1)).await.unwrap().is_empty());
    suite::admin::those_of_the_first_version_may_do_everything(storage.as_ref()).await;
    assert_eq!(storage.reserve_ids(1).await.unwrap(), 3);
    storage.close().await;
    open_and_close(&new).await;
    assert_eq!(schema(&old), schema(&new));
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let database = POSTGRES.database().unwrap();
    open_and_close(&database).await;
    database.execute("INSERT INTO rotator_migrations (version, applied_at) VALUES ('m9999_future', 0)").unwrap();
    let before = schema(&database);
    assert_eq!(try_open(&database).await.err().unwrap().kind(), &StorageErrorKind::SchemaTooNew);
    let reset = PostgresFactory.reset(&url(&database), &StorageOptions::default()).await;
    assert_eq!(reset.unwrap_err().kind(), &StorageErrorKind::SchemaTooNew);
    assert_eq!(schema(&database), before);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    let database = POSTGRES.database().unwrap();
    // Made last but one, so that most of the schema is there before it fails.
    database.execute("CREATE TABLE audit_log (a int)").unwrap();
    let before = schema(&database);
    let error = try_open(&database).await.err().unwrap();
    assert_eq!(error.kind(), &StorageErrorKind::Refused);
    assert!(error.source().unwrap().to_string().contains("audit_log"), "{error:?}");
    assert_eq!(schema(&database), before);
    database.execute("DROP TABLE audit_log").unwrap();
    open_and_close(&database).await;
}

#[tokio::test]
async fn a_database_that_takes_no_changes_is_named_so() {
    let database = POSTGRES.database().unwrap();
    let set = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    database.administer(&set).unwrap();
    let error = try_open(&database).await.err().unwrap();
    assert_eq!(error.kind(), &StorageErrorKind::ReadOnly);
    assert!(error.source().unwrap().to_string().contains("default_transaction_read_only"), "{error:?}");
}

#[tokio::test]
async fn a_database_that_cannot_hold_all_text_is_refused() {
    let database = POSTGRES.database().unwrap();
    let name = format!("{}_latin", database.name());
    database.administer(&format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING LATIN1")).unwrap();
    let url = DatabaseUrl::new(format!("{}_latin", database.url()));
    let error = PostgresFactory.open(&url, &StorageOptions::default()).await.err().unwrap();
    assert_eq!(error.kind(), &StorageErrorKind::Refused);
    assert!(error.source().unwrap().to_string().contains("LATIN1"), "{error:?}");
    // A connection may still be closing; what stays behind disturbs nobody.
    let _ = database.administer(&format!("DROP DATABASE {name}"));
}

#[tokio::test]
async fn the_predecessor_kept_nothing_here() {
    let database = POSTGRES.database().unwrap();
    let read = PostgresFactory.read_legacy(&url(&database), &StorageOptions::default()).await;
    assert_eq!(read.unwrap_err().kind(), &StorageErrorKind::Unsupported);
}

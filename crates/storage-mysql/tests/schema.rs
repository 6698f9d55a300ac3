//! The schema on MySQL: brought up to date from every step, also from one that was cut off, for MySQL undoes none; and
//! what is refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use rotator_domain::rotation::KeyPolicy;
use rotator_domain::{KeyId, ServiceId};
use rotator_storage_mysql::MySqlFactory;
use rotator_storage_trait::{
    DatabaseUrl, Storage, StorageError, StorageErrorKind, StorageFactory, StorageOptions, suite,
};
use rotator_test_services::{Database, MARIADB};

/// What undoes the migrations, one step after the other; beside each the migration that it belongs to. A column that is dropped
/// stays in MariaDB's rows until the table is made anew (`FORCE`), and after many of them a row is too long.
const BACK: &[(&str, &str)] = &[
    ("m0010_prices", "DROP TABLE prices"),
    ("m0009_webhooks", "ALTER TABLE webhook_deliveries DROP INDEX ix_webhook_deliveries_due"),
    ("m0009_webhooks", "DROP TABLE webhook_deliveries"),
    ("m0009_webhooks", "ALTER TABLE webhook_alarms DROP INDEX ix_webhook_alarms_scope"),
    ("m0009_webhooks", "DROP TABLE webhook_alarms"),
    ("m0009_webhooks", "DROP TABLE webhooks"),
    ("m0008_roles", "ALTER TABLE audit_log DROP INDEX ix_audit_log_at"),
    ("m0008_roles", "ALTER TABLE audit_log DROP COLUMN changes"),
    ("m0008_roles", "ALTER TABLE audit_log DROP COLUMN request_id"),
    ("m0008_roles", "ALTER TABLE audit_log DROP COLUMN owner, FORCE"),
    ("m0008_roles", "UPDATE admin_tokens SET owner = NULL"),
    ("m0008_roles", "ALTER TABLE admin_tokens DROP COLUMN last_used_at"),
    ("m0008_roles", "ALTER TABLE admin_tokens DROP COLUMN prefix"),
    ("m0008_roles", "ALTER TABLE admin_tokens DROP COLUMN owner"),
    ("m0008_roles", "ALTER TABLE admin_tokens DROP COLUMN scope, FORCE"),
    ("m0008_roles", "ALTER TABLE admin_users DROP COLUMN kept_session"),
    ("m0008_roles", "ALTER TABLE admin_users DROP COLUMN session_epoch"),
    ("m0008_roles", "ALTER TABLE admin_users DROP COLUMN is_disabled"),
    ("m0008_roles", "ALTER TABLE admin_users DROP COLUMN role, FORCE"),
    ("m0007_request_log", "DELETE FROM request_log_end"),
    ("m0007_request_log", "DROP TABLE request_log_end"),
    ("m0007_request_log", "DROP TABLE request_bodies"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_request"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_trace"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_model"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_status"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_client"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_key"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_service"),
    ("m0007_request_log", "ALTER TABLE request_log DROP INDEX ix_request_log_ended_at"),
    ("m0007_request_log", "DROP TABLE request_log"),
    ("m0006_client_keys", "ALTER TABLE client_keys DROP INDEX uq_client_keys_previous"),
    ("m0006_client_keys", "ALTER TABLE client_keys DROP COLUMN policy"),
    ("m0006_client_keys", "ALTER TABLE client_keys DROP COLUMN previous_until"),
    ("m0006_client_keys", "ALTER TABLE client_keys DROP COLUMN previous_digest"),
    ("m0006_client_keys", "ALTER TABLE client_keys DROP COLUMN expires_at"),
    ("m0006_client_keys", "ALTER TABLE client_keys DROP COLUMN prefix"),
    ("m0005_scale", "ALTER TABLE upstream_keys DROP INDEX ix_upstream_keys_active"),
    ("m0004_usage", "DROP TABLE usage_sources"),
    ("m0004_usage", "DROP TABLE usage_days"),
    ("m0004_usage", "DROP TABLE usage_hours"),
    ("m0004_usage", "DROP TABLE usage_minutes"),
    ("m0003_changes", "DELETE FROM config_epoch"),
    ("m0003_changes", "DROP TABLE config_epoch"),
    ("m0003_changes", "ALTER TABLE config_changes DROP INDEX ix_config_changes_version"),
    ("m0003_changes", "DROP TABLE config_changes"),
    ("m0002_rotation", "DROP TABLE key_states"),
    ("m0002_rotation", "ALTER TABLE services MODIFY COLUMN policy TEXT NOT NULL"),
    ("m0002_rotation", "ALTER TABLE upstream_keys DROP COLUMN policy"),
    ("m0001_initial", "DELETE FROM id_sequence"),
    ("m0001_initial", "DROP TABLE id_sequence"),
    ("m0001_initial", "DROP TABLE audit_log"),
    ("m0001_initial", "DROP TABLE settings"),
    ("m0001_initial", "ALTER TABLE ended_sessions DROP INDEX ix_ended_sessions_expiry"),
    ("m0001_initial", "DROP TABLE ended_sessions"),
    ("m0001_initial", "ALTER TABLE admin_tokens DROP INDEX uq_admin_tokens_digest"),
    ("m0001_initial", "DROP TABLE admin_tokens"),
    ("m0001_initial", "DROP TABLE admin_users"),
    ("m0001_initial", "ALTER TABLE client_keys DROP INDEX uq_client_keys_digest"),
    ("m0001_initial", "DROP TABLE client_keys"),
    ("m0001_initial", "ALTER TABLE upstream_keys DROP INDEX ix_upstream_keys_page"),
    ("m0001_initial", "DROP TABLE upstream_keys"),
    ("m0001_initial", "ALTER TABLE services DROP INDEX uq_services_slug"),
    ("m0001_initial", "ALTER TABLE services DROP INDEX uq_services_name"),
    ("m0001_initial", "DROP TABLE services"),
];

fn url(database: &Database) -> DatabaseUrl {
    DatabaseUrl::new(database.url())
}

async fn try_open(database: &Database) -> Result<Arc<dyn Storage>, StorageError> {
    MySqlFactory.open(&url(database), &StorageOptions::default()).await
}

async fn open_and_close(database: &Database) {
    try_open(database).await.unwrap().close().await;
}

/// Every table, as one would make it.
fn schema(database: &Database) -> String {
    let tables = database.execute("SHOW TABLES").unwrap();
    let made = tables.lines().map(|table| database.execute(&format!("SHOW CREATE TABLE {table}")).unwrap());
    made.collect()
}

fn begin(database: &Database, version: &str) {
    let make = "CREATE TABLE IF NOT EXISTS rotator_migrations_begun (version VARCHAR(255) NOT NULL PRIMARY KEY)";
    database.execute(make).unwrap();
    database.execute(&format!("INSERT IGNORE INTO rotator_migrations_begun VALUES ('{version}')")).unwrap();
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let (old, new) = (MARIADB.database().unwrap(), MARIADB.database().unwrap());
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
async fn a_migration_that_was_cut_off_anywhere_is_finished() {
    let database = MARIADB.database().unwrap();
    open_and_close(&database).await;
    let whole = schema(&database);
    for steps in 0..=BACK.len() {
        // The last step before the end is always that the migration is written down.
        let (last, _) = BACK[steps.saturating_sub(1)];
        database.execute(&format!("DELETE FROM rotator_migrations WHERE version >= '{last}'")).unwrap();
        begin(&database, last);
        for (_, step) in &BACK[..steps] {
            database.execute(step).unwrap();
        }
        let storage = try_open(&database).await.unwrap();
        assert_eq!(schema(&database), whole, "after {steps} steps back");
        assert!(storage.reserve_ids(1).await.unwrap() >= 1);
        storage.close().await;
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    for newer in ["INSERT INTO rotator_migrations (version, applied_at) VALUES ('m9999_future', 0)", ""] {
        let database = MARIADB.database().unwrap();
        open_and_close(&database).await;
        if newer.is_empty() {
            // The newer version was cut off.
            begin(&database, "m9999_future");
        } else {
            database.execute(newer).unwrap();
        }
        let before = schema(&database);
        assert_eq!(try_open(&database).await.err().unwrap().kind(), &StorageErrorKind::SchemaTooNew);
        let reset = MySqlFactory.reset(&url(&database), &StorageOptions::default()).await;
        assert_eq!(reset.unwrap_err().kind(), &StorageErrorKind::SchemaTooNew);
        assert_eq!(schema(&database), before);
    }
}

#[tokio::test]
async fn a_table_of_another_program_is_not_taken_for_this_programs() {
    let database = MARIADB.database().unwrap();
    database.execute("CREATE TABLE settings (name VARCHAR(255), value TEXT)").unwrap();
    let error = try_open(&database).await.err().unwrap();
    assert_eq!(error.kind(), &StorageErrorKind::Refused);
    assert!(error.source().unwrap().to_string().contains("the table settings is there already"), "{error:?}");
    assert!(database.execute("SELECT * FROM services").is_err());
    database.execute("DROP TABLE settings").unwrap();
    open_and_close(&database).await;
}

#[tokio::test]
async fn a_reset_that_was_cut_off_is_told_and_can_be_repeated() {
    let (database, other) = (MARIADB.database().unwrap(), MARIADB.database().unwrap());
    open_and_close(&database).await;
    open_and_close(&other).await;
    database.execute("DROP TABLE rotator_migrations; DROP TABLE key_states").unwrap();
    let error = try_open(&database).await.err().unwrap();
    assert!(error.source().unwrap().to_string().contains("reset once more"), "{error:?}");
    MySqlFactory.reset(&url(&database), &StorageOptions::default()).await.unwrap();
    open_and_close(&database).await;
    assert_eq!(schema(&database), schema(&other));
}

#[tokio::test]
async fn a_server_that_takes_no_changes_is_named_so() {
    let server = MARIADB.start_with(&["--read-only=1"]).unwrap();
    let database = server.database().unwrap();
    let error = try_open(&database).await.err().unwrap();
    assert_eq!(error.kind(), &StorageErrorKind::ReadOnly);
    assert!(error.source().unwrap().to_string().contains("primary"), "{error:?}");
    assert!(schema(&database).is_empty());
}

//! The schema, step by step: one file a migration. A migration that was released never changes what it makes.

pub(crate) mod lock;
mod m0001_initial;
mod m0002_rotation;
mod m0003_changes;
mod m0004_usage;
mod m0005_scale;
mod m0006_client_keys;
mod m0007_request_log;
mod m0008_roles;
mod m0009_webhooks;
mod m0010_prices;
mod resume;
mod schema;

pub(crate) use resume::up;

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sea_orm::sea_query::{IntoIden, Table};
use sea_orm::{ConnectionTrait, DbErr, DynIden};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::error::Attempt;

/// Brings the schema up to date.
pub(crate) struct Migrator;

/// Where the applied migrations are written down; not SeaORM's own name, for another program may share the database.
const APPLIED: &str = "rotator_migrations";

/// Every table, with the migration that makes it; those that refer to others come before them.
const TABLES: [(&str, &str); 23] = [
    ("key_states", "m0002_rotation"),
    ("upstream_keys", "m0001_initial"),
    ("services", "m0001_initial"),
    ("client_keys", "m0001_initial"),
    ("admin_users", "m0001_initial"),
    ("admin_tokens", "m0001_initial"),
    ("ended_sessions", "m0001_initial"),
    ("settings", "m0001_initial"),
    ("audit_log", "m0001_initial"),
    ("id_sequence", "m0001_initial"),
    ("config_changes", "m0003_changes"),
    ("config_epoch", "m0003_changes"),
    ("usage_minutes", "m0004_usage"),
    ("usage_hours", "m0004_usage"),
    ("usage_days", "m0004_usage"),
    ("usage_sources", "m0004_usage"),
    ("request_bodies", "m0007_request_log"),
    ("request_log", "m0007_request_log"),
    ("request_log_end", "m0007_request_log"),
    ("webhook_alarms", "m0009_webhooks"),
    ("webhook_deliveries", "m0009_webhooks"),
    ("webhooks", "m0009_webhooks"),
    ("prices", "m0010_prices"),
];

// === impl Migrator ===

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_initial::Migration),
            Box::new(m0002_rotation::Migration),
            Box::new(m0003_changes::Migration),
            Box::new(m0004_usage::Migration),
            Box::new(m0005_scale::Migration),
            Box::new(m0006_client_keys::Migration),
            Box::new(m0007_request_log::Migration),
            Box::new(m0008_roles::Migration),
            Box::new(m0009_webhooks::Migration),
            Box::new(m0010_prices::Migration),
        ]
    }

    fn migration_table_name() -> DynIden {
        APPLIED.into_iden()
    }
}

/// Refuses a schema with a migration, applied or begun, that this program does not know.
pub(crate) async fn refuse_newer<C: ConnectionTrait>(db: &C, attempt: Attempt) -> Result<(), StorageError> {
    let applied = Migrator::get_migration_models(db).await.map_err(|error| attempt.failed(error))?;
    let begun = resume::begun(db).await.map_err(|error| attempt.failed(error))?;
    let known = Migrator::migrations();
    let mut versions = applied.into_iter().map(|row| row.version).chain(begun);
    match versions.find(|version| !known.iter().any(|migration| migration.name() == version)) {
        None => Ok(()),
        Some(version) => {
            let source = format!("the migration {version} is unknown to this version");
            Err(attempt.fail(StorageErrorKind::SchemaTooNew).with_source(source))
        }
    }
}

/// Drops every table of this program and nothing else. What is written down of migrations goes first, so that where this
/// is cut off in the middle (MySQL cannot undo it) nobody takes the rest for a whole schema.
pub(crate) async fn drop_all<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    for table in [resume::BEGUN, APPLIED].into_iter().chain(TABLES.map(|(table, _)| table)) {
        db.execute(Table::drop().table(table).if_exists()).await?;
    }
    Ok(())
}

/// The tables that a migration makes.
fn tables_of(version: &str) -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().filter(move |(_, by)| *by == version).map(|(table, _)| table)
}

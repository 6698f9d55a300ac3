//! The schema, step by step: one file a migration. A migration that was released never changes.

mod m0001_initial;
mod m0002_rotation;

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sea_orm::sea_query::{IntoIden, Table, TableCreateStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, DynIden};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::error::Attempt;

/// Brings the schema up to date.
pub(crate) struct Migrator;

/// Where the applied migrations are written down; not SeaORM's own name, for another program may share the database.
const APPLIED: &str = "rotator_migrations";

/// Every table that any migration makes; those that refer to others come before them.
const TABLES: [&str; 10] = [
    "key_states",
    "upstream_keys",
    "services",
    "client_keys",
    "admin_users",
    "admin_tokens",
    "ended_sessions",
    "settings",
    "audit_log",
    "id_sequence",
];

// === impl Migrator ===

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_initial::Migration), Box::new(m0002_rotation::Migration)]
    }

    fn migration_table_name() -> DynIden {
        APPLIED.into_iden()
    }
}

/// Refuses a schema with a migration that this program does not know.
pub(crate) async fn refuse_newer<C: ConnectionTrait>(db: &C, attempt: Attempt) -> Result<(), StorageError> {
    let applied = Migrator::get_migration_models(db).await.map_err(|error| attempt.failed(error))?;
    let known = Migrator::migrations();
    let unknown = applied.iter().find(|row| !known.iter().any(|migration| migration.name() == row.version));
    match unknown {
        None => Ok(()),
        Some(row) => {
            let source = format!("the migration {} is unknown to this version", row.version);
            Err(attempt.fail(StorageErrorKind::SchemaTooNew).with_source(source))
        }
    }
}

/// Drops every table of this program and nothing else.
pub(crate) async fn drop_all<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    for table in TABLES.into_iter().chain([APPLIED]) {
        db.execute(Table::drop().table(table).if_exists()).await?;
    }
    Ok(())
}

/// Begins a table. MySQL's default collation takes `a` for `A`, so its tables say that text compares exactly; the others
/// do so anyway.
fn table(name: &'static str, backend: DbBackend) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    if backend == DbBackend::MySql {
        table.engine("InnoDB").character_set("utf8mb4").collate("utf8mb4_bin");
    }
    table
}

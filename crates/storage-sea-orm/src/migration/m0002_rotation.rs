//! How keys are used, and how they are.
//!
//! A key's policy is JSON, and nothing where it is as usual; the column of a service's policy is there already. MySQL's TEXT
//! ends at 64 KiB, which policies can pass.

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table, TableAlterStatement};
use sea_orm::{DbBackend, DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::table;

/// Characters, so that the primary key stays within MySQL's 3,072 bytes.
const MODEL_LENGTH: u32 = 255;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for change in policies(manager.get_database_backend()) {
            manager.alter_table(change).await?;
        }
        states(manager).await
    }
}

/// One statement a column, for SQLite knows no more.
fn policies(backend: DbBackend) -> Vec<TableAlterStatement> {
    let mut keys = Table::alter();
    keys.table("upstream_keys").add_column(long_text("policy", backend));
    let mut changes = vec![keys];
    if backend == DbBackend::MySql {
        let mut services = Table::alter();
        services.table("services").modify_column(long_text("policy", backend).not_null());
        changes.push(services);
    }
    changes
}

async fn states(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut states = table("key_states", manager.get_database_backend());
    states
        .col(ColumnDef::new("service_id").big_integer().not_null())
        .col(ColumnDef::new("key_id").big_integer().not_null())
        .col(ColumnDef::new("model").string_len(MODEL_LENGTH).not_null())
        .col(ColumnDef::new("state").string_len(20).not_null())
        .col(ColumnDef::new("since").big_integer().not_null())
        .col(ColumnDef::new("until").big_integer().not_null())
        .primary_key(Index::create().col("service_id").col("key_id").col("model"))
        .foreign_key(
            ForeignKey::create()
                .name("fk_key_states_key")
                .from("key_states", "key_id")
                .to("upstream_keys", "id")
                .on_delete(ForeignKeyAction::Cascade),
        );
    manager.create_table(states).await?;
    // What goes with a key is found by the key.
    let mut by_key = Index::create();
    by_key.name("ix_key_states_key").table("key_states").col("key_id");
    manager.create_index(by_key).await
}

fn long_text(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if backend == DbBackend::MySql { column.custom("MEDIUMTEXT").take() } else { column.text().take() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(backend: DbBackend) -> Vec<String> {
        policies(backend).iter().map(|change| backend.build(change).sql).collect()
    }

    #[test]
    fn every_database_takes_long_policies() {
        let add = |quote: &str, r#type: &str| {
            format!("ALTER TABLE {quote}upstream_keys{quote} ADD COLUMN {quote}policy{quote} {type}")
        };
        assert_eq!(statements(DbBackend::Sqlite), [add("\"", "text")]);
        assert_eq!(statements(DbBackend::Postgres), [add("\"", "text")]);
        let widen = "ALTER TABLE `services` MODIFY COLUMN `policy` MEDIUMTEXT NOT NULL";
        assert_eq!(statements(DbBackend::MySql), [add("`", "MEDIUMTEXT"), widen.to_owned()]);
    }
}

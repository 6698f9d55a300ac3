//! How keys are used, and how they are.
//!
//! A key's policy is JSON, and nothing where it is as usual; the column of a service's policy is there already. MySQL's TEXT
//! ends at 64 KiB, which policies can pass.

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, Index, Table};
use sea_orm::{DbBackend, DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::{NewIndex, Schema, long_text};

/// Characters, so that the primary key stays within MySQL's 3,072 bytes.
const MODEL_LENGTH: u32 = 255;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        schema.add_column("upstream_keys", long_text("policy", schema.backend())).await?;
        if schema.backend() == DbBackend::MySql {
            let mut services = Table::alter();
            services.table("services").modify_column(long_text("policy", DbBackend::MySql).not_null());
            manager.alter_table(services).await?;
        }
        states(&schema).await
    }
}

async fn states(schema: &Schema<'_>) -> Result<(), DbErr> {
    let mut states = schema.table("key_states");
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
    schema.create_table(states).await?;
    // What goes with a key is found by the key.
    let columns = &["key_id"];
    schema.create_index(NewIndex { name: "ix_key_states_key", table: "key_states", columns, unique: false }).await
}

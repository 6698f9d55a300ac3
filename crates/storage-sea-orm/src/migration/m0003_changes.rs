//! The version of what servers serve, and when each part of it last changed.

use sea_orm::sea_query::{ColumnDef, Index};
use sea_orm::{DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::{NewIndex, Schema};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        let mut changes = schema.table("config_changes");
        changes
            .col(ColumnDef::new("kind").string_len(20).not_null())
            .col(ColumnDef::new("id").big_integer().not_null())
            .col(ColumnDef::new("version").big_integer().not_null())
            .primary_key(Index::create().col("kind").col("id"));
        schema.create_table(changes).await?;
        let (name, columns) = ("ix_config_changes_version", &["version"]);
        schema.create_index(NewIndex { name, table: "config_changes", columns, unique: false }).await?;

        let mut epoch = schema.table("config_epoch");
        epoch
            .col(ColumnDef::new("id").big_integer().not_null().primary_key())
            .col(ColumnDef::new("version").big_integer().not_null());
        schema.create_table(epoch).await?;
        schema.insert_only_row("config_epoch", "version", 0).await
    }
}

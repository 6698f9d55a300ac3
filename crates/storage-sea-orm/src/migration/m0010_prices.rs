//! Prices that the operator set: what a token costs, in millionths of a millionth of a US dollar.

use sea_orm::sea_query::ColumnDef;
use sea_orm::{DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::Schema;

/// Characters of a pattern.
const PATTERN_LENGTH: u32 = 200;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        let mut prices = schema.table("prices");
        prices
            .col(ColumnDef::new("pattern").string_len(PATTERN_LENGTH).not_null().primary_key())
            .col(ColumnDef::new("input").big_integer().not_null())
            .col(ColumnDef::new("cached").big_integer())
            .col(ColumnDef::new("cache_written").big_integer())
            .col(ColumnDef::new("output").big_integer().not_null())
            .col(ColumnDef::new("long_above").big_integer())
            .col(ColumnDef::new("long_input").big_integer())
            .col(ColumnDef::new("long_cached").big_integer())
            .col(ColumnDef::new("long_cache_written").big_integer())
            .col(ColumnDef::new("long_output").big_integer())
            .col(ColumnDef::new("updated_at").big_integer().not_null());
        schema.create_table(prices).await
    }
}

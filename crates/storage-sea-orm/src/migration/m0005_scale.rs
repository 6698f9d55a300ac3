//! An index from which the keys of a service are counted, without a look at each of its rows.

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
        let columns = &["service_id", "is_active"];
        let counts = NewIndex { name: "ix_upstream_keys_active", table: "upstream_keys", columns, unique: false };
        schema.create_index(counts).await
    }
}

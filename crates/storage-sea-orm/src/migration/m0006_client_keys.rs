//! What the holders of client keys may do, and how keys are replaced.
//!
//! A policy is JSON, and nothing where it is as usual. Keys that are there already have no part that can be shown.

use sea_orm::DbErr;
use sea_orm::DeriveMigrationName;
use sea_orm::sea_query::ColumnDef;
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::{NewIndex, Schema, long_text};

const TABLE: &str = "client_keys";
const PREFIX_LENGTH: u32 = 20;
const DIGEST_LENGTH: u32 = 32;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        for column in [
            ColumnDef::new("prefix").string_len(PREFIX_LENGTH).take(),
            ColumnDef::new("expires_at").big_integer().take(),
            ColumnDef::new("previous_digest").binary_len(DIGEST_LENGTH).take(),
            ColumnDef::new("previous_until").big_integer().take(),
            long_text("policy", schema.backend()),
        ] {
            schema.add_column(TABLE, column).await?;
        }
        let (name, columns) = ("uq_client_keys_previous", &["previous_digest"]);
        schema.create_index(NewIndex { name, table: TABLE, columns, unique: true }).await
    }
}

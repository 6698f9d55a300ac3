//! What requests used, by minute, hour and day.
//!
//! Of what a row is about, 0 stands for no key and for client keys that are only in the settings, and an empty text for no
//! model: columns of a primary key cannot be null.

use sea_orm::sea_query::{ColumnDef, Index};
use sea_orm::{DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::Schema;

/// Characters, so that the primary key stays within MySQL's 3,072 bytes.
const MODEL_LENGTH: u32 = 255;
const SOURCE_LENGTH: u32 = 64;

/// The figures of this version; those of a later one come with its migration.
const FIGURES: [&str; 23] = [
    "requests",
    "errors_client",
    "errors_limited",
    "errors_unavailable",
    "errors_upstream",
    "errors_timeout",
    "errors_aborted",
    "attempts",
    "attempts_limited",
    "attempts_refused",
    "attempts_failed",
    "input_tokens",
    "cached_tokens",
    "cache_written_tokens",
    "output_tokens",
    "reasoning_tokens",
    "uncounted",
    "cost_nanodollars",
    "unpriced",
    "bytes_in",
    "bytes_out",
    "first_byte_millis",
    "duration_millis",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        for name in ["usage_minutes", "usage_hours", "usage_days"] {
            figures(&schema, name).await?;
        }
        let mut sources = schema.table("usage_sources");
        sources
            .col(ColumnDef::new("source").string_len(SOURCE_LENGTH).not_null().primary_key())
            .col(number("last_batch"))
            .col(number("seen_at"));
        schema.create_table(sources).await
    }
}

async fn figures(schema: &Schema<'_>, name: &'static str) -> Result<(), DbErr> {
    let mut table = schema.table(name);
    for column in ["at", "service_id", "key_id", "client_key_id"] {
        table.col(number(column));
    }
    table.col(ColumnDef::new("model").string_len(MODEL_LENGTH).not_null());
    for figure in FIGURES {
        table.col(number(figure));
    }
    let key = ["at", "service_id", "key_id", "client_key_id", "model"];
    table.primary_key(key.into_iter().fold(&mut Index::create(), |index, column| index.col(column)));
    schema.create_table(table).await
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

//! The log of requests, and their bodies beside it, so that a search reads none of them.
//!
//! Ids come from `request_log_end`, whose one row is locked until what it was counted up for is visible. `written` is how
//! many bytes have been stored up to a row and with it: what the log holds is a difference of two of them.

use sea_orm::sea_query::{ColumnDef, Index};
use sea_orm::{DbBackend, DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::{NewIndex, Schema};

/// Characters of a model's name.
const MODEL_LENGTH: u32 = 255;
/// Characters of an id that a client gave.
const ID_LENGTH: u32 = 128;

/// The searches; each gives the newest first, which is by id.
const SEARCHES: [(&str, &[&str]); 8] = [
    ("ix_request_log_ended_at", &["ended_at"]),
    ("ix_request_log_service", &["service_id", "id"]),
    ("ix_request_log_key", &["key_id", "id"]),
    ("ix_request_log_client", &["client_key_id", "id"]),
    ("ix_request_log_status", &["status", "id"]),
    ("ix_request_log_model", &["model", "id"]),
    ("ix_request_log_trace", &["trace_id"]),
    ("ix_request_log_request", &["request_id"]),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        let mut log = schema.table("request_log");
        log.col(number("id").primary_key())
            .col(number("ended_at"))
            .col(number("service_id"))
            .col(ColumnDef::new("key_id").big_integer())
            .col(ColumnDef::new("client_key_id").big_integer())
            .col(ColumnDef::new("status").integer().not_null())
            .col(ColumnDef::new("model").string_len(MODEL_LENGTH))
            .col(ColumnDef::new("trace_id").string_len(ID_LENGTH))
            .col(ColumnDef::new("request_id").string_len(ID_LENGTH))
            .col(ColumnDef::new("has_bodies").boolean().not_null())
            .col(number("written"))
            .col(long_text("detail", schema.backend()));
        schema.create_table(log).await?;
        for (name, columns) in SEARCHES {
            schema.create_index(NewIndex { name, table: "request_log", columns, unique: false }).await?;
        }

        let mut bodies = schema.table("request_bodies");
        bodies
            .col(number("entry_id"))
            .col(ColumnDef::new("side").integer().not_null())
            .col(ColumnDef::new("is_packed").boolean().not_null())
            .col(ColumnDef::new("is_cut").boolean().not_null())
            .col(long_bytes("content", schema.backend()))
            .primary_key(Index::create().col("entry_id").col("side"));
        schema.create_table(bodies).await?;

        let mut end = schema.table("request_log_end");
        end.col(number("id").primary_key()).col(number("newest_id")).col(number("written").default(0_i64));
        schema.create_table(end).await?;
        schema.insert_only_row("request_log_end", "newest_id", 0).await
    }
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn long_text(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    let column = if backend == DbBackend::MySql { column.custom("MEDIUMTEXT") } else { column.text() };
    column.not_null().take()
}

fn long_bytes(name: &'static str, backend: DbBackend) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    let column = if backend == DbBackend::MySql { column.custom("MEDIUMBLOB") } else { column.blob() };
    column.not_null().take()
}

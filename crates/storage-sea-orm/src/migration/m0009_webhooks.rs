//! Webhooks, what they were told of, and the messages on their way to them.
//!
//! What goes with a webhook refers to it, so that nothing is stored for one that is gone.

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, Index};
use sea_orm::{DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::{NewIndex, Schema, long_text};

/// Characters of the name of an event or a status.
const NAME_LENGTH: u32 = 32;
/// Characters of what an alarm is about.
const PART_LENGTH: u32 = 100;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        let mut webhooks = schema.table("webhooks");
        webhooks
            .col(number("id").primary_key())
            .col(ColumnDef::new("name").text().not_null())
            .col(ColumnDef::new("url").text().not_null())
            .col(ColumnDef::new("is_enabled").boolean().not_null())
            .col(long_text("wishes", schema.backend()).not_null())
            .col(ColumnDef::new("sealed").blob().not_null())
            .col(ColumnDef::new("previous_sealed").blob())
            .col(ColumnDef::new("previous_until").big_integer())
            .col(number("created_at"))
            .col(number("updated_at"));
        schema.create_table(webhooks).await?;

        let mut alarms = schema.table("webhook_alarms");
        alarms
            .col(number("webhook_id"))
            .col(ColumnDef::new("event").string_len(NAME_LENGTH).not_null())
            .col(number("scope_id"))
            .col(ColumnDef::new("part").string_len(PART_LENGTH).not_null())
            .col(number("raised_at"))
            .col(ColumnDef::new("is_raised").boolean().not_null())
            .primary_key(Index::create().col("webhook_id").col("event").col("scope_id").col("part"))
            .foreign_key(&mut of_webhook("fk_webhook_alarms_webhook", "webhook_alarms"));
        schema.create_table(alarms).await?;
        schema.create_index(index("ix_webhook_alarms_scope", "webhook_alarms", &["scope_id"])).await?;

        let mut deliveries = schema.table("webhook_deliveries");
        deliveries
            .col(number("id").primary_key())
            .col(number("webhook_id"))
            .col(ColumnDef::new("event").string_len(NAME_LENGTH).not_null())
            .col(long_text("body", schema.backend()).not_null())
            .col(number("created_at"))
            .col(ColumnDef::new("status").string_len(NAME_LENGTH).not_null())
            .col(number("attempts"))
            .col(number("next_at"))
            .col(ColumnDef::new("last_status").integer())
            .col(ColumnDef::new("last_error").text())
            .col(ColumnDef::new("ended_at").big_integer())
            .foreign_key(&mut of_webhook("fk_webhook_deliveries_webhook", "webhook_deliveries"));
        schema.create_table(deliveries).await?;
        let table = "webhook_deliveries";
        schema.create_index(index("ix_webhook_deliveries_page", table, &["webhook_id", "id"])).await?;
        schema.create_index(index("ix_webhook_deliveries_due", table, &["status", "next_at"])).await
    }
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn index(name: &'static str, table: &'static str, columns: &'static [&'static str]) -> NewIndex {
    NewIndex { name, table, columns, unique: false }
}

fn of_webhook(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(name).from(table, "webhook_id").to("webhooks", "id").on_delete(ForeignKeyAction::Cascade);
    key
}

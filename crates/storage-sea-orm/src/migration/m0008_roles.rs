//! What administrators and their tokens may do, and what the audit log says of a change.
//!
//! Whoever is there already may do everything, as before. A token belongs to who made it; of those that were made through
//! another token nobody knows whose they are.

use sea_orm::sea_query::{ColumnDef, Expr, ExprTrait, Query};
use sea_orm::{DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::{NewIndex, Schema, long_text};

const ROLE_LENGTH: u32 = 10;
const PREFIX_LENGTH: u32 = 12;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        for column in [
            role("role"),
            ColumnDef::new("is_disabled").boolean().not_null().default(false).take(),
            ColumnDef::new("session_epoch").big_integer().not_null().default(0_i64).take(),
            ColumnDef::new("kept_session").text().take(),
        ] {
            schema.add_column("admin_users", column).await?;
        }
        for column in [
            role("scope"),
            ColumnDef::new("owner").text().take(),
            ColumnDef::new("prefix").string_len(PREFIX_LENGTH).take(),
            ColumnDef::new("last_used_at").big_integer().take(),
        ] {
            schema.add_column("admin_tokens", column).await?;
        }
        let mut owners = Query::update();
        owners
            .table("admin_tokens")
            .value("owner", Expr::col("created_by"))
            .and_where(Expr::col("owner").is_null())
            .and_where(Expr::col("created_by").not_like("token:%"));
        manager.execute(owners).await?;
        for column in [
            ColumnDef::new("owner").text().take(),
            ColumnDef::new("request_id").text().take(),
            long_text("changes", schema.backend()),
        ] {
            schema.add_column("audit_log", column).await?;
        }
        let (name, columns) = ("ix_audit_log_at", &["at"]);
        schema.create_index(NewIndex { name, table: "audit_log", columns, unique: false }).await
    }
}

/// A role; those that are there already may do everything.
fn role(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).string_len(ROLE_LENGTH).not_null().default("admin").take()
}

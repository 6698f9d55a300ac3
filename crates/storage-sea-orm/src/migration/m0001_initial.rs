//! The first schema.
//!
//! Ids come from `id_sequence`, so no column counts by itself. Text with an index has a length, which MySQL needs; times
//! are milliseconds since the Unix epoch.

use sea_orm::sea_query::{ColumnDef, ForeignKey, ForeignKeyAction};
use sea_orm::{DbErr, DeriveMigrationName};
use sea_orm_migration::{MigrationTrait, SchemaManager, async_trait};

use super::schema::{NewIndex, Schema};

const DIGEST_LENGTH: u32 = 32;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

// === impl Migration ===

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let schema = Schema::of(manager).await?;
        pools(&schema).await?;
        people(&schema).await?;
        server(&schema).await
    }
}

/// Services and their keys.
async fn pools(schema: &Schema<'_>) -> Result<(), DbErr> {
    let mut services = schema.table("services");
    services
        .col(id())
        .col(ColumnDef::new("name").string_len(200).not_null())
        .col(ColumnDef::new("slug").string_len(100).not_null())
        .col(ColumnDef::new("kind").string_len(20).not_null())
        .col(ColumnDef::new("is_active").boolean().not_null())
        .col(ColumnDef::new("target_url").text().not_null())
        .col(ColumnDef::new("methods").text())
        .col(ColumnDef::new("provider").text())
        .col(ColumnDef::new("api_format").string_len(50))
        .col(ColumnDef::new("output_format").string_len(50))
        .col(ColumnDef::new("key_location").string_len(20))
        .col(ColumnDef::new("key_name").text())
        .col(ColumnDef::new("key_prefix").text())
        .col(ColumnDef::new("policy").text().not_null())
        .col(time("created_at"))
        .col(time("updated_at"));
    schema.create_table(services).await?;
    schema.create_index(unique("uq_services_name", "services", &["name"])).await?;
    schema.create_index(unique("uq_services_slug", "services", &["slug"])).await?;

    let mut keys = schema.table("upstream_keys");
    keys.col(id())
        .col(ColumnDef::new("service_id").big_integer().not_null())
        .col(ColumnDef::new("sealed").blob().not_null())
        .col(digest())
        .col(ColumnDef::new("label").string_len(200))
        .col(ColumnDef::new("is_active").boolean().not_null())
        .col(time("created_at"))
        .col(time("updated_at"))
        .foreign_key(
            ForeignKey::create()
                .name("fk_upstream_keys_service")
                .from("upstream_keys", "service_id")
                .to("services", "id")
                .on_delete(ForeignKeyAction::Cascade),
        );
    schema.create_table(keys).await?;
    schema.create_index(unique("uq_upstream_keys_digest", "upstream_keys", &["service_id", "digest"])).await?;
    // Pages of a pool are ordered by id.
    let pages = &["service_id", "id"];
    schema.create_index(NewIndex { unique: false, ..unique("ix_upstream_keys_page", "upstream_keys", pages) }).await
}

/// Those who call the doors and the admin API.
async fn people(schema: &Schema<'_>) -> Result<(), DbErr> {
    let mut client_keys = schema.table("client_keys");
    client_keys
        .col(id())
        .col(ColumnDef::new("name").text().not_null())
        .col(digest())
        .col(ColumnDef::new("is_active").boolean().not_null())
        .col(time("created_at"));
    schema.create_table(client_keys).await?;
    schema.create_index(unique("uq_client_keys_digest", "client_keys", &["digest"])).await?;

    let mut users = schema.table("admin_users");
    users
        .col(ColumnDef::new("username").string_len(255).not_null().primary_key())
        .col(ColumnDef::new("password_hash").text().not_null())
        .col(time("updated_at"));
    schema.create_table(users).await?;

    let mut tokens = schema.table("admin_tokens");
    tokens
        .col(id())
        .col(ColumnDef::new("name").text().not_null())
        .col(digest())
        .col(ColumnDef::new("created_by").text().not_null())
        .col(time("created_at"))
        .col(ColumnDef::new("expires_at").big_integer());
    schema.create_table(tokens).await?;
    schema.create_index(unique("uq_admin_tokens_digest", "admin_tokens", &["digest"])).await?;

    let mut sessions = schema.table("ended_sessions");
    sessions.col(ColumnDef::new("session_id").string_len(255).not_null().primary_key()).col(time("expires_at"));
    schema.create_table(sessions).await?;
    let expiry = unique("ix_ended_sessions_expiry", "ended_sessions", &["expires_at"]);
    schema.create_index(NewIndex { unique: false, ..expiry }).await
}

/// What the server keeps for itself.
async fn server(schema: &Schema<'_>) -> Result<(), DbErr> {
    let mut settings = schema.table("settings");
    settings
        .col(ColumnDef::new("name").string_len(255).not_null().primary_key())
        .col(ColumnDef::new("sealed").blob().not_null());
    schema.create_table(settings).await?;

    let mut audit = schema.table("audit_log");
    audit
        .col(id())
        .col(time("at"))
        .col(ColumnDef::new("actor").text().not_null())
        .col(ColumnDef::new("remote").text())
        .col(ColumnDef::new("action").text().not_null())
        .col(ColumnDef::new("subject").text().not_null())
        .col(ColumnDef::new("detail").text());
    schema.create_table(audit).await?;

    let mut sequence = schema.table("id_sequence");
    sequence.col(id()).col(ColumnDef::new("next_id").big_integer().not_null());
    schema.create_table(sequence).await?;
    schema.insert_only_row("id_sequence", "next_id", 1).await
}

fn id() -> ColumnDef {
    ColumnDef::new("id").big_integer().not_null().primary_key().take()
}

fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

fn digest() -> ColumnDef {
    ColumnDef::new("digest").binary_len(DIGEST_LENGTH).not_null().take()
}

fn unique(name: &'static str, table: &'static str, columns: &'static [&'static str]) -> NewIndex {
    NewIndex { name, table, columns, unique: true }
}

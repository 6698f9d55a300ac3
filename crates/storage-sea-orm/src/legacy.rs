//! The predecessor's tables, read and never written.

use std::collections::HashMap;

use rotator_domain::{Secret, ServiceDraft};
use rotator_storage_trait::{LegacyKey, LegacyService, StorageError};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult};

use crate::Classify;
use crate::error::Attempt;

/// Reads `proxy_configs` and `api_keys`, ordered by id.
///
/// # Errors
/// When the tables or their columns are not there, or the database fails.
pub async fn read_legacy(
    connection: &DatabaseConnection,
    classify: Classify,
) -> Result<Vec<LegacyService>, StorageError> {
    let attempt = Attempt::new("read the predecessor's tables", classify);
    read(connection).await.map_err(|error| attempt.failed(error))
}

async fn read(connection: &DatabaseConnection) -> Result<Vec<LegacyService>, DbErr> {
    let backend = connection.get_database_backend();
    let texts = ["name", "slug", "config_type", "api_key_location", "api_key_name", "method", "target_url"];
    let more = ["target_base_url", "api_format", "output_format"];
    let configs = select(backend, "proxy_configs", &[&texts[..], &more[..]].concat(), &["id", "is_active"]);
    let keys = select(backend, "api_keys", &["key_value"], &["id", "is_active", "proxy_config_id"]);

    let mut by_config: HashMap<i64, Vec<LegacyKey>> = HashMap::new();
    for row in connection.query_all(&keys).await? {
        let Some(value) = text(&row, "key_value")? else { continue };
        let key =
            LegacyKey { row: number(&row, "id")?, value: Secret::new(value), is_active: flag(&row, "is_active")? };
        by_config.entry(number(&row, "proxy_config_id")?).or_default().push(key);
    }
    let rows = connection.query_all(&configs).await?;
    rows.iter()
        .map(|row| {
            let keys = by_config.remove(&number(row, "id")?).unwrap_or_default();
            Ok(LegacyService { draft: draft(row)?, keys })
        })
        .collect()
}

fn draft(row: &QueryResult) -> Result<ServiceDraft, DbErr> {
    Ok(ServiceDraft {
        name: text(row, "name")?.unwrap_or_default(),
        slug: text(row, "slug")?.unwrap_or_default(),
        config_type: text(row, "config_type")?.unwrap_or_default(),
        is_active: flag(row, "is_active")?,
        api_key_location: text(row, "api_key_location")?,
        api_key_name: text(row, "api_key_name")?,
        method: text(row, "method")?,
        target_url: text(row, "target_url")?,
        target_base_url: text(row, "target_base_url")?,
        api_format: text(row, "api_format")?,
        output_format: text(row, "output_format")?,
        ..ServiceDraft::default()
    })
}

/// Every column is cast, because the predecessor's ORM declared types of its own that drivers do not map.
fn select(
    backend: DbBackend,
    table: &'static str,
    texts: &[&'static str],
    numbers: &[&'static str],
) -> SelectStatement {
    let (text, number) = match backend {
        DbBackend::MySql => ("CHAR", "SIGNED"),
        DbBackend::Sqlite => ("TEXT", "INTEGER"),
        _ => ("TEXT", "BIGINT"),
    };
    let mut query = Query::select();
    for (columns, r#type) in [(texts, text), (numbers, number)] {
        for column in columns {
            query.expr_as(Expr::col(Alias::new(*column)).cast_as(Alias::new(r#type)), Alias::new(*column));
        }
    }
    query.from(Alias::new(table)).order_by(Alias::new("id"), Order::Asc);
    query
}

fn text(row: &QueryResult, column: &str) -> Result<Option<String>, DbErr> {
    let text: Option<String> = row.try_get("", column)?;
    Ok(text.filter(|text| !text.is_empty()))
}

fn number(row: &QueryResult, column: &str) -> Result<i64, DbErr> {
    row.try_get("", column)
}

/// A flag; the predecessor's columns allow NULL, which it read as false.
fn flag(row: &QueryResult, column: &str) -> Result<bool, DbErr> {
    let number: Option<i64> = row.try_get("", column)?;
    Ok(number.is_some_and(|number| number != 0))
}

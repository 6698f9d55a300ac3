//! The audit log.

use async_trait::async_trait;
use rotator_storage_trait::{AuditEntry, AuditRepository, Page, StorageError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::audit_entry::{ActiveModel, Column, Entity};
use crate::storage::limit;

#[async_trait]
impl AuditRepository for SeaOrmStorage {
    async fn append_audit(&self, entry: &AuditEntry) -> Result<(), StorageError> {
        let attempt = self.attempt("add to the audit log");
        let insert = Entity::insert(ActiveModel::from(entry));
        self.insert(attempt, insert).await
    }

    async fn audit(&self, page: Page<i64>) -> Result<Vec<AuditEntry>, StorageError> {
        let attempt = self.attempt("read the audit log");
        let mut query = Entity::find().order_by_desc(Column::Id).limit(limit(page.limit));
        if let Some(after) = page.after {
            query = query.filter(Column::Id.lt(after));
        }
        let rows = query.all(&self.connections.readers).await.map_err(|error| attempt.failed(error))?;
        Ok(rows.into_iter().map(AuditEntry::from).collect())
    }
}

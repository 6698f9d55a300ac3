//! Upstream keys.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use rotator_domain::{KeyId, ServiceId, Timestamp};
use rotator_storage_trait::{KeyChange, KeyCounts, KeyRecord, KeyRepository, Page, StorageError, StorageErrorKind};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::upstream_key::{ActiveModel, Column, Entity};
use crate::storage::{CHUNK, limit};

#[async_trait]
impl KeyRepository for SeaOrmStorage {
    async fn insert_keys(&self, keys: &[KeyRecord]) -> Result<Vec<KeyId>, StorageError> {
        let attempt = self.attempt("store keys");
        let transaction = self.begin(attempt).await?;
        let mut skipped = Vec::new();
        for chunk in keys.chunks(CHUNK) {
            // The database itself skips what it has, so that a second node that inserts the same keys at the same moment
            // makes none of them fail. MySQL has no such clause; there SeaORM sets the id to itself, which changes
            // nothing (and, unlike `INSERT IGNORE`, hides no other error).
            let skip = OnConflict::columns([Column::ServiceId, Column::Digest]).do_nothing_on([Column::Id]).to_owned();
            Entity::insert_many(chunk.iter().map(ActiveModel::from))
                .on_conflict(skip)
                .exec_without_returning(&transaction)
                .await
                .map_err(|error| attempt.failed(error))?;
            let stored: HashSet<i64> = Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::Id.is_in(chunk.iter().map(|key| key.id.0)))
                .into_tuple()
                .all(&transaction)
                .await
                .map_err(|error| attempt.failed(error))?
                .into_iter()
                .collect();
            skipped.extend(chunk.iter().map(|key| key.id).filter(|id| !stored.contains(&id.0)));
        }
        transaction.commit().await.map_err(|error| attempt.failed(error))?;
        Ok(skipped)
    }

    async fn key(&self, id: KeyId) -> Result<Option<KeyRecord>, StorageError> {
        let attempt = self.attempt("read a key");
        let row = Entity::find_by_id(id.0).one(&self.connections.readers).await;
        attempt.read_one(row.map_err(|error| attempt.failed(error))?)
    }

    async fn keys(&self, service: ServiceId, page: Page<KeyId>) -> Result<Vec<KeyRecord>, StorageError> {
        let attempt = self.attempt("list keys");
        let pool = Entity::find().filter(Column::ServiceId.eq(service.0));
        let mut query = pool.order_by_asc(Column::Id).limit(limit(page.limit));
        if let Some(after) = page.after {
            query = query.filter(Column::Id.gt(after.0));
        }
        let rows = query.all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }

    async fn count_keys(&self, services: &[ServiceId]) -> Result<Vec<KeyCounts>, StorageError> {
        let attempt = self.attempt("count keys");
        let mut counts: HashMap<i64, KeyCounts> = HashMap::new();
        for chunk in services.chunks(CHUNK) {
            // Grouped by state rather than summed up: the type of a sum differs between databases.
            let groups: Vec<(i64, bool, i64)> = Entity::find()
                .select_only()
                .column(Column::ServiceId)
                .column(Column::IsActive)
                .column_as(Column::Id.count(), "count")
                .filter(Column::ServiceId.is_in(chunk.iter().map(|service| service.0)))
                .group_by(Column::ServiceId)
                .group_by(Column::IsActive)
                .into_tuple()
                .all(&self.connections.readers)
                .await
                .map_err(|error| attempt.failed(error))?;
            // A service that is named in two chunks is counted once: each chunk overwrites.
            let mut counted: HashMap<i64, KeyCounts> = HashMap::new();
            for (service, is_active, count) in groups {
                let count = count.unsigned_abs();
                let entry = counted.entry(service).or_default();
                entry.total += count;
                entry.active += if is_active { count } else { 0 };
            }
            counts.extend(counted);
        }
        Ok(services.iter().map(|service| counts.get(&service.0).copied().unwrap_or_default()).collect())
    }

    async fn change_key(&self, id: KeyId, change: &KeyChange, now: Timestamp) -> Result<KeyRecord, StorageError> {
        let attempt = self.attempt("change a key");
        let transaction = self.begin(attempt).await?;
        let KeyChange { is_active, label } = change;
        if is_active.is_some() || label.is_some() {
            let mut update = Entity::update_many()
                .col_expr(Column::UpdatedAt, Expr::value(now.as_millis()))
                .filter(Column::Id.eq(id.0));
            if let Some(is_active) = *is_active {
                update = update.col_expr(Column::IsActive, Expr::value(is_active));
            }
            if let Some(label) = label {
                let label = label.as_ref().map(|label| label.as_str().to_owned());
                update = update.col_expr(Column::Label, Expr::value(label));
            }
            update.exec(&transaction).await.map_err(|error| attempt.failed(error))?;
        }
        let row = Entity::find_by_id(id.0).one(&transaction).await.map_err(|error| attempt.failed(error))?;
        let key = attempt.read_one(row)?.ok_or_else(|| attempt.fail(StorageErrorKind::NotFound))?;
        transaction.commit().await.map_err(|error| attempt.failed(error))?;
        Ok(key)
    }

    async fn delete_key(&self, id: KeyId) -> Result<ServiceId, StorageError> {
        let attempt = self.attempt("delete a key");
        let transaction = self.begin(attempt).await?;
        let service: Option<i64> = Entity::find_by_id(id.0)
            .select_only()
            .column(Column::ServiceId)
            .into_tuple()
            .one(&transaction)
            .await
            .map_err(|error| attempt.failed(error))?;
        let deleted = Entity::delete_by_id(id.0).exec(&transaction).await.map_err(|error| attempt.failed(error))?;
        match service {
            Some(service) if deleted.rows_affected > 0 => {
                transaction.commit().await.map_err(|error| attempt.failed(error))?;
                Ok(ServiceId(service))
            }
            _ => Err(attempt.fail(StorageErrorKind::NotFound)),
        }
    }

    async fn delete_keys(&self, service: ServiceId) -> Result<u64, StorageError> {
        let attempt = self.attempt("delete the keys of a service");
        let delete = Entity::delete_many().filter(Column::ServiceId.eq(service.0));
        let done = delete.exec(&self.connections.writer).await.map_err(|error| attempt.failed(error))?;
        Ok(done.rows_affected)
    }
}

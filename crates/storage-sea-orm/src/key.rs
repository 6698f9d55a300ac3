//! Upstream keys.

mod rows;

use std::ops::RangeInclusive;

use async_trait::async_trait;
use rotator_domain::{KeyId, KeyLabel, Sealed, ServiceId, Timestamp};
use rotator_storage_trait::{
    KeyChange, KeyCounts, KeyRecord, KeyRepository, Page, PoolChange, SealedKey, Served, StorageError, StorageErrorKind,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, Condition, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, Select};

use self::rows::{change_all, delete, insert, own};
use crate::SeaOrmStorage;
use crate::changes::commit;
use crate::entity::service;
use crate::entity::upstream_key::{Column, Entity, TABLE, read_key_policy};
use crate::storage::{CHUNK, again, limit, line_up};

#[async_trait]
impl KeyRepository for SeaOrmStorage {
    async fn insert_keys(&self, keys: &[KeyRecord]) -> Result<Vec<KeyId>, StorageError> {
        let attempt = self.attempt("store keys");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            line_up(&transaction, attempt, keys.iter().map(|key| key.service_id)).await?;
            let skipped = insert(&transaction, attempt, keys).await?;
            commit(transaction, attempt, keys.iter().map(|key| Served::Service(key.service_id))).await?;
            Ok(skipped)
        })
        .await
    }

    async fn change_pool(
        &self,
        service: ServiceId,
        change: &PoolChange,
        now: Timestamp,
    ) -> Result<Vec<KeyId>, StorageError> {
        let attempt = self.attempt("change a pool");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            line_up(&transaction, attempt, [service]).await?;
            delete(&transaction, attempt, service, &change.delete).await?;
            for (id, change) in &change.change {
                change_all(&transaction, attempt, own(service, &[*id]), change, now).await?;
            }
            let skipped = insert(&transaction, attempt, &change.insert).await?;
            commit(transaction, attempt, [Served::Service(service)]).await?;
            Ok(skipped)
        })
        .await
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

    async fn keys_from(&self, service: ServiceId, skip: u64, most: u64) -> Result<Vec<KeyRecord>, StorageError> {
        let attempt = self.attempt("list keys");
        // The pages' index tells the id at that place; only what comes from there on is read.
        let first: SelectStatement = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::ServiceId.eq(service.0))
            .order_by(Column::Id, Order::Asc)
            .limit(1)
            .offset(limit(skip))
            .take();
        let rest = Expr::col((Entity, Column::Id)).gte(Expr::SubQuery(None, Box::new(first.into())));
        let keys = Entity::find().filter(Column::ServiceId.eq(service.0)).filter(rest);
        let rows = keys.order_by_asc(Column::Id).limit(limit(most)).all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }

    async fn key_ids(&self, service: ServiceId, is_active: Option<bool>) -> Result<Vec<KeyId>, StorageError> {
        let attempt = self.attempt("list the ids of keys");
        let mut keys = Entity::find().select_only().column(Column::Id).filter(Column::ServiceId.eq(service.0));
        if let Some(is_active) = is_active {
            keys = keys.filter(Column::IsActive.eq(is_active));
        }
        let ids: Result<Vec<i64>, _> = keys.into_tuple().all(&self.connections.readers).await;
        // Put in order here: the index by state does not have that of the ids in every database.
        let mut ids = ids.map_err(|error| attempt.failed(error))?;
        ids.sort_unstable();
        Ok(ids.into_iter().map(KeyId).collect())
    }

    async fn keys_among(&self, service: ServiceId, ids: &[KeyId]) -> Result<Vec<KeyRecord>, StorageError> {
        let attempt = self.attempt("read keys");
        let mut keys: Vec<KeyRecord> = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let rows = Entity::find().filter(own(service, chunk)).all(&self.connections.readers).await;
            keys.extend(attempt.read::<_, KeyRecord>(rows.map_err(|error| attempt.failed(error))?)?);
        }
        keys.sort_unstable_by_key(|key| key.id);
        keys.dedup_by_key(|key| key.id);
        Ok(keys)
    }

    async fn sealed_keys(
        &self,
        services: RangeInclusive<ServiceId>,
        page: Page<(ServiceId, KeyId)>,
    ) -> Result<Vec<SealedKey>, StorageError> {
        let (mut first, last) = services.into_inner();
        let mut keys = Vec::new();
        // The rest of a pool and what comes after it are two ranges of the index; one condition for both would be none.
        if let Some((service, key)) = page.after {
            if (first..=last).contains(&service) {
                let rest = Entity::find().filter(Column::ServiceId.eq(service.0)).filter(Column::Id.gt(key.0));
                keys = self.sealed(rest, page.limit).await?;
            }
            first = first.max(ServiceId(service.0.saturating_add(1)));
        }
        let missing = page.limit.saturating_sub(keys.len() as u64);
        if missing > 0 && first <= last {
            let pools = Entity::find().filter(Column::ServiceId.between(first.0, last.0));
            keys.extend(self.sealed(pools, missing).await?);
        }
        Ok(keys)
    }

    async fn first_keys(&self, services: &[ServiceId], most: u64) -> Result<Vec<KeyRecord>, StorageError> {
        let mut ids: Vec<i64> = services.iter().map(|service| service.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut keys = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            keys.extend(self.in_order(first_of_each(chunk, limit(most))).await?);
        }
        Ok(keys)
    }

    async fn count_keys(&self, services: &[ServiceId]) -> Result<Vec<KeyCounts>, StorageError> {
        let counts = self.keys_of_each(services, self.attempt("count keys")).await?;
        Ok(services.iter().map(|service| counts.get(service).copied().unwrap_or_default()).collect())
    }

    async fn change_key(&self, id: KeyId, change: &KeyChange, now: Timestamp) -> Result<KeyRecord, StorageError> {
        self.change_one(id, None, change, now).await
    }

    async fn change_known_key(
        &self,
        before: &KeyRecord,
        change: &KeyChange,
        now: Timestamp,
    ) -> Result<KeyRecord, StorageError> {
        self.change_one(before.id, Some(before), change, now).await
    }

    async fn change_keys(
        &self,
        service: ServiceId,
        ids: &[KeyId],
        change: &KeyChange,
        now: Timestamp,
    ) -> Result<u64, StorageError> {
        let attempt = self.attempt("change keys");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            line_up(&transaction, attempt, [service]).await?;
            let mut changed = 0;
            for chunk in ids.chunks(CHUNK) {
                changed += change_all(&transaction, attempt, own(service, chunk), change, now).await?;
            }
            commit(transaction, attempt, (changed > 0).then_some(Served::Service(service))).await?;
            Ok(changed)
        })
        .await
    }

    async fn delete_keys_among(&self, service: ServiceId, ids: &[KeyId]) -> Result<u64, StorageError> {
        let attempt = self.attempt("delete keys");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            line_up(&transaction, attempt, [service]).await?;
            let deleted = delete(&transaction, attempt, service, ids).await?;
            commit(transaction, attempt, (deleted > 0).then_some(Served::Service(service))).await?;
            Ok(deleted)
        })
        .await
    }

    async fn delete_key(&self, id: KeyId) -> Result<ServiceId, StorageError> {
        let attempt = self.attempt("delete a key");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let service: Option<i64> = Entity::find_by_id(id.0)
                .select_only()
                .column(Column::ServiceId)
                .into_tuple()
                .one(&transaction)
                .await
                .map_err(|error| attempt.failed(error))?;
            line_up(&transaction, attempt, service.map(ServiceId)).await?;
            let deleted = Entity::delete_by_id(id.0).exec(&transaction).await.map_err(|error| attempt.failed(error))?;
            match service {
                Some(service) if deleted.rows_affected > 0 => {
                    commit(transaction, attempt, [Served::Service(ServiceId(service))]).await?;
                    Ok(ServiceId(service))
                }
                _ => Err(attempt.fail(StorageErrorKind::NotFound)),
            }
        })
        .await
    }

    async fn delete_keys(&self, service: ServiceId) -> Result<u64, StorageError> {
        let attempt = self.attempt("delete the keys of a service");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            line_up(&transaction, attempt, [service]).await?;
            let delete = Entity::delete_many().filter(Column::ServiceId.eq(service.0));
            let deleted = delete.exec(&transaction).await.map_err(|error| attempt.failed(error))?.rows_affected;
            commit(transaction, attempt, (deleted > 0).then_some(Served::Service(service))).await?;
            Ok(deleted)
        })
        .await
    }
}

impl SeaOrmStorage {
    /// Changes a key that is known to be stored as `before`, where that is said.
    async fn change_one(
        &self,
        id: KeyId,
        before: Option<&KeyRecord>,
        change: &KeyChange,
        now: Timestamp,
    ) -> Result<KeyRecord, StorageError> {
        let attempt = self.attempt("change a key");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            if let Some(before) = before {
                let stored = Entity::find_by_id(id.0).lock_exclusive().one(&transaction).await;
                attempt.unless_changed(stored.map_err(|error| attempt.failed(error))?, before)?;
            }
            change_all(&transaction, attempt, Condition::all().add(Column::Id.eq(id.0)), change, now).await?;
            let row = Entity::find_by_id(id.0).one(&transaction).await.map_err(|error| attempt.failed(error))?;
            let key: KeyRecord = attempt.read_one(row)?.ok_or_else(|| attempt.fail(StorageErrorKind::NotFound))?;
            commit(transaction, attempt, [Served::Service(key.service_id)]).await?;
            Ok(key)
        })
        .await
    }

    /// Reads what serving and finding need of keys, pool by pool: far fewer columns, by their places.
    async fn sealed(&self, keys: Select<Entity>, most: u64) -> Result<Vec<SealedKey>, StorageError> {
        type Row = (i64, i64, Vec<u8>, Option<String>, bool, Option<String>);
        let attempt = self.attempt("list keys");
        let columns = [Column::Id, Column::ServiceId, Column::Sealed, Column::Label, Column::IsActive, Column::Policy];
        let keys = keys.select_only().columns(columns).order_by_asc(Column::ServiceId).order_by_asc(Column::Id);
        let rows: Result<Vec<Row>, _> = keys.limit(limit(most)).into_tuple().all(&self.connections.readers).await;
        let read = |(id, service_id, sealed, label, is_active, policy): Row| {
            let policy = read_key_policy(TABLE, id, policy.as_deref()).map_err(|error| attempt.corrupt(error))?;
            Ok(SealedKey {
                id: KeyId(id),
                service_id: ServiceId(service_id),
                sealed: Sealed(sealed),
                // One that does not read back is found by who reads the whole key; it keeps none from serving.
                label: label.and_then(|label| KeyLabel::new(&label).ok()),
                is_active,
                policy,
            })
        };
        rows.map_err(|error| attempt.failed(error))?.into_iter().map(read).collect()
    }

    /// Reads keys pool by pool.
    async fn in_order(&self, keys: Select<Entity>) -> Result<Vec<KeyRecord>, StorageError> {
        let attempt = self.attempt("list keys");
        let keys = keys.order_by_asc(Column::ServiceId).order_by_asc(Column::Id);
        let rows = keys.all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }
}

/// The first keys of each of these services: those before the first that is too many.
fn first_of_each(services: &[i64], most: u64) -> Select<Entity> {
    const POOLS: &str = "pools";
    const BEFORE: &str = "before_id";
    let too_many: SelectStatement = Query::select()
        .expr(Expr::col((Entity, Column::Id)))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::ServiceId)).equals((service::Entity, service::Column::Id)))
        .order_by((Entity, Column::Id), Order::Asc)
        .limit(1)
        .offset(most)
        .take();
    let before = Func::coalesce([Expr::SubQuery(None, Box::new(too_many.into())), Expr::value(i64::MAX)]);
    let pools = Query::select()
        .column((service::Entity, service::Column::Id))
        .expr_as(before, BEFORE)
        .from(service::Entity)
        .and_where(Expr::col((service::Entity, service::Column::Id)).is_in(services.iter().copied()))
        .take();
    let is_first = Condition::all()
        .add(Expr::col((Entity, Column::ServiceId)).equals((POOLS, service::Column::Id)))
        .add(Expr::col((Entity, Column::Id)).lt(Expr::col((POOLS, BEFORE))));
    let mut keys = Entity::find();
    QuerySelect::query(&mut keys).join_subquery(JoinType::InnerJoin, pools, POOLS, is_first);
    keys
}

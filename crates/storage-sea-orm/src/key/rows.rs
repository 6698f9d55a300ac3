//! What changes the rows of upstream keys, within a transaction.

use std::collections::{BTreeMap, HashSet};

use rotator_domain::{KeyId, KeyPolicyChange, ServiceId, Timestamp};
use rotator_storage_trait::{KeyChange, KeyRecord, StorageError};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entity::upstream_key::{ActiveModel, Column, Entity, TABLE, read_key_policy, write_key_policy};
use crate::error::Attempt;
use crate::storage::{CHUNK, statements};

/// Stores new keys and gives the ids of those that are skipped, in order.
pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    keys: &[KeyRecord],
) -> Result<Vec<KeyId>, StorageError> {
    let mut skipped = Vec::new();
    for chunk in statements(keys, bytes) {
        // The database itself skips what it has, so that a second node that inserts the same keys at the same moment
        // makes none of them fail. MySQL has no such clause; there SeaORM sets the id to itself, which changes
        // nothing (and, unlike `INSERT IGNORE`, hides no other error).
        let skip = OnConflict::columns([Column::ServiceId, Column::Digest]).do_nothing_on([Column::Id]).to_owned();
        let rows: Result<Vec<ActiveModel>, DbErr> = chunk.iter().map(ActiveModel::try_from).collect();
        Entity::insert_many(rows.map_err(|error| attempt.failed(error))?)
            .on_conflict(skip)
            .exec_without_returning(transaction)
            .await
            .map_err(|error| attempt.failed(error))?;
        let stored: HashSet<i64> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(chunk.iter().map(|key| key.id.0)))
            .into_tuple()
            .all(transaction)
            .await
            .map_err(|error| attempt.failed(error))?
            .into_iter()
            .collect();
        skipped.extend(chunk.iter().map(|key| key.id).filter(|id| !stored.contains(&id.0)));
    }
    Ok(skipped)
}

/// About how long a key's row is.
fn bytes(key: &KeyRecord) -> usize {
    const REST: usize = 300;
    let models: usize = key.policy.models.iter().map(|model| model.as_str().len() + 3).sum();
    REST + key.sealed.0.len() + key.label.as_ref().map_or(0, |label| label.as_str().len()) + models
}

/// Those keys of a service that have one of these ids.
pub(super) fn own(service: ServiceId, ids: &[KeyId]) -> Condition {
    let ids = Column::Id.is_in(ids.iter().map(|id| id.0));
    Condition::all().add(Column::ServiceId.eq(service.0)).add(ids)
}

/// Deletes those keys of a service that have one of these ids, and says how many there were.
pub(super) async fn delete(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    service: ServiceId,
    ids: &[KeyId],
) -> Result<u64, StorageError> {
    let mut deleted = 0;
    for chunk in ids.chunks(CHUNK) {
        let delete = Entity::delete_many().filter(own(service, chunk)).exec(transaction).await;
        deleted += delete.map_err(|error| attempt.failed(error))?.rows_affected;
    }
    Ok(deleted)
}

/// Changes what is named of the keys that fulfil the condition, and says how many there are.
pub(super) async fn change_all(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    condition: Condition,
    change: &KeyChange,
    now: Timestamp,
) -> Result<u64, StorageError> {
    if *change == KeyChange::default() {
        return Ok(0);
    }
    let KeyChange { is_active, label, policy } = change;
    let mut update = Entity::update_many().col_expr(Column::UpdatedAt, Expr::value(now.as_millis()));
    if let Some(is_active) = *is_active {
        update = update.col_expr(Column::IsActive, Expr::value(is_active));
    }
    if let Some(label) = label {
        let label = label.as_ref().map(|label| label.as_str().to_owned());
        update = update.col_expr(Column::Label, Expr::value(label));
    }
    // The policy is one column: it is read under a lock, so that no other change of it is lost. Keys that have the same one
    // change together.
    let keys = Entity::find().select_only().column(Column::Id).column(Column::Policy).filter(condition);
    let keys = keys.order_by_asc(Column::Id).lock_exclusive().into_tuple().all(transaction).await;
    let keys: Vec<(i64, Option<String>)> = keys.map_err(|error| attempt.failed(error))?;
    let count = keys.len() as u64;
    let mut alike: BTreeMap<Option<String>, Vec<i64>> = BTreeMap::new();
    for (id, before) in keys {
        alike.entry(before).or_default().push(id);
    }
    for (before, ids) in alike {
        let mut update = update.clone();
        if *policy != KeyPolicyChange::default() {
            let first = ids.first().copied().unwrap_or_default();
            let before = read_key_policy(TABLE, first, before.as_deref()).map_err(|error| attempt.corrupt(error))?;
            let after = write_key_policy(&policy.clone().of(before));
            let after = after.map_err(|error| attempt.failed(DbErr::Json(error.to_string())))?;
            update = update.col_expr(Column::Policy, Expr::value(after));
        }
        update.filter(Column::Id.is_in(ids)).exec(transaction).await.map_err(|error| attempt.failed(error))?;
    }
    Ok(count)
}

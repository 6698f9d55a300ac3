//! The states of keys.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use rotator_domain::ServiceId;
use rotator_domain::rotation::Checkpoint;
use rotator_storage_trait::{LONGEST_STATE_MODEL, StateRepository, StorageError};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::key_state::{ActiveModel, Column, Entity, Model};
use crate::entity::upstream_key;
use crate::error::Attempt;
use crate::storage::{CHUNK, again, line_up};

#[async_trait]
impl StateRepository for SeaOrmStorage {
    async fn save_states(&self, service: ServiceId, states: &[Checkpoint]) -> Result<(), StorageError> {
        let attempt = self.attempt("save the states of keys");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            line_up(&transaction, attempt, [service]).await?;
            let old = Entity::delete_many().filter(Column::ServiceId.eq(service.0));
            old.exec(&transaction).await.map_err(|error| attempt.failed(error))?;
            for chunk in states.chunks(CHUNK) {
                let present = present(&transaction, attempt, service, chunk).await?;
                let kept = chunk.iter().filter(|state| present.contains(&state.key.0) && fits(state.model.as_deref()));
                let rows: Vec<ActiveModel> = kept.map(|state| ActiveModel::of(service, state)).collect();
                if rows.is_empty() {
                    continue;
                }
                let key = [Column::ServiceId, Column::KeyId, Column::Model];
                let skip = OnConflict::columns(key).do_nothing_on(key).to_owned();
                let insert = Entity::insert_many(rows).on_conflict(skip).exec_without_returning(&transaction).await;
                insert.map_err(|error| attempt.failed(error))?;
            }
            transaction.commit().await.map_err(|error| attempt.failed(error))
        })
        .await
    }

    async fn states(&self, service: ServiceId) -> Result<Vec<Checkpoint>, StorageError> {
        let attempt = self.attempt("read the states of keys");
        let rows = Entity::find().filter(Column::ServiceId.eq(service.0)).all(&self.connections.readers).await;
        Ok(known(rows.map_err(|error| attempt.failed(error))?))
    }

    async fn states_of_services(
        &self,
        services: RangeInclusive<ServiceId>,
    ) -> Result<Vec<(ServiceId, Vec<Checkpoint>)>, StorageError> {
        let attempt = self.attempt("read the states of keys");
        let rows = Entity::find()
            .filter(Column::ServiceId.between(services.start().0, services.end().0))
            .order_by_asc(Column::ServiceId)
            .all(&self.connections.readers)
            .await
            .map_err(|error| attempt.failed(error))?;
        let pools = rows.chunk_by(|one, other| one.service_id == other.service_id);
        let states = pools.filter_map(|rows| Some((ServiceId(rows.first()?.service_id), known(rows.iter().cloned()))));
        Ok(states.filter(|(_, states)| !states.is_empty()).collect())
    }
}

/// The states that this version knows, in order.
fn known(rows: impl IntoIterator<Item = Model>) -> Vec<Checkpoint> {
    let mut states: Vec<Checkpoint> = rows.into_iter().filter_map(Model::checkpoint).collect();
    // Here rather than in the database: each orders text by rules of its own.
    states.sort_by(|one, other| (one.key, &one.model).cmp(&(other.key, &other.model)));
    states
}

/// Which of the states' keys the service has; they cannot go before the transaction ends.
async fn present(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    service: ServiceId,
    states: &[Checkpoint],
) -> Result<HashSet<i64>, StorageError> {
    use upstream_key::{Column, Entity};
    let ids: Result<Vec<i64>, _> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ServiceId.eq(service.0))
        .filter(Column::Id.is_in(states.iter().map(|state| state.key.0)))
        .lock_exclusive()
        .into_tuple()
        .all(transaction)
        .await;
    Ok(ids.map_err(|error| attempt.failed(error))?.into_iter().collect())
}

/// Whether a model's name fits into its column, and does not stand for all models there.
fn fits(model: Option<&str>) -> bool {
    model.is_none_or(|model| !model.is_empty() && !model.contains('\0') && model.chars().count() <= LONGEST_STATE_MODEL)
}

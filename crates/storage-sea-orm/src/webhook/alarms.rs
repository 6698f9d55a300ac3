//! What webhooks were told of.

use rotator_domain::{AlarmState, Timestamp};
use rotator_storage_trait::{Alarm, Delivery, StorageError, StorageErrorKind};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};

use crate::SeaOrmStorage;
use crate::entity::webhook_alarm::{ActiveModel, Column, Entity};
use crate::entity::webhook_delivery;
use crate::error::Attempt;
use crate::storage::{CHUNK, again};

// === impl SeaOrmStorage ===

impl SeaOrmStorage {
    pub(super) async fn read_alarms(&self, scopes: &[i64]) -> Result<Vec<Alarm>, StorageError> {
        let attempt = self.attempt("read alarms");
        let mut alarms = Vec::new();
        for chunk in scopes.chunks(CHUNK) {
            // Where they were written: one that was raised a moment ago must not be taken for one that was not.
            let about = Entity::find().filter(Column::ScopeId.is_in(chunk.iter().copied()));
            let rows = about.all(&self.connections.writer).await.map_err(|error| attempt.failed(error))?;
            alarms.extend(rows.into_iter().filter_map(|row| row.alarm()));
        }
        Ok(alarms)
    }

    pub(super) async fn write_alarm(
        &self,
        alarm: &Alarm,
        before: Option<AlarmState>,
        message: Option<&Delivery>,
    ) -> Result<bool, StorageError> {
        let attempt = self.attempt("change an alarm");
        again(|| async {
            let transaction = self.begin(attempt).await?;
            if !change(&transaction, attempt, alarm, before).await? {
                return Ok(false);
            }
            if let Some(message) = message {
                let row = webhook_delivery::ActiveModel::from(message);
                let insert = webhook_delivery::Entity::insert(row).exec_without_returning(&transaction).await;
                insert.map_err(|error| attempt.failed(error))?;
            }
            transaction.commit().await.map_err(|error| attempt.failed(error))?;
            Ok(true)
        })
        .await
    }

    pub(super) async fn delete_alarms(&self, over: Timestamp, raised: Timestamp) -> Result<u64, StorageError> {
        let attempt = self.attempt("forget alarms");
        let is_over = Condition::all().add(Column::IsRaised.eq(false)).add(Column::RaisedAt.lt(over.as_millis()));
        let old = Condition::any().add(is_over).add(Column::RaisedAt.lt(raised.as_millis()));
        let delete = Entity::delete_many().filter(old);
        again(|| async {
            let done = delete.clone().exec(&self.connections.writer).await;
            done.map(|done| done.rows_affected).map_err(|error| attempt.failed(error))
        })
        .await
    }
}

/// Whether the alarm was as it is said to have been, and is changed now.
async fn change(
    transaction: &DatabaseTransaction,
    attempt: Attempt,
    alarm: &Alarm,
    before: Option<AlarmState>,
) -> Result<bool, StorageError> {
    let row = ActiveModel::from(alarm);
    let done: Result<u64, DbErr> = match before {
        None => Entity::insert(row).exec_without_returning(transaction).await,
        Some(before) => {
            let key = &alarm.key;
            let this = Condition::all()
                .add(Column::WebhookId.eq(key.webhook.0))
                .add(Column::Event.eq(key.event.name()))
                .add(Column::ScopeId.eq(key.scope))
                .add(Column::Part.eq(key.part.as_str()))
                .add(Column::RaisedAt.eq(before.raised_at.as_millis()))
                .add(Column::IsRaised.eq(before.is_raised));
            let update = Entity::update_many().set(row).filter(this).exec(transaction).await;
            update.map(|done| done.rows_affected)
        }
    };
    match done.map_err(|error| attempt.failed(error)) {
        Ok(rows) => Ok(rows > 0),
        // Another node was first.
        Err(error) if matches!(error.kind(), StorageErrorKind::Conflict { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

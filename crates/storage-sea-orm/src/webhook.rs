//! Webhooks.

mod alarms;
mod deliveries;

use async_trait::async_trait;
use rotator_domain::{AlarmState, Timestamp, Webhook, WebhookId};
use rotator_storage_trait::{Alarm, Delivery, Page, StorageError, StorageErrorKind, WebhookRepository};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::webhook::{ActiveModel, Column, Entity};
use crate::storage::again;

#[async_trait]
impl WebhookRepository for SeaOrmStorage {
    async fn insert_webhook(&self, webhook: &Webhook) -> Result<(), StorageError> {
        let attempt = self.attempt("store a webhook");
        let row = ActiveModel::try_from(webhook).map_err(|error| attempt.failed(error))?;
        self.insert(attempt, Entity::insert(row)).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, StorageError> {
        let attempt = self.attempt("list webhooks");
        let rows = Entity::find().order_by_asc(Column::Id).all(&self.connections.readers).await;
        attempt.read(rows.map_err(|error| attempt.failed(error))?)
    }

    async fn webhook(&self, id: WebhookId) -> Result<Option<Webhook>, StorageError> {
        let attempt = self.attempt("read a webhook");
        let row = Entity::find_by_id(id.0).one(&self.connections.readers).await;
        attempt.read_one(row.map_err(|error| attempt.failed(error))?)
    }

    async fn update_webhook(&self, webhook: &Webhook) -> Result<(), StorageError> {
        let attempt = self.attempt("change a webhook");
        let mut row = ActiveModel::try_from(webhook).map_err(|error| attempt.failed(error))?;
        row.created_at = ActiveValue::NotSet;
        again(|| async {
            let transaction = self.begin(attempt).await?;
            let there = Entity::find_by_id(webhook.id.0).lock_exclusive().one(&transaction).await;
            if there.map_err(|error| attempt.failed(error))?.is_none() {
                return Err(attempt.fail(StorageErrorKind::NotFound));
            }
            // Nothing is read back: MySQL tells how many rows changed, which may be none.
            let update = Entity::update_many().set(row.clone()).filter(Column::Id.eq(webhook.id.0));
            update.exec(&transaction).await.map_err(|error| attempt.failed(error))?;
            transaction.commit().await.map_err(|error| attempt.failed(error))
        })
        .await
    }

    async fn disable_webhook(&self, id: WebhookId, now: Timestamp) -> Result<(), StorageError> {
        let attempt = self.attempt("disable a webhook");
        let update = Entity::update_many()
            .col_expr(Column::IsEnabled, Expr::value(false))
            .col_expr(Column::UpdatedAt, Expr::value(now.as_millis()))
            .filter(Column::Id.eq(id.0));
        again(|| async {
            let done = update.clone().exec(&self.connections.writer).await;
            done.map(drop).map_err(|error| attempt.failed(error))
        })
        .await
    }

    async fn delete_webhook(&self, id: WebhookId) -> Result<(), StorageError> {
        let attempt = self.attempt("delete a webhook");
        again(|| async {
            let delete = Entity::delete_by_id(id.0).exec(&self.connections.writer).await;
            match delete.map_err(|error| attempt.failed(error))?.rows_affected {
                0 => Err(attempt.fail(StorageErrorKind::NotFound)),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn alarms(&self, scopes: &[i64]) -> Result<Vec<Alarm>, StorageError> {
        self.read_alarms(scopes).await
    }

    async fn change_alarm(
        &self,
        alarm: &Alarm,
        before: Option<AlarmState>,
        message: Option<&Delivery>,
    ) -> Result<bool, StorageError> {
        self.write_alarm(alarm, before, message).await
    }

    async fn forget_alarms(&self, over: Timestamp, raised: Timestamp) -> Result<u64, StorageError> {
        self.delete_alarms(over, raised).await
    }

    async fn claim_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<Delivery>, StorageError> {
        self.take_deliveries(now, until, limit).await
    }

    async fn record_delivery(&self, delivery: &Delivery) -> Result<(), StorageError> {
        self.write_delivery(delivery).await
    }

    async fn deliveries(&self, webhook: WebhookId, page: Page<i64>) -> Result<Vec<Delivery>, StorageError> {
        self.read_deliveries(webhook, page).await
    }

    async fn count_waiting(&self, webhook: WebhookId) -> Result<u64, StorageError> {
        self.count_waiting_deliveries(webhook).await
    }

    async fn forget_deliveries(&self, webhook: WebhookId, before: Timestamp, most: u64) -> Result<u64, StorageError> {
        self.delete_deliveries(webhook, before, most).await
    }
}

//! Messages to webhooks.

use rotator_domain::{Timestamp, WebhookId};
use rotator_storage_trait::{Delivery, DeliveryStatus, Page, StorageError};
use sea_orm::sea_query::{Expr, Value};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::SeaOrmStorage;
use crate::entity::webhook_delivery::{Column, Entity};
use crate::storage::{again, limit as storable_limit};

// === impl SeaOrmStorage ===

impl SeaOrmStorage {
    pub(super) async fn take_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u64,
    ) -> Result<Vec<Delivery>, StorageError> {
        let attempt = self.attempt("take messages to webhooks");
        let waiting = Entity::find().filter(Column::Status.eq(DeliveryStatus::Waiting.name()));
        let due = waiting.filter(Column::NextAt.lte(now.as_millis()));
        let due = due.order_by_asc(Column::NextAt).order_by_asc(Column::Id).limit(storable_limit(limit));
        let due = due.all(&self.connections.readers).await.map_err(|error| attempt.failed(error))?;
        let mut taken = Vec::with_capacity(due.len());
        for row in due {
            // Another node may take it at the same time: one of the two finds the time that it has seen.
            let update = Entity::update_many()
                .col_expr(Column::NextAt, Expr::value(until.as_millis()))
                .filter(Column::Id.eq(row.id))
                .filter(Column::Status.eq(DeliveryStatus::Waiting.name()))
                .filter(Column::NextAt.eq(row.next_at));
            let done = again(|| async {
                let done = update.clone().exec(&self.connections.writer).await;
                done.map_err(|error| attempt.failed(error))
            })
            .await?;
            if done.rows_affected > 0 {
                let delivery = Delivery::try_from(row).map_err(|error| attempt.corrupt(error))?;
                taken.push(Delivery { next_at: until, ..delivery });
            }
        }
        Ok(taken)
    }

    pub(super) async fn write_delivery(&self, delivery: &Delivery) -> Result<(), StorageError> {
        let attempt = self.attempt("record a message to a webhook");
        let ended_at = delivery.ended_at.map(Timestamp::as_millis);
        let update = Entity::update_many()
            .col_expr(Column::Status, Expr::value(delivery.status.name()))
            .col_expr(Column::Attempts, Expr::value(i64::from(delivery.attempts)))
            .col_expr(Column::NextAt, Expr::value(delivery.next_at.as_millis()))
            .col_expr(Column::LastStatus, Expr::value(Value::from(delivery.last_status.map(i32::from))))
            .col_expr(Column::LastError, Expr::value(Value::from(delivery.last_error.clone())))
            .col_expr(Column::EndedAt, Expr::value(Value::from(ended_at)))
            .filter(Column::Id.eq(delivery.id));
        again(|| async {
            let done = update.clone().exec(&self.connections.writer).await;
            done.map(drop).map_err(|error| attempt.failed(error))
        })
        .await
    }

    pub(super) async fn read_deliveries(
        &self,
        webhook: WebhookId,
        page: Page<i64>,
    ) -> Result<Vec<Delivery>, StorageError> {
        let attempt = self.attempt("list messages to a webhook");
        let mut query = Entity::find().filter(Column::WebhookId.eq(webhook.0));
        if let Some(after) = page.after {
            query = query.filter(Column::Id.lt(after));
        }
        let query = query.order_by_desc(Column::Id).limit(storable_limit(page.limit));
        attempt.read(query.all(&self.connections.readers).await.map_err(|error| attempt.failed(error))?)
    }

    pub(super) async fn count_waiting_deliveries(&self, webhook: WebhookId) -> Result<u64, StorageError> {
        let attempt = self.attempt("count messages to a webhook");
        let waiting = Entity::find().filter(Column::Status.eq(DeliveryStatus::Waiting.name()));
        let own = waiting.filter(Column::WebhookId.eq(webhook.0));
        own.count(&self.connections.readers).await.map_err(|error| attempt.failed(error))
    }

    pub(super) async fn delete_deliveries(
        &self,
        webhook: WebhookId,
        before: Timestamp,
        most: u64,
    ) -> Result<u64, StorageError> {
        let attempt = self.attempt("forget messages to a webhook");
        let ended = Condition::all().add(Column::WebhookId.eq(webhook.0)).add(Column::EndedAt.is_not_null());
        let beyond: Option<i64> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(ended.clone())
            .order_by_desc(Column::Id)
            .offset(storable_limit(most))
            .limit(1)
            .into_tuple()
            .one(&self.connections.readers)
            .await
            .map_err(|error| attempt.failed(error))?;
        let old = Condition::any().add(Column::EndedAt.lt(before.as_millis()));
        let old = beyond.map_or(old.clone(), |id| old.add(Column::Id.lte(id)));
        let delete = Entity::delete_many().filter(ended.add(old));
        again(|| async {
            let done = delete.clone().exec(&self.connections.writer).await;
            done.map(|done| done.rows_affected).map_err(|error| attempt.failed(error))
        })
        .await
    }
}

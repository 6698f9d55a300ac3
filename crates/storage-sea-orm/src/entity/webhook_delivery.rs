//! The table `webhook_deliveries`.

use rotator_domain::{Timestamp, WebhookId};
use rotator_storage_trait::{Delivery, DeliveryStatus};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use crate::error::CorruptRow;

const TABLE: &str = "webhook_deliveries";

/// A message to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) webhook_id: i64,
    pub(crate) event: String,
    pub(crate) body: String,
    pub(crate) created_at: i64,
    pub(crate) status: String,
    pub(crate) attempts: i64,
    pub(crate) next_at: i64,
    pub(crate) last_status: Option<i32>,
    pub(crate) last_error: Option<String>,
    pub(crate) ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl From<&Delivery> for ActiveModel {
    fn from(delivery: &Delivery) -> Self {
        let row = Model {
            id: delivery.id,
            webhook_id: delivery.webhook.0,
            event: delivery.event.clone(),
            body: delivery.body.clone(),
            created_at: delivery.created_at.as_millis(),
            status: delivery.status.name().to_owned(),
            attempts: delivery.attempts.into(),
            next_at: delivery.next_at.as_millis(),
            last_status: delivery.last_status.map(i32::from),
            last_error: delivery.last_error.clone(),
            ended_at: delivery.ended_at.map(Timestamp::as_millis),
        };
        row.into_active_model().reset_all()
    }
}

// === impl Delivery ===

impl TryFrom<Model> for Delivery {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let corrupt = |source: &'static str| CorruptRow::new(TABLE, row.id, source);
        let status = DeliveryStatus::from_name(&row.status).ok_or_else(|| corrupt("a status of an unknown kind"))?;
        let last_status = row.last_status.map(u16::try_from).transpose();
        Ok(Self {
            status,
            attempts: u32::try_from(row.attempts).map_err(|_| corrupt("a count of attempts is no number"))?,
            last_status: last_status.map_err(|_| corrupt("a status of HTTP is no number"))?,
            id: row.id,
            webhook: WebhookId(row.webhook_id),
            event: row.event,
            body: row.body,
            created_at: Timestamp::from_millis(row.created_at),
            next_at: Timestamp::from_millis(row.next_at),
            last_error: row.last_error,
            ended_at: row.ended_at.map(Timestamp::from_millis),
        })
    }
}

//! The table `webhook_alarms`.

use rotator_domain::{AlarmState, Timestamp, WebhookEvent, WebhookId};
use rotator_storage_trait::{Alarm, AlarmKey};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

/// What a webhook was told of, and when.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_alarms")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) webhook_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) event: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) scope_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) part: String,
    pub(crate) raised_at: i64,
    pub(crate) is_raised: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl From<&Alarm> for ActiveModel {
    fn from(Alarm { key, state }: &Alarm) -> Self {
        let row = Model {
            webhook_id: key.webhook.0,
            event: key.event.name().to_owned(),
            scope_id: key.scope,
            part: key.part.clone(),
            raised_at: state.raised_at.as_millis(),
            is_raised: state.is_raised,
        };
        row.into_active_model().reset_all()
    }
}

// === impl Model ===

impl Model {
    /// The alarm; none where a later version wrote of what this one does not know.
    pub(crate) fn alarm(self) -> Option<Alarm> {
        let event = WebhookEvent::from_name(&self.event)?;
        let key = AlarmKey { webhook: WebhookId(self.webhook_id), event, scope: self.scope_id, part: self.part };
        let state = AlarmState { raised_at: Timestamp::from_millis(self.raised_at), is_raised: self.is_raised };
        Some(Alarm { key, state })
    }
}

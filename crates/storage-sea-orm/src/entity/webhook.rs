//! The table `webhooks`. What it wants is JSON, so that more of it needs no migration.

use rotator_domain::rotation::Glob;
use rotator_domain::{
    PreviousSecret, Sealed, TargetUrl, Timestamp, Webhook, WebhookEvent, WebhookId, WebhookThresholds,
};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::CorruptRow;

const TABLE: &str = "webhooks";

/// A webhook, its secret sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) is_enabled: bool,
    pub(crate) wishes: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) previous_sealed: Option<Vec<u8>>,
    pub(crate) previous_until: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

/// Of what it is told, and from where on. Events that are not known here, from a later version, are passed over.
#[derive(Debug, Serialize, Deserialize)]
struct Wishes {
    events: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    services: Vec<String>,
    pool_low: u8,
    budget_near: u8,
}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&Webhook> for ActiveModel {
    type Error = DbErr;

    fn try_from(webhook: &Webhook) -> Result<Self, DbErr> {
        let wishes = Wishes {
            events: webhook.events.iter().map(|event| event.name().to_owned()).collect(),
            services: webhook.services.iter().map(|glob| glob.as_str().to_owned()).collect(),
            pool_low: webhook.thresholds.pool_low,
            budget_near: webhook.thresholds.budget_near,
        };
        let previous = webhook.previous.as_ref();
        let row = Model {
            id: webhook.id.0,
            name: webhook.name.clone(),
            url: webhook.url.as_str().to_owned(),
            is_enabled: webhook.is_enabled,
            wishes: serde_json::to_string(&wishes).map_err(|error| DbErr::Json(error.to_string()))?,
            sealed: webhook.sealed.0.clone(),
            previous_sealed: previous.map(|previous| previous.sealed.0.clone()),
            previous_until: previous.map(|previous| previous.until.as_millis()),
            created_at: webhook.created_at.as_millis(),
            updated_at: webhook.updated_at.as_millis(),
        };
        Ok(row.into_active_model().reset_all())
    }
}

// === impl Webhook ===

impl TryFrom<Model> for Webhook {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let wishes: Wishes =
            serde_json::from_str(&row.wishes).map_err(|error| CorruptRow::new(TABLE, row.id, error))?;
        let previous = row
            .previous_sealed
            .zip(row.previous_until)
            .map(|(sealed, until)| PreviousSecret { sealed: Sealed(sealed), until: Timestamp::from_millis(until) });
        Ok(Self {
            id: WebhookId(row.id),
            name: row.name,
            url: TargetUrl::parse(&row.url).map_err(|error| CorruptRow::new(TABLE, row.id, error))?,
            events: wishes.events.iter().filter_map(|name| WebhookEvent::from_name(name)).collect(),
            services: wishes.services.into_iter().map(Glob::new).collect(),
            is_enabled: row.is_enabled,
            thresholds: WebhookThresholds { pool_low: wishes.pool_low, budget_near: wishes.budget_near },
            sealed: Sealed(row.sealed),
            previous,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

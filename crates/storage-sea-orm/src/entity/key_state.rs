//! The table `key_states`.

use rotator_domain::rotation::{Checkpoint, KeyState};
use rotator_domain::{KeyId, ServiceId, Timestamp};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

/// How a key is, for one model or, where the model is empty, for all.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "key_states")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) service_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) key_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) model: String,
    pub(crate) state: String,
    pub(crate) since: i64,
    pub(crate) until: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    pub(crate) fn of(service: ServiceId, checkpoint: &Checkpoint) -> Self {
        let row = Model {
            service_id: service.0,
            key_id: checkpoint.key.0,
            model: checkpoint.model.clone().unwrap_or_default(),
            state: checkpoint.state.name().to_owned(),
            since: checkpoint.since.as_millis(),
            until: checkpoint.until.as_millis(),
        };
        row.into_active_model().reset_all()
    }
}

// === impl Model ===

impl Model {
    /// The state, unless this version does not know it.
    pub(crate) fn checkpoint(self) -> Option<Checkpoint> {
        Some(Checkpoint {
            key: KeyId(self.key_id),
            model: Some(self.model).filter(|model| !model.is_empty()),
            state: KeyState::from_name(&self.state)?,
            since: Timestamp::from_millis(self.since),
            until: Timestamp::from_millis(self.until),
        })
    }
}

//! The table `config_changes`: when each thing that servers serve last changed.

use rotator_domain::ServiceId;
use rotator_storage_trait::{Served, StoredChange};
use sea_orm::ActiveValue;
use sea_orm::entity::prelude::*;

use crate::error::CorruptRow;

const TABLE: &str = "config_changes";
/// The kind of services.
pub(crate) const SERVICE: &str = "service";
const CLIENT_KEYS: &str = "client_keys";
const PRICES: &str = "prices";

/// The last change of one thing.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "config_changes")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) kind: String,
    /// 0 for what there is one of.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    pub(crate) fn of(served: Served, version: i64) -> Self {
        let (kind, id) = match served {
            Served::Service(id) => (SERVICE, id.0),
            Served::ClientKeys => (CLIENT_KEYS, 0),
            Served::Prices => (PRICES, 0),
        };
        Self { kind: ActiveValue::Set(kind.to_owned()), id: ActiveValue::Set(id), version: ActiveValue::Set(version) }
    }
}

// === impl StoredChange ===

impl TryFrom<Model> for StoredChange {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let served = match row.kind.as_str() {
            SERVICE => Served::Service(ServiceId(row.id)),
            CLIENT_KEYS => Served::ClientKeys,
            PRICES => Served::Prices,
            _ => return Err(CorruptRow::new(TABLE, row.id, "its kind is unknown")),
        };
        Ok(Self { served, version: row.version })
    }
}

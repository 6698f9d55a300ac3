//! The table `upstream_keys`.

use rotator_domain::{KeyId, KeyLabel, Sealed, ServiceId, Timestamp};
use rotator_storage_trait::KeyRecord;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use super::digest;
pub(crate) use super::policy::{read_key_policy, write_key_policy};
use crate::error::CorruptRow;

pub(crate) const TABLE: &str = "upstream_keys";

/// An upstream key, its value sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "upstream_keys")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) service_id: i64,
    pub(crate) sealed: Vec<u8>,
    pub(crate) digest: Vec<u8>,
    pub(crate) label: Option<String>,
    pub(crate) is_active: bool,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// Nothing where it is as usual.
    pub(crate) policy: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&KeyRecord> for ActiveModel {
    type Error = DbErr;

    fn try_from(key: &KeyRecord) -> Result<Self, DbErr> {
        let row = Model {
            id: key.id.0,
            service_id: key.service_id.0,
            sealed: key.sealed.0.clone(),
            digest: key.digest.0.to_vec(),
            label: key.label.as_ref().map(|label| label.as_str().to_owned()),
            is_active: key.is_active,
            created_at: key.created_at.as_millis(),
            updated_at: key.updated_at.as_millis(),
            policy: write_key_policy(&key.policy).map_err(|error| DbErr::Json(error.to_string()))?,
        };
        Ok(row.into_active_model().reset_all())
    }
}

// === impl KeyRecord ===

impl TryFrom<Model> for KeyRecord {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let label = row.label.as_deref().map(KeyLabel::new).transpose();
        Ok(Self {
            id: KeyId(row.id),
            service_id: ServiceId(row.service_id),
            sealed: Sealed(row.sealed),
            digest: digest(TABLE, row.id, row.digest)?,
            label: label.map_err(|error| CorruptRow::new(TABLE, row.id, error.message))?,
            is_active: row.is_active,
            policy: read_key_policy(TABLE, row.id, row.policy.as_deref())?,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

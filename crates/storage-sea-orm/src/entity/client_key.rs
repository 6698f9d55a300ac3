//! The table `client_keys`.

use rotator_domain::{ClientKey, ClientKeyId, Timestamp};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use crate::entity::digest;
use crate::error::CorruptRow;

/// A client key, known by its digest only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "client_keys")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) is_active: bool,
    pub(crate) created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl From<&ClientKey> for ActiveModel {
    fn from(key: &ClientKey) -> Self {
        let row = Model {
            id: key.id.0,
            name: key.name.clone(),
            digest: key.digest.0.to_vec(),
            is_active: key.is_active,
            created_at: key.created_at.as_millis(),
        };
        row.into_active_model().reset_all()
    }
}

// === impl ClientKey ===

impl TryFrom<Model> for ClientKey {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: ClientKeyId(row.id),
            name: row.name,
            digest: digest("client_keys", row.id, row.digest)?,
            is_active: row.is_active,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

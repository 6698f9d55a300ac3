//! The table `client_keys`.

use rotator_domain::{ClientKey, ClientKeyId, PreviousDigest, Timestamp};
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use super::policy::{read_client_policy, write_client_policy};
use crate::entity::digest;
use crate::error::CorruptRow;

const TABLE: &str = "client_keys";

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
    /// Nothing for keys that were made before it was kept.
    pub(crate) prefix: Option<String>,
    pub(crate) expires_at: Option<i64>,
    pub(crate) previous_digest: Option<Vec<u8>>,
    pub(crate) previous_until: Option<i64>,
    /// Nothing where it allows everything.
    pub(crate) policy: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<&ClientKey> for ActiveModel {
    type Error = DbErr;

    fn try_from(key: &ClientKey) -> Result<Self, DbErr> {
        let row = Model {
            id: key.id.0,
            name: key.name.clone(),
            digest: key.digest.0.to_vec(),
            is_active: key.is_active,
            created_at: key.created_at.as_millis(),
            prefix: Some(key.prefix.clone()).filter(|prefix| !prefix.is_empty()),
            expires_at: key.expires_at.map(Timestamp::as_millis),
            previous_digest: key.previous.map(|previous| previous.digest.0.to_vec()),
            previous_until: key.previous.map(|previous| previous.until.as_millis()),
            policy: write_client_policy(&key.policy).map_err(|error| DbErr::Json(error.to_string()))?,
        };
        Ok(row.into_active_model().reset_all())
    }
}

// === impl ClientKey ===

impl TryFrom<Model> for ClientKey {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        let previous = match (row.previous_digest, row.previous_until) {
            (Some(bytes), Some(until)) => {
                Some(PreviousDigest { digest: digest(TABLE, row.id, bytes)?, until: Timestamp::from_millis(until) })
            }
            _ => None,
        };
        Ok(Self {
            id: ClientKeyId(row.id),
            name: row.name,
            prefix: row.prefix.unwrap_or_default(),
            digest: digest(TABLE, row.id, row.digest)?,
            previous,
            is_active: row.is_active,
            expires_at: row.expires_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(row.created_at),
            policy: read_client_policy(TABLE, row.id, row.policy.as_deref())?,
        })
    }
}

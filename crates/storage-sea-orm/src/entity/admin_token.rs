//! The table `admin_tokens`.

use rotator_domain::{AdminTokenId, Role, Timestamp};
use rotator_storage_trait::AdminToken;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use crate::entity::{digest, role};
use crate::error::CorruptRow;

/// An API token, known by its digest only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_tokens")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) created_by: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) scope: String,
    /// Nothing for one that a token made before owners were kept.
    pub(crate) owner: Option<String>,
    /// Nothing for one that was made before it was kept.
    pub(crate) prefix: Option<String>,
    pub(crate) last_used_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl From<&AdminToken> for ActiveModel {
    fn from(token: &AdminToken) -> Self {
        let row = Model {
            id: token.id.0,
            name: token.name.clone(),
            digest: token.digest.0.to_vec(),
            created_by: token.created_by.clone(),
            created_at: token.created_at.as_millis(),
            expires_at: token.expires_at.map(Timestamp::as_millis),
            scope: Role::name(token.scope).to_owned(),
            owner: token.owner.clone(),
            prefix: Some(token.prefix.clone()).filter(|prefix| !prefix.is_empty()),
            last_used_at: token.last_used_at.map(Timestamp::as_millis),
        };
        row.into_active_model().reset_all()
    }
}

// === impl AdminToken ===

impl TryFrom<Model> for AdminToken {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        Ok(Self {
            id: AdminTokenId(row.id),
            name: row.name,
            digest: digest("admin_tokens", row.id, row.digest)?,
            prefix: row.prefix.unwrap_or_default(),
            scope: role("admin_tokens", row.id, &row.scope)?,
            owner: row.owner,
            created_by: row.created_by,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
        })
    }
}

//! The table `admin_users`.

use rotator_domain::{Role, Timestamp};
use rotator_storage_trait::AdminUser;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

use crate::entity::role;
use crate::error::CorruptRow;

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_users")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) username: String,
    pub(crate) password_hash: String,
    pub(crate) updated_at: i64,
    pub(crate) role: String,
    pub(crate) is_disabled: bool,
    pub(crate) session_epoch: i64,
    pub(crate) kept_session: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl From<&AdminUser> for ActiveModel {
    fn from(user: &AdminUser) -> Self {
        let row = Model {
            username: user.username.clone(),
            password_hash: user.password_hash.clone(),
            updated_at: user.updated_at.as_millis(),
            role: Role::name(user.role).to_owned(),
            is_disabled: user.is_disabled,
            session_epoch: user.session_epoch,
            kept_session: user.kept_session.clone(),
        };
        row.into_active_model().reset_all()
    }
}

// === impl AdminUser ===

impl TryFrom<Model> for AdminUser {
    type Error = CorruptRow;

    fn try_from(row: Model) -> Result<Self, CorruptRow> {
        Ok(Self {
            role: role("admin_users", &row.username, &row.role)?,
            username: row.username,
            password_hash: row.password_hash,
            updated_at: Timestamp::from_millis(row.updated_at),
            is_disabled: row.is_disabled,
            session_epoch: row.session_epoch,
            kept_session: row.kept_session,
        })
    }
}

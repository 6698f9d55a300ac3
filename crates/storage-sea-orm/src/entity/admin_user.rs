//! The table `admin_users`.

use rotator_domain::Timestamp;
use rotator_storage_trait::AdminUser;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "admin_users")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) username: String,
    pub(crate) password_hash: String,
    pub(crate) updated_at: i64,
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
        };
        row.into_active_model().reset_all()
    }
}

// === impl AdminUser ===

impl From<Model> for AdminUser {
    fn from(row: Model) -> Self {
        Self {
            username: row.username,
            password_hash: row.password_hash,
            updated_at: Timestamp::from_millis(row.updated_at),
        }
    }
}

//! The table `ended_sessions`.

use sea_orm::entity::prelude::*;

/// A session that ended before it expired.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ended_sessions")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) session_id: String,
    pub(crate) expires_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

//! The table `request_log_end`: one row, which says how far the log of requests has come.

use sea_orm::entity::prelude::*;

/// The id of the one row.
pub(crate) const ROW: i64 = 1;

/// How far the log has come.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request_log_end")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    /// The newest request's id.
    pub(crate) newest_id: i64,
    /// How many bytes were ever stored.
    pub(crate) written: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

//! The table `id_sequence`: one row, which holds the next id.

use sea_orm::entity::prelude::*;

/// The id of the one row.
pub(crate) const ROW: i64 = 1;

/// The next id to hand out.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "id_sequence")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) next_id: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

//! The table `request_bodies`: up to two rows for a request of the log.

use rotator_storage_trait::StoredBody;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

/// A body of a logged request.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "request_bodies")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) entry_id: i64,
    /// 0 for the request's, 1 for the answer's.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) side: i32,
    pub(crate) is_packed: bool,
    pub(crate) is_cut: bool,
    pub(crate) content: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl ActiveModel {
    pub(crate) fn of(entry_id: i64, side: i32, body: &StoredBody) -> Self {
        let StoredBody { content, is_packed, is_cut } = body.clone();
        Model { entry_id, side, is_packed, is_cut, content }.into_active_model().reset_all()
    }
}

// === impl StoredBody ===

impl From<Model> for StoredBody {
    fn from(row: Model) -> Self {
        Self { content: row.content, is_packed: row.is_packed, is_cut: row.is_cut }
    }
}

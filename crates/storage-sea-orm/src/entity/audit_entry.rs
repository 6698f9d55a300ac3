//! The table `audit_log`.

use rotator_domain::Timestamp;
use rotator_storage_trait::AuditEntry;
use sea_orm::IntoActiveModel;
use sea_orm::entity::prelude::*;

/// One thing that an administrator did.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: i64,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) remote: Option<String>,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) detail: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) changes: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

// === impl ActiveModel ===

impl ActiveModelBehavior for ActiveModel {}

impl From<&AuditEntry> for ActiveModel {
    fn from(entry: &AuditEntry) -> Self {
        let row = Model {
            id: entry.id,
            at: entry.at.as_millis(),
            actor: text(&entry.actor),
            remote: entry.remote.as_deref().map(text),
            action: text(&entry.action),
            subject: text(&entry.subject),
            detail: entry.detail.as_deref().map(text),
            owner: entry.owner.as_deref().map(text),
            request_id: entry.request_id.as_deref().map(text),
            changes: entry.changes.as_deref().map(text),
        };
        row.into_active_model().reset_all()
    }
}

/// Text as every database takes it: PostgreSQL takes no NUL, and what somebody typed must not keep an entry out.
pub(crate) fn text(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

// === impl AuditEntry ===

impl From<Model> for AuditEntry {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            at: Timestamp::from_millis(row.at),
            actor: row.actor,
            remote: row.remote,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
            owner: row.owner,
            request_id: row.request_id,
            changes: row.changes,
        }
    }
}

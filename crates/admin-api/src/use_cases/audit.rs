//! Who did what.

use rotator_domain::Timestamp;
use rotator_storage_trait::{AuditEntry, AuditFilter, Page, Storage, StorageError};

use super::actors::{Actor, Origin};
use super::changes::Changes;
use super::{UseCaseError, UseCases};
use crate::{AdminContext, wire};

/// Something that was done.
#[derive(Debug, Default)]
pub(crate) struct Deed {
    /// A noun and a verb.
    pub(crate) action: &'static str,
    /// To what it was done.
    pub(crate) subject: String,
    pub(crate) detail: Option<String>,
    pub(crate) changes: Changes,
}

/// How long what is written into the log may be.
const LONGEST: usize = 200;
/// How the log calls all that is stored.
pub(crate) const DATABASE: &str = "database";
/// How the log calls the server, where nobody else acts.
const SERVER: &str = "rotator-server";

/// Writes down what somebody did, who is known by this name.
pub(crate) async fn audit_log(
    context: &AdminContext,
    name: &str,
    owner: Option<&str>,
    origin: &Origin,
    deed: Deed,
) -> Result<(), UseCaseError> {
    let id = context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?;
    let entry = AuditEntry {
        actor: bounded(name),
        owner: owner.map(bounded),
        remote: origin.remote.map(|address| address.to_string()),
        request_id: origin.request_id.clone(),
        ..entry(id, context.clock.now(), deed)
    };
    context.storage.append_audit(&entry).await.map_err(UseCaseError::Storage)
}

/// Writes down what the server, or one of its commands, did by itself.
pub(crate) async fn audit_server(storage: &dyn Storage, now: Timestamp, deed: Deed) -> Result<(), StorageError> {
    let id = storage.reserve_ids(1).await?;
    storage.append_audit(&entry(id, now, deed)).await
}

fn entry(id: i64, at: Timestamp, deed: Deed) -> AuditEntry {
    AuditEntry {
        id,
        at,
        actor: SERVER.to_owned(),
        remote: None,
        action: deed.action.to_owned(),
        subject: bounded(&deed.subject),
        detail: deed.detail.as_deref().map(bounded),
        owner: None,
        request_id: None,
        changes: deed.changes.json(),
    }
}

fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

// === impl UseCases ===

impl UseCases<'_> {
    /// Writes down what changed nothing.
    pub(super) async fn audit(
        &self,
        action: &'static str,
        subject: &str,
        detail: impl Into<Option<String>>,
    ) -> Result<(), UseCaseError> {
        self.audit_changes(action, subject, detail, Changes::default()).await
    }

    /// Writes down what was done, and what that changed.
    pub(super) async fn audit_changes(
        &self,
        action: &'static str,
        subject: &str,
        detail: impl Into<Option<String>>,
        changes: Changes,
    ) -> Result<(), UseCaseError> {
        let Actor { name, user, origin, .. } = self.actor;
        let owner = user.as_deref().filter(|user| user != name);
        let deed = Deed { action, subject: subject.to_owned(), detail: detail.into(), changes };
        audit_log(self.context, name, owner, origin, deed).await
    }

    /// A page of the audit log, newest first.
    pub(crate) async fn audit_entries(
        &self,
        filter: &AuditFilter,
        page: Page<i64>,
    ) -> Result<Vec<wire::AuditEntry>, UseCaseError> {
        let entries = self.context.storage.audit(filter, page).await.map_err(UseCaseError::Storage)?;
        Ok(entries.into_iter().map(wire::AuditEntry::from).collect())
    }
}

impl From<AuditEntry> for wire::AuditEntry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, remote, action, subject, detail, owner, request_id, changes } = entry;
        let changes = changes.as_deref().map(Changes::read).unwrap_or_default();
        Self { id, at: crate::time::rfc3339(at), actor, owner, remote, request_id, action, subject, detail, changes }
    }
}

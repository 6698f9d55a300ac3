//! Who did what.

use std::net::IpAddr;

use rotator_domain::Timestamp;
use rotator_storage_trait::{AuditEntry, Page};

use super::{UseCaseError, UseCases};
use crate::{AdminContext, wire};

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// A user's name, or `token:` and a token's name.
    pub(crate) name: String,
    pub(crate) remote: Option<IpAddr>,
    /// The session and its end, where the actor logged in.
    pub(crate) session: Option<(String, Timestamp)>,
}

/// How long what is written into the log may be.
const LONGEST: usize = 200;

/// Writes an entry of the audit log.
pub(crate) async fn audit_log(
    context: &AdminContext,
    actor: &Actor,
    action: &str,
    subject: &str,
    detail: Option<String>,
) -> Result<(), UseCaseError> {
    let bounded = |text: &str| text.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>();
    let entry = AuditEntry {
        id: context.storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?,
        at: context.clock.now(),
        actor: bounded(&actor.name),
        remote: actor.remote.map(|address| address.to_string()),
        action: action.to_owned(),
        subject: bounded(subject),
        detail: detail.as_deref().map(bounded),
    };
    context.storage.append_audit(&entry).await.map_err(UseCaseError::Storage)
}

// === impl UseCases ===

impl UseCases<'_> {
    /// Writes an entry of the audit log.
    pub(super) async fn audit(
        &self,
        action: &str,
        subject: &str,
        detail: impl Into<Option<String>>,
    ) -> Result<(), UseCaseError> {
        audit_log(self.context, self.actor, action, subject, detail.into()).await
    }

    /// A page of the audit log, newest first.
    pub(crate) async fn audit_entries(&self, page: Page<i64>) -> Result<Vec<wire::AuditEntry>, UseCaseError> {
        let entries = self.context.storage.audit(page).await.map_err(UseCaseError::Storage)?;
        Ok(entries.into_iter().map(wire::AuditEntry::from).collect())
    }
}

impl From<AuditEntry> for wire::AuditEntry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, remote, action, subject, detail } = entry;
        Self { id, at: crate::time::rfc3339(at), actor, remote, action, subject, detail }
    }
}

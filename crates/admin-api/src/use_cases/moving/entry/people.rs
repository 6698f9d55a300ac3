//! Administrators, their tokens and what they did, on their way. Files of versions that knew less of them leave out what stands
//! behind the comments: whoever is in them may do everything.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rotator_domain::{AdminTokenId, Role, Timestamp};
use rotator_storage_trait::{AdminToken, AdminUser, AuditEntry};
use serde::{Deserialize, Serialize};

use super::{MovingError, at, read_digest};

/// Who may do what; absent where that is everything.
type RoleName = Option<String>;

/// An administrator.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::use_cases::moving) struct AdminUserEntry {
    username: String,
    password_hash: String,
    updated_at: i64,
    // What older files leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: RoleName,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_disabled: bool,
    #[serde(default, skip_serializing_if = "is_first")]
    session_epoch: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kept_session: Option<String>,
}

/// An API token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::use_cases::moving) struct AdminTokenEntry {
    id: i64,
    name: String,
    digest: String,
    created_by: String,
    created_at: i64,
    expires_at: Option<i64>,
    // What older files leave out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: RoleName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_at: Option<i64>,
}

/// An entry of the audit log.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::use_cases::moving) struct AuditLine {
    id: i64,
    at: i64,
    actor: String,
    remote: Option<String>,
    action: String,
    subject: String,
    detail: Option<String>,
    // What older files leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<String>,
}

// === impl AdminUserEntry ===

impl From<AdminUser> for AdminUserEntry {
    fn from(user: AdminUser) -> Self {
        let AdminUser { username, password_hash, updated_at, role, is_disabled, session_epoch, kept_session } = user;
        let (updated_at, role) = (updated_at.as_millis(), name_of(role));
        Self { username, password_hash, updated_at, role, is_disabled, session_epoch, kept_session }
    }
}

impl TryFrom<AdminUserEntry> for AdminUser {
    type Error = MovingError;

    fn try_from(entry: AdminUserEntry) -> Result<Self, MovingError> {
        let AdminUserEntry { username, password_hash, updated_at, role, is_disabled, session_epoch, kept_session } =
            entry;
        let (updated_at, role) = (at(updated_at), role_of(role)?);
        Ok(Self { username, password_hash, updated_at, role, is_disabled, session_epoch, kept_session })
    }
}

// === impl AdminTokenEntry ===

impl From<AdminToken> for AdminTokenEntry {
    fn from(token: AdminToken) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            digest: STANDARD.encode(token.digest.0),
            created_by: token.created_by,
            created_at: token.created_at.as_millis(),
            expires_at: token.expires_at.map(Timestamp::as_millis),
            prefix: token.prefix,
            scope: name_of(token.scope),
            owner: token.owner,
            last_used_at: token.last_used_at.map(Timestamp::as_millis),
        }
    }
}

impl TryFrom<AdminTokenEntry> for AdminToken {
    type Error = MovingError;

    fn try_from(entry: AdminTokenEntry) -> Result<Self, MovingError> {
        // Only tokens that another token made have no owner.
        let maker = (!entry.created_by.starts_with("token:")).then(|| entry.created_by.clone());
        Ok(Self {
            id: AdminTokenId(entry.id),
            name: entry.name,
            digest: read_digest(&entry.digest)?,
            prefix: entry.prefix,
            scope: role_of(entry.scope)?,
            owner: entry.owner.or(maker),
            created_by: entry.created_by,
            created_at: at(entry.created_at),
            expires_at: entry.expires_at.map(at),
            last_used_at: entry.last_used_at.map(at),
        })
    }
}

// === impl AuditLine ===

impl From<AuditEntry> for AuditLine {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, actor, remote, action, subject, detail, owner, request_id, changes } = entry;
        let at = at.as_millis();
        Self { id, at, actor, remote, action, subject, detail, owner, request_id, changes }
    }
}

impl From<AuditLine> for AuditEntry {
    fn from(line: AuditLine) -> Self {
        let AuditLine { id, at: millis, actor, remote, action, subject, detail, owner, request_id, changes } = line;
        Self { id, at: at(millis), actor, remote, action, subject, detail, owner, request_id, changes }
    }
}

fn name_of(role: Role) -> RoleName {
    (role != Role::Admin).then(|| role.name().to_owned())
}

fn role_of(name: RoleName) -> Result<Role, MovingError> {
    name.map_or(Ok(Role::Admin), |name| Role::from_name(&name).ok_or(MovingError::Entry))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_first(epoch: &i64) -> bool {
    *epoch == 0
}

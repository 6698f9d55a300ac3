//! Users of the admin API.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminUser {
    /// The name to log in with.
    pub name: String,
    /// `viewer` (sees everything but secrets), `operator` (manages services, keys and client keys as well) or `admin` (manages
    /// users as well, and takes keys out in clear).
    pub role: String,
    /// Whether they may not log in.
    pub disabled: bool,
    /// When the password was last set; RFC 3339.
    pub password_set_at: String,
}

/// A user to make.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminUserBody {
    /// The name to log in with: 1 to 100 characters without slashes.
    pub name: String,
    /// The password: 8 to 1000 characters.
    pub password: String,
    /// `viewer` (when absent), `operator` or `admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Whether they may not log in; no when absent.
    #[serde(default)]
    pub disabled: bool,
}

/// What to change of a user; what is absent stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminUserPatch {
    /// `viewer`, `operator` or `admin`; it holds at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A new password, 8 to 1000 characters; the user's sessions end. One's own is changed with `PUT me/password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Whether they may not log in; the sessions of who is disabled end, and their tokens do not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// A password for oneself; other sessions end.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The one that holds now.
    pub current_password: String,
    /// The new one: 8 to 1000 characters.
    pub new_password: String,
}

// === impl Debug, without the secrets ===

impl fmt::Debug for AdminUserBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminUserBody").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

impl fmt::Debug for AdminUserPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut patch = f.debug_struct("AdminUserPatch");
        patch.field("role", &self.role).field("disabled", &self.disabled).finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordBody")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_printed() {
        let (name, planted) = ("jane".to_owned(), "planted-password".to_owned());
        let body = AdminUserBody { name, password: planted.clone(), ..AdminUserBody::default() };
        let patch = AdminUserPatch { password: Some(planted.clone()), ..AdminUserPatch::default() };
        let own = PasswordBody { current_password: planted.clone(), new_password: planted };
        let printed = format!("{body:?} {patch:?} {own:?}");
        assert!(printed.contains("jane") && !printed.contains("planted"), "{printed}");
    }
}

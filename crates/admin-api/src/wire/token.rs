//! API tokens for the CLI and automation.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token to make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminTokenBody {
    /// What it is for.
    pub name: String,
    /// What it may do: `viewer` (when absent), `operator` or `admin`; never more than who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// When it stops to work, RFC 3339; never when absent. A token that is made through another one ends with it at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The same as a number of days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
}

/// A token, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminToken {
    /// Its id.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// The first characters of its value; empty for one that was made before they were kept.
    #[serde(default)]
    pub prefix: String,
    /// What it may do, as far as its owner may: `viewer`, `operator` or `admin`.
    #[serde(default)]
    pub scope: String,
    /// The user whose it is: it does not work while they are disabled, and goes with them.
    #[serde(default)]
    pub owner: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When it was made; RFC 3339.
    pub created_at: String,
    /// When it stops to work; RFC 3339.
    pub expires_at: Option<String>,
    /// When it was last used, to the minute or so; RFC 3339.
    #[serde(default)]
    pub last_used_at: Option<String>,
}

/// A new token; its value is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewAdminToken {
    /// The bearer token.
    pub token: String,
    /// More about it.
    #[serde(flatten)]
    pub about: AdminToken,
}

// === impl Debug, without the secret ===

impl fmt::Debug for NewAdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAdminToken").field("about", &self.about).finish_non_exhaustive()
    }
}

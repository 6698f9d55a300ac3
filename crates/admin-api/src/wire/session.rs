//! Logging in.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who wants to log in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The administrator's name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// A new session.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct LoginAnswer {
    /// The bearer token.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// How long the token works, in seconds.
    pub expires_in: u64,
    /// Always true.
    pub success: bool,
    /// A greeting.
    pub message: String,
}

/// Who is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// A user's name, or `token:` and a token's name.
    pub username: String,
    /// What they may do: `viewer`, `operator` or `admin`.
    pub role: String,
    /// When the session, or the token, stops to work; never when absent.
    pub expires_at: Option<String>,
}

/// Who the bearer of a token is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// A user's name, or `token:` and a token's name.
    pub name: String,
    /// The user, or whose token it is.
    #[serde(default)]
    pub user: Option<String>,
    /// What the bearer may do: `viewer`, `operator` or `admin`.
    #[serde(default)]
    pub role: String,
}

// === impl Debug, without the secrets ===

impl fmt::Debug for LoginBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginBody").field("username", &self.username).finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAnswer").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

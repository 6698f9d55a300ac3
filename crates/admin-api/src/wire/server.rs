//! The server itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a client may know before it logs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppConfig {
    /// The address under which clients reach the doors, if it was set.
    pub proxy_public_base_url: Option<String>,
    /// The server's version.
    pub version: String,
    /// What this build holds.
    pub features: Vec<String>,
}

/// How the server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The server's version.
    pub version: String,
    /// How long it has been running, in seconds.
    pub uptime_seconds: u64,
    /// Whether the database answers.
    pub database: bool,
    /// How many services there are.
    pub services: u64,
    /// The nodes that share a cache, this one among them; empty while they cannot be asked.
    #[serde(default)]
    pub nodes: Vec<NodeStatus>,
    /// How many requests this node has not logged since its start although their services log them: the database did not keep
    /// up.
    #[serde(default)]
    pub lost_log_entries: u64,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeStatus {
    /// Its id.
    pub id: String,
    /// The version of its program.
    pub version: String,
    /// When it last gave a sign of life; RFC 3339.
    pub seen_at: String,
}

/// What a node logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogLevel {
    /// `error`, `warn`, `info`, `debug`, `trace`, or tracing directives.
    pub level: String,
}

/// Something that an administrator did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its id.
    pub id: i64,
    /// When; RFC 3339.
    pub at: String,
    /// Who: a user's name, `token:` and a token's name, or `rotator-server` for the server itself.
    pub actor: String,
    /// Whose token it was, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// From which address.
    pub remote: Option<String>,
    /// The id of the request, which its answer told as `x-request-id`.
    #[serde(default)]
    pub request_id: Option<String>,
    /// What: a noun and a verb, such as `keys.export`.
    pub action: String,
    /// To what, such as `service:12`.
    pub subject: String,
    /// More about it.
    pub detail: Option<String>,
    /// What changed, by field; secrets are masked.
    #[serde(default)]
    pub changes: BTreeMap<String, AuditChange>,
}

/// How a field changed; what was not there, or is not, is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditChange {
    /// Its value before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Its value afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

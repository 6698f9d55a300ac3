//! How services and keys are, as it changes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What has changed since the update before; the first one of a stream tells everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveUpdate {
    /// When it was told, by the server's clock; RFC 3339.
    pub at: String,
    /// Whether all that was known before is to be forgotten first.
    pub is_snapshot: bool,
    /// Whether everything is told with it; else the next update goes on at once.
    pub is_whole: bool,
    /// Services that are not there any more, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone_services: Vec<i64>,
    /// Keys that are not there any more, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone_keys: Vec<i64>,
    /// Services that are new or have changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<LiveService>,
    /// Keys of the chosen services that are new or have changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<LiveKey>,
}

/// How a service is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveService {
    /// Its id.
    pub id: i64,
    /// Its slug.
    pub slug: String,
    /// Whether the doors serve it.
    pub is_active: bool,
    /// Its requests a second that this node ended in the last ten seconds.
    pub rate: f64,
    /// Which share of them were errors: 0 to 1.
    pub error_share: f64,
    /// Its requests in flight on this node; null where they are not counted apart from those of others.
    pub in_flight: Option<u64>,
    /// How its enabled keys are.
    pub keys: LiveKeyCounts,
}

/// How many enabled keys are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveKeyCounts {
    /// They may be picked.
    pub active: u64,
    /// They are limited for a while.
    pub cooling: u64,
    /// Their quota or credit is used up.
    pub exhausted: u64,
    /// Their upstream refuses them.
    pub dead: u64,
}

/// How a key is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveKey {
    /// Its id.
    pub id: i64,
    /// Its service's id.
    pub service: i64,
    /// Its label, or its masked value.
    pub name: String,
    /// `active`, `cooling`, `exhausted`, `dead` or `disabled`.
    pub state: String,
    /// Why it is not active: `limited`, `out_of_quota` (its quota or credit is used up) or `refused`; null for others.
    pub reason: Option<String>,
    /// The model that the state concerns; all when null.
    pub model: Option<String>,
    /// Until when it is left alone or, for one that is dead or without credit, when it is tested next; RFC 3339.
    pub until: Option<String>,
    /// Its requests in flight, on all nodes that share their state.
    pub in_flight: u32,
    /// Requests a second that this node sent with it in the last ten seconds.
    pub rate: f64,
    /// How many of its requests failed, on this node, since somebody looks at the keys of its service.
    pub errors: u64,
    /// When this node last had an answer to it since somebody looks; RFC 3339.
    pub last_used: Option<String>,
}

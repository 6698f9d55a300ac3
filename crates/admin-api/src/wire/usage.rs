//! What requests used.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Usage figures of a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageReport {
    /// How long the stretches are whose figures were looked at: `minute`, `hour` or `day` (in UTC).
    pub grain: String,
    /// The first stretch begins here or later; RFC 3339.
    pub since: String,
    /// And all before this; RFC 3339.
    pub until: String,
    /// The figures, in the order of what they are kept apart by.
    pub groups: Vec<UsageGroup>,
    /// Whether there are more groups than were asked for.
    pub is_cut: bool,
}

/// Figures that belong together. What they are not kept apart by is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageGroup {
    /// When the stretch began; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The service's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<i64>,
    /// The upstream key's id; null for what no key had a part in.
    #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
    pub key: Option<Option<i64>>,
    /// The client key's id; null for those in `GLOBAL_PROXY_KEYS`.
    #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
    pub client: Option<Option<i64>>,
    /// The model, as the upstream calls it; null for requests that name none.
    #[serde(default, deserialize_with = "super::present", skip_serializing_if = "Option::is_none")]
    pub model: Option<Option<String>>,
    /// Each figure by its name; those that are not there are zero. `requests` were answered; `errors_client`, `errors_limited`
    /// (429), `errors_unavailable` (503), `errors_upstream`, `errors_timeout` (504) and `errors_aborted` (the client went away)
    /// are those of them that were errors. `attempts` were sent to upstreams; `attempts_limited`, `attempts_refused` and
    /// `attempts_failed` are those of them that were not served. `input_tokens` hold `cached_tokens` and
    /// `cache_written_tokens`, `output_tokens` hold `reasoning_tokens`; `uncounted` requests were served without a word about
    /// tokens. `cost_nanodollars` is the known cost in thousand-millionths of a US dollar; that of `unpriced` requests is not.
    /// `bytes_in` and `bytes_out` are those of bodies; `first_byte_millis` and `duration_millis` are sums over all requests.
    pub figures: BTreeMap<String, u64>,
}

//! Logged requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A request of a service that logs them. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestLogEntry {
    /// Its id; those that were stored later have greater ones.
    pub id: i64,
    /// When it came in; RFC 3339.
    pub at: String,
    /// The service that was asked, by its id.
    pub service: i64,
    /// The service that stepped in and served, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_by: Option<i64>,
    /// The upstream key that served it, by its id.
    pub key: Option<i64>,
    /// The client key that let it in, by its id; null for those in `GLOBAL_PROXY_KEYS`.
    pub client: Option<i64>,
    /// The model, as the upstream calls it.
    pub model: Option<String>,
    /// Its method.
    pub method: String,
    /// Its path and query; values of parameters that are named like secrets are hidden.
    pub path: String,
    /// The status that the client was told; 499 where it went away before.
    pub status: u16,
    /// How its answer ended: `whole`, `broken` (on the upstream's side) or `aborted` (the client went away).
    pub end: String,
    /// What was sent to upstreams for it, in order.
    pub attempts: Vec<LoggedAttempt>,
    /// The tokens that the answer told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<LoggedTokens>,
    /// What they cost, in thousand-millionths of a US dollar, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_nanodollars: Option<u64>,
    /// Bytes of its body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// How long it took to the first byte of the answer's body, in milliseconds.
    pub first_byte_ms: u64,
    /// How long it took to the last one, in milliseconds.
    pub duration_ms: u64,
    /// The id of its trace, from the client's `traceparent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Its id, which stands in the server's own log as well: the client's `x-request-id`, or else one that was made here. The answer
    /// has it as its `x-request-id`, unless the upstream told one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The address that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its headers `content-type`, `user-agent` and `accept`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The answer's content type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_type: Option<String>,
    /// Whether its bodies are kept.
    pub has_bodies: bool,
}

/// One request to an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoggedAttempt {
    /// The service whose upstream it was, by its id.
    pub service: i64,
    /// With which key, by its id.
    pub key: i64,
    /// What the answer said: `healthy`, `limited`, `out_of_quota`, `dead`, `forbidden`, `upstream_fault` or `client_fault`; null
    /// where there was none.
    pub verdict: Option<String>,
}

/// The tokens of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoggedTokens {
    /// The whole prompt.
    pub input: u64,
    /// Of it, what was read from a cache.
    pub cached: u64,
    /// Of it, what was written to a cache.
    pub cache_written: u64,
    /// The whole answer.
    pub output: u64,
    /// Of it, the reasoning.
    pub reasoning: u64,
}

/// A logged request with its bodies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoggedRequest {
    /// What became of it.
    #[serde(flatten)]
    pub entry: RequestLogEntry,
    /// Its body, where bodies are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_body: Option<LoggedBody>,
    /// The answer's body as it went to the client, where bodies are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_body: Option<LoggedBody>,
}

/// A body as it is kept: without what the service's `log_redact` names, and without keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoggedBody {
    /// Its text, uncompressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes, where they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Whether there was more of it.
    pub is_cut: bool,
}

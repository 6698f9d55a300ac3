//! Proxy configs, as the API calls services.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Fallback, Limits, NewKey, UpstreamKey};

/// A proxy config as it is written: to create one, or to replace one whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProxyConfigBody {
    /// What the operator calls it; unique.
    pub name: String,
    /// Its place in the doors' paths; unique. ASCII letters, digits, `-`, `_` and single dots.
    pub slug: String,
    /// `GENERIC` or `LLM`, in any case.
    pub config_type: String,
    /// Whether the doors serve it; yes when absent.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// `header` or `query`. A generic config needs it; an LLM config overrides its provider with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_location: Option<String>,
    /// The header or the query parameter that carries the upstream key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    /// What stands before the key, such as `Bearer ` with its space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_prefix: Option<String>,
    /// `ANY`, or one or more methods with commas between them. For generic configs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where a generic config sends its requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_url: Option<String>,
    /// Where an LLM config sends its requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_base_url: Option<String>,
    /// The LLM provider; found by the host of `target_base_url` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `openai_compatible` (when absent), `openai_responses`, `anthropic_native` or `gemini_native`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_format: Option<String>,
    /// What the clients speak: `none` (when absent; the upstream's own format), `auto` (as each request's path says),
    /// `openai`, `openai_responses`, `anthropic` or `gemini`. What differs from `api_format` is converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_format: Option<String>,
    /// The HTTP version towards the upstream: `auto` (when absent), `http1` or `http2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_version: Option<String>,
    /// How long the connection to the upstream may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    /// How long the upstream may take to its first byte, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_timeout_ms: Option<u64>,
    /// How long the answer, or the body of a request, may pause, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// How the keys take turns: `round_robin` (when absent), `weighted`, `least_in_flight`, `fill_first` or `random`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// Whether a conversation keeps its key while that key can serve; no when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affinity: Option<bool>,
    /// The limits of every key and of every quota group that has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// The limits of quota groups, by name; keys of one group share one upstream quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_groups: Option<BTreeMap<String, Limits>>,
    /// How often a request is sent at the most, 1 to 1,000; as often as there are keys when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// How long a request may take until its answer begins, waiting included, in milliseconds; 300,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Whether a request that the upstream may have processed is sent again although its method does not say that it may be;
    /// no when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_send: Option<bool>,
    /// How many requests wait at the most while no key can serve, 0 to 100,000; 1,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_waiting: Option<u32>,
    /// How long a request waits for a key at the most, in milliseconds, 0 to 600,000; 10,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_wait_ms: Option<u64>,
    /// Names that clients may use for models, and the real ones; at most 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_aliases: Option<BTreeMap<String, String>>,
    /// The configs that step in when this one cannot serve, in order; at most 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Vec<Fallback>>,
    /// Whether answers tell in `x-rotator-*` headers which key served and after how many attempts; yes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation_headers: Option<bool>,
    /// Whether a request is refused (400) that would lose something on its way into the upstream's format, instead of naming
    /// what was lost in `x-rotator-dropped`; no when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    /// Whether streams of Chat Completions are asked to tell what they used where the client does not ask
    /// (`stream_options.include_usage`); the client sees nothing of it. Yes when absent; no is for upstreams that refuse to be
    /// asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_for_usage: Option<bool>,
    /// What is kept of its requests: `off` (when absent), `metadata`, or `bodies` as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_requests: Option<String>,
    /// How much of a body is kept, in bytes, 1 to 1,048,576; 65,536 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_body_limit: Option<u32>,
    /// What is left out of kept bodies: at most 100 JSON pointers (RFC 6901), in which `*` stands for any member or index, such
    /// as `/messages/*/content`. In streams they hold for each event. Of a body that is no JSON nothing is kept then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_redact: Option<Vec<String>>,
    /// The first keys of a new config. When a config is replaced, only keys that carry an `id` may stand here, as an answer
    /// gave them; they are left as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_keys: Option<Vec<NewApiKey>>,
}

/// A key of a new config: its value alone, or with more about it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum NewApiKey {
    /// The value alone.
    Value(String),
    /// The value and more.
    Key(NewKey),
}

/// A proxy config as the server knows it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ProxyConfig {
    /// Its id.
    pub id: i64,
    /// What was written.
    #[serde(flatten)]
    pub body: ProxyConfigBody,
    /// Its first keys, masked: at most 100, and in a list at most 2,000 of all its configs together.
    pub api_keys: Vec<UpstreamKey>,
    /// How many keys it has.
    pub api_key_count: u64,
    /// How many of them are active.
    pub active_key_count: u64,
    /// When it was made; RFC 3339.
    pub created_at: String,
    /// When it last changed; RFC 3339.
    pub updated_at: String,
    /// Its version, whatever its keys are: another one after each change. `ETag` has the same in quotes.
    #[serde(default)]
    pub version: String,
}

/// Whether a config is served.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusBody {
    /// Whether the doors serve it.
    pub is_active: bool,
}

fn yes() -> bool {
    true
}

// === impl ProxyConfig ===

impl ProxyConfig {
    /// The fields of an answer that [`ProxyConfigBody`] does not have. A client that writes an answer back sends them too.
    pub const READ_ONLY: [&'static str; 6] =
        ["id", "api_key_count", "active_key_count", "created_at", "updated_at", "version"];
}

// === impl NewApiKey ===

impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("*****")
    }
}

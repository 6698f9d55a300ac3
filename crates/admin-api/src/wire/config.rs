//! Proxy configs, as the API calls services.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{NewKey, UpstreamKey};

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
    /// `none` (when absent), `auto`, `openai`, `openai_responses`, `anthropic` or `gemini`.
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
    /// How long the answer may pause, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
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
    /// Its first 100 keys, masked.
    pub api_keys: Vec<UpstreamKey>,
    /// How many keys it has.
    pub api_key_count: u64,
    /// How many of them are active.
    pub active_key_count: u64,
    /// When it was made; RFC 3339.
    pub created_at: String,
    /// When it last changed; RFC 3339.
    pub updated_at: String,
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
    pub const READ_ONLY: [&'static str; 5] = ["id", "api_key_count", "active_key_count", "created_at", "updated_at"];
}

// === impl NewApiKey ===

impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("*****")
    }
}

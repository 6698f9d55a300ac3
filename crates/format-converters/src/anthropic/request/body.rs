//! What a request is written as.

use serde::Serialize;

use super::super::wire::{Block, CacheControl};
use crate::json::Json;
use crate::members::Members;

/// A request. A count of tokens has some of these members.
#[derive(Debug, Default, Serialize)]
pub(super) struct Body<'a> {
    pub(super) model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) system: Vec<Block<'a>>,
    pub(super) messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<ThinkingConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_config: Option<Members>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<CacheControl<'a>>,
    #[serde(flatten)]
    pub(super) answering: Option<Answering<'a>>,
    #[serde(flatten)]
    pub(super) extras: Members,
}

/// What says how to answer: a count of tokens does not have it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answering<'a> {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) stream: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_p: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_k: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Members>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'a str>,
}

/// A turn.
#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'a>>,
}

/// A tool of the client's.
#[derive(Debug, Serialize)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    pub(super) input_schema: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<CacheControl<'a>>,
    #[serde(flatten)]
    pub(super) extras: Members,
}

/// A search of the web that the vendor runs.
#[derive(Debug, Serialize)]
pub(super) struct WebSearch<'a> {
    pub(super) r#type: &'static str,
    pub(super) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_uses: Option<u64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) allowed_domains: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) blocked_domains: &'a [String],
}

/// Which tools to call.
#[derive(Debug, Serialize)]
pub(super) struct Choice<'a> {
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disable_parallel_tool_use: Option<bool>,
}

/// How to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ThinkingConfig {
    Enabled {
        budget_tokens: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Adaptive {
        #[serde(skip_serializing_if = "Option::is_none")]
        display: Option<&'static str>,
    },
    Disabled,
}

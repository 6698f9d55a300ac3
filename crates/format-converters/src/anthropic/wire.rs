//! What is written: the shapes of the Messages API (<https://platform.claude.com/docs/en/api/messages>).

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::ir::{CacheMark, StopReason, Usage};
use crate::json::Json;
use crate::members::Members;

/// The header that every call to the vendor has.
pub(super) const VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01"));

/// A block of content.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Json>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
    },
    Thinking {
        thinking: Cow<'a, str>,
        signature: Cow<'a, str>,
    },
    RedactedThinking {
        data: Cow<'a, str>,
    },
    Image {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
    },
    Document {
        source: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(flatten)]
        extras: Members,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Json,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Content::is_empty")]
        content: Content<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        is_error: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
    },
    /// As it was read.
    #[serde(untagged)]
    Native(Json),
}

/// What a tool answered.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(&'a str),
    Blocks(Vec<Block<'a>>),
}

/// Where the bytes of media are.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 {
        media_type: &'a str,
        data: &'a str,
    },
    Text {
        media_type: &'static str,
        data: Cow<'a, str>,
    },
    Url {
        url: &'a str,
    },
    File {
        file_id: &'a str,
    },
    /// As it was read.
    #[serde(untagged)]
    Native(Json),
}

/// A mark up to which the prompt is cached.
#[derive(Debug, Serialize)]
pub(super) struct CacheControl<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'a str>,
}

/// What was used. Input, cache reads and cache writes are disjoint here.
#[derive(Debug, Default, Serialize)]
pub(super) struct WireUsage<'a> {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

/// The name of a reason to stop (<https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons>).
pub(super) fn stop_name(reason: &StopReason) -> &str {
    match reason {
        StopReason::End => "end_turn",
        StopReason::StopString => "stop_sequence",
        StopReason::Length => "max_tokens",
        StopReason::Tools => "tool_use",
        StopReason::Filter => "refusal",
        StopReason::Pause => "pause_turn",
        StopReason::Other(name) if name == "compaction" => name,
        // Clients know no other names than their vendor's.
        StopReason::Other(_) => "end_turn",
    }
}

/// The reason that a name stands for.
pub(super) fn stop_reason(name: &str) -> StopReason {
    match name {
        "end_turn" => StopReason::End,
        "stop_sequence" => StopReason::StopString,
        "max_tokens" | "model_context_window_exceeded" => StopReason::Length,
        "tool_use" => StopReason::Tools,
        "refusal" => StopReason::Filter,
        "pause_turn" => StopReason::Pause,
        other => StopReason::Other(other.to_owned()),
    }
}

// === impl Content ===

impl Content<'_> {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Blocks(blocks) if blocks.is_empty())
    }
}

// === impl CacheControl ===

impl<'a> CacheControl<'a> {
    /// The mark, where there is one.
    pub(super) fn of(mark: Option<&'a CacheMark>) -> Option<Self> {
        mark.map(|mark| Self { r#type: "ephemeral", ttl: mark.ttl.as_deref() })
    }
}

// === impl WireUsage ===

impl<'a> WireUsage<'a> {
    /// What was used, as this vendor counts.
    pub(super) fn of(usage: Option<&Usage>, tier: Option<&'a str>) -> Self {
        let usage = usage.copied().unwrap_or_default();
        let (read, written) = (usage.cached.unwrap_or_default(), usage.cache_written.unwrap_or_default());
        Self {
            input_tokens: usage.input.saturating_sub(read).saturating_sub(written),
            cache_creation_input_tokens: written,
            cache_read_input_tokens: read,
            output_tokens: usage.output,
            output_tokens_details: usage.reasoning.map(|thinking_tokens| OutputDetails { thinking_tokens }),
            service_tier: tier.filter(|tier| matches!(*tier, "standard" | "priority" | "batch")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_to_stop_go_both_ways() {
        for name in ["end_turn", "stop_sequence", "max_tokens", "tool_use", "refusal", "pause_turn", "compaction"] {
            assert_eq!(stop_name(&stop_reason(name)), name);
        }
        assert_eq!(stop_reason("model_context_window_exceeded"), StopReason::Length);
        assert_eq!(stop_name(&StopReason::Other("MALFORMED".into())), "end_turn");
    }

    #[test]
    fn cached_input_is_written_apart() {
        let usage = Usage { input: 10, cached: Some(3), cache_written: Some(2), output: 4, reasoning: None };
        let written = serde_json::to_value(WireUsage::of(Some(&usage), Some("flex"))).unwrap();
        let expected = serde_json::json!({"input_tokens": 5, "cache_creation_input_tokens": 2,
            "cache_read_input_tokens": 3, "output_tokens": 4});
        assert_eq!(written, expected);
    }
}

//! What is written: the objects of the Messages API (<https://platform.claude.com/docs/en/api/messages>), by its names.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Number;

use crate::UpstreamCall;
use crate::json::Json;
use crate::members::Members;

/// The header without which the API answers nothing.
const VERSION_HEADER: HeaderName = HeaderName::from_static("anthropic-version");
/// The only version there is (<https://platform.claude.com/docs/en/api/versioning>).
const VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// A request for an answer, or for a count of its tokens.
#[derive(Debug, Default, Serialize)]
pub(super) struct Request<'a> {
    pub(super) model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) system: Vec<Block<'a>>,
    pub(super) messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "OutputConfig::is_empty")]
    pub(super) output_config: OutputConfig,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_p: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_k: Option<Number>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<CacheControl<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) stream: bool,
    #[serde(flatten)]
    pub(super) extras: Members,
}

/// A turn.
#[derive(Debug, Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'a>>,
}

/// A content block, by its type or as it was read.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Block<'a> {
    Known(Content<'a>),
    Native(&'a Json),
}

/// A content block of a type that is written here.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
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
        more: Members,
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
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        is_error: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
    },
    Thinking {
        thinking: String,
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
}

/// Where the bytes of a picture or a document are.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Source<'a> {
    Known(KnownSource<'a>),
    Native(Json),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum KnownSource<'a> {
    Base64 { media_type: Cow<'a, str>, data: &'a str },
    Text { media_type: &'static str, data: Cow<'a, str> },
    Url { url: &'a str },
    File { file_id: &'a str },
}

/// Where a piece of text comes from.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Citation<'a> {
    Native(&'a Json),
    WebPage {
        r#type: &'static str,
        cited_text: &'a str,
        encrypted_index: &'static str,
        title: Option<&'a str>,
        url: &'a str,
    },
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CacheControl<'a> {
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ttl: Option<&'a str>,
}

/// A tool.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Tool<'a> {
    Native(&'a Json),
    Search(Search<'a>),
    Custom {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        input_schema: Json,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
        #[serde(flatten)]
        more: Members,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl<'a>>,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct Search<'a> {
    pub(super) r#type: &'static str,
    pub(super) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_uses: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) allowed_domains: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) blocked_domains: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ToolChoice<'a> {
    Native(&'a Json),
    Known {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        #[serde(skip_serializing_if = "is_false")]
        disable_parallel_tool_use: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Thinking {
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) budget_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display: Option<&'static str>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<OutputFormat>,
}

#[derive(Debug, Serialize)]
pub(super) struct OutputFormat {
    pub(super) r#type: &'static str,
    pub(super) schema: Json,
}

#[derive(Debug, Serialize)]
pub(super) struct Metadata<'a> {
    pub(super) user_id: &'a str,
}

/// An answer. Its stream begins with one that says nothing yet.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    pub(super) id: &'a str,
    pub(super) r#type: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: Vec<Block<'a>>,
    pub(super) stop_reason: Option<&'a str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) usage: Usage<'a>,
}

/// What was used; the three kinds of input tokens are disjoint.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Usage<'a> {
    pub(super) input_tokens: u64,
    pub(super) cache_creation_input_tokens: u64,
    pub(super) cache_read_input_tokens: u64,
    pub(super) output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output_tokens_details: Option<OutputDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct OutputDetails {
    pub(super) thinking_tokens: u64,
}

/// An event of a stream.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    MessageStart { message: Answer<'a> },
    ContentBlockStart { index: u32, content_block: Block<'a> },
    ContentBlockDelta { index: u32, delta: Delta<'a> },
    ContentBlockStop { index: u32 },
    MessageDelta { delta: Ending<'a>, usage: Usage<'a> },
    MessageStop,
    Ping,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub(super) enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
    #[serde(rename = "citations_delta")]
    Citations { citation: Citation<'a> },
}

/// How a stream's answer ended.
#[derive(Debug, Serialize)]
pub(super) struct Ending<'a> {
    pub(super) stop_reason: &'a str,
    pub(super) stop_sequence: Option<&'a str>,
}

/// The headers of every call.
pub(super) fn with_version(call: UpstreamCall) -> UpstreamCall {
    UpstreamCall { headers: vec![(VERSION_HEADER, VERSION)], ..call }
}

// === impl Event ===

impl Event<'_> {
    /// The name that stands before its data too.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
            Self::Ping => "ping",
        }
    }
}

// === impl OutputConfig ===

impl OutputConfig {
    const fn is_empty(&self) -> bool {
        self.effort.is_none() && self.format.is_none()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde wants")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

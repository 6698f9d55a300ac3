//! What is written: messages, their parts, calls of tools.

use std::borrow::Cow;

use serde::Serialize;

use crate::ir::{CacheMark, Usage};
use crate::json::Json;

/// Where answers are asked for.
pub(super) const PATH: &str = "/v1/chat/completions";
/// The `object` of a whole answer.
pub(super) const COMPLETION: &str = "chat.completion";
/// The `object` of a piece of an answer.
pub(super) const CHUNK: &str = "chat.completion.chunk";

/// A message of a request or of a whole answer.
#[derive(Default, Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Refusal<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_details: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audio: Option<&'a Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<ContentPart<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<CacheControl<'a>>,
}

/// A refusal, which an answer says even where there is none.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Refusal<'a>(pub(super) Option<&'a str>);

/// What a message says.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(String),
    Parts(Vec<ContentPart<'a>>),
}

/// A part of a message.
#[derive(Serialize)]
pub(super) struct ContentPart<'a> {
    #[serde(flatten)]
    pub(super) kind: ContentKind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<CacheControl<'a>>,
    /// The place in a list that a stream gives piece by piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<usize>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ContentKind<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: Address<'a> },
    VideoUrl { video_url: Address<'a> },
    InputAudio { input_audio: Audio<'a> },
    File { file: File<'a> },
}

#[derive(Serialize)]
pub(super) struct Address<'a> {
    pub(super) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Audio<'a> {
    pub(super) data: &'a str,
    pub(super) format: &'static str,
}

#[derive(Serialize)]
pub(super) struct File<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_id: Option<&'a str>,
}

/// What relays that cache prompts for other vendors understand.
#[derive(Serialize)]
pub(super) struct CacheControl<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'a str>,
}

/// A call of a tool, or a piece of one.
#[derive(Default, Serialize)]
pub(super) struct Call<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<CustomCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra_content: Option<Json>,
}

#[derive(Serialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) arguments: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct CustomCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) input: Cow<'a, str>,
}

/// What was used.
#[derive(Serialize)]
pub(super) struct WrittenUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

/// How likely the words were.
#[derive(Serialize)]
pub(super) struct LogProbs<'a> {
    pub(super) content: &'a Json,
    pub(super) refusal: Option<()>,
}

// === impl ContentPart ===

impl<'a> From<ContentKind<'a>> for ContentPart<'a> {
    fn from(kind: ContentKind<'a>) -> Self {
        Self { kind, cache_control: None, index: None }
    }
}

// === impl CacheControl ===

impl<'a> From<&'a CacheMark> for CacheControl<'a> {
    fn from(mark: &'a CacheMark) -> Self {
        Self { r#type: "ephemeral", ttl: mark.ttl.as_deref() }
    }
}

// === impl WrittenUsage ===

impl From<Usage> for WrittenUsage {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.total(),
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cached.unwrap_or_default(),
                cache_write_tokens: usage.cache_written,
            },
            completion_tokens_details: CompletionDetails { reasoning_tokens: usage.reasoning.unwrap_or_default() },
        }
    }
}

//! What is written: the vendor's names for items, parts, tools and answers
//! (<https://platform.openai.com/docs/api-reference/responses>).

use std::borrow::Cow;

use rotator_domain::Format;
use serde::Serialize;
use serde_json::Number;

use crate::json::Json;
use crate::members::Members;

/// Which format this folder is.
pub(super) const FORMAT: Format = Format::OpenAiResponses;

/// What ids begin with.
pub(super) mod prefix {
    /// An answer's.
    pub(in super::super) const RESPONSE: &str = "resp_";
    /// A message's.
    pub(in super::super) const MESSAGE: &str = "msg_";
    /// A piece of reasoning's.
    pub(in super::super) const REASONING: &str = "rs_";
    /// That of an item that calls a function.
    pub(in super::super) const FUNCTION: &str = "fc_";
    /// That of an item that calls a tool with free text.
    pub(in super::super) const CUSTOM: &str = "ctc_";
    /// That of an item that shows a picture.
    pub(in super::super) const IMAGE: &str = "ig_";
    /// That by which a call's result names it.
    pub(in super::super) const CALL: &str = "call_";
}

/// What `include` asks for to have reasoning in a form to send back.
pub(super) const INCLUDE_OPAQUE: &str = "reasoning.encrypted_content";
/// What `include` asks for to have probabilities.
pub(super) const INCLUDE_LOG_PROBS: &str = "message.output_text.logprobs";

/// The state of an item that is whole.
pub(super) const COMPLETED: &str = "completed";
/// The state of an item or an answer that is not whole yet.
pub(super) const IN_PROGRESS: &str = "in_progress";

/// An item of a request's input or of an answer's output.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    Message {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        role: &'static str,
        content: Content<'a>,
    },
    Reasoning {
        id: Cow<'a, str>,
        summary: Vec<Part<'a>>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Part<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<Cow<'a, str>>,
    },
    FunctionCall {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        call_id: Cow<'a, str>,
        name: &'a str,
        arguments: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    CustomToolCall {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        call_id: Cow<'a, str>,
        name: &'a str,
        input: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    FunctionCallOutput {
        call_id: Cow<'a, str>,
        output: Content<'a>,
    },
    CustomToolCallOutput {
        call_id: Cow<'a, str>,
        output: Content<'a>,
    },
    ImageGenerationCall {
        id: Cow<'a, str>,
        status: &'static str,
        result: Option<&'a str>,
    },
    #[serde(untagged)]
    Native(&'a Json),
}

/// What a message or a tool's answer says.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
    /// Parts that are written already.
    Written(&'a [Json]),
    /// The same, as one list.
    Own(Json),
}

/// A part of a message, of a tool's answer or of reasoning.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    InputText {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt_cache_breakpoint: Option<Breakpoint>,
    },
    InputImage {
        #[serde(skip_serializing_if = "Option::is_none")]
        image_url: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
        detail: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt_cache_breakpoint: Option<Breakpoint>,
    },
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt_cache_breakpoint: Option<Breakpoint>,
    },
    InputAudio {
        input_audio: Audio<'a>,
    },
    OutputText {
        text: &'a str,
        annotations: &'a [Json],
        logprobs: &'a Json,
    },
    Refusal {
        refusal: &'a str,
    },
    SummaryText {
        text: &'a str,
    },
    ReasoningText {
        text: &'a str,
    },
}

/// The prompt is to be cached up to and with this part.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Breakpoint {
    pub(super) mode: &'static str,
}

/// Sound.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Audio<'a> {
    pub(super) data: &'a str,
    pub(super) format: &'a str,
}

/// Where a piece of text comes from.
#[derive(Clone, Debug, Serialize)]
pub(super) struct UrlCitation<'a> {
    pub(super) r#type: &'static str,
    pub(super) url: &'a str,
    pub(super) title: &'a str,
    pub(super) start_index: u64,
    pub(super) end_index: u64,
}

/// A tool.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Tool<'a> {
    Function {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        parameters: Option<Cow<'a, Json>>,
        strict: Option<bool>,
        #[serde(flatten)]
        more: Members,
    },
    Custom {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        format: Option<&'a Json>,
    },
    WebSearch {
        #[serde(skip_serializing_if = "Option::is_none")]
        filters: Option<Filters<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        user_location: Option<Json>,
        #[serde(skip_serializing_if = "Option::is_none")]
        search_context_size: Option<String>,
    },
    #[serde(untagged)]
    Native(&'a Json),
}

/// Where a search may look.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Filters<'a> {
    pub(super) allowed_domains: &'a [String],
}

/// Which tools are to be called.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ToolChoice<'a> {
    Word(&'static str),
    One(ToolName<'a>),
    Some { r#type: &'static str, mode: &'static str, tools: Vec<ToolName<'a>> },
    Native(&'a Json),
}

/// A tool by its kind and name.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ToolName<'a> {
    pub(super) r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
}

/// The shape of the answer's text.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TextConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<TextFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verbosity: Option<&'a str>,
    #[serde(flatten)]
    pub(super) more: Members,
}

/// The shape of the answer's text.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum TextFormat<'a> {
    Text,
    JsonObject,
    JsonSchema {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        schema: &'a Json,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

/// How much to think.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ReasoningConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<&'a str>,
    #[serde(flatten)]
    pub(super) more: Members,
}

/// A request for an answer. For a count of tokens most of it is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Request<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instructions: Option<&'a str>,
    pub(super) input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<TextConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning: Option<ReasoningConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_p: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) include: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) previous_response_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conversation: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) background: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_cache_retention: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) stream: bool,
    #[serde(flatten)]
    pub(super) more: Members,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

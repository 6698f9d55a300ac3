//! What an answer repeats of its request: the vendor's SDKs expect all of it in every answer.

use serde::Serialize;
use serde_json::Number;

use super::super::request::{reasoning_config, text_config, write_choice, write_tools};
use super::super::wire::{FORMAT, TextFormat};
use crate::Losses;
use crate::ir::{Part, Request, Role};
use crate::json::Json;
use crate::members::Members;

/// What an answer repeats of its request.
#[derive(Clone, Debug, Serialize)]
pub(in super::super) struct Echo {
    background: bool,
    instructions: Option<String>,
    max_output_tokens: Option<u64>,
    max_tool_calls: Option<Json>,
    metadata: Json,
    parallel_tool_calls: bool,
    previous_response_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Json>,
    prompt_cache_key: Option<String>,
    reasoning: Reasoning,
    safety_identifier: Option<Json>,
    store: bool,
    temperature: Option<Number>,
    text: Json,
    tool_choice: Json,
    tools: Vec<Json>,
    top_logprobs: u32,
    top_p: Option<Number>,
    truncation: Json,
    user: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Reasoning {
    effort: Option<&'static str>,
    summary: Option<String>,
}

/// The text's shape, with its default.
#[derive(Serialize)]
struct Text<'a> {
    format: TextFormat<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
}

// === impl Echo ===

impl Echo {
    /// What is repeated of this request. What it cannot say is left out: its client said it in this format.
    pub(in super::super) fn of(request: &Request) -> Self {
        let extra = |name: &str| {
            let found = request.extras.0.iter().find(|(own, _)| own == name);
            found.filter(|_| request.format == FORMAT).map(|(_, json)| json.clone())
        };
        let word = |word: &str| Json::of(word).unwrap_or_else(|_| Json::empty_object());
        let thinking = request.thinking.as_ref().map(reasoning_config);
        let tools = write_tools(request, &mut Losses::default()).unwrap_or_default();
        let choice = write_choice(request).ok().flatten().and_then(|choice| Json::of(&choice).ok());
        Self {
            background: request.state.background.unwrap_or_default(),
            instructions: instructions(request).map(str::to_owned),
            max_output_tokens: request.max_tokens,
            max_tool_calls: extra("max_tool_calls"),
            metadata: request.metadata.clone().unwrap_or_else(Json::empty_object),
            parallel_tool_calls: request.parallel_calls.unwrap_or(true),
            previous_response_id: request.state.previous_response_id.clone(),
            conversation: request.state.conversation.clone(),
            prompt_cache_key: request.caching.key.clone(),
            reasoning: Reasoning {
                effort: thinking.as_ref().and_then(|thinking| thinking.effort),
                summary: thinking.and_then(|thinking| thinking.summary.map(str::to_owned)),
            },
            safety_identifier: extra("safety_identifier"),
            store: request.state.store.unwrap_or(true),
            temperature: request.sampling.temperature.clone(),
            text: text(request),
            tool_choice: choice.unwrap_or_else(|| word("auto")),
            tools: tools.iter().filter_map(|tool| Json::of(tool).ok()).collect(),
            top_logprobs: request.log_probs.and_then(|log_probs| log_probs.top).unwrap_or_default(),
            top_p: request.sampling.top_p.clone(),
            truncation: extra("truncation").unwrap_or_else(|| word("disabled")),
            user: request.user.clone(),
        }
    }
}

fn instructions(request: &Request) -> Option<&str> {
    let first = request.turns.first().filter(|turn| turn.role == Role::System)?;
    match &first.parts[..] {
        [part] => Part::as_text(part),
        _ => None,
    }
}

fn text(request: &Request) -> Json {
    let config = text_config(request, Members::default());
    let verbosity = request.verbosity.as_deref();
    let format = config.and_then(|config| config.format).unwrap_or(TextFormat::Text);
    Json::of(&Text { format, verbosity }).unwrap_or_else(|_| Json::empty_object())
}

//! Writes requests.

use rotator_domain::Format;
use serde::Serialize;
use serde_json::Number;

use super::super::wire::{CacheControl, Message, PATH};
use super::read::KNOWN;
use super::turns::{arranged, messages};
use super::{thinking, tools};
use crate::ir::{OutputShape, Request, Tier};
use crate::json::{Json, Object};
use crate::members::Members;
use crate::openai_vendor::{SHARED, model_name};
use crate::{Invalid, Losses, UpstreamCall, Writing};

/// The name of a schema that has none, which the vendor wants.
const SCHEMA: &str = "answer";
/// The most characters of a schema's name.
const SCHEMA_NAME_LIMIT: usize = 64;

/// The most texts that end an answer.
const MOST_STOPS: usize = 4;

/// Members of Responses that Chat Completions does not have
/// (<https://platform.openai.com/docs/api-reference/responses/create>).
const OF_RESPONSES: [&str; 6] =
    ["include", "truncation", "max_tool_calls", "context_management", "instructions", "reasoning"];

/// How a stream is to be told.
const STREAM_OPTIONS: &str = "stream_options";

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<Members>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_search_options: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Shape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
    #[serde(flatten)]
    choosing: Choosing<'a>,
    #[serde(flatten)]
    account: Account<'a>,
    #[serde(flatten)]
    extras: Members,
}

/// How words and answers are chosen.
#[derive(Serialize)]
struct Choosing<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<&'a Number>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u32>,
}

/// What is told for the vendor's own ends.
#[derive(Serialize)]
struct Account<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_retention: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl<'a>>,
}

#[derive(Serialize)]
struct Shape<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<Schema<'a>>,
}

#[derive(Serialize)]
struct Schema<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// Writes a request for an answer.
pub(in super::super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
    refuse(request)?;
    let losses = &mut writing.losses;
    let mut extras = extras(request, losses)?;
    let turns = arranged(request, losses);
    let messages = messages(&turns, request, losses)?;
    if messages.is_empty() {
        return Err(Invalid::new("says nothing").at("messages"));
    }
    let tools = tools::write(request, losses)?;
    let is_newer =
        request.format == Format::OpenAiResponses || model_name::is_own_thinker(&request.model, writing.models);
    let (newer, older) = if is_newer { (request.max_tokens, None) } else { (None, request.max_tokens) };
    let body = Body {
        model: &request.model,
        messages,
        stream: request.stream.then_some(true),
        stream_options: stream_options(request, &mut extras),
        // The vendor refuses to hear of calls at once where there is nothing to call.
        parallel_tool_calls: request.parallel_calls.filter(|_| !tools.tools.is_empty()),
        tools: tools.tools,
        tool_choice: tools.choice,
        web_search_options: tools.search,
        response_format: output(&request.output),
        max_tokens: older,
        max_completion_tokens: newer,
        reasoning_effort: thinking::effort_of(request, writing.models, losses),
        verbosity: request.verbosity.as_deref(),
        choosing: choosing(request, losses),
        account: account(request, losses),
        extras,
    };
    UpstreamCall::post(PATH, &body)
}

/// Refuses what changes the answer's meaning.
fn refuse(request: &Request) -> Result<(), Invalid> {
    let state = &request.state;
    let refused = [
        (state.previous_response_id.is_some(), "previous_response_id"),
        (state.conversation.is_some(), "conversation"),
        (state.background == Some(true), "background"),
        (request.caching.content.is_some(), "cached_content"),
    ];
    match refused.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, name)) => Err(Invalid::new("has no counterpart in Chat Completions").at(name)),
        None => Ok(()),
    }
}

/// Members that only the client's format has: kept where that is this one or its sibling.
fn extras(request: &Request, losses: &mut Losses) -> Result<Members, Invalid> {
    let mut kept = Vec::new();
    for (name, value) in &request.extras.0 {
        match request.format {
            Format::OpenAiResponses if name == "prompt" => {
                return Err(Invalid::new("has no counterpart in Chat Completions").at(name));
            }
            Format::OpenAiResponses if SHARED.contains(&name.as_str()) => kept.push((name.clone(), value.clone())),
            Format::OpenAiResponses if OF_RESPONSES.contains(&name.as_str()) => losses.drop(name),
            // By a name of this format it would be said unread, and perhaps a second time.
            Format::OpenAiResponses if KNOWN.contains(&name.as_str()) => losses.drop(name),
            Format::OpenAi | Format::OpenAiResponses => kept.push((name.clone(), value.clone())),
            Format::Anthropic | Format::Gemini => losses.drop(name),
        }
    }
    Ok(Members(kept))
}

fn stream_options(request: &Request, extras: &mut Members) -> Option<Members> {
    let at = extras.0.iter().position(|(name, _)| name == STREAM_OPTIONS);
    let more = at.map(|at| extras.0.remove(at).1);
    if !request.stream {
        return None;
    }
    let mut options = Members::default();
    if request.include_usage {
        options.add("include_usage", &true);
    }
    let more = more.as_ref().and_then(|more| Object::read(more.raw()).ok());
    options.0.extend(more.map(|more| more.rest(&["include_usage"])).unwrap_or_default());
    (!options.is_empty()).then_some(options)
}

fn output(shape: &OutputShape) -> Option<Shape<'_>> {
    match shape {
        OutputShape::Text => None,
        OutputShape::JsonObject => Some(Shape { r#type: "json_object", json_schema: None }),
        OutputShape::Schema { name, description, schema, strict } => {
            let name = schema_name(name.as_deref().unwrap_or(SCHEMA));
            let json_schema = Schema { name, description: description.as_deref(), schema, strict: *strict };
            Some(Shape { r#type: "json_schema", json_schema: Some(json_schema) })
        }
    }
}

/// A schema's name in the characters that the vendor takes.
fn schema_name(name: &str) -> String {
    let fitting = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().take(SCHEMA_NAME_LIMIT).map(fitting).collect();
    if name.is_empty() { SCHEMA.to_owned() } else { name }
}

fn choosing<'a>(request: &'a Request, losses: &mut Losses) -> Choosing<'a> {
    let sampling = &request.sampling;
    // Many who speak this format take it, the vendor does not; a client of this format knows whom it asks.
    let top_k = sampling.top_k.as_ref().filter(|_| request.format == Format::OpenAi);
    losses.drop_if(sampling.top_k.is_some() && top_k.is_none(), "top_k");
    // Others who speak this format may take more.
    let most = if request.format == Format::OpenAi { usize::MAX } else { MOST_STOPS };
    let stop = &request.stop[..request.stop.len().min(most)];
    losses.drop_if(stop.len() < request.stop.len(), "stop");
    Choosing {
        temperature: sampling.temperature.as_ref(),
        top_p: sampling.top_p.as_ref(),
        top_k,
        presence_penalty: sampling.presence_penalty.as_ref(),
        frequency_penalty: sampling.frequency_penalty.as_ref(),
        seed: sampling.seed.as_ref(),
        stop,
        n: request.choices.filter(|choices| *choices > 1),
        logprobs: request.log_probs.map(|_| true),
        top_logprobs: request.log_probs.and_then(|log_probs| log_probs.top),
    }
}

fn account<'a>(request: &'a Request, losses: &mut Losses) -> Account<'a> {
    let is_own = request.format == Format::OpenAi;
    let is_kin = is_own || request.format == Format::OpenAiResponses;
    let service_tier = match &request.tier {
        Some(Tier::Auto) => Some("auto"),
        Some(Tier::Standard) => Some("default"),
        Some(Tier::Flex) => Some("flex"),
        Some(Tier::Priority) => Some("priority"),
        Some(Tier::Other(name)) if is_kin => Some(name.as_str()),
        Some(Tier::Other(_)) => {
            losses.drop("service_tier");
            None
        }
        None => None,
    };
    // The vendor takes metadata only with what it is to store, and Responses stores something else. What Anthropic calls
    // so is the user's id.
    losses.drop_if(request.metadata.is_some() && !is_own && request.format != Format::Anthropic, "metadata");
    losses.drop_if(request.caching.mark.is_some() && !is_own, "cache_control");
    losses.drop_if(request.state.store == Some(true) && !is_own, "store");
    Account {
        user: request.user.as_deref(),
        metadata: request.metadata.as_ref().filter(|_| is_own),
        store: request.state.store.filter(|_| is_own),
        service_tier,
        prompt_cache_key: request.caching.key.as_deref(),
        prompt_cache_retention: request.caching.retention.as_deref(),
        cache_control: request.caching.mark.as_ref().filter(|_| is_own).map(CacheControl::from),
    }
}

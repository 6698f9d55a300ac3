//! Writing requests.

use std::collections::BTreeSet;

use rotator_domain::Format;

use super::super::path::RESPONSES;
use super::super::wire::{self, FORMAT, INCLUDE_LOG_PROBS, INCLUDE_OPAQUE};
use super::read::KNOWN;
use super::{tools, turns};
use crate::ir::{Effort, OutputShape, Request, Thinking, ThinkingMode, Tier};
use crate::json::{Object, each, text};
use crate::members::Members;
use crate::openai_vendor::SHARED;
use crate::{Invalid, Losses, ModelTable, ThinkingStyle, UpstreamCall, Writing};

/// The least that the API takes for the most tokens of an answer.
const LEAST_MAX_TOKENS: u64 = 16;
/// The most characters of a user's name.
const USER_LIMIT: usize = 64;
/// The tiers that the API knows besides those that all formats share.
const OTHER_TIERS: [&str; 2] = ["scale", "fast"];
/// What Chat Completions has and this format has not, although both belong to one API.
const OF_CHAT: [&str; 12] = [
    "audio",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "messages",
    "modalities",
    "n",
    "prediction",
    "reasoning_effort",
    "response_format",
    "web_search_options",
];

/// Writes a request for an answer.
pub(in super::super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
    UpstreamCall::post(RESPONSES, &body(request, writing)?)
}

/// Makes a request.
pub(in super::super) fn body<'a>(
    request: &'a Request,
    writing: &mut Writing<'_>,
) -> Result<wire::Request<'a>, Invalid> {
    refuse(request)?;
    let Writing { models, losses } = writing;
    let input = turns::write(request, losses)?;
    let tools = tools::write_all(request, losses)?;
    let has_tools = !tools.is_empty() || request.format == FORMAT;
    let tool_choice = tools::write_choice(request)?.filter(|_| has_tools);
    let mut extras = extras(request, losses);
    let reasoning = reasoning(request, models, &mut extras, losses);
    let takes_sampling = takes_sampling(request, models);
    let sampling = &request.sampling;
    losses.drop_if(!takes_sampling && sampling.temperature.is_some(), "temperature");
    losses.drop_if(!takes_sampling && sampling.top_p.is_some(), "top_p");
    drop_unsayable(request, losses);
    let state = &request.state;
    let is_own = request.format == FORMAT;
    Ok(wire::Request {
        model: &request.model,
        instructions: input.instructions,
        input: input.items,
        parallel_tool_calls: request.parallel_calls.filter(|_| has_tools),
        tools,
        tool_choice,
        text: text_config(request, inner(&mut extras, "text", losses)),
        reasoning,
        temperature: sampling.temperature.as_ref().filter(|_| takes_sampling),
        top_p: sampling.top_p.as_ref().filter(|_| takes_sampling),
        max_output_tokens: max_tokens(request, losses),
        top_logprobs: request.log_probs.and_then(|log_probs| log_probs.top),
        include: include(request, models, &mut extras),
        previous_response_id: state.previous_response_id.as_deref(),
        conversation: state.conversation.as_ref(),
        background: state.background,
        // A client of another format does not expect the vendor to keep anything.
        store: state.store.or((!is_own).then_some(false)),
        service_tier: tier(request, losses),
        user: user(request, losses),
        metadata: request.metadata.as_ref(),
        prompt_cache_key: request.caching.key.as_deref(),
        prompt_cache_retention: request.caching.retention.as_deref(),
        stream: request.stream,
        more: extras,
    })
}

/// Refuses what would change the answer's meaning.
fn refuse(request: &Request) -> Result<(), Invalid> {
    let refused = [
        (request.choices.is_some_and(|choices| choices > 1), "n"),
        (request.caching.content.is_some(), "cached_content"),
    ];
    match refused.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, name)) => Err(Invalid::new("has no counterpart in OpenAI Responses").at(name)),
        None => Ok(()),
    }
}

fn drop_unsayable(request: &Request, losses: &mut Losses) {
    let sampling = &request.sampling;
    losses.drop_if(!request.stop.is_empty(), "stop");
    losses.drop_if(sampling.top_k.is_some(), "top_k");
    losses.drop_if(sampling.presence_penalty.is_some(), "presence_penalty");
    losses.drop_if(sampling.frequency_penalty.is_some(), "frequency_penalty");
    losses.drop_if(sampling.seed.is_some(), "seed");
    losses.drop_if(request.caching.mark.is_some(), "cache_control");
}

/// The shape of the answer's text, where something is said of it.
pub(in super::super) fn text_config(request: &Request, more: Members) -> Option<wire::TextConfig<'_>> {
    let format = match &request.output {
        OutputShape::Text => None,
        OutputShape::JsonObject => Some(wire::TextFormat::JsonObject),
        OutputShape::Schema { name, description, schema, strict } => Some(wire::TextFormat::JsonSchema {
            name: name.as_deref().unwrap_or("output"),
            description: description.as_deref(),
            schema,
            strict: *strict,
        }),
    };
    let verbosity = request.verbosity.as_deref();
    let is_empty = format.is_none() && verbosity.is_none() && more.is_empty();
    (!is_empty).then_some(wire::TextConfig { format, verbosity, more })
}

/// How much to think, by effort: where only a budget was said, by the effort that stands for it.
pub(in super::super) fn reasoning_config(thinking: &Thinking) -> wire::ReasoningConfig<'_> {
    let is_off = thinking.mode == ThinkingMode::Disabled;
    let effort = thinking.effort.or_else(|| thinking.budget.map(Effort::of_budget));
    let effort = if is_off { Some(Effort::None) } else { effort };
    let summary = thinking.summary.as_deref().filter(|_| effort != Some(Effort::None));
    wire::ReasoningConfig { effort: effort.map(Effort::name), summary, more: Members::default() }
}

fn reasoning<'a>(
    request: &'a Request,
    models: &ModelTable,
    extras: &mut Members,
    losses: &mut Losses,
) -> Option<wire::ReasoningConfig<'a>> {
    let is_own = request.format == FORMAT;
    let more = inner(extras, "reasoning", losses);
    let told = request.thinking.as_ref().map(reasoning_config);
    let (effort, summary) = told.map_or((None, None), |told| (told.effort, told.summary));
    // A summary is for models that think; asked for in other words, it is left to those that are known to.
    if effort.is_none() && summary.is_none() && more.is_empty() {
        return None;
    }
    if !is_own {
        let thinks = models.row(&request.model).map(|row| row.thinking);
        if thinks == Some(ThinkingStyle::None) {
            losses.drop_if(effort.is_some_and(|effort| effort != Effort::None.name()), "reasoning_effort");
            return None;
        }
        // Not to think is a word that models understand which may.
        if effort == Some(Effort::None.name()) && thinks.is_none() && request.format != Format::OpenAi {
            losses.drop("reasoning_effort");
            return None;
        }
    }
    Some(wire::ReasoningConfig { effort, summary, more })
}

/// Models that think refuse to be told how to choose words. A client of the same vendor may find that out by itself.
fn takes_sampling(request: &Request, models: &ModelTable) -> bool {
    let is_vendors = matches!(request.format, Format::OpenAi | Format::OpenAiResponses);
    let thinks = models.row(&request.model).is_some_and(|row| row.thinking == ThinkingStyle::Effort);
    let is_off = request.thinking.as_ref().is_some_and(|thinking| thinking.mode == ThinkingMode::Disabled);
    is_vendors || !thinks || is_off
}

fn max_tokens(request: &Request, losses: &mut Losses) -> Option<u64> {
    let max_tokens = request.max_tokens?;
    losses.drop_if(max_tokens < LEAST_MAX_TOKENS, "max_tokens");
    Some(max_tokens.max(LEAST_MAX_TOKENS))
}

/// What the answer is to hold besides. Reasoning in a form to send back is asked for on behalf of every client of another
/// format, since nothing is kept for it: unless the model is known not to think, which then would refuse.
fn include(request: &Request, models: &ModelTable, extras: &mut Members) -> Vec<String> {
    let thinks = || models.row(&request.model).is_none_or(|row| row.thinking != ThinkingStyle::None);
    let wants_opaque = request.thinking.as_ref().is_some_and(|thinking| thinking.wants_opaque);
    let mut include = BTreeSet::new();
    if (request.format != FORMAT && thinks()) || (request.format == FORMAT && wants_opaque) {
        include.insert(INCLUDE_OPAQUE.to_owned());
    }
    if request.log_probs.is_some() {
        include.insert(INCLUDE_LOG_PROBS.to_owned());
    }
    let others = extras.take("include").map(|json| each(json.raw(), text));
    include.extend(others.and_then(Result::ok).unwrap_or_default());
    include.into_iter().collect()
}

fn tier<'a>(request: &'a Request, losses: &mut Losses) -> Option<&'a str> {
    Some(match request.tier.as_ref()? {
        Tier::Auto => "auto",
        Tier::Standard => "default",
        Tier::Flex => "flex",
        Tier::Priority => "priority",
        Tier::Other(name) if request.format == FORMAT || OTHER_TIERS.contains(&name.as_str()) => name,
        Tier::Other(_) => {
            losses.drop("service_tier");
            return None;
        }
    })
}

/// Who the user is; a name that is longer than the API takes is left out.
fn user<'a>(request: &'a Request, losses: &mut Losses) -> Option<&'a str> {
    let user = request.user.as_deref()?;
    let fits = request.format == FORMAT || user.chars().count() <= USER_LIMIT;
    losses.drop_if(!fits, "user");
    Some(user).filter(|_| fits)
}

/// What the client said beyond what is understood: a client of the same vendor's is kept, others' is named.
fn extras(request: &Request, losses: &mut Losses) -> Members {
    let keeps = |name: &str| match request.format {
        FORMAT => true,
        // By a name of this format it would be said unread, and perhaps a second time.
        Format::OpenAi if KNOWN.contains(&name) => SHARED.contains(&name),
        Format::OpenAi => !OF_CHAT.contains(&name) && !name.contains('.'),
        Format::Anthropic | Format::Gemini => false,
    };
    let (kept, dropped): (Vec<_>, Vec<_>) = request.extras.0.iter().partition(|(name, _)| keeps(name));
    for (name, _) in dropped {
        losses.drop(name);
    }
    Members(kept.into_iter().cloned().collect())
}

/// The members of a member of which others are understood.
fn inner(extras: &mut Members, name: &str, losses: &mut Losses) -> Members {
    let Some(json) = extras.take(name) else { return Members::default() };
    let members = Object::read(json.raw()).map(|object| Members(object.rest(&[])));
    losses.drop_if(members.is_err(), name);
    members.unwrap_or_default()
}

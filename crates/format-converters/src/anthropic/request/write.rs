//! Writes requests.

use http::Method;
use rotator_domain::Format;

use super::super::wire::{Block, CacheControl, VERSION};
use super::body::{Answering, Body, Choice, Function, ThinkingConfig, WebSearch};
use super::turns::{arranged, is_unsigned_loop, messages, no_counterpart, object_schema, system};
use crate::ir::{Effort, OutputShape, Request, ThinkingMode, Tier, Tool, ToolChoice};
use crate::json::Json;
use crate::members::Members;
use crate::{Invalid, LEAST_BUDGET, Losses, ThinkingStyle, UpstreamCall, Writing};

/// What asks for JSON where no schema says which.
const JSON_INSTRUCTION: &str = "Answer with one JSON object and nothing else: no other text, no code fence.";
/// What a tool that takes free text is described with.
const FREE_TEXT: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// Writes a request for an answer.
pub(in super::super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
    call("/v1/messages", request, writing, true)
}

/// Writes a request for the number of a prompt's tokens.
pub(in super::super) fn write_count(request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
    call("/v1/messages/count_tokens", request, writing, false)
}

fn call(path: &str, request: &Request, writing: &mut Writing<'_>, answers: bool) -> Result<UpstreamCall, Invalid> {
    refuse(request)?;
    drop_unsaid(request, &mut writing.losses);
    let is_own = request.format == Format::Anthropic;
    let (instructions, turns) = arranged(request, writing);
    if turns.is_empty() {
        return Err(Invalid::new("says nothing").at("messages"));
    }
    let max_tokens = request.max_tokens.unwrap_or_else(|| writing.models.max_output(&request.model));
    let style = writing.models.thinking(&request.model);
    let losses = &mut writing.losses;
    let tools = tools(request, losses)?;
    let (tool_choice, is_forced) = tool_choice(request, !tools.is_empty())?;
    let (mut thinking, effort) = thinking(request, style, max_tokens, losses);
    let is_budget = matches!(thinking, Some(ThinkingConfig::Enabled { .. }));
    let is_on = is_budget || matches!(thinking, Some(ThinkingConfig::Adaptive { .. }));
    // Adaptive thinking needs no thoughts in earlier turns; a budget does.
    if is_on && is_forced || is_budget && is_unsigned_loop(&turns) {
        thinking = Some(ThinkingConfig::Disabled);
        losses.drop("reasoning_effort");
    }
    let is_on = is_on && thinking != Some(ThinkingConfig::Disabled);

    let mut extras = if is_own { request.extras.0.clone() } else { Vec::new() };
    if !is_own {
        request.extras.0.iter().for_each(|(name, _)| losses.drop(name));
    }
    let at = extras.iter().position(|(name, _)| name == "output_config");
    let mut output_config = at.map(|at| Members::of(&extras.remove(at).1)).unwrap_or_default();
    if let Some(effort) = effort {
        output_config.set("effort", Json::of(effort).map_err(|error| Invalid::new(error.to_string()))?);
    }
    let mut system = system(&instructions, losses)?;
    match &request.output {
        OutputShape::Text => {}
        OutputShape::JsonObject => {
            system.push(Block::Text { text: JSON_INSTRUCTION.into(), citations: Vec::new(), cache_control: None });
        }
        OutputShape::Schema { schema, .. } => {
            let format = format!(r#"{{"type":"json_schema","schema":{}}}"#, schema.get());
            output_config.set("format", Json::from_text(&format).unwrap_or_else(Json::empty_object));
        }
    }
    let body = Body {
        model: &request.model,
        max_tokens: answers.then_some(max_tokens),
        system,
        messages: messages(&turns, losses)?,
        tools,
        tool_choice,
        thinking,
        output_config: (!output_config.0.is_empty()).then_some(output_config),
        cache_control: CacheControl::of(request.caching.mark.as_ref()),
        answering: answers.then(|| answering(request, is_on, losses)),
        extras: Members(extras),
    };
    let call = UpstreamCall::post(path, &body)?;
    Ok(UpstreamCall { method: Method::POST, headers: vec![VERSION], ..call })
}

/// Refuses what changes the answer's meaning.
fn refuse(request: &Request) -> Result<(), Invalid> {
    let state = &request.state;
    let refused = [
        (request.choices.is_some_and(|choices| choices > 1), "n"),
        (state.previous_response_id.is_some(), "previous_response_id"),
        (state.conversation.is_some(), "conversation"),
        (state.background == Some(true), "background"),
        (request.caching.content.is_some(), "cached_content"),
    ];
    match refused.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, "n")) => Err(Invalid::new("Anthropic gives one answer only").at("n")),
        Some((_, name)) => Err(no_counterpart(name).at(name)),
        None => Ok(()),
    }
}

/// Names what is left out.
fn drop_unsaid(request: &Request, losses: &mut Losses) {
    let (sampling, caching) = (&request.sampling, &request.caching);
    let top = request.log_probs.map(|log_probs| log_probs.top.is_some());
    let is_foreign = request.format != Format::Anthropic;
    let dropped = [
        (sampling.presence_penalty.is_some(), "presence_penalty"),
        (sampling.frequency_penalty.is_some(), "frequency_penalty"),
        (sampling.seed.is_some(), "seed"),
        (request.verbosity.is_some(), "verbosity"),
        (top.is_some(), "logprobs"),
        (top == Some(true), "top_logprobs"),
        (caching.key.is_some(), "prompt_cache_key"),
        (caching.retention.is_some(), "prompt_cache_retention"),
        (request.metadata.is_some() && is_foreign, "metadata"),
        (request.state.store == Some(true), "store"),
    ];
    dropped.into_iter().for_each(|(is_there, name)| losses.drop_if(is_there, name));
}

fn answering<'a>(request: &'a Request, is_thinking: bool, losses: &mut Losses) -> Answering<'a> {
    let json = |number: &serde_json::Number| Json::of(number).ok();
    let sampling = &request.sampling;
    let mut temperature = sampling.temperature.as_ref().and_then(json);
    let value = sampling.temperature.as_ref().and_then(serde_json::Number::as_f64);
    if is_thinking {
        // One is the default, which may be said.
        losses.drop_if(value.is_some_and(|value| value != 1.0), "temperature");
        temperature = None;
    } else if value.is_some_and(|value| value > 1.0) {
        losses.drop("temperature");
        temperature = Json::from_text("1");
    }
    losses.drop_if(is_thinking && sampling.top_k.is_some(), "top_k");
    let service_tier = match &request.tier {
        Some(Tier::Auto) => Some("auto"),
        Some(Tier::Standard) => Some("standard_only"),
        Some(Tier::Other(tier)) if request.format == Format::Anthropic => Some(tier.as_str()),
        Some(_) => {
            losses.drop("service_tier");
            None
        }
        None => None,
    };
    let own = request.metadata.as_ref().filter(|_| request.format == Format::Anthropic);
    let mut metadata = own.map(Members::of).unwrap_or_default();
    if let Some(user) = request.user.as_ref().and_then(|user| Json::of(user).ok()) {
        metadata.0.insert(0, ("user_id".to_owned(), user));
    }
    Answering {
        stream: request.stream,
        stop_sequences: &request.stop,
        temperature,
        top_p: sampling.top_p.as_ref().and_then(json),
        top_k: sampling.top_k.as_ref().filter(|_| !is_thinking).and_then(json),
        metadata: (!metadata.0.is_empty()).then_some(metadata),
        service_tier,
    }
}

fn tools(request: &Request, losses: &mut Losses) -> Result<Vec<Json>, Invalid> {
    let allowed = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => Some(names),
        _ => None,
    };
    let is_allowed = |tool: &&Tool| match (allowed, tool) {
        (Some(names), Tool::Function { name, .. } | Tool::Custom { name, .. }) => names.contains(name),
        _ => true,
    };
    let tools = request.tools.iter().filter(is_allowed).enumerate();
    tools.map(|(index, tool)| write_tool(tool, losses).map_err(|error| error.at_index(index).at("tools"))).collect()
}

fn write_tool(tool: &Tool, losses: &mut Losses) -> Result<Json, Invalid> {
    let failed = |error: serde_json::Error| Invalid::new(error.to_string());
    match tool {
        Tool::Function { name, description, parameters, strict, cache, extras } => {
            let extras = extras.as_ref().filter(|extras| extras.format == Format::Anthropic);
            Json::of(&Function {
                name,
                description: description.as_deref(),
                input_schema: object_schema(parameters.as_ref()),
                strict: strict.filter(|strict| *strict),
                cache_control: CacheControl::of(cache.as_ref()),
                extras: extras.map(|extras| Members::of(&extras.json)).unwrap_or_default(),
            })
            .map_err(failed)
        }
        Tool::Custom { name, description, grammar } => {
            losses.drop_if(grammar.is_some(), "grammar");
            Json::of(&Function {
                name,
                description: description.as_deref(),
                input_schema: Json::from_text(FREE_TEXT).unwrap_or_else(Json::empty_object),
                strict: None,
                cache_control: None,
                extras: Members::default(),
            })
            .map_err(failed)
        }
        Tool::Search(search) => match search.native.as_ref().filter(|native| native.format == Format::Anthropic) {
            Some(native) => Ok(native.json.clone()),
            None => Json::of(&WebSearch {
                r#type: "web_search_20250305",
                name: "web_search",
                max_uses: search.max_uses,
                allowed_domains: &search.allowed_domains,
                blocked_domains: &search.blocked_domains,
            })
            .map_err(failed),
        },
        Tool::Native(native) if native.format == Format::Anthropic => Ok(native.json.clone()),
        Tool::Native(native) => Err(no_counterpart(&native.name)),
    }
}

/// The choice of tools, and whether it makes the model call one.
fn tool_choice(request: &Request, has_tools: bool) -> Result<(Option<Json>, bool), Invalid> {
    let mut disable_parallel_tool_use = (request.parallel_calls == Some(false)).then_some(true);
    let (r#type, name) = match &request.tool_choice {
        _ if !has_tools => return Ok((None, false)),
        Some(ToolChoice::Native(native)) if native.format == Format::Anthropic => {
            return Ok((Some(native.json.clone()), false));
        }
        Some(ToolChoice::Native(native)) => return Err(no_counterpart(&native.name).at("tool_choice")),
        Some(ToolChoice::None) => {
            disable_parallel_tool_use = None;
            ("none", None)
        }
        Some(ToolChoice::Required | ToolChoice::Allowed { is_required: true, .. }) => ("any", None),
        Some(ToolChoice::Named(name)) => ("tool", Some(name.as_str())),
        Some(ToolChoice::Auto | ToolChoice::Allowed { .. }) => ("auto", None),
        None if disable_parallel_tool_use.is_some() => ("auto", None),
        None => return Ok((None, false)),
    };
    let choice = Json::of(&Choice { r#type, name, disable_parallel_tool_use });
    Ok((choice.ok(), matches!(r#type, "any" | "tool")))
}

/// How the model is told to think, and with which effort.
fn thinking(
    request: &Request,
    style: ThinkingStyle,
    max_tokens: u64,
    losses: &mut Losses,
) -> (Option<ThinkingConfig>, Option<&'static str>) {
    let Some(thinking) = &request.thinking else { return (None, None) };
    let is_own = request.format == Format::Anthropic;
    if thinking.mode == ThinkingMode::Disabled || thinking.effort == Some(Effort::None) || thinking.budget == Some(0) {
        let effort = thinking.effort.filter(|_| is_own).map(Effort::name);
        return ((is_own || style != ThinkingStyle::None).then_some(ThinkingConfig::Disabled), effort);
    }
    // Clients of this format know how their model is told.
    let style = match thinking.mode {
        ThinkingMode::Unsaid if is_own => return (None, thinking.effort.map(Effort::name)),
        ThinkingMode::Unsaid if thinking.effort.is_none() && thinking.budget.is_none() => return (None, None),
        ThinkingMode::Adaptive if is_own => ThinkingStyle::Effort,
        ThinkingMode::Enabled if is_own => ThinkingStyle::Budget,
        _ => style,
    };
    let own_effort = thinking.effort.filter(|_| is_own).map(Effort::name);
    match style {
        ThinkingStyle::None => {
            losses.drop("reasoning_effort");
            (None, None)
        }
        ThinkingStyle::Budget => {
            let effort = thinking.effort.unwrap_or(Effort::Medium);
            let budget_tokens = thinking.budget.unwrap_or_else(|| effort.budget());
            if !(LEAST_BUDGET..max_tokens).contains(&budget_tokens) {
                losses.drop("reasoning_effort");
                return (Some(ThinkingConfig::Disabled), own_effort);
            }
            let display = (is_own && thinking.summary.is_none()).then_some("omitted");
            (Some(ThinkingConfig::Enabled { budget_tokens, display }), own_effort)
        }
        ThinkingStyle::Effort => {
            let effort = thinking.effort.or_else(|| thinking.budget.filter(|_| !is_own).map(Effort::of_budget));
            let display = if thinking.summary.is_some() { "summarized" } else { "omitted" };
            let effort = effort.map(|effort| match effort {
                Effort::None | Effort::Minimal => Effort::Low.name(),
                // Not every model that takes the highest one takes the one below it.
                Effort::ExtraHigh if !is_own => Effort::Max.name(),
                effort => effort.name(),
            });
            (Some(ThinkingConfig::Adaptive { display: Some(display) }), effort)
        }
    }
}

//! Writing requests.

use super::super::abilities::Abilities;
use super::super::part::{CallIds, FORMAT, PartWriter, cache_control, text};
use super::super::wire;
use super::thinking::{Circumstances, Plan};
use super::{PATH, schema, tools, turns};
use crate::ir::{OutputShape, Part, PartKind, Request, Role, Tier, Turn};
use crate::members::Members;
use crate::{Invalid, Losses, UpstreamCall, Writing};

/// What a model is told where the answer has to be an object and nothing can enforce it.
const WANTS_OBJECT: &str = "Answer with one JSON object and nothing else: no other words, no Markdown.";
/// What comes before a schema that nothing can enforce.
const WANTS_SCHEMA: &str =
    "Answer with one JSON value and nothing else: no other words, no Markdown. It must fit this JSON Schema:\n";
/// A nucleus that is as good as the default.
const WHOLE_NUCLEUS: f64 = 0.99;
/// The least nucleus that goes with thinking.
const THINKING_NUCLEUS: f64 = 0.95;

/// Writes a request for an answer.
pub(in super::super) fn write(request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
    body(request, writing, |body| UpstreamCall::post(PATH, &body))
}

/// Makes a request and hands it out to be written.
pub(in super::super) fn body(
    request: &Request,
    writing: &mut Writing<'_>,
    write: impl FnOnce(wire::Request<'_>) -> Result<UpstreamCall, Invalid>,
) -> Result<UpstreamCall, Invalid> {
    refuse(request)?;
    let Writing { models, losses } = writing;
    let abilities = Abilities::of(&request.model);
    let max_tokens = request.max_tokens.unwrap_or_else(|| models.max_output(&request.model));
    let takes_late = models.takes_late_instructions(&request.model);
    let (instructions, turns) = turns::arranged(request, takes_late, losses)?;
    let style = models.thinking(&request.model);
    let plan = Circumstances { request, turns: &turns, abilities, style, max_tokens }.plan(losses);

    let shape = output(request, abilities, losses);
    let ids = CallIds::of(turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| match &part.kind {
        PartKind::ToolCall(call) => Some(call.id.as_str()),
        _ => None,
    }));
    let mut parts = PartWriter { losses, ids: &ids };
    let mut system = contents(&instructions, &mut parts).map_err(|error| error.at("system"))?;
    system.extend(shape.instruction.map(text));
    let messages = messages(&turns, &mut parts)?;
    let tools = tools::write(request, abilities, losses)?;
    let tool_choice = tools::write_choice(request, abilities, !tools.is_empty(), losses)?;
    let body = wire::Request {
        model: &request.model,
        max_tokens: Some(max_tokens),
        system,
        messages,
        tools,
        tool_choice,
        thinking: plan.config,
        output_config: wire::OutputConfig { effort: plan.effort, format: shape.format },
        stop_sequences: stop(request, losses),
        metadata: request.user.as_deref().map(|user_id| wire::Metadata { user_id }),
        service_tier: tier(request, losses),
        cache_control: cache_control(request.caching.mark.as_ref()),
        stream: request.stream,
        ..wire::Request::default()
    };
    let extras = extras(request, losses);
    drop_unsayable(request, losses);
    let body = sampled(wire::Request { extras: Members(extras), ..body }, request, plan, abilities, losses);
    write(body).map(wire::with_version)
}

/// Refuses what would change the answer's meaning.
fn refuse(request: &Request) -> Result<(), Invalid> {
    let refused = [
        (request.choices.is_some_and(|choices| choices > 1), "n"),
        (request.state.previous_response_id.is_some(), "previous_response_id"),
        (request.state.conversation.is_some(), "conversation"),
        (request.state.background == Some(true), "background"),
        (request.caching.content.is_some(), "cached_content"),
    ];
    match refused.into_iter().find(|(is_there, _)| *is_there) {
        Some((_, name)) => Err(Invalid::new("has no counterpart in Anthropic Messages").at(name)),
        None => Ok(()),
    }
}

fn drop_unsayable(request: &Request, losses: &mut Losses) {
    let sampling = &request.sampling;
    losses.drop_if(sampling.presence_penalty.is_some(), "presence_penalty");
    losses.drop_if(sampling.frequency_penalty.is_some(), "frequency_penalty");
    losses.drop_if(sampling.seed.is_some(), "seed");
    losses.drop_if(request.verbosity.is_some(), "verbosity");
    losses.drop_if(request.log_probs.is_some(), "top_logprobs");
    losses.drop_if(request.metadata.is_some(), "metadata");
    losses.drop_if(request.caching.key.is_some(), "prompt_cache_key");
    losses.drop_if(request.caching.retention.is_some(), "prompt_cache_retention");
    losses.drop_if(request.state.store == Some(true), "store");
    let is_described = matches!(&request.output, OutputShape::Schema { description: Some(_), .. });
    losses.drop_if(is_described, "response_format.description");
    losses.drop_if(request.turns.iter().any(|turn| turn.name.is_some()), "name");
}

/// What this vendor's client said beyond what is understood; others' is named. A name with a dot is a member's member.
fn extras(request: &Request, losses: &mut Losses) -> Vec<(String, crate::Json)> {
    let is_own = |name: &str| request.format == FORMAT && !name.contains('.');
    let (own, others): (Vec<_>, Vec<_>) = request.extras.0.iter().partition(|(name, _)| is_own(name));
    for (name, _) in others {
        losses.drop(name);
    }
    own.into_iter().cloned().collect()
}

fn contents<'a>(parts: &'a [Part], writer: &mut PartWriter<'_>) -> Result<Vec<wire::Block<'a>>, Invalid> {
    let mut contents = Vec::with_capacity(parts.len());
    for part in parts {
        contents.extend(writer.part(part)?);
    }
    Ok(contents)
}

fn messages<'a>(turns: &'a [Turn], writer: &mut PartWriter<'_>) -> Result<Vec<wire::Message<'a>>, Invalid> {
    let mut messages = Vec::with_capacity(turns.len());
    for turn in turns {
        let role = match turn.role {
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::System | Role::Developer => "system",
        };
        let content = contents(&turn.parts, writer).map_err(|error| error.at("messages"))?;
        messages.push(wire::Message { role, content });
    }
    Ok(messages)
}

struct Shape {
    format: Option<wire::OutputFormat>,
    instruction: Option<String>,
}

/// A schema is enforced where the model takes one; else the model is asked, as it is for just any object.
fn output(request: &Request, abilities: Abilities, losses: &mut Losses) -> Shape {
    match &request.output {
        OutputShape::Text => Shape { format: None, instruction: None },
        OutputShape::JsonObject => Shape { format: None, instruction: Some(WANTS_OBJECT.to_owned()) },
        OutputShape::Schema { schema, .. } if abilities.takes_schema() => {
            let (schema, has_dropped) =
                if request.format == FORMAT { (schema.clone(), false) } else { schema::closed(schema) };
            losses.drop_if(has_dropped, "response_format");
            Shape { format: Some(wire::OutputFormat { r#type: "json_schema", schema }), instruction: None }
        }
        OutputShape::Schema { schema, .. } => {
            losses.drop("response_format");
            Shape { format: None, instruction: Some(format!("{WANTS_SCHEMA}{}", schema.get())) }
        }
    }
}

/// The API refuses texts of white space.
fn stop<'a>(request: &'a Request, losses: &mut Losses) -> Vec<&'a str> {
    let stop: Vec<&str> = request.stop.iter().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
    losses.drop_if(stop.len() < request.stop.len(), "stop");
    stop
}

fn tier(request: &Request, losses: &mut Losses) -> Option<&'static str> {
    match request.tier.as_ref()? {
        Tier::Auto => Some("auto"),
        Tier::Standard => Some("standard_only"),
        Tier::Flex | Tier::Priority | Tier::Other(_) => {
            losses.drop("service_tier");
            None
        }
    }
}

/// Adds how words are chosen. A temperature beyond 1, the highest here, becomes 1. A model that thinks takes only a nucleus, newer
/// models nothing but the defaults, and those from 4.1 on not both temperature and nucleus.
fn sampled<'a>(
    body: wire::Request<'a>,
    request: &Request,
    plan: Plan,
    abilities: Abilities,
    losses: &mut Losses,
) -> wire::Request<'a> {
    let sampling = &request.sampling;
    let takes_sampling = abilities.takes_sampling();
    let value = |number: &serde_json::Number| number.as_f64().unwrap_or_default();
    let is_beyond = |number: &serde_json::Number| value(number) > 1.0;
    losses.drop_if(sampling.temperature.as_ref().is_some_and(is_beyond), "temperature");
    let mut temperature = sampling
        .temperature
        .clone()
        .map(|number| if is_beyond(&number) { serde_json::Number::from(1) } else { number });
    if plan.is_on() || !takes_sampling {
        // The default may go unsaid.
        losses.drop_if(temperature.take().is_some_and(|number| value(&number) < 1.0), "temperature");
    }
    let top_k = sampling.top_k.clone().filter(|_| !plan.is_on() && takes_sampling);
    losses.drop_if(top_k.is_none() && sampling.top_k.is_some(), "top_k");
    let least = match (takes_sampling, plan.is_on()) {
        (false, _) => WHOLE_NUCLEUS,
        (true, true) => THINKING_NUCLEUS,
        (true, false) => 0.0,
    };
    let is_alone = temperature.is_none() || abilities.takes_both_temperature_and_top_p();
    let fits = |number: &serde_json::Number| is_alone && takes_sampling && value(number) >= least;
    let top_p = sampling.top_p.clone().filter(fits);
    let is_default = sampling.top_p.as_ref().is_none_or(|number| value(number) >= WHOLE_NUCLEUS);
    losses.drop_if(top_p.is_none() && !is_default, "top_p");
    wire::Request { temperature, top_k, top_p, ..body }
}

//! Reading requests.

use serde_json::value::RawValue;

use super::super::wire::{FORMAT, INCLUDE_LOG_PROBS, INCLUDE_OPAQUE};
use super::{input, tools};
use crate::ir::{
    Caching, Effort, Extras, LogProbs, OutputShape, Request, Sampling, State, Thinking, ThinkingMode, Tier,
};
use crate::json::{Json, Kind, Object, document, kind, text};
use crate::members::Members;
use crate::{Asked, Invalid};

/// The members that are understood; all others are extras.
pub(super) const KNOWN: [&str; 24] = [
    "model",
    "input",
    "instructions",
    "stream",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "include",
    "top_logprobs",
    "temperature",
    "top_p",
    "max_output_tokens",
    "previous_response_id",
    "conversation",
    "background",
    "store",
    "service_tier",
    "user",
    "safety_identifier",
    "metadata",
    "prompt_cache_key",
    "prompt_cache_retention",
];

/// Reads a request.
pub(in super::super) fn read(asked: &Asked, body: &[u8]) -> Result<Request, Invalid> {
    let object = Object::read(document(body)?)?;
    let has_prompt = object.raw("prompt").is_some();
    let model = match (&asked.model, object.text("model")?) {
        (Some(model), _) => model.clone(),
        (None, Some(model)) => model,
        // A stored prompt says which model.
        (None, None) if has_prompt => String::new(),
        (None, None) => return Err(Invalid::new("is missing").at("model")),
    };
    let mut request = Request::new(FORMAT, model);
    request.extras = Extras(rest(&object, &KNOWN));
    request.include_usage = true;
    request.stream = asked.stream.or(object.flag("stream")?).unwrap_or_default();
    request.state = State {
        previous_response_id: object.text("previous_response_id")?,
        conversation: object.json("conversation"),
        background: object.flag("background")?,
        store: object.flag("store")?,
    };
    let is_told_elsewhere =
        has_prompt || request.state.previous_response_id.is_some() || request.state.conversation.is_some();
    request.turns = input::read(&object, is_told_elsewhere)?;
    request.tools = object.each("tools", tools::read)?;
    request.tool_choice = object.with("tool_choice", tools::read_choice)?;
    request.parallel_calls = object.flag("parallel_tool_calls")?;
    request.sampling = Sampling {
        temperature: object.value("temperature", "a number")?,
        top_p: object.value("top_p", "a number")?,
        ..Sampling::default()
    };
    request.max_tokens = object.count("max_output_tokens")?;
    read_text(&object, &mut request)?;
    read_reasoning(&object, &mut request)?;
    read_include(&object, &mut request)?;
    read_user(&object, &mut request)?;
    request.metadata = object.with("metadata", metadata)?;
    request.tier = object.text("service_tier")?.map(tier);
    request.caching = Caching {
        key: object.text("prompt_cache_key")?,
        retention: object.text("prompt_cache_retention")?,
        ..Caching::default()
    };
    Ok(request)
}

/// The shape of the answer, and how much it says.
fn read_text(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let Some(config) = object.object("text")? else { return Ok(()) };
    let at = |error: Invalid| error.at("text");
    request.verbosity = config.text("verbosity").map_err(at)?;
    request.output = config.with("format", output).map_err(at)?.unwrap_or_default();
    request.extras.0.extend(inner_extras("text", &config, &["format", "verbosity"]));
    Ok(())
}

fn output(raw: &RawValue) -> Result<OutputShape, Invalid> {
    let object = Object::read(raw)?;
    match object.required_text("type")?.as_str() {
        "text" => Ok(OutputShape::Text),
        "json_object" => Ok(OutputShape::JsonObject),
        "json_schema" => Ok(OutputShape::Schema {
            name: object.text("name")?,
            description: object.text("description")?,
            schema: object.json("schema").ok_or_else(|| Invalid::new("is missing").at("schema"))?,
            strict: object.flag("strict")?,
        }),
        other => Err(Invalid::new(format!("`{other}` is no format that is known")).at("type")),
    }
}

/// How much to think.
fn read_reasoning(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let Some(config) = object.object("reasoning")? else { return Ok(()) };
    let at = |error: Invalid| error.at("reasoning");
    let effort = config.with("effort", effort).map_err(at)?;
    let mode = match effort {
        Some(Effort::None) => ThinkingMode::Disabled,
        Some(_) => ThinkingMode::Enabled,
        None => ThinkingMode::Unsaid,
    };
    let summary = match config.text("summary").map_err(at)? {
        Some(summary) => Some(summary),
        // Its former name.
        None => config.text("generate_summary").map_err(at)?,
    };
    let thinking = Thinking { mode, effort, summary, ..Thinking::default() };
    request.thinking = (thinking != Thinking::default()).then_some(thinking);
    request.extras.0.extend(inner_extras("reasoning", &config, &["effort", "summary", "generate_summary"]));
    Ok(())
}

fn effort(raw: &RawValue) -> Result<Effort, Invalid> {
    let name = text(raw)?;
    Effort::from_name(&name).ok_or_else(|| Invalid::new(format!("`{name}` is no effort that is known")))
}

/// What the answer is to hold besides. What is not understood here goes to the extras.
fn read_include(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let mut has_log_probs = false;
    let mut others = Vec::new();
    for name in object.each("include", text)? {
        match name.as_str() {
            INCLUDE_OPAQUE => request.thinking.get_or_insert_default().wants_opaque = true,
            INCLUDE_LOG_PROBS => has_log_probs = true,
            _ => others.push(name),
        }
    }
    let top: Option<u32> = object.value("top_logprobs", "a whole number from 0 on")?;
    request.log_probs = (has_log_probs || top.is_some()).then_some(LogProbs { top });
    if !others.is_empty()
        && let Ok(others) = Json::of(&others)
    {
        request.extras.0.push(("include".to_owned(), others));
    }
    Ok(())
}

/// Who the user is. Of the two names the one of today is kept apart only where both say something.
fn read_user(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let identifier = object.text("safety_identifier")?;
    request.user = object.text("user")?;
    if request.user.is_none() {
        request.user = identifier;
    } else if let Some(json) = object.json("safety_identifier") {
        request.extras.0.push(("safety_identifier".to_owned(), json));
    }
    Ok(())
}

fn metadata(raw: &RawValue) -> Result<Json, Invalid> {
    if kind(raw) == Kind::Object { Ok(Json::from(raw)) } else { Err(Invalid::expected("an object", raw)) }
}

fn tier(name: String) -> Tier {
    match name.as_str() {
        "auto" => Tier::Auto,
        "default" => Tier::Standard,
        "flex" => Tier::Flex,
        "priority" => Tier::Priority,
        _ => Tier::Other(name),
    }
}

/// The members that are not known; `null` says nothing.
fn rest(object: &Object<'_>, known: &[&str]) -> Vec<(String, Json)> {
    let rest = object.rest(known).into_iter();
    rest.filter(|(_, json)| kind(json.raw()) != Kind::Null).collect()
}

/// The unknown members of a member, as an extra of the member's name.
fn inner_extras(name: &str, object: &Object<'_>, known: &[&str]) -> Option<(String, Json)> {
    let rest = Members(rest(object, known));
    let json = Json::of(&rest).ok().filter(|_| !rest.is_empty())?;
    Some((name.to_owned(), json))
}

//! Reads requests.

use rotator_domain::Format;
use serde_json::value::RawValue;

use super::super::part::marked;
use super::messages::{match_results, message};
use super::{thinking, tools};
use crate::ir::{Caching, Extras, LogProbs, OutputShape, Request, Sampling, State, Tier};
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;
use crate::{Asked, Invalid};

/// The members that are understood. `reasoning` and `thinking` are only as objects.
pub(super) const KNOWN: [&str; 36] = [
    "model",
    "messages",
    "stream",
    "tools",
    "functions",
    "tool_choice",
    "function_call",
    "parallel_tool_calls",
    "response_format",
    "verbosity",
    "temperature",
    "top_p",
    "top_k",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "stop",
    "max_completion_tokens",
    "max_tokens",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "n",
    "logprobs",
    "top_logprobs",
    "user",
    "safety_identifier",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "cache_control",
    "store",
    "stream_options",
    "web_search_options",
    "prompt_cache_breakpoint",
];

/// Reads a request for an answer.
pub(in super::super) fn read(asked: &Asked, body: &[u8]) -> Result<Request, Invalid> {
    let object = Object::read(json::document(body)?)?;
    let model = match &asked.model {
        Some(model) => model.clone(),
        None => object.required_text("model")?,
    };
    let mut request = Request::new(Format::OpenAi, model);
    conversation(&object, &mut request)?;
    request.stream = asked.stream.or(object.flag("stream")?).unwrap_or_default();
    request.tools = tools::read(&object)?;
    request.tool_choice = tools::read_choice(&object)?;
    request.parallel_calls = object.flag("parallel_tool_calls")?;
    request.has_legacy_calls = object.raw("functions").is_some();
    if request.parallel_calls.is_none() && request.has_legacy_calls {
        // There is a place for one call only.
        request.parallel_calls = Some(false);
    }
    request.output = object.with("response_format", output)?.unwrap_or_default();
    request.verbosity = object.text("verbosity")?;
    request.sampling = sampling(&object)?;
    request.stop = object.with("stop", stop)?.unwrap_or_default();
    request.max_tokens = object.count("max_completion_tokens")?.or(object.count("max_tokens")?);
    request.thinking = thinking::read(&object)?;
    request.choices = object.value("n", "a whole number from 1 on")?;
    if request.choices == Some(0) {
        return Err(Invalid::new("expected a whole number from 1 on, found 0").at("n"));
    }
    let top = object.value("top_logprobs", "a whole number from 0 on")?;
    request.log_probs = (object.flag("logprobs")? == Some(true)).then_some(LogProbs { top });
    request.metadata = object.object("metadata")?.and(object.json("metadata"));
    request.tier = object.text("service_tier")?.map(tier);
    request.caching = Caching {
        key: object.text("prompt_cache_key")?,
        retention: object.text("prompt_cache_retention")?,
        mark: marked(&object)?,
        content: None,
    };
    request.state = State { store: object.flag("store")?, ..State::default() };
    request.extras = Extras(object.rest(&KNOWN));
    for name in ["reasoning", "thinking"] {
        let other = object.raw(name).filter(|raw| json::kind(raw) != Kind::Object);
        request.extras.0.extend(other.map(|raw| (name.to_owned(), Json::from(raw))));
    }
    users(&object, &mut request)?;
    stream_options(&object, &mut request)?;
    Ok(request)
}

fn conversation(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let raw = object.raw("messages").ok_or_else(|| Invalid::new("is missing").at("messages"))?;
    let turns = json::each(raw, message).map_err(|error| error.at("messages"))?;
    // Where in the body each turn was: one that says nothing is none.
    let said = turns.into_iter().enumerate().filter(|(_, turn)| !turn.parts.is_empty());
    let (places, turns): (Vec<usize>, Vec<_>) = said.unzip();
    request.turns = turns;
    if request.turns.is_empty() {
        return Err(Invalid::new("says nothing").at("messages"));
    }
    match_results(request, &places).map_err(|error| error.at("messages"))
}

fn output(raw: &RawValue) -> Result<OutputShape, Invalid> {
    let object = Object::read(raw)?;
    match object.required_text("type")?.as_str() {
        "text" => Ok(OutputShape::Text),
        "json_object" => Ok(OutputShape::JsonObject),
        "json_schema" => {
            let held = object.object("json_schema")?.ok_or_else(|| Invalid::new("is missing").at("json_schema"))?;
            let read = || {
                Ok(OutputShape::Schema {
                    name: held.text("name")?,
                    description: held.text("description")?,
                    schema: held.object("schema")?.and(held.json("schema")).unwrap_or_else(Json::empty_object),
                    strict: held.flag("strict")?,
                })
            };
            read().map_err(|error: Invalid| error.at("json_schema"))
        }
        other => Err(Invalid::new(format!("no format has the type {other}")).at("type")),
    }
}

fn sampling(object: &Object<'_>) -> Result<Sampling, Invalid> {
    let number = |name| object.value(name, "a number");
    Ok(Sampling {
        temperature: number("temperature")?,
        top_p: number("top_p")?,
        top_k: number("top_k")?,
        presence_penalty: number("presence_penalty")?,
        frequency_penalty: number("frequency_penalty")?,
        seed: number("seed")?,
    })
}

fn stop(raw: &RawValue) -> Result<Vec<String>, Invalid> {
    match json::kind(raw) {
        Kind::Text => Ok(vec![json::text(raw)?]),
        Kind::List => json::each(raw, json::text),
        _ => Err(Invalid::expected("a string or a list of strings", raw)),
    }
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

/// Who the end user is: the newer name where it stands alone, else both.
fn users(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let identifier = object.text("safety_identifier")?;
    request.user = object.text("user")?;
    if request.user.is_none() {
        request.user = identifier;
    } else if let Some(json) = object.json("safety_identifier") {
        request.extras.0.push(("safety_identifier".to_owned(), json));
    }
    Ok(())
}

fn stream_options(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let Some(options) = object.object("stream_options")? else { return Ok(()) };
    let include_usage = options.flag("include_usage").map_err(|error| error.at("stream_options"))?;
    request.include_usage = include_usage.unwrap_or_default();
    let rest = options.rest(&["include_usage"]);
    if !rest.is_empty() {
        let rest = Json::of(&Members(rest)).map_err(|error| Invalid::new(error.to_string()))?;
        request.extras.0.push(("stream_options".to_owned(), rest));
    }
    Ok(())
}

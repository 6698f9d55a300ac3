//! Reads requests.

use rotator_domain::Format;
use serde_json::value::RawValue;

use super::super::blocks::{Strictness, cache_mark, part};
use crate::ir::{
    Effort, Extras, Native, OutputShape, Part, Request, Role, Search, Thinking, ThinkingMode, Tier, Tool, ToolChoice,
    Turn,
};
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;
use crate::{Asked, Invalid, carriers};

/// The members of a request that are understood.
const KNOWN: [&str; 19] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "metadata",
    "stop_sequences",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "service_tier",
    "cache_control",
    "prompt",
    "max_tokens_to_sample",
];

/// Reads a request.
pub(in super::super) fn read(asked: &Asked, body: &[u8]) -> Result<Request, Invalid> {
    let object = Object::read(json::document(body)?)?;
    let model = match object.text("model")? {
        Some(model) => model,
        None => asked.model.clone().ok_or_else(|| Invalid::new("is missing").at("model"))?,
    };
    let mut request = Request::new(Format::Anthropic, model);
    request.stream = object.flag("stream")?.or(asked.stream).unwrap_or_default();
    let system = object.with("system", parts)?.unwrap_or_default();
    if !system.is_empty() {
        request.turns.push(Turn::new(Role::System, system));
    }
    if !object.has("messages") {
        return Err(Invalid::new("is missing").at("messages"));
    }
    request.turns.extend(object.each("messages", turn)?);
    request.tools = object.each("tools", tool)?;
    if let Some(choice) = object.object("tool_choice")? {
        let native = object.json("tool_choice").unwrap_or_else(Json::empty_object);
        request.tool_choice = Some(tool_choice(&choice, native).map_err(|error| error.at("tool_choice"))?);
        let is_off = choice.flag("disable_parallel_tool_use").map_err(|error| error.at("tool_choice"))?;
        request.parallel_calls = is_off.filter(|is_off| *is_off).map(|_| false);
    }
    request.max_tokens = object.count("max_tokens")?;
    request.sampling.temperature = object.value("temperature", "a number")?;
    request.sampling.top_p = object.value("top_p", "a number")?;
    request.sampling.top_k = object.value("top_k", "a number")?;
    request.stop = object.each("stop_sequences", json::text)?;
    if let Some(metadata) = object.object("metadata")? {
        request.user = metadata.text("user_id").map_err(|error| error.at("metadata"))?;
        request.metadata = Members(metadata.rest(&["user_id"])).into_json();
    }
    request.tier = object.text("service_tier")?.map(|tier| match tier.as_str() {
        "auto" => Tier::Auto,
        "standard_only" => Tier::Standard,
        _ => Tier::Other(tier),
    });
    request.caching.mark = cache_mark(&object)?;
    request.thinking = object.with("thinking", thinking)?;
    request.output = object.with("output_format", output)?.unwrap_or_default();
    request.extras = Extras(object.rest(&KNOWN));
    object.with("output_config", |raw| output_config(raw, &mut request))?;
    Ok(request)
}

fn parts(raw: &RawValue) -> Result<Vec<Part>, Invalid> {
    if json::kind(raw) == Kind::Text {
        let text = json::text(raw)?;
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    json::each(raw, |raw| part(raw, Strictness::Request)).map(carriers::gather)
}

fn turn(raw: &RawValue) -> Result<Turn, Invalid> {
    let object = Object::read(raw)?;
    let role = match object.required_text("role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        other => return Err(Invalid::new(format!("unknown role {other:?}")).at("role")),
    };
    let content = object.with("content", parts)?;
    Ok(Turn::new(role, content.ok_or_else(|| Invalid::new("is missing").at("content"))?))
}

fn tool(raw: &RawValue) -> Result<Tool, Invalid> {
    let object = Object::read(raw)?;
    let native = |name: &str| Native { format: Format::Anthropic, name: name.to_owned(), json: Json::from(raw) };
    match object.text("type")?.as_deref() {
        None | Some("custom") => {
            let known = ["type", "name", "description", "input_schema", "strict", "cache_control"];
            let extras = Members(object.rest(&known)).into_json();
            Ok(Tool::Function {
                name: object.required_text("name")?,
                description: object.text("description")?,
                parameters: object.json("input_schema"),
                strict: object.flag("strict")?,
                cache: cache_mark(&object)?,
                extras: extras.map(|json| Native { json, ..native("tool") }),
            })
        }
        Some(name) if name.starts_with("web_search_") => Ok(Tool::Search(Search {
            max_uses: object.count("max_uses")?,
            allowed_domains: object.each("allowed_domains", json::text)?,
            blocked_domains: object.each("blocked_domains", json::text)?,
            native: Some(native(name)),
        })),
        Some(name) => Ok(Tool::Native(native(name))),
    }
}

fn tool_choice(choice: &Object<'_>, json: Json) -> Result<ToolChoice, Invalid> {
    let native = |name: String| Native { format: Format::Anthropic, name, json };
    Ok(match choice.required_text("type")?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named(choice.required_text("name")?),
        other => ToolChoice::Native(native(other.to_owned())),
    })
}

fn thinking(raw: &RawValue) -> Result<Thinking, Invalid> {
    let object = Object::read(raw)?;
    let mode = match object.required_text("type")?.as_str() {
        "enabled" => ThinkingMode::Enabled,
        "adaptive" => ThinkingMode::Adaptive,
        "disabled" => ThinkingMode::Disabled,
        other => return Err(Invalid::new(format!("unknown type {other:?}")).at("type")),
    };
    let thinks = mode != ThinkingMode::Disabled;
    let is_shown = thinks && object.text("display")?.as_deref() != Some("omitted");
    Ok(Thinking {
        mode,
        effort: None,
        budget: object.count("budget_tokens")?,
        summary: is_shown.then(|| "auto".to_owned()),
        // Clients of this format send signatures back without being asked to.
        wants_opaque: thinks,
    })
}

fn output_config(raw: &RawValue, request: &mut Request) -> Result<(), Invalid> {
    let object = Object::read(raw)?;
    if let Some(name) = object.text("effort")? {
        let effort = Effort::from_name(&name);
        let effort = effort.ok_or_else(|| Invalid::new(format!("unknown effort {name:?}")).at("effort"))?;
        request.thinking.get_or_insert_default().effort = Some(effort);
    }
    if let Some(shape) = object.with("format", output)? {
        request.output = shape;
    }
    if let Some(rest) = Members(object.rest(&["effort", "format"])).into_json() {
        request.extras.0.push(("output_config".to_owned(), rest));
    }
    Ok(())
}

fn output(raw: &RawValue) -> Result<OutputShape, Invalid> {
    let object = Object::read(raw)?;
    match object.required_text("type")?.as_str() {
        "json_schema" => {
            let schema = object.json("schema").ok_or_else(|| Invalid::new("is missing").at("schema"))?;
            Ok(OutputShape::Schema { name: None, description: None, schema, strict: None })
        }
        other => Err(Invalid::new(format!("unknown type {other:?}")).at("type")),
    }
}

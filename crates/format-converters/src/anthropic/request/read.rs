//! Reading requests.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::super::part::{FORMAT, Strictness, blocks, cache};
use super::tools;
use crate::ir::{
    Effort, Extras, OutputShape, Part, PartKind, Request, Role, Sampling, Thinking, ThinkingMode, Tier, Turn,
};
use crate::json::{Object, document, each, text};
use crate::{Asked, Invalid, carriers};

/// The members that are understood; all others are extras.
const KNOWN: [&str; 17] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "service_tier",
    "cache_control",
];

/// Reads a request.
pub(in super::super) fn read(asked: &Asked, body: &[u8]) -> Result<Request, Invalid> {
    let object = Object::read(document(body)?)?;
    let model = match &asked.model {
        Some(model) => model.clone(),
        None => object.required_text("model")?,
    };
    let mut request = Request::new(FORMAT, model);
    request.extras = Extras(object.rest(&KNOWN));
    request.include_usage = true;
    request.stream = asked.stream.or(object.flag("stream")?).unwrap_or_default();
    request.turns = turns(&object)?;
    request.tools = object.each("tools", tools::read)?;
    if let Some((choice, parallel_calls)) = object.with("tool_choice", tools::read_choice)? {
        request.tool_choice = Some(choice);
        request.parallel_calls = parallel_calls;
    }
    request.sampling = Sampling {
        temperature: object.value("temperature", "a number")?,
        top_p: object.value("top_p", "a number")?,
        top_k: object.value("top_k", "a number")?,
        ..Sampling::default()
    };
    request.stop = object.each("stop_sequences", text)?;
    request.max_tokens = object.count("max_tokens")?;
    request.thinking = thinking(&object, &mut request.extras)?;
    read_output(&object, &mut request)?;
    if let Some(metadata) = object.object("metadata")? {
        request.user = metadata.text("user_id").map_err(|error| error.at("metadata"))?;
    }
    request.tier = object.text("service_tier")?.map(|tier| match tier.as_str() {
        "auto" => Tier::Auto,
        "standard_only" => Tier::Standard,
        _ => Tier::Other(tier),
    });
    request.caching.mark = cache(&object)?;
    Ok(request)
}

/// The instructions, then the messages.
fn turns(object: &Object<'_>) -> Result<Vec<Turn>, Invalid> {
    let mut turns = Vec::new();
    if let Some(parts) = object.with("system", |raw| blocks(raw, Strictness::Strict))? {
        for (index, part) in parts.iter().enumerate() {
            if !matches!(part.kind, PartKind::Text { .. }) {
                let error = Invalid::new("instructions are texts");
                return Err(error.at_index(index).at("system"));
            }
        }
        if !parts.is_empty() {
            turns.push(Turn::new(Role::System, parts));
        }
    }
    let messages = object.raw("messages").ok_or_else(|| Invalid::new("is missing").at("messages"))?;
    let mut calls = HashSet::new();
    turns.extend(each(messages, |raw| turn(raw, &mut calls)).map_err(|error| error.at("messages"))?);
    Ok(turns)
}

fn turn(raw: &RawValue, calls: &mut HashSet<String>) -> Result<Turn, Invalid> {
    let object = Object::read(raw)?;
    let role = match object.required_text("role")?.as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        other => return Err(Invalid::new(format!("`{other}` is no role that is known")).at("role")),
    };
    let content = object.raw("content").ok_or_else(|| Invalid::new("is missing").at("content"))?;
    let parts = blocks(content, Strictness::Strict).map_err(|error| error.at("content"))?;
    for (index, part) in parts.iter().enumerate() {
        check(part, role, calls).map_err(|error| error.at_index(index).at("content"))?;
    }
    Ok(Turn::new(role, carriers::gather(parts)))
}

/// Calls are the model's, results the user's, and each result answers a call.
fn check(part: &Part, role: Role, calls: &mut HashSet<String>) -> Result<(), Invalid> {
    let misplaced = |name: &str| Err(Invalid::new(format!("`{name}` does not belong to this role")).at("type"));
    match &part.kind {
        PartKind::ToolCall(_) if role != Role::Assistant => misplaced("tool_use"),
        PartKind::ToolCall(call) => {
            calls.insert(call.id.clone());
            Ok(())
        }
        PartKind::Reasoning(_) if role != Role::Assistant => misplaced("thinking"),
        PartKind::ToolResult(_) if role != Role::User => misplaced("tool_result"),
        PartKind::ToolResult(result) if !calls.contains(&result.call_id) => {
            let message = format!("no call before has the id `{}`", result.call_id);
            Err(Invalid::new(message).at("tool_use_id"))
        }
        _ => Ok(()),
    }
}

/// How much to think. What the vendor added since goes to the extras.
fn thinking(object: &Object<'_>, extras: &mut Extras) -> Result<Option<Thinking>, Invalid> {
    let mut read = Thinking::default();
    if let Some(config) = object.object("thinking")? {
        let at = |error: Invalid| error.at("thinking");
        let display = config.text("display").map_err(at)?;
        read.mode = match config.required_text("type").map_err(at)?.as_str() {
            "enabled" => ThinkingMode::Enabled,
            "adaptive" => ThinkingMode::Adaptive,
            "disabled" => ThinkingMode::Disabled,
            _ => ThinkingMode::Unsaid,
        };
        read.budget = config.count("budget_tokens").map_err(at)?;
        match read.mode {
            ThinkingMode::Unsaid => extras.0.extend(object.json("thinking").map(|json| ("thinking".to_owned(), json))),
            ThinkingMode::Disabled => {}
            ThinkingMode::Enabled | ThinkingMode::Adaptive => {
                // Thoughts are shown unless the client says otherwise, and it has to send them back.
                read.summary = (display.as_deref() != Some("omitted")).then(|| "auto".to_owned());
                read.wants_opaque = true;
            }
        }
    }
    if let Some(config) = object.object("output_config")? {
        let effort = config.text("effort").map_err(|error| error.at("output_config"))?;
        read.effort = effort.map(|name| effort_of(&name)).transpose()?;
        // Named with its path, since it is not a member of the request itself.
        let rest = config.rest(&["effort", "format"]).into_iter();
        extras.0.extend(rest.map(|(name, json)| (format!("output_config.{name}"), json)));
    }
    Ok((read != Thinking::default()).then_some(read))
}

fn effort_of(name: &str) -> Result<Effort, Invalid> {
    let unknown = || Invalid::new(format!("`{name}` is no effort that is known")).at("effort").at("output_config");
    Effort::from_name(name).ok_or_else(unknown)
}

/// The shape of the answer, under its name of today or the former one.
fn read_output(object: &Object<'_>, request: &mut Request) -> Result<(), Invalid> {
    let today = object.object("output_config")?.map(|config| config.object("format")).transpose();
    let format = match today.map_err(|error| error.at("output_config"))?.flatten() {
        Some(format) => Some((format, "output_config.format")),
        None => object.object("output_format")?.map(|format| (format, "output_format")),
    };
    let Some((format, place)) = format else { return Ok(()) };
    let r#type = format.required_text("type").map_err(|error| error.at(place))?;
    if r#type != "json_schema" {
        return Err(Invalid::new(format!("`{type}` is no format that is known")).at("type").at(place));
    }
    let schema = format.json("schema").ok_or_else(|| Invalid::new("is missing").at("schema").at(place))?;
    request.output = OutputShape::Schema { name: None, description: None, schema, strict: Some(true) };
    Ok(())
}

//! Reads messages.

use std::collections::HashMap;

use rotator_domain::Format;
use serde_json::value::RawValue;

use super::super::part::{Place, content, image, marked};
use super::super::{call, reasoning};
use crate::Invalid;
use crate::ir::{Native, Opaque, Part, PartKind, Reasoning, Request, Role, ToolInput, ToolResult, Turn};
use crate::json::{self, Json, Object};

/// Reads a message as the turn that it is.
pub(super) fn message(raw: &RawValue) -> Result<Turn, Invalid> {
    let object = Object::read(raw)?;
    let (role, mut parts) = match object.required_text("role")?.as_str() {
        "system" => (Role::System, said(&object, Place::Instructions)?),
        "developer" => (Role::Developer, said(&object, Place::Instructions)?),
        "user" => (Role::User, said(&object, Place::User)?),
        "assistant" => (Role::Assistant, answer(&object)?),
        "tool" => return Ok(Turn::new(Role::User, vec![result(&object)?])),
        "function" => return Ok(Turn::new(Role::User, vec![legacy_result(&object)?])),
        other => return Err(Invalid::new(format!("no message has the role {other}")).at("role")),
    };
    if let Some(mark) = marked(&object)?
        && let Some(last) = parts.last_mut()
    {
        last.cache = Some(mark);
    }
    Ok(Turn { name: object.text("name")?, ..Turn::new(role, parts) })
}

/// Gives results the names of the tools that they answer for.
pub(super) fn match_results(request: &mut Request, places: &[usize]) -> Result<(), Invalid> {
    request.name_calls();
    let mut calls: HashMap<String, (String, bool)> = HashMap::new();
    for (turn, place) in request.turns.iter_mut().zip(places) {
        for part in &mut turn.parts {
            match &mut part.kind {
                PartKind::ToolCall(call) => {
                    let is_custom = matches!(call.input, ToolInput::Text(_));
                    calls.insert(call.id.clone(), (call.name.clone(), is_custom));
                }
                PartKind::ToolResult(result) => {
                    let Some((name, is_custom)) = calls.get(&result.call_id) else {
                        let message = format!("no call before it has the id \"{}\"", result.call_id);
                        return Err(Invalid::new(message).at("tool_call_id").at_index(*place));
                    };
                    result.name.get_or_insert_with(|| name.clone());
                    result.is_custom = *is_custom;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn said(object: &Object<'_>, place: Place) -> Result<Vec<Part>, Invalid> {
    object.with("content", |raw| content(raw, place))?.ok_or_else(|| Invalid::new("is missing").at("content"))
}

fn answer(object: &Object<'_>) -> Result<Vec<Part>, Invalid> {
    let mut parts = Vec::new();
    parts.extend(thoughts(object)?);
    parts.extend(object.with("content", |raw| content(raw, Place::Assistant))?.unwrap_or_default());
    let refusal = object.text("refusal")?.filter(|refusal| !refusal.is_empty());
    parts.extend(refusal.map(|refusal| Part::new(PartKind::Refusal(refusal))));
    parts.extend(object.each("images", image)?);
    let audio = object.json("audio");
    parts
        .extend(audio.map(|json| {
            Part::new(PartKind::Native(Native { format: Format::OpenAi, name: "audio".to_owned(), json }))
        }));
    parts.extend(object.each("tool_calls", call::read)?);
    parts.extend(object.with("function_call", call::read_legacy)?);
    // Most messages are one part.
    parts.shrink_to_fit();
    Ok(parts)
}

/// What the model thought, as clients that understand it give it back.
fn thoughts(object: &Object<'_>) -> Result<Option<Part>, Invalid> {
    object.text("reasoning_content")?;
    object.with("reasoning_details", json::ensure_list)?;
    let mut part = reasoning::read(object);
    if let Some(raw) = object.raw("reasoning_details")
        && let Some(part) = &mut part
    {
        // As it came: the issuer compares it.
        part.opaque = Some(Opaque::new(Format::OpenAi, Json::from(raw).get().to_owned()));
    }
    let is_empty =
        |part: &Part| matches!(&part.kind, PartKind::Reasoning(Reasoning { sections, .. }) if sections.is_empty());
    Ok(part.filter(|part| part.opaque.is_some() || !is_empty(part)))
}

fn result(object: &Object<'_>) -> Result<Part, Invalid> {
    let result = ToolResult {
        call_id: object.required_text("tool_call_id")?,
        name: object.text("name")?,
        content: said(object, Place::Tool)?,
        is_error: None,
        is_custom: false,
    };
    if result.call_id.is_empty() {
        return Err(Invalid::new("is empty").at("tool_call_id"));
    }
    Ok(Part { cache: marked(object)?, ..Part::new(PartKind::ToolResult(result)) })
}

fn legacy_result(object: &Object<'_>) -> Result<Part, Invalid> {
    let content = object.with("content", |raw| content(raw, Place::Tool))?.unwrap_or_default();
    let name = Some(object.required_text("name")?);
    let result = ToolResult { call_id: String::new(), name, content, is_error: None, is_custom: false };
    Ok(Part::new(PartKind::ToolResult(result)))
}

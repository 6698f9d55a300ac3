//! Reading requests.

use std::collections::HashSet;

use rotator_domain::Format;
use serde_json::value::RawValue;

use crate::gemini::path;
use crate::gemini::wire::{Manner, one_or_each, one_or_some};
use crate::gemini::{part, request};
use crate::ir::{Extras, Part, PartKind, Request, Role, Tier, Turn};
use crate::json::{self, Json, Kind, Object};
use crate::losses::snake;
use crate::{Asked, Invalid, carriers};

/// What a request is known to say.
const KNOWN: [&str; 11] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "cachedContent",
    "labels",
    "serviceTier",
    "store",
    "model",
    "generateContentRequest",
];

/// Reads a request for an answer, or for a count of its tokens, which may hold a whole request for an answer
/// (<https://ai.google.dev/api/tokens>).
pub(in crate::gemini) fn read(asked: &Asked, body: &[u8]) -> Result<Request, Invalid> {
    let object = Manner::Strict.object(json::document(body)?)?;
    match object.with("generateContentRequest", |raw| read_whole(asked, &Manner::Strict.object(raw)?))? {
        Some(request) => Ok(request),
        None => read_whole(asked, &object),
    }
}

fn read_whole(asked: &Asked, object: &Object<'_>) -> Result<Request, Invalid> {
    let model = match &asked.model {
        Some(model) => model.clone(),
        None => path::bare(&object.required_text("model")?).to_owned(),
    };
    let mut request = Request::new(Format::Gemini, model);
    request.stream = asked.stream.unwrap_or_default();
    // Every stream says it here.
    request.include_usage = true;
    request.turns.extend(object.with("systemInstruction", instructions)?);
    let contents = object.with("contents", |raw| one_or_each(raw, turn))?;
    let contents = contents.ok_or_else(|| Invalid::new("is missing").at("contents"))?;
    request.turns.extend(joined(contents));
    answer_calls(&mut request)?;

    let mut extras = Vec::new();
    request::tools::read(object, &mut request, &mut extras)?;
    object.with("generationConfig", |raw| request::generation::read(raw, &mut request, &mut extras))?;
    request.caching.content = object.text("cachedContent")?;
    request.metadata = object.with("labels", labels)?;
    request.tier = object.text("serviceTier")?.and_then(tier);
    request.state.store = object.flag("store")?;
    extras.extend(object.rest(&KNOWN).into_iter().map(|(name, json)| (snake(&name), json)));
    request.extras = Extras(extras);
    Ok(request)
}

fn instructions(raw: &RawValue) -> Result<Turn, Invalid> {
    let parts = match json::kind(raw) {
        Kind::Text => vec![Part::text(json::text(raw)?)],
        _ => parts(&Manner::Strict.object(raw)?, Role::System)?,
    };
    Ok(Turn::new(Role::System, parts))
}

fn turn(raw: &RawValue) -> Result<Turn, Invalid> {
    let object = Manner::Strict.object(raw)?;
    let role = match object.text("role")?.as_deref().unwrap_or_default() {
        // The vendor takes `function` and `tool` for what answers calls.
        "" | "user" | "function" | "tool" => Role::User,
        "model" => Role::Assistant,
        other => return Err(Invalid::new(format!("an unknown role, `{other}`")).at("role")),
    };
    Ok(Turn::new(role, parts(&object, role)?))
}

fn parts(object: &Object<'_>, role: Role) -> Result<Vec<Part>, Invalid> {
    let read = |raw| {
        let part = part::read(raw, Manner::Strict)?;
        match part.as_ref().map(|part| &part.kind) {
            Some(PartKind::ToolCall(_)) if role != Role::Assistant => {
                Err(Invalid::new("only the model calls tools").at("functionCall"))
            }
            Some(PartKind::ToolResult(_)) if role != Role::User => {
                Err(Invalid::new("only the user answers calls").at("functionResponse"))
            }
            _ => Ok(part),
        }
    };
    Ok(object.with("parts", |raw| one_or_some(raw, read))?.unwrap_or_default())
}

/// The turns of the conversation. Neighbours of the model's are one: clients give back each piece of a stream as a turn.
fn joined(contents: Vec<Turn>) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::with_capacity(contents.len());
    for turn in contents.into_iter().filter(|turn| !turn.parts.is_empty()) {
        match turns.last_mut() {
            Some(last) if last.role == Role::Assistant && turn.role == Role::Assistant => {
                part::go_on(&mut last.parts, turn.parts);
            }
            _ => turns.push(turn),
        }
    }
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::Assistant) {
        turn.parts = part::fold(carriers::gather(std::mem::take(&mut turn.parts)));
    }
    turns
}

/// Gives every call an id and finds the call of every result: by its id, else by its name and place.
fn answer_calls(request: &mut Request) -> Result<(), Invalid> {
    let ids: HashSet<String> = request
        .parts()
        .filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) if !call.id.is_empty() => Some(call.id.clone()),
            _ => None,
        })
        .collect();
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        if let PartKind::ToolResult(result) = &mut part.kind
            && !ids.contains(&result.call_id)
        {
            result.call_id.clear();
        }
    }
    request.name_calls();
    for part in request.parts() {
        if let PartKind::ToolResult(result) = &part.kind
            && result.call_id.is_empty()
        {
            let name = result.name.as_deref().unwrap_or_default();
            return Err(Invalid::new(format!("a functionResponse of `{name}` answers no functionCall")).at("contents"));
        }
    }
    Ok(())
}

fn labels(raw: &RawValue) -> Result<Json, Invalid> {
    Object::read(raw).map(|_| raw.into())
}

fn tier(name: String) -> Option<Tier> {
    match name.to_ascii_lowercase().as_str() {
        "standard" => Some(Tier::Standard),
        "flex" => Some(Tier::Flex),
        "priority" => Some(Tier::Priority),
        "unspecified" | "" => None,
        _ => Some(Tier::Other(name)),
    }
}

//! Writes the turns of a request.

use std::collections::HashSet;

use rotator_domain::Format;

use super::super::blocks::{SECTION_BREAK, citation_of, input_of, tool_id};
use super::super::wire::{Block, CacheControl, Content, Source as WireSource};
use super::body::Message;
use crate::ir::{Media, MediaKind, Part, PartKind, Request, Role, Source, ToolResult, Turn};
use crate::json::Json;
use crate::members::Members;
use crate::{Invalid, Losses, Writing, carriers};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Splits a request into instructions and a conversation in which user and assistant take turns, without what the upstream
/// must not or cannot see.
pub(super) fn arranged(request: &Request, writing: &mut Writing<'_>) -> (Vec<Turn>, Vec<Turn>) {
    let mut named = Request::new(request.format, request.model.clone());
    named.turns.clone_from(&request.turns);
    named.name_calls();
    let (first, rest) = named.split_instructions();
    let takes_late = writing.models.takes_late_instructions(&request.model);
    let losses = &mut writing.losses;
    // Without a conversation, the instructions are all that there is to answer.
    let (instructions, conversation) = if rest.is_empty() { (rest, first) } else { (first, rest) };
    let is_late_allowed = takes_late && !rest.is_empty();
    let mut turns = Vec::with_capacity(conversation.len());
    for turn in conversation {
        let role = match turn.role {
            Role::System | Role::Developer if is_late_allowed => Role::System,
            Role::System | Role::Developer => {
                losses.drop("late_system");
                Role::User
            }
            role => role,
        };
        turns.push(Turn::new(role, cleaned(turn, losses)));
    }
    turns.retain(|turn| !turn.parts.is_empty());
    // The first turn is no instruction; were it one, it would not be taken for a turn.
    let merged = Request { turns, ..Request::new(request.format, request.model.clone()) }.merged_turns();
    let instructions = instructions.iter().map(|turn| Turn::new(Role::System, cleaned(turn, losses)));
    (instructions.filter(|turn| !turn.parts.is_empty()).collect(), merged)
}

/// Whether the model is in the middle of calling tools, and its last turn does not begin with thoughts that it signed.
pub(super) fn is_unsigned_loop(turns: &[Turn]) -> bool {
    let last = turns.iter().rposition(|turn| turn.role == Role::Assistant);
    let Some((turn, after)) = last.and_then(|at| Some((turns.get(at)?, turns.get(at + 1)?))) else { return false };
    let answers = after.parts.iter().any(|part| matches!(part.kind, PartKind::ToolResult(_)));
    answers && !turn.parts.first().is_some_and(|part| matches!(part.kind, PartKind::Reasoning(_)))
}

/// Writes the turns of a conversation.
pub(super) fn messages<'a>(turns: &'a [Turn], losses: &mut Losses) -> Result<Vec<Message<'a>>, Invalid> {
    let mut calls = HashSet::new();
    let write = |(index, turn): (usize, &'a Turn)| {
        let role = match turn.role {
            Role::System | Role::Developer => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let mut content = Vec::with_capacity(turn.parts.len());
        for (place, part) in turn.parts.iter().enumerate() {
            match &part.kind {
                PartKind::ToolCall(call) => drop(calls.insert(call.id.as_str())),
                PartKind::ToolResult(result) if !calls.contains(result.call_id.as_str()) => {
                    let message = format!("the result {:?} answers no call", result.call_id);
                    return Err(Invalid::new(message).at_index(place).at("content").at_index(index).at("messages"));
                }
                _ => {}
            }
            let block = block(part, turn.role, losses);
            content.push(block.map_err(|error| error.at_index(place).at("content").at_index(index).at("messages"))?);
        }
        Ok(Message { role, content })
    };
    turns.iter().enumerate().map(write).collect()
}

/// Writes the instructions.
pub(super) fn system<'a>(turns: &'a [Turn], losses: &mut Losses) -> Result<Vec<Block<'a>>, Invalid> {
    let parts = turns.iter().flat_map(|turn| &turn.parts).enumerate();
    parts.map(|(place, part)| block(part, Role::System, losses).map_err(|e| e.at_index(place).at("system"))).collect()
}

/// The parts without what is empty and what another issuer made.
fn cleaned(turn: &Turn, losses: &mut Losses) -> Vec<Part> {
    losses.drop_if(turn.name.is_some(), "name");
    let mut parts = turn.parts.clone();
    let is_foreign = carriers::remove_foreign(&mut parts, Format::Anthropic);
    losses.drop_if(is_foreign, "reasoning");
    parts.retain(|part| match &part.kind {
        PartKind::Text { text, .. } | PartKind::Refusal(text) => !text.trim().is_empty(),
        PartKind::Reasoning(_) => {
            losses.drop_if(part.opaque.is_none(), "reasoning");
            part.opaque.is_some()
        }
        _ => true,
    });
    parts
}

fn block<'a>(part: &'a Part, role: Role, losses: &mut Losses) -> Result<Block<'a>, Invalid> {
    let cache_control = CacheControl::of(part.cache.as_ref());
    let block = match &part.kind {
        PartKind::Text { text, citations } => {
            let own = citations.iter().filter(|citation| citation.native.is_some());
            Block::Text { text: text.into(), citations: own.filter_map(citation_of).collect(), cache_control }
        }
        PartKind::Refusal(text) => Block::Text { text: text.into(), citations: Vec::new(), cache_control },
        PartKind::Reasoning(reasoning) => {
            let slot = part.opaque.as_ref().map(|opaque| opaque.value.as_str()).unwrap_or_default();
            if part.opaque.as_ref().is_some_and(|opaque| opaque.is_redacted) {
                Block::RedactedThinking { data: slot.into() }
            } else {
                Block::Thinking { thinking: reasoning.sections.join(SECTION_BREAK).into(), signature: slot.into() }
            }
        }
        PartKind::Media(_) if role != Role::User => {
            return Err(Invalid::new("Anthropic takes media from the user only"));
        }
        PartKind::Media(media) => media_block(media, cache_control, losses)?,
        PartKind::ToolCall(call) => {
            Block::ToolUse { id: tool_id(&call.id), name: &call.name, input: input_of(&call.input), cache_control }
        }
        PartKind::ToolResult(result) => Block::ToolResult {
            tool_use_id: tool_id(&result.call_id),
            content: content(result, losses)?,
            is_error: result.is_error,
            cache_control,
        },
        PartKind::Native(native) if native.format == Format::Anthropic => Block::Native(native.json.clone()),
        PartKind::Native(native) => return Err(no_counterpart(&native.name)),
    };
    Ok(block)
}

fn content<'a>(result: &'a ToolResult, losses: &mut Losses) -> Result<Content<'a>, Invalid> {
    if let [part] = result.content.as_slice()
        && let (Some(text), None) = (part.as_text().filter(|text| !text.is_empty()), &part.cache)
    {
        return Ok(Content::Text(text));
    }
    let parts = result.content.iter().filter(|part| part.as_text() != Some("")).enumerate();
    let blocks = parts.map(|(place, part)| block(part, Role::User, losses).map_err(|error| error.at_index(place)));
    blocks.collect::<Result<_, _>>().map(Content::Blocks).map_err(|error| error.at("content"))
}

fn media_block<'a>(
    media: &'a Media,
    cache_control: Option<CacheControl<'a>>,
    losses: &mut Losses,
) -> Result<Block<'a>, Invalid> {
    losses.drop_if(media.detail.as_ref().is_some_and(|detail| detail != "auto"), "detail");
    let mime = media.mime.as_deref();
    let fallback = match media.kind {
        MediaKind::Image => "image/png",
        MediaKind::Document => "application/pdf",
        MediaKind::Audio => return Err(no_counterpart("audio")),
        MediaKind::Video => return Err(no_counterpart("video")),
    };
    let is_text = mime.is_some_and(|mime| mime.starts_with("text/") || mime == "application/json");
    let mut source = match &media.source {
        Source::Base64(data) if is_text => {
            let text = STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| Invalid::new("is no text in base64").at("data"))?;
            WireSource::Text { media_type: "text/plain", data: text.into() }
        }
        Source::Base64(data) => WireSource::Base64 { media_type: mime.unwrap_or(fallback), data },
        Source::Text(data) => WireSource::Text { media_type: "text/plain", data: data.into() },
        Source::Url(url) => WireSource::Url { url },
        Source::File { format: Format::Anthropic, id } => WireSource::File { file_id: id },
        Source::File { .. } => return Err(Invalid::new("a file of another vendor").at("file_id")),
    };
    if media.kind == MediaKind::Image && !matches!(source, WireSource::Text { .. }) {
        return Ok(Block::Image { source, cache_control });
    }
    let own = media.extras.as_ref().filter(|extras| extras.format == Format::Anthropic);
    let mut extras = own.map(|extras| Members::of(&extras.json)).unwrap_or_default();
    if let Some(json) = extras.take("source") {
        source = WireSource::Native(json);
    }
    Ok(Block::Document { source, title: media.name.as_deref(), extras, cache_control })
}

/// The error of what only another format can say.
pub(super) fn no_counterpart(name: &str) -> Invalid {
    Invalid::new(format!("{name} has no counterpart in Anthropic's Messages"))
}

/// A schema of an object, which is what the vendor wants; without one, of an object with anything in it.
pub(super) fn object_schema(schema: Option<&Json>) -> Json {
    let Some(schema) = schema else {
        return Json::from_text(r#"{"type":"object","properties":{}}"#).unwrap_or_else(Json::empty_object);
    };
    let mut members = Members::of(schema);
    if members.0.iter().any(|(name, _)| name == "type") {
        return schema.clone();
    }
    if let Some(object) = Json::from_text("\"object\"") {
        members.0.insert(0, ("type".to_owned(), object));
    }
    members.into_json().unwrap_or_else(|| schema.clone())
}

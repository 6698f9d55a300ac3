//! Reading what a request says: instructions and items.

use std::collections::HashSet;

use serde_json::value::RawValue;

use super::super::item::Items;
use super::super::media;
use crate::ir::{CacheMark, Part, PartKind, Role, ToolResult, Turn};
use crate::json::{Kind, Object, each, kind, text};
use crate::{Invalid, carriers};

/// Reads the instructions, then the items. Where a part of the conversation `is_told_elsewhere`, the input may be missing and
/// results may answer calls that are not here.
pub(super) fn read(object: &Object<'_>, is_told_elsewhere: bool) -> Result<Vec<Turn>, Invalid> {
    let mut turns = Vec::new();
    if let Some(instructions) = object.text("instructions")?.filter(|text| !text.is_empty()) {
        turns.push(Turn::new(Role::System, vec![Part::text(instructions)]));
    }
    let mut reader = Reader { turns, calls: HashSet::new(), is_told_elsewhere };
    match object.raw("input") {
        Some(raw) if kind(raw) == Kind::Text => {
            let text = text(raw).map_err(|error| error.at("input"))?;
            reader.turns.push(Turn::new(Role::User, vec![Part::text(text)]));
        }
        Some(raw) => {
            each(raw, |item| reader.item(item)).map_err(|error| error.at("input"))?;
        }
        None if is_told_elsewhere => {}
        None => return Err(Invalid::new("is missing").at("input")),
    }
    for turn in reader.turns.iter_mut().filter(|turn| turn.role == Role::Assistant) {
        turn.parts = carriers::gather(std::mem::take(&mut turn.parts));
    }
    Ok(reader.turns)
}

struct Reader {
    turns: Vec<Turn>,
    /// The ids of the calls so far.
    calls: HashSet<String>,
    is_told_elsewhere: bool,
}

// === impl Reader ===

impl Reader {
    fn item(&mut self, raw: &RawValue) -> Result<(), Invalid> {
        let object = Object::read(raw)?;
        let r#type = match object.text("type")? {
            Some(r#type) => r#type,
            None if object.raw("role").is_some() => "message".to_owned(),
            None if object.raw("id").is_some() => "item_reference".to_owned(),
            None => return Err(Invalid::new("is missing").at("type")),
        };
        match r#type.as_str() {
            "message" => self.message(&object)?,
            "reasoning" => {
                let reasoning = Items::OfRequest.reasoning(&object)?;
                self.extend(Role::Assistant, reasoning.into_iter().collect());
            }
            "function_call" | "custom_tool_call" => {
                let call = Items::OfRequest.call(&object, r#type == "custom_tool_call")?;
                self.calls.insert(call.id.clone());
                self.extend(Role::Assistant, vec![Part::new(PartKind::ToolCall(call))]);
            }
            "function_call_output" | "custom_tool_call_output" => {
                let result = self.result(&object, r#type == "custom_tool_call_output")?;
                self.extend(Role::User, vec![Part::new(PartKind::ToolResult(result))]);
            }
            "image_generation_call" => {
                let drawing = Items::drawing(&object)?.unwrap_or_else(|| Items::native(&r#type, raw));
                self.extend(Role::Assistant, vec![drawing]);
            }
            _ => {
                // References and compacted items may hold calls.
                self.is_told_elsewhere = true;
                let is_users = r#type.ends_with("_output") || r#type == "mcp_approval_response";
                let role = if is_users { Role::User } else { Role::Assistant };
                self.extend(role, vec![Items::native(&r#type, raw)]);
            }
        }
        Ok(())
    }

    fn message(&mut self, object: &Object<'_>) -> Result<(), Invalid> {
        let role = match object.required_text("role")?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            "developer" => Role::Developer,
            other => return Err(Invalid::new(format!("`{other}` is no role that is known")).at("role")),
        };
        let parts = object.with("content", contents)?.ok_or_else(|| Invalid::new("is missing").at("content"))?;
        self.extend(role, parts);
        Ok(())
    }

    fn result(&self, object: &Object<'_>, is_custom: bool) -> Result<ToolResult, Invalid> {
        let call_id = object.required_text("call_id")?;
        if !self.is_told_elsewhere && !self.calls.contains(&call_id) {
            return Err(Invalid::new(format!("no call before has the id `{call_id}`")).at("call_id"));
        }
        let content = object.with("output", contents)?.ok_or_else(|| Invalid::new("is missing").at("output"))?;
        Ok(ToolResult { call_id, name: None, content, is_error: None, is_custom })
    }

    /// Adds what someone says: to the model's turn, which consists of several items, else as a turn of its own.
    fn extend(&mut self, role: Role, parts: Vec<Part>) {
        match self.turns.last_mut() {
            Some(last) if role == Role::Assistant && last.role == role => last.parts.extend(parts),
            _ => self.turns.push(Turn::new(role, parts)),
        }
    }
}

/// A text or a list of parts. An empty text says nothing.
fn contents(raw: &RawValue) -> Result<Vec<Part>, Invalid> {
    if kind(raw) == Kind::Text {
        let text = text(raw)?;
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] });
    }
    if kind(raw) != Kind::List {
        return Err(Invalid::expected("a string or a list", raw));
    }
    each(raw, content)
}

fn content(raw: &RawValue) -> Result<Part, Invalid> {
    let object = Object::read(raw)?;
    let r#type = object.required_text("type")?;
    let kind = match r#type.as_str() {
        "input_text" | "output_text" => {
            let annotations = object.each("annotations", |raw| Ok(super::super::item::citation(raw)))?;
            let citations = annotations.into_iter().flatten().collect();
            PartKind::Text { text: object.required_text("text")?, citations }
        }
        "refusal" => PartKind::Refusal(object.required_text("refusal")?),
        "input_image" => PartKind::Media(Box::new(media::read_image(&object)?)),
        "input_file" => PartKind::Media(Box::new(media::read_file(&object)?)),
        "input_audio" => PartKind::Media(Box::new(media::read_audio(&object)?)),
        other => return Err(Invalid::new(format!("`{other}` is no part that is known")).at("type")),
    };
    let cache = object.raw("prompt_cache_breakpoint").map(|_| CacheMark::default());
    Ok(Part { cache, ..Part::new(kind) })
}

//! Reading items.

use serde_json::value::RawValue;

use super::super::media;
use super::super::wire::FORMAT;
use crate::Invalid;
use crate::ir::{Citation, Native, Opaque, Part, PartKind, Reasoning, ToolCall, ToolInput};
use crate::json::{Json, Kind, Object, kind};

/// How items are read: strictly in requests, leniently in answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Items {
    /// What is odd is an error.
    OfRequest,
    /// What is odd is understood as far as it can be.
    OfAnswer,
}

/// Where a text comes from; `None` where the annotation says nothing that is understood.
pub(in super::super) fn citation(raw: &RawValue) -> Option<Citation> {
    let object = Object::read_leniently(raw).ok()?;
    let text = |name| object.text(name).ok().flatten();
    let count = |name| object.count(name).ok().flatten();
    let native = Native { format: FORMAT, name: text("type")?, json: Json::from(raw) };
    Some(Citation {
        url: text("url"),
        title: text("title").or_else(|| text("filename")),
        quote: None,
        span: count("start_index").zip(count("end_index")),
        native: Some(native),
    })
}

/// The texts of a piece of reasoning, and whether they are a summary: one is preferred to the thoughts, as the vendor's SDKs do.
pub(in super::super) fn reasoning_text(object: &Object<'_>, items: Items) -> Result<Reasoning, Invalid> {
    let text = |raw| items.object(raw)?.required_text("text");
    let summary = object.each("summary", text)?;
    if !summary.is_empty() {
        return Ok(Reasoning { sections: summary, is_summary: true });
    }
    Ok(Reasoning { sections: object.each("content", text)?, is_summary: false })
}

// === impl Items ===

impl Items {
    /// Reads an object.
    pub(in super::super) fn object(self, raw: &RawValue) -> Result<Object<'_>, Invalid> {
        match self {
            Self::OfRequest => Object::read(raw),
            Self::OfAnswer => Object::read_leniently(raw),
        }
    }

    /// Reads a piece of reasoning; `None` where nothing stands in it.
    pub(in super::super) fn reasoning(self, object: &Object<'_>) -> Result<Option<Part>, Invalid> {
        let reasoning = reasoning_text(object, self)?;
        let opaque = Self::opaque(object)?;
        let is_empty = reasoning.sections.is_empty() && opaque.is_none();
        Ok((!is_empty).then(|| Part { opaque, ..Part::new(PartKind::Reasoning(reasoning)) }))
    }

    /// What is to be sent back with a piece of reasoning, with the item's id where it is the vendor's own.
    pub(in super::super) fn opaque(object: &Object<'_>) -> Result<Option<Opaque>, Invalid> {
        let Some(slot) = object.text("encrypted_content")?.filter(|slot| !slot.is_empty()) else { return Ok(None) };
        let mut opaque = Opaque::from_slot(FORMAT, &slot);
        if opaque.is_of(FORMAT) && opaque.id.is_none() {
            opaque.id = object.text("id")?.filter(|id| !id.is_empty());
        }
        Ok(Some(opaque))
    }

    /// Reads a call: of a function, or of a tool with free text.
    pub(in super::super) fn call(self, object: &Object<'_>, is_custom: bool) -> Result<ToolCall, Invalid> {
        let name_of_input = if is_custom { "input" } else { "arguments" };
        if self == Self::OfRequest {
            let (id, name) = (object.required_text("call_id")?, object.required_text("name")?);
            let input = object.required_text(name_of_input)?;
            return Ok(ToolCall { id, name, input: tool_input(input, is_custom) });
        }
        let id = match object.text("call_id")? {
            Some(id) if !id.is_empty() => id,
            _ => object.text("id")?.unwrap_or_default(),
        };
        let name = object.text("name")?.unwrap_or_default();
        let input = match object.raw(name_of_input) {
            Some(raw) if kind(raw) != Kind::Text => raw.get().to_owned(),
            _ => object.text(name_of_input)?.unwrap_or_default(),
        };
        Ok(ToolCall { id, name, input: tool_input(input, is_custom) })
    }

    /// Reads a picture that the vendor's tool drew; `None` where there is none in it that others could show.
    pub(in super::super) fn drawing(object: &Object<'_>) -> Result<Option<Part>, Invalid> {
        let Some(data) = object.text("result")?.filter(|data| media::is_base64(data)) else { return Ok(None) };
        let format = object.text("output_format")?;
        Ok(Some(Part::media(media::drawn(data, format.as_deref()))))
    }

    /// What only this format has.
    pub(in super::super) fn native(name: &str, raw: &RawValue) -> Part {
        Part::new(PartKind::Native(Native { format: FORMAT, name: name.to_owned(), json: Json::from(raw) }))
    }
}

const fn tool_input(input: String, is_custom: bool) -> ToolInput {
    if is_custom { ToolInput::Text(input) } else { ToolInput::Arguments(input) }
}

//! Reads blocks of content.

use rotator_domain::Format;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::ir::{
    CacheMark, Citation, Media, MediaKind, Native, Opaque, Part, PartKind, Reasoning, Source, ToolCall, ToolInput,
    ToolResult,
};
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;

/// How exactly a block is to be what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Strictness {
    /// In a request: what makes no sense is an error.
    Request,
    /// In an answer: what makes no sense is left to the client.
    Answer,
}

use Strictness::{Answer, Request};

/// Reads a block.
pub(in super::super) fn part(raw: &RawValue, strictness: Strictness) -> Result<Part, Invalid> {
    let block = object(raw, strictness)?;
    let r#type = text(&block, "type", strictness)?;
    let kind = match r#type.as_str() {
        "text" => {
            let citations = block.each("citations", |raw| Ok(citation(raw)))?;
            PartKind::Text { text: text(&block, "text", strictness)?, citations }
        }
        "image" => media(raw, &block, MediaKind::Image)?,
        "document" => media(raw, &block, MediaKind::Document)?,
        "tool_use" => PartKind::ToolCall(tool_call(&block, strictness)?),
        "tool_result" => PartKind::ToolResult(tool_result(&block, strictness)?),
        "thinking" => return thinking(&block, strictness),
        "redacted_thinking" => return redacted(&block, strictness),
        other if strictness == Answer || is_native(other) => native(raw, other),
        other => return Err(Invalid::new(format!("unknown block type {other:?}")).at("type")),
    };
    Ok(Part { kind, cache: cache_mark(&block)?, opaque: None })
}

/// Reads a citation.
pub(in super::super) fn citation(raw: &RawValue) -> Citation {
    let Ok(object) = Object::read_leniently(raw) else { return Citation::default() };
    let text = |name: &str| object.text(name).ok().flatten();
    let name = text("type").unwrap_or_default();
    // Without its index the vendor would not take it back: it was written for a client, from another format.
    let is_written = name == "web_search_result_location" && text("encrypted_index").is_some_and(|at| at.is_empty());
    let native = Native { format: Format::Anthropic, name, json: Json::from(raw) };
    Citation {
        url: text("url").or_else(|| text("source").filter(|source| source.starts_with("http"))),
        title: text("title").or_else(|| text("document_title")),
        quote: text("cited_text").filter(|quote| !quote.is_empty()),
        span: None,
        native: (!is_written).then_some(native),
    }
}

/// The mark on an object up to which the prompt is cached.
pub(in super::super) fn cache_mark(object: &Object<'_>) -> Result<Option<CacheMark>, Invalid> {
    object.object("cache_control")?.map(|mark| Ok(CacheMark { ttl: mark.text("ttl")? })).transpose()
}

fn object(raw: &RawValue, strictness: Strictness) -> Result<Object<'_>, Invalid> {
    if strictness == Request { Object::read(raw) } else { Object::read_leniently(raw) }
}

fn text(object: &Object<'_>, name: &str, strictness: Strictness) -> Result<String, Invalid> {
    if strictness == Request { object.required_text(name) } else { Ok(object.text(name)?.unwrap_or_default()) }
}

/// Whether clients send such blocks back as the upstream gave them, or only this vendor has them.
fn is_native(r#type: &str) -> bool {
    let known = [
        "server_tool_use",
        "mcp_tool_use",
        "search_result",
        "container_upload",
        "compaction",
        "fallback",
        "tool_reference",
    ];
    known.contains(&r#type) || r#type.ends_with("_tool_result")
}

fn native(raw: &RawValue, r#type: &str) -> PartKind {
    PartKind::Native(Native { format: Format::Anthropic, name: r#type.to_owned(), json: Json::from(raw) })
}

fn thinking(block: &Object<'_>, strictness: Strictness) -> Result<Part, Invalid> {
    let thought = text(block, "thinking", strictness)?;
    let signature = block.text("signature")?.filter(|signature| !signature.is_empty());
    let sections = if thought.is_empty() { Vec::new() } else { vec![thought] };
    let kind = PartKind::Reasoning(Reasoning { sections, is_summary: false });
    Ok(Part { kind, cache: None, opaque: signature.map(|slot| Opaque::from_slot(Format::Anthropic, &slot)) })
}

fn redacted(block: &Object<'_>, strictness: Strictness) -> Result<Part, Invalid> {
    let data = text(block, "data", strictness)?;
    let mut opaque = Opaque::from_slot(Format::Anthropic, &data);
    // What comes out of an envelope says itself what it is.
    opaque.is_redacted |= opaque.value == data;
    Ok(Part { kind: PartKind::Reasoning(Reasoning::default()), cache: None, opaque: Some(opaque) })
}

fn tool_call(block: &Object<'_>, strictness: Strictness) -> Result<ToolCall, Invalid> {
    let input = match block.raw("input") {
        Some(raw) if strictness == Request && json::kind(raw) != Kind::Object => {
            return Err(Invalid::expected("an object", raw).at("input"));
        }
        Some(raw) => raw.get().to_owned(),
        None => "{}".to_owned(),
    };
    let (id, name) = (text(block, "id", strictness)?, text(block, "name", strictness)?);
    Ok(ToolCall { id, name, input: ToolInput::Arguments(input) })
}

fn tool_result(block: &Object<'_>, strictness: Strictness) -> Result<ToolResult, Invalid> {
    let content = |raw: &RawValue| match json::kind(raw) {
        Kind::Text => {
            let text = json::text(raw)?;
            Ok(if text.is_empty() { Vec::new() } else { vec![Part::text(text)] })
        }
        _ => json::each(raw, |raw| match part(raw, strictness)? {
            part if is_answer(&part.kind) => Ok(part),
            _ => Err(Invalid::new("a tool cannot answer with this block").at("type")),
        }),
    };
    Ok(ToolResult {
        call_id: text(block, "tool_use_id", strictness)?,
        name: None,
        content: block.with("content", content)?.unwrap_or_default(),
        is_error: block.flag("is_error")?,
        is_custom: false,
    })
}

fn is_answer(kind: &PartKind) -> bool {
    matches!(kind, PartKind::Text { .. } | PartKind::Media(_) | PartKind::Native(_))
}

fn media(raw: &RawValue, block: &Object<'_>, kind: MediaKind) -> Result<PartKind, Invalid> {
    let Some(object) = block.object("source")? else { return Err(Invalid::new("is missing").at("source")) };
    let mut extras = if kind == MediaKind::Document {
        Members(block.rest(&["type", "source", "title", "cache_control"]))
    } else {
        Members::default()
    };
    let mut mime = object.text("media_type").map_err(|error| error.at("source"))?;
    let needed = |name: &str| object.required_text(name).map_err(|error| error.at("source"));
    let source = match needed("type")?.as_str() {
        "base64" => Source::Base64(needed("data")?),
        "url" => Source::Url(needed("url")?),
        "file" => Source::File { format: Format::Anthropic, id: needed("file_id")? },
        "text" if kind == MediaKind::Document => Source::Text(needed("data")?),
        "content" if kind == MediaKind::Document => match block.with("source", content_texts)? {
            Some(Some(text)) => {
                extras.set("source", block.json("source").unwrap_or_else(Json::empty_object));
                mime = Some("text/plain".to_owned());
                Source::Text(text)
            }
            // It has pictures in it.
            _ => return Ok(native(raw, "document")),
        },
        other => return Err(Invalid::new(format!("unknown source type {other:?}")).at("type").at("source")),
    };
    let native = |json| Native { format: Format::Anthropic, name: "document".to_owned(), json };
    let (name, extras) = (block.text("title")?, extras.into_json().map(native));
    Ok(PartKind::Media(Media { kind, source, mime, name, detail: None, extras }))
}

/// The texts that a document consists of; `None` where it has more than texts.
fn content_texts(raw: &RawValue) -> Result<Option<String>, Invalid> {
    let source = Object::read(raw)?;
    let read = |raw: &RawValue| match json::kind(raw) {
        Kind::Text => json::text(raw).map(Some),
        _ => {
            let parts = json::each(raw, |raw| part(raw, Request))?;
            let texts: Option<Vec<&str>> = parts.iter().map(Part::as_text).collect();
            Ok(texts.map(|texts| texts.join("\n")))
        }
    };
    source.with("content", read)?.ok_or_else(|| Invalid::new("is missing").at("content"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, strictness: Strictness) -> Result<Part, Invalid> {
        part(json::document(text.as_bytes()).unwrap(), strictness)
    }

    #[test]
    fn bad_blocks_are_told_in_requests_and_understood_in_answers() {
        let cases = [
            (r#"{"text":"a"}"#, "type: is missing"),
            (r#"{"type":"hologram"}"#, "type: unknown block type \"hologram\""),
            (r#"{"type":"text","text":{}}"#, "text: expected a string, found an object"),
            (r#"{"type":"tool_use","id":"a","name":"b","input":"x"}"#, "input: expected an object, found a string"),
            (r#"{"type":"tool_result"}"#, "tool_use_id: is missing"),
        ];
        for (block, expected) in cases {
            assert_eq!(read(block, Request).unwrap_err().to_string(), expected);
            assert!(read(block, Answer).is_ok(), "{block}");
        }
        let image = r#"{"type":"image","source":{"type":"moon"}}"#;
        assert_eq!(read(image, Request).unwrap_err().to_string(), "source.type: unknown source type \"moon\"");
    }

    #[test]
    fn opaque_texts_are_taken_from_their_slots() {
        let opaque = |block: &str| read(block, Request).unwrap().opaque;
        let own = Opaque::new(Format::Anthropic, "EqQB".into());
        assert_eq!(opaque(r#"{"type":"thinking","thinking":"t","signature":"EqQB"}"#), Some(own.clone()));
        assert_eq!(opaque(r#"{"type":"thinking","thinking":"t","signature":""}"#), None);
        let redacted = Opaque { is_redacted: true, ..own };
        assert_eq!(opaque(r#"{"type":"redacted_thinking","data":"EqQB"}"#), Some(redacted));
        let foreign = Opaque::new(Format::Gemini, "abc".into());
        let envelope = foreign.for_slot(Format::Anthropic);
        assert_eq!(opaque(&format!(r#"{{"type":"redacted_thinking","data":"{envelope}"}}"#)), Some(foreign));
    }
}

//! Reading content blocks.

use serde_json::value::RawValue;

use super::{FORMAT, WEB_CITATION, native, native_members};
use crate::Invalid;
use crate::ir::{
    CacheMark, Citation, Media, MediaKind, Opaque, Part, PartKind, Reasoning, Source, ToolCall, ToolInput, ToolResult,
};
use crate::json::{Json, Kind, Object, each, kind, list};

/// How much must be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Strictness {
    /// All of it: a request.
    Strict,
    /// All of it, and no more than a tool may answer.
    WithinResult,
    /// What is needed to make sense: an answer.
    Lenient,
}

const PDF: &str = "application/pdf";
const PLAIN_TEXT: &str = "text/plain";

/// Reads a text or a list of blocks.
pub(in super::super) fn blocks(raw: &RawValue, strictness: Strictness) -> Result<Vec<Part>, Invalid> {
    match kind(raw) {
        Kind::Text => Ok(vec![Part::text(crate::json::text(raw)?)]),
        Kind::List => each(raw, |raw| block(raw, strictness)),
        _ => Err(Invalid::expected("a string or a list of blocks", raw)),
    }
}

/// Reads a block. One of an unknown type is taken as it stands.
pub(in super::super) fn block(raw: &RawValue, strictness: Strictness) -> Result<Part, Invalid> {
    let object = if strictness == Strictness::Lenient { Object::read_leniently(raw) } else { Object::read(raw) }?;
    let r#type = object.required_text("type")?;
    let needed = |name: &str| match strictness {
        Strictness::Lenient => object.text(name).map(Option::unwrap_or_default),
        Strictness::Strict | Strictness::WithinResult => object.required_text(name),
    };
    let is_nested = strictness == Strictness::WithinResult;
    let mut opaque = None;
    let kind = match r#type.as_str() {
        "text" => PartKind::Text { text: needed("text")?, citations: object.each("citations", citation)? },
        "image" => PartKind::Media(Box::new(image(&object)?)),
        "document" => document(&object, raw)?,
        "tool_use" | "tool_result" | "thinking" | "redacted_thinking" if is_nested => {
            return Err(Invalid::new(format!("a tool cannot answer with `{}`", r#type)).at("type"));
        }
        "tool_use" => {
            let input = ToolInput::of_object(arguments(&object, strictness)?);
            PartKind::ToolCall(ToolCall { id: needed("id")?, name: needed("name")?, input })
        }
        "tool_result" => PartKind::ToolResult(ToolResult {
            call_id: needed("tool_use_id")?,
            name: None,
            content: object.with("content", |raw| blocks(raw, Strictness::WithinResult))?.unwrap_or_default(),
            is_error: object.flag("is_error")?,
            is_custom: false,
        }),
        "thinking" => {
            opaque = object.text("signature")?.as_deref().and_then(opaque_of_signature);
            let text = needed("thinking")?;
            let sections = if text.is_empty() { Vec::new() } else { vec![text] };
            // Others tell no more than a summary of what they seal.
            let is_summary = opaque.as_ref().is_some_and(|opaque| !opaque.is_of(FORMAT));
            PartKind::Reasoning(Reasoning { sections, is_summary })
        }
        "redacted_thinking" => {
            opaque = Some(opaque_of_data(&needed("data")?));
            PartKind::Reasoning(Reasoning::default())
        }
        _ => return Ok(Part::new(PartKind::Native(native(r#type, Json::from(raw))))),
    };
    Ok(Part { kind, cache: cache(&object)?, opaque })
}

/// Reads where a piece of text comes from. A web page that no search of the upstream's found is not the format's own.
pub(in super::super) fn citation(raw: &RawValue) -> Result<Citation, Invalid> {
    let object = Object::read(raw)?;
    let r#type = object.text("type")?.unwrap_or_default();
    let source = object.text("source")?.filter(|source| source.starts_with("http"));
    let is_foreign = r#type == WEB_CITATION && object.text("encrypted_index")?.is_none_or(|index| index.is_empty());
    Ok(Citation {
        url: object.text("url")?.or(source),
        title: object.text("title")?.or(object.text("document_title")?),
        quote: object.text("cited_text")?,
        span: None,
        native: (!is_foreign).then(|| native(r#type, Json::from(raw))),
    })
}

/// Reads the mark of an object whose prompt is to be cached up to there.
pub(in super::super) fn cache(object: &Object<'_>) -> Result<Option<CacheMark>, Invalid> {
    let Some(control) = object.object("cache_control")? else { return Ok(None) };
    Ok(Some(CacheMark { ttl: control.text("ttl").map_err(|error| error.at("cache_control"))? }))
}

/// The opaque text in a signature; `None` where it is empty.
pub(in super::super) fn opaque_of_signature(signature: &str) -> Option<Opaque> {
    (!signature.is_empty()).then(|| Opaque::from_slot(FORMAT, signature))
}

/// The opaque text of reasoning that is not shown.
pub(in super::super) fn opaque_of_data(data: &str) -> Opaque {
    let opaque = Opaque::from_slot(FORMAT, data);
    // What stands there without an envelope is this format's own.
    let is_redacted = opaque.is_redacted || opaque.value == data;
    Opaque { is_redacted, ..opaque }
}

/// What a tool is called with, as it was written.
fn arguments(object: &Object<'_>, strictness: Strictness) -> Result<String, Invalid> {
    match object.raw("input") {
        Some(raw) if kind(raw) == Kind::Object || strictness == Strictness::Lenient => Ok(raw.get().to_owned()),
        Some(raw) => Err(Invalid::expected("an object", raw).at("input")),
        None if strictness == Strictness::Lenient => Ok("{}".to_owned()),
        None => Err(Invalid::new("is missing").at("input")),
    }
}

fn image(object: &Object<'_>) -> Result<Media, Invalid> {
    let (source, mime) = object.with("source", source)?.ok_or_else(|| Invalid::new("is missing").at("source"))?;
    Ok(Media { kind: MediaKind::Image, source, mime, name: None, detail: None, extras: None })
}

/// Reads a document. One that is made of blocks is a text where they are texts, and else as it stands.
fn document(object: &Object<'_>, raw: &RawValue) -> Result<PartKind, Invalid> {
    let name = object.text("title")?;
    let made_of_blocks = object.with("source", |raw| match Object::read(raw)?.text("type")?.as_deref() {
        Some("content") => text_of_blocks(&Object::read(raw)?).map(Some),
        _ => Ok(None),
    })?;
    let (source, mime) = match made_of_blocks.flatten() {
        Some(Some(text)) => (Source::Text(text), Some(PLAIN_TEXT.to_owned())),
        Some(None) => return Ok(PartKind::Native(native("document", Json::from(raw)))),
        None => object.with("source", source)?.ok_or_else(|| Invalid::new("is missing").at("source"))?,
    };
    let mut known = vec!["type", "title", "cache_control"];
    if !is_made_of_blocks(object) {
        known.push("source");
    }
    // A document at a URL is a PDF: the API takes no other.
    let mime = mime.or_else(|| matches!(source, Source::Url(_)).then(|| PDF.to_owned()));
    let extras = native_members("document", object.rest(&known));
    let media = Media { kind: MediaKind::Document, source, mime, name, detail: None, extras };
    Ok(PartKind::Media(Box::new(media)))
}

fn is_made_of_blocks(object: &Object<'_>) -> bool {
    let source = object.raw("source").and_then(|raw| Object::read(raw).ok());
    source.and_then(|source| source.text("type").ok().flatten()).as_deref() == Some("content")
}

/// The text of blocks that are all text; `None` where one is not.
fn text_of_blocks(source: &Object<'_>) -> Result<Option<String>, Invalid> {
    let content = source.raw("content").ok_or_else(|| Invalid::new("is missing").at("content"))?;
    if kind(content) == Kind::Text {
        return crate::json::text(content).map(Some).map_err(|error| error.at("content"));
    }
    let mut texts = Vec::new();
    for (index, raw) in list(content).map_err(|error| error.at("content"))?.into_iter().enumerate() {
        let at = |error: Invalid| error.at_index(index).at("content");
        let block = Object::read(raw).map_err(at)?;
        match block.text("type").map_err(at)?.as_deref() {
            Some("text") => texts.push(block.required_text("text").map_err(at)?),
            _ => return Ok(None),
        }
    }
    Ok(Some(texts.join("\n\n")))
}

fn source(raw: &RawValue) -> Result<(Source, Option<String>), Invalid> {
    let object = Object::read(raw)?;
    let mime = object.text("media_type")?;
    let source = match object.required_text("type")?.as_str() {
        "base64" => Source::Base64(object.required_text("data")?),
        "text" => Source::Text(object.required_text("data")?),
        "url" => Source::Url(object.required_text("url")?),
        "file" => Source::File { format: FORMAT, id: object.required_text("file_id")? },
        other => return Err(Invalid::new(format!("`{other}` is no source that is known")).at("type")),
    };
    Ok((source, mime))
}

//! Reads the parts of messages.

use rotator_domain::Format;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::ir::{CacheMark, Media, MediaKind, Part, PartKind, Source};
use crate::json::{self, Kind, Object};
use crate::openai_vendor::data_url;

/// In whose message a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Place {
    /// The system's or the developer's.
    Instructions,
    /// The user's.
    User,
    /// The model's.
    Assistant,
    /// A tool's.
    Tool,
}

/// Reads what a message says: a text or a list of parts. Empty texts are left out.
pub(in super::super) fn content(raw: &RawValue, place: Place) -> Result<Vec<Part>, Invalid> {
    let parts = match json::kind(raw) {
        Kind::Text => vec![Part::text(json::text(raw)?)],
        Kind::List => json::each(raw, |item| part(item, place))?,
        _ => return Err(Invalid::expected("a string or a list of parts", raw)),
    };
    Ok(parts.into_iter().filter(|part| part.as_text() != Some("")).collect())
}

/// The mark of a place up to which the prompt is to be cached, as relays and the vendor itself have it.
pub(in super::super) fn marked(object: &Object<'_>) -> Result<Option<CacheMark>, Invalid> {
    if let Some(control) = object.object("cache_control")? {
        let ttl = control.text("ttl").map_err(|error| error.at("cache_control"))?;
        return Ok(Some(CacheMark { ttl }));
    }
    Ok(object.raw("prompt_cache_breakpoint").map(|_| CacheMark::default()))
}

/// Reads a picture that a model made, as relays tell it: `{"type": "image_url", "image_url": {"url"}}`.
pub(in super::super) fn image(raw: &RawValue) -> Result<Part, Invalid> {
    let object = Object::read(raw)?;
    address(&object, "image_url", MediaKind::Image).map(Part::media)
}

fn part(raw: &RawValue, place: Place) -> Result<Part, Invalid> {
    let object = Object::read(raw)?;
    let name = object.required_text("type")?;
    let kind = match (name.as_str(), place) {
        ("text" | "input_text" | "output_text", _) => {
            PartKind::Text { text: object.required_text("text")?, citations: Vec::new() }
        }
        ("refusal", Place::Assistant) => PartKind::Refusal(object.required_text("refusal")?),
        ("image_url", Place::User | Place::Tool) => {
            PartKind::Media(Box::new(address(&object, "image_url", MediaKind::Image)?))
        }
        ("video_url", Place::User | Place::Tool) => {
            PartKind::Media(Box::new(address(&object, "video_url", MediaKind::Video)?))
        }
        ("input_audio", Place::User | Place::Tool) => PartKind::Media(Box::new(audio(&object)?)),
        ("file", Place::User | Place::Tool) => PartKind::Media(Box::new(file(&object)?)),
        ("image_url" | "video_url" | "input_audio" | "file" | "refusal", _) => {
            return Err(Invalid::new(format!("a part of type {name} does not stand in such a message")).at("type"));
        }
        _ => return Err(Invalid::new(format!("no part has the type {name}")).at("type")),
    };
    Ok(Part { cache: marked(&object)?, ..Part::new(kind) })
}

fn required<'a>(object: &Object<'a>, name: &str) -> Result<Object<'a>, Invalid> {
    object.object(name)?.ok_or_else(|| Invalid::new("is missing").at(name))
}

/// An object with a URL, or the URL itself.
fn address(object: &Object<'_>, name: &str, kind: MediaKind) -> Result<Media, Invalid> {
    let held = object.raw(name).ok_or_else(|| Invalid::new("is missing").at(name))?;
    let (url, detail) = if json::kind(held) == Kind::Text {
        (json::text(held)?, None)
    } else {
        let address = required(object, name)?;
        let url = address.required_text("url").map_err(|error| error.at(name))?;
        (url, address.text("detail").map_err(|error| error.at(name))?)
    };
    let (source, mime) = match data_url::read(&url) {
        Some((mime, base64)) => (Source::Base64(base64), mime),
        None if data_url::is_one(&url) => {
            return Err(Invalid::new("a data: URL must hold base64").at("url").at(name));
        }
        None => (Source::Url(url), None),
    };
    Ok(Media { kind, source, mime, name: None, detail, extras: None })
}

fn audio(object: &Object<'_>) -> Result<Media, Invalid> {
    let at = |error: Invalid| error.at("input_audio");
    let audio = required(object, "input_audio")?;
    let format = audio.required_text("format").map_err(at)?.to_ascii_lowercase();
    let source = Source::Base64(audio.required_text("data").map_err(at)?);
    let mime = Some(format!("audio/{format}"));
    Ok(Media { kind: MediaKind::Audio, source, mime, name: None, detail: None, extras: None })
}

fn file(object: &Object<'_>) -> Result<Media, Invalid> {
    let at = |error: Invalid| error.at("file");
    let file = required(object, "file")?;
    let (data, id) = (file.text("file_data").map_err(at)?, file.text("file_id").map_err(at)?);
    let (source, mime) = match (data, id) {
        (Some(data), _) => {
            let read = data_url::read(&data).ok_or_else(|| Invalid::new("expected a data: URL that holds base64"));
            let (mime, base64) = read.map_err(|error| at(error.at("file_data")))?;
            (Source::Base64(base64), mime)
        }
        (None, Some(id)) => (Source::File { format: Format::OpenAi, id }, None),
        (None, None) => return Err(at(Invalid::new("holds neither file_data nor file_id"))),
    };
    let name = file.text("filename").map_err(at)?;
    Ok(Media { kind: MediaKind::Document, source, mime, name, detail: None, extras: None })
}

//! Pictures, documents and sound.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rotator_domain::Format;

use super::wire::{self, FORMAT};
use crate::ir::{Media, MediaKind, Source};
use crate::json::Object;
use crate::openai_vendor::data_url;
use crate::{Invalid, Losses};

/// What a document without a type is.
const PDF: &str = "application/pdf";
/// What a document that holds its text is.
const PLAIN: &str = "text/plain";

/// Reads the picture of an `input_image`.
pub(super) fn read_image(object: &Object<'_>) -> Result<Media, Invalid> {
    let url = object.text("image_url")?.map(|url| located(&url));
    let (source, mime) = match (url, object.text("file_id")?) {
        (Some(located), _) => located,
        (None, Some(id)) => (Source::File { format: FORMAT, id }, None),
        (None, None) => return Err(Invalid::new("is missing").at("image_url")),
    };
    let detail = object.text("detail")?;
    Ok(Media { detail, ..of(MediaKind::Image, source, mime) })
}

/// Reads the document of an `input_file`.
pub(super) fn read_file(object: &Object<'_>) -> Result<Media, Invalid> {
    let (source, mime) = match (object.text("file_data")?, object.text("file_url")?, object.text("file_id")?) {
        (Some(data), ..) => match located(&data) {
            (Source::Base64(data), mime) => (in_words(data, mime.as_deref()), mime),
            // Bytes without a `data:` before them.
            (_, _) => (Source::Base64(data), None),
        },
        (None, Some(url), _) => (Source::Url(url), None),
        (None, None, Some(id)) => (Source::File { format: FORMAT, id }, None),
        (None, None, None) => return Err(Invalid::new("is missing").at("file_data")),
    };
    let (name, detail) = (object.text("filename")?, object.text("detail")?);
    let kind = if mime.as_deref().is_some_and(|mime| mime.starts_with("image/")) {
        MediaKind::Image
    } else {
        MediaKind::Document
    };
    Ok(Media { name, detail, ..of(kind, source, mime) })
}

/// Reads the sound of an `input_audio`.
pub(super) fn read_audio(object: &Object<'_>) -> Result<Media, Invalid> {
    let audio = object.object("input_audio")?.ok_or_else(|| Invalid::new("is missing").at("input_audio"))?;
    let at = |error: Invalid| error.at("input_audio");
    let data = audio.required_text("data").map_err(at)?;
    let mime = match audio.required_text("format").map_err(at)?.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        other => format!("audio/{other}"),
    };
    Ok(of(MediaKind::Audio, Source::Base64(data), Some(mime)))
}

/// The picture that a tool of the vendor's drew, in base64.
pub(super) fn drawn(data: String, format: Option<&str>) -> Media {
    let mime = format.map_or_else(|| data_url::image_type(&data).to_owned(), |format| format!("image/{format}"));
    of(MediaKind::Image, Source::Base64(data), Some(mime))
}

/// Whether a text may be bytes in base64, and not nothing.
pub(super) fn is_base64(data: &str) -> bool {
    let letters = data.trim_end_matches('=');
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    !letters.is_empty()
        && data.len().is_multiple_of(4)
        && data.len() - letters.len() <= 2
        && letters.bytes().all(is_letter)
}

/// Writes a part for media.
pub(super) fn write<'a>(
    media: &'a Media,
    breakpoint: Option<wire::Breakpoint>,
    losses: &mut Losses,
) -> Result<wire::Part<'a>, Invalid> {
    losses.drop_foreign(media.extras.as_ref(), FORMAT);
    let has_name = media.kind == MediaKind::Document && !matches!(media.source, Source::Url(_) | Source::File { .. });
    losses.drop_if(media.name.is_some() && !has_name, "filename");
    if let Source::File { format, .. } = &media.source
        && !matches!(format, Format::OpenAi | Format::OpenAiResponses)
    {
        return Err(Invalid::new("a file of another vendor's cannot be shown to this one"));
    }
    match media.kind {
        MediaKind::Image => write_image(media, breakpoint),
        MediaKind::Document => Ok(write_file(media, breakpoint)),
        MediaKind::Audio => write_audio(media),
        MediaKind::Video => Err(Invalid::new("moving pictures have no counterpart in OpenAI Responses")),
    }
}

fn write_image(media: &Media, breakpoint: Option<wire::Breakpoint>) -> Result<wire::Part<'_>, Invalid> {
    let (image_url, file_id) = match &media.source {
        Source::Base64(data) => (Some(Cow::Owned(data_url(media, data_url::image_type(data), data))), None),
        Source::Url(url) => (Some(Cow::Borrowed(url.as_str())), None),
        Source::File { id, .. } => (None, Some(id.as_str())),
        Source::Text(_) => return Err(Invalid::new("a picture in words has no counterpart in OpenAI Responses")),
    };
    let detail = media.detail.as_deref().unwrap_or("auto");
    Ok(wire::Part::InputImage { image_url, file_id, detail, prompt_cache_breakpoint: breakpoint })
}

/// Writes a document. The API wants a name for bytes.
fn write_file(media: &Media, breakpoint: Option<wire::Breakpoint>) -> wire::Part<'_> {
    let name = media.name.as_deref();
    let (filename, file_data, file_url, file_id) = match &media.source {
        Source::Base64(data) => {
            let is_pdf = media.mime.as_deref().is_none_or(|mime| mime == PDF);
            let name = name.unwrap_or(if is_pdf { "document.pdf" } else { "document" });
            (Some(name), Some(data_url(media, PDF, data)), None, None)
        }
        Source::Text(text) => {
            (Some(name.unwrap_or("document.txt")), Some(data_url(media, PLAIN, &STANDARD.encode(text))), None, None)
        }
        Source::Url(url) => (None, None, Some(url.as_str()), None),
        Source::File { id, .. } => (None, None, None, Some(id.as_str())),
    };
    let detail = media.detail.as_deref();
    wire::Part::InputFile { filename, file_data, file_url, file_id, detail, prompt_cache_breakpoint: breakpoint }
}

fn write_audio(media: &Media) -> Result<wire::Part<'_>, Invalid> {
    let Source::Base64(data) = &media.source else {
        return Err(Invalid::new("sound elsewhere has no counterpart in OpenAI Responses"));
    };
    let format = match media.mime.as_deref() {
        Some("audio/mpeg" | "audio/mp3") => "mp3",
        Some("audio/wav" | "audio/x-wav" | "audio/wave") => "wav",
        mime => mime.and_then(|mime| mime.strip_prefix("audio/")).unwrap_or("wav"),
    };
    Ok(wire::Part::InputAudio { input_audio: wire::Audio { data, format } })
}

const fn of(kind: MediaKind, source: Source, mime: Option<String>) -> Media {
    Media { kind, source, mime, name: None, detail: None, extras: None }
}

/// A text is kept as text: formats say it so where they have a way to.
fn in_words(data: String, mime: Option<&str>) -> Source {
    let bytes = mime.filter(|mime| *mime == PLAIN).and_then(|_| STANDARD.decode(&data).ok());
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map_or(Source::Base64(data), Source::Text)
}

/// What a URL points to: bytes in itself, or something elsewhere.
fn located(url: &str) -> (Source, Option<String>) {
    match data_url::read(url) {
        Some((mime, data)) => (Source::Base64(data), mime),
        None => (Source::Url(url.to_owned()), None),
    }
}

fn data_url(media: &Media, otherwise: &str, data: &str) -> String {
    data_url::write(media.mime.as_deref().unwrap_or(otherwise), data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::document;

    fn object(json: &str) -> Object<'_> {
        Object::read(document(json.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn urls_hold_bytes_or_point_to_them() {
        let base64 = |data: &str| Source::Base64(data.into());
        let url = |url: &str| Source::Url(url.into());
        let cases = [
            ("data:image/png;base64,aGk=", base64("aGk="), Some("image/png")),
            ("data:;base64,aGk=", base64("aGk="), None),
            ("data:image/svg+xml;charset=utf-8,<svg/>", url("data:image/svg+xml;charset=utf-8,<svg/>"), None),
            ("data:", url("data:"), None),
            ("https://a.example/b,c;base64,d", url("https://a.example/b,c;base64,d"), None),
        ];
        for (text, source, mime) in cases {
            assert_eq!(located(text), (source, mime.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn a_document_keeps_its_words() {
        let read = |data: &str| read_file(&object(&format!(r#"{{"file_data":"{data}"}}"#))).unwrap();
        assert_eq!(read("data:text/plain;base64,aMOp").source, Source::Text("hé".into()));
        assert_eq!(read("data:text/plain;base64,/w==").source, Source::Base64("/w==".into()));
        assert_eq!(read("aGk=").source, Source::Base64("aGk=".into()));
        assert_eq!(read("data:image/png;base64,aGk=").kind, MediaKind::Image);
        let missing = read_file(&object("{}")).unwrap_err();
        assert_eq!(missing.to_string(), "file_data: is missing");
    }

    #[test]
    fn what_the_api_does_not_take_is_refused() {
        let media = |kind, source| of(kind, source, None);
        let url = || Source::Url("https://a.example".into());
        let refused = [
            media(MediaKind::Video, url()),
            media(MediaKind::Audio, url()),
            media(MediaKind::Image, Source::Text("a".into())),
            media(MediaKind::Document, Source::File { format: Format::Anthropic, id: "f".into() }),
        ];
        for media in refused {
            assert!(write(&media, None, &mut Losses::default()).is_err(), "{media:?}");
        }
        let own = media(MediaKind::Image, Source::File { format: Format::OpenAi, id: "f".into() });
        assert!(write(&own, None, &mut Losses::default()).is_ok());
    }

    #[test]
    fn base64_is_told_from_other_texts() {
        let cases = [
            ("aGk=", true),
            ("aGkh", true),
            ("", false),
            ("a", false),
            ("aG k", false),
            ("====", false),
            ("a===", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_base64(text), expected, "{text}");
        }
    }
}

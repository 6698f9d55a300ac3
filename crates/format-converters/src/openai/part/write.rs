//! Writes the parts of messages.

use std::borrow::Cow;

use rotator_domain::Format;

use super::super::wire::{Address, Audio, ContentKind, ContentPart, File};
use crate::ir::{Media, MediaKind, Part, PartKind, Source};
use crate::openai_vendor::data_url;
use crate::{Invalid, Losses};

/// Writes a text or media of a user's message.
pub(in super::super) fn write<'a>(part: &'a Part, losses: &mut Losses) -> Result<ContentPart<'a>, Invalid> {
    let kind = match &part.kind {
        PartKind::Text { text, .. } => ContentKind::Text { text },
        PartKind::Media(media) => write_media(media, losses)?,
        PartKind::Native(native) => return Err(no_counterpart(&native.name)),
        PartKind::Refusal(_) | PartKind::Reasoning(_) | PartKind::ToolCall(_) | PartKind::ToolResult(_) => {
            return Err(no_counterpart("what only a model says"));
        }
    };
    Ok(kind.into())
}

/// Writes a picture that a model made, as relays tell it; `None` where it is something else, or not here and not at a URL.
pub(in super::super) fn answered_image(media: &Media) -> Option<ContentPart<'_>> {
    let url = (media.kind == MediaKind::Image).then(|| url(media)).flatten()?;
    Some(ContentKind::ImageUrl { image_url: Address { url, detail: None } }.into())
}

fn no_counterpart(name: &str) -> Invalid {
    Invalid::new(format!("{name} has no counterpart in Chat Completions"))
}

fn write_media<'a>(media: &'a Media, losses: &mut Losses) -> Result<ContentKind<'a>, Invalid> {
    losses.drop_foreign(media.extras.as_ref(), Format::OpenAi);
    losses.drop_if(media.name.is_some() && media.kind != MediaKind::Document, "filename");
    match media.kind {
        MediaKind::Image => {
            let url = url(media).ok_or_else(|| no_counterpart("a picture in an uploaded file"))?;
            // What models call it differs; those who speak this format know three words.
            let detail = media.detail.as_deref().filter(|detail| matches!(*detail, "auto" | "low" | "high"));
            losses.drop_if(detail.is_none() && media.detail.is_some(), "detail");
            Ok(ContentKind::ImageUrl { image_url: Address { url, detail } })
        }
        MediaKind::Video => {
            let url = url(media).ok_or_else(|| no_counterpart("a video in an uploaded file"))?;
            Ok(ContentKind::VideoUrl { video_url: Address { url, detail: None } })
        }
        MediaKind::Audio => {
            let Source::Base64(data) = &media.source else {
                return Err(no_counterpart("sound that is not in the request"));
            };
            let mime = media.mime.as_deref().unwrap_or_default();
            let format = audio_format(mime).ok_or_else(|| no_counterpart(&format!("sound of the type \"{mime}\"")))?;
            Ok(ContentKind::InputAudio { input_audio: Audio { data, format } })
        }
        MediaKind::Document => document(media, losses),
    }
}

fn document<'a>(media: &'a Media, losses: &mut Losses) -> Result<ContentKind<'a>, Invalid> {
    let file = |file_data, file_id, filename| Ok(ContentKind::File { file: File { filename, file_data, file_id } });
    let own = media.name.as_deref();
    match &media.source {
        // Few who speak this format take a file that is no PDF, and all take text.
        Source::Text(text) => {
            losses.drop_if(own.is_some(), "filename");
            Ok(ContentKind::Text { text })
        }
        Source::Base64(base64) => {
            let mime = media.mime.as_deref().unwrap_or("application/pdf");
            let filename = own.or((mime == "application/pdf").then_some("document.pdf"));
            file(Some(data_url::write(mime, base64)), None, filename)
        }
        Source::File { format: Format::OpenAi | Format::OpenAiResponses, id } => file(None, Some(id), own),
        Source::File { .. } => Err(no_counterpart("a file that was uploaded to another vendor")),
        Source::Url(_) => Err(no_counterpart("a document at a URL")),
    }
}

fn url(media: &Media) -> Option<String> {
    match &media.source {
        Source::Base64(base64) => {
            let mime = media.mime.as_deref().map_or_else(|| Cow::from(default_type(media.kind, base64)), Cow::from);
            Some(data_url::write(&mime, base64))
        }
        Source::Url(url) => Some(url.clone()),
        Source::Text(_) | Source::File { .. } => None,
    }
}

fn default_type(kind: MediaKind, base64: &str) -> &'static str {
    if kind == MediaKind::Video { "video/mp4" } else { data_url::image_type(base64) }
}

/// The two formats of sound that the vendor takes.
fn audio_format(mime: &str) -> Option<&'static str> {
    match mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => Some("wav"),
        "audio/mp3" | "audio/mpeg" | "audio/mpga" => Some("mp3"),
        _ => None,
    }
}

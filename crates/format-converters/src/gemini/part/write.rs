//! Writing parts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rotator_domain::Format;

use crate::gemini::media;
use crate::gemini::wire::{Blob, FileData, Part, PlainPart};
use crate::ir::{Media, Native, Opaque, Reasoning, Source};
use crate::json::Object;
use crate::members::Members;
use crate::{Invalid, Losses};

/// A part of no more than what is given.
pub(in crate::gemini) fn plain(part: PlainPart) -> Part {
    Part::Plain(Box::new(part))
}

/// A part of this format as it was written.
pub(in crate::gemini) fn native(native: &Native) -> Option<Part> {
    (native.format == Format::Gemini).then(|| Part::Native(native.json.clone()))
}

/// What to write into a part's slot for a client: always base64, since the vendor's SDKs decode it.
pub(in crate::gemini) fn signature(opaque: Option<&Opaque>) -> Option<String> {
    let opaque = opaque?;
    let slot = opaque.for_slot(Format::Gemini);
    // A relay's own kind of signature travels in an envelope, as another vendor's would.
    Some(if media::is_base64(&slot) { slot } else { opaque.for_slot(Format::Anthropic) })
}

/// Thoughts, with a blank line between sections; what has neither text nor signature is no part.
pub(in crate::gemini) fn thought(reasoning: &Reasoning, thought_signature: Option<String>) -> Option<Part> {
    let text = reasoning.joined();
    let is_there = !text.is_empty() || thought_signature.is_some();
    is_there
        .then(|| plain(PlainPart { text: Some(text), thought: Some(true), thought_signature, ..PlainPart::default() }))
}

/// Media. Its name and how closely it is to be looked at have no place here.
///
/// # Errors
///
/// It is a file at another vendor.
pub(in crate::gemini) fn media(media: Media, losses: &mut Losses) -> Result<PlainPart, Invalid> {
    let Media { kind, source, mime, name, detail, extras } = media;
    losses.drop_if(detail.is_some_and(|detail| detail != "auto"), "detail");
    let by_name = name.as_deref().and_then(media::by_extension).map(str::to_owned);
    losses.drop_if(name.is_some(), "filename");
    let mut part = PlainPart::default();
    match source {
        Source::Base64(data) => {
            let mime_type = mime.or(by_name).unwrap_or_else(|| media::usual(kind).to_owned());
            part.inline_data = Some(Blob { mime_type, data });
        }
        Source::Text(text) => {
            let mime_type = mime.unwrap_or_else(|| "text/plain".to_owned());
            part.inline_data = Some(Blob { mime_type, data: STANDARD.encode(text) });
        }
        Source::Url(file_uri) => {
            let supposed = || (!media::is_video_site(&file_uri)).then(|| media::usual(kind).to_owned());
            let told = mime.or_else(|| media::by_extension(&file_uri).map(str::to_owned)).or(by_name);
            let mime_type = told.or_else(supposed);
            part.file_data = Some(FileData { mime_type, file_uri });
        }
        Source::File { format: Format::Gemini, id } => {
            part.file_data = Some(FileData { mime_type: mime, file_uri: id });
        }
        Source::File { format, id } => {
            return Err(Invalid::new(format!("the file `{id}` is at {}, where gemini cannot read it", format.name())));
        }
    }
    losses.drop_foreign(extras.as_ref(), Format::Gemini);
    if let Some(own) = extras.filter(|extras| extras.format == Format::Gemini) {
        part.extras = Members(Object::read(own.json.raw())?.rest(&[]));
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::MediaKind;

    #[test]
    fn a_signature_is_always_base64_and_comes_back_as_it_was() {
        for (issuer, value) in [
            (Format::Gemini, "EqQB"),
            (Format::Gemini, "no base64!"),
            (Format::OpenAiResponses, "gAAAAABo_-x="),
            (Format::Anthropic, "Erc+/w=="),
        ] {
            let opaque = Opaque::new(issuer, value.into());
            let slot = signature(Some(&opaque)).unwrap();
            assert!(media::is_base64(&slot), "{slot}");
            assert_eq!(Opaque::from_slot(Format::Gemini, &slot), opaque);
        }
    }

    #[test]
    fn media_says_its_type_and_where_it_is() {
        let written = |source, mime: Option<&str>, name: Option<&str>, kind| {
            let (mime, name) = (mime.map(str::to_owned), name.map(str::to_owned));
            let media = Media { kind, source, mime, name, detail: Some("high".into()), extras: None };
            let mut losses = Losses::default();
            let part = super::media(media, &mut losses).map(|part| serde_json::to_string(&part).unwrap());
            (part, losses.names().join(","))
        };
        let url = |url: &str| Source::Url(url.into());
        let cases = [
            (
                written(Source::Base64("AA==".into()), Some("image/png"), None, MediaKind::Image),
                r#"{"inlineData":{"mimeType":"image/png","data":"AA=="}}"#,
            ),
            (
                written(Source::Base64("AA==".into()), None, Some("a.csv"), MediaKind::Document),
                r#"{"inlineData":{"mimeType":"text/csv","data":"AA=="}}"#,
            ),
            (
                written(Source::Text("é".into()), None, None, MediaKind::Document),
                r#"{"inlineData":{"mimeType":"text/plain","data":"w6k="}}"#,
            ),
            (
                written(url("https://a.example/x.webp?y"), None, None, MediaKind::Image),
                r#"{"fileData":{"mimeType":"image/webp","fileUri":"https://a.example/x.webp?y"}}"#,
            ),
            (
                written(url("https://youtu.be/x"), None, None, MediaKind::Video),
                r#"{"fileData":{"fileUri":"https://youtu.be/x"}}"#,
            ),
        ];
        for ((part, losses), expected) in cases {
            assert_eq!(part.unwrap(), expected);
            assert!(losses.starts_with("detail"), "{losses}");
        }
        let foreign = Source::File { format: Format::Anthropic, id: "file_1".into() };
        let error = written(foreign, None, None, MediaKind::Image).0.unwrap_err();
        assert!(error.to_string().starts_with("the file `file_1` is at "), "{error}");
    }
}

//! Media types, and where media is.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rotator_domain::Format;

use crate::ir::{MediaKind, Source};

/// Where the vendor keeps what was uploaded to it (<https://ai.google.dev/api/files>).
const OWN_FILES: [&str; 2] = ["https://generativelanguage.googleapis.com/", "gs://"];

/// Whose addresses the vendor takes as videos (<https://ai.google.dev/gemini-api/docs/video-understanding>).
const VIDEO_SITES: [&str; 3] = ["https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/"];

/// Media types by the end of a file's name.
const BY_EXTENSION: [(&str, &str); 33] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("bmp", "image/bmp"),
    ("svg", "image/svg+xml"),
    ("wav", "audio/wav"),
    ("mp3", "audio/mp3"),
    ("aac", "audio/aac"),
    ("aiff", "audio/aiff"),
    ("ogg", "audio/ogg"),
    ("flac", "audio/flac"),
    ("m4a", "audio/mp4"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpg"),
    ("mov", "video/mov"),
    ("avi", "video/avi"),
    ("webm", "video/webm"),
    ("wmv", "video/wmv"),
    ("3gp", "video/3gpp"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("xml", "text/xml"),
    ("json", "application/json"),
];

const INDIFFERENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, INDIFFERENT);

/// What kind of media a media type is of.
pub(super) fn kind(mime: &str) -> MediaKind {
    match mime.split('/').next() {
        Some("image") => MediaKind::Image,
        Some("audio") => MediaKind::Audio,
        Some("video") => MediaKind::Video,
        _ => MediaKind::Document,
    }
}

/// The media type that the end of an address or a file's name tells.
pub(super) fn by_extension(name: &str) -> Option<&'static str> {
    let path = name.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().unwrap_or_default();
    let (_, extension) = file.rsplit_once('.')?;
    let found = BY_EXTENSION.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known));
    found.map(|(_, mime)| *mime)
}

/// The media type to suppose where nothing tells it.
pub(super) const fn usual(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "image/jpeg",
        MediaKind::Audio => "audio/wav",
        MediaKind::Video => "video/mp4",
        MediaKind::Document => "application/pdf",
    }
}

/// Where an address points: to a file of the vendor's, or anywhere.
pub(super) fn source(uri: String) -> Source {
    let is_own = OWN_FILES.iter().any(|start| uri.starts_with(start)) || !uri.contains("://");
    if is_own { Source::File { format: Format::Gemini, id: uri } } else { Source::Url(uri) }
}

/// Whether the address is that of a video although nothing else tells.
pub(super) fn is_video_site(uri: &str) -> bool {
    VIDEO_SITES.iter().any(|start| uri.starts_with(start))
}

/// Base64 in the alphabet that all vendors take, padded: the vendor's own SDKs write the one for URLs.
pub(super) fn standard_base64(mut data: String) -> String {
    if data.contains(['-', '_']) {
        data = data.replace('-', "+").replace('_', "/");
    }
    while !data.len().is_multiple_of(4) && !data.ends_with("===") {
        data.push('=');
    }
    data
}

/// Whether the vendor's SDKs can decode a text.
pub(super) fn is_base64(text: &str) -> bool {
    STANDARD.decode(text).is_ok() || URL_SAFE.decode(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_its_type() {
        let cases = [
            ("https://a.example/b.c/d.PNG?x=1.pdf#y", Some("image/png")),
            ("https://a.example/d", None),
            ("report.pdf", Some("application/pdf")),
            ("https://a.example/x.unheard", None),
            ("", None),
        ];
        for (uri, expected) in cases {
            assert_eq!(by_extension(uri), expected, "{uri}");
        }
        assert_eq!(source("https://a.example/x".into()), Source::Url("https://a.example/x".into()));
        for own in ["https://generativelanguage.googleapis.com/v1beta/files/x", "gs://b/x", "files/x"] {
            assert!(matches!(source(own.into()), Source::File { format: Format::Gemini, .. }), "{own}");
        }
    }

    #[test]
    fn base64_is_told_from_other_texts_and_respelled() {
        for good in ["", "EqQB", "EqQ=", "EqQ", "-_-_", "+/+/"] {
            assert!(is_base64(good), "{good}");
        }
        for bad in ["sig_not-base64!", "a", "EqR=x", "+-+-"] {
            assert!(!is_base64(bad), "{bad}");
        }
        assert_eq!(standard_base64("-_-_".into()), "+/+/");
        assert_eq!(standard_base64("EqQ".into()), "EqQ=");
        assert_eq!(standard_base64("E".into()), "E===");
    }
}

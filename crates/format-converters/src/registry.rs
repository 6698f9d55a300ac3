//! All formats, and which one a request is in.

use http::HeaderMap;
use rotator_domain::Format;

use crate::anthropic::Anthropic;
use crate::gemini::Gemini;
use crate::openai::OpenAi;
use crate::openai_responses::OpenAiResponses;
use crate::{ErrorReply, RenderedError};

/// What a format can do.
pub trait WireFormat: Send + Sync {
    /// Which format it is.
    fn format(&self) -> Format;

    /// Writes an error as this format's vendor does.
    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError;

    /// Whether an action (the path below the service, its version segment taken off) belongs to this format alone.
    fn owns_action(&self, action: &str) -> bool;

    /// Whether a request for something that several formats have, such as the list of models, comes from a client of
    /// this format. By default it does not.
    fn is_spoken_by(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let _ = (headers, query);
        false
    }
}

static FORMATS: [&dyn WireFormat; 4] = [&OpenAi, &OpenAiResponses, &Anthropic, &Gemini];

/// The format's implementation.
#[must_use]
pub fn wire_format(format: Format) -> &'static dyn WireFormat {
    match format {
        Format::OpenAi => &OpenAi,
        Format::OpenAiResponses => &OpenAiResponses,
        Format::Anthropic => &Anthropic,
        Format::Gemini => &Gemini,
    }
}

/// The format of a request by its path below the service, its query and its headers; `None` when nothing tells.
#[must_use]
pub fn recognise(path: &str, query: Option<&str>, headers: &HeaderMap) -> Option<Format> {
    let action = without_version(path);
    let owner = FORMATS.iter().find(|format| format.owns_action(action));
    let shared = || {
        let is_models = action == "models" || action.starts_with("models/");
        let speaker = FORMATS.iter().find(|format| format.is_spoken_by(headers, query));
        speaker.map(|format| format.format()).or(is_models.then_some(Format::OpenAi))
    };
    owner.map(|format| format.format()).or_else(shared)
}

fn without_version(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    let versions = ["v1/", "v1beta/"];
    versions.iter().find_map(|version| path.strip_prefix(version)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static("x"))])
    }

    #[test]
    fn paths_tell_the_format() {
        let cases = [
            ("/v1/chat/completions", Some(Format::OpenAi)),
            ("chat/completions", Some(Format::OpenAi)),
            ("/v1/embeddings", Some(Format::OpenAi)),
            ("/v1/responses", Some(Format::OpenAiResponses)),
            ("/v1/responses/resp_1/cancel", Some(Format::OpenAiResponses)),
            ("/v1/messages", Some(Format::Anthropic)),
            ("/v1/messages/count_tokens", Some(Format::Anthropic)),
            ("/v1beta/models/gemini-2.5-pro:generateContent", Some(Format::Gemini)),
            ("/v1/models/gemini-2.5-pro%3AstreamGenerateContent", Some(Format::Gemini)),
            ("/v1/models/m%3aembedContent", Some(Format::Gemini)),
            ("/v1/models", Some(Format::OpenAi)),
            ("/v1/models/gpt-4o", Some(Format::OpenAi)),
            ("/v1/unheard-of", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(recognise(path, None, &HeaderMap::new()), expected, "{path}");
        }
    }

    #[test]
    fn the_list_of_models_is_told_apart_by_headers_and_query() {
        assert_eq!(recognise("/v1/models", None, &with("anthropic-version")), Some(Format::Anthropic));
        assert_eq!(recognise("/v1beta/models", None, &with("x-goog-api-key")), Some(Format::Gemini));
        assert_eq!(recognise("/v1beta/models", Some("pageSize=5&key=k"), &HeaderMap::new()), Some(Format::Gemini));
    }

    #[test]
    fn every_format_is_registered_as_itself() {
        for format in Format::ALL {
            assert_eq!(wire_format(format).format(), format);
        }
    }
}

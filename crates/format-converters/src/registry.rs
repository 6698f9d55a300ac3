//! All formats, and which one a request is in.

use http::{HeaderMap, Method};
use rotator_domain::Format;

use crate::anthropic::Anthropic;
use crate::gemini::Gemini;
use crate::openai::OpenAi;
use crate::openai_responses::OpenAiResponses;
use crate::{Operation, WireFormat};

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

/// What several vendors have under the same name: the client's way to show its key and version tells them apart.
const SHARED: [&str; 3] = ["models", "files", "batches"];

/// The format of a request by its path below the service, its query and its headers; `None` when nothing tells. What
/// several vendors have, such as the list of models, is OpenAI's unless the headers or the query say otherwise.
#[must_use]
pub fn recognise(path: &str, query: Option<&str>, headers: &HeaderMap) -> Option<Format> {
    let action = without_version(path);
    let shared = || {
        let first = action.split('/').next().unwrap_or_default();
        SHARED.contains(&first).then(|| {
            let speaker = FORMATS.iter().find(|format| format.is_spoken_by(headers, query));
            speaker.map_or(Format::OpenAi, |format| format.format())
        })
    };
    owner(path).or_else(shared)
}

/// The format that alone has this path below the service.
#[must_use]
pub fn owner(path: &str) -> Option<Format> {
    let action = without_version(path);
    FORMATS.iter().find(|format| format.owns_action(action)).map(|format| format.format())
}

/// Whether an upstream that speaks `upstream` serves a request for this path that is in the format `client` as it stands.
/// OpenAI's two formats belong to one API and share its paths (models, files, embeddings, ...): only conversations differ.
#[must_use]
pub fn is_understood(path: &str, client: Format, upstream: Format) -> bool {
    let first = || without_version(path).split('/').next().unwrap_or_default();
    match (client, upstream) {
        (Format::OpenAi, Format::OpenAiResponses) => !matches!(first(), "chat" | "completions"),
        (Format::OpenAiResponses, Format::OpenAi) => first() != "responses",
        _ => client == upstream,
    }
}

/// What a request in this format asks for, by its path below the service.
#[must_use]
pub fn operation(format: Format, method: &Method, path: &str, query: Option<&str>) -> Operation {
    wire_format(format).operation(method, without_version(path), query)
}

fn without_version(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    let versions = ["v1/", "v1beta/", "v1alpha/"];
    versions.iter().find_map(|version| path.strip_prefix(version)).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn the_two_formats_of_openai_share_all_but_conversations() {
        let (chat, responses) = (Format::OpenAi, Format::OpenAiResponses);
        for shared in ["/v1/models", "/v1/models/gpt-4o", "/v1/embeddings", "/v1/files", "audio/speech", "/v1/batches"]
        {
            assert!(is_understood(shared, chat, responses) && is_understood(shared, responses, chat), "{shared}");
            assert!(!is_understood(shared, chat, Format::Anthropic), "{shared}");
        }
        assert!(!is_understood("/v1/chat/completions", chat, responses));
        assert!(!is_understood("completions", chat, responses));
        assert!(!is_understood("/v1/responses", responses, chat));
        assert!(is_understood("/v1/responses/resp_1", responses, responses));
    }

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
            ("/v1/models/ft:gpt-4o:org::id", Some(Format::OpenAi)),
            ("/v1/models/deepseek/deepseek-r1:free/endpoints", Some(Format::OpenAi)),
            ("/v1beta/tunedModels/t:generateContent", Some(Format::Gemini)),
            ("/v1beta/models/odd%3Aname:countTokens", Some(Format::Gemini)),
            ("/v1beta/cachedContents/c", Some(Format::Gemini)),
            ("/v1/files", Some(Format::OpenAi)),
            ("/v1/messages/batches", Some(Format::Anthropic)),
            ("/v1/chatter", None),
            ("/v1", None),
            ("/v1/unheard-of", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(recognise(path, None, &HeaderMap::new()), expected, "{path}");
        }
    }

    #[test]
    fn what_several_vendors_have_is_told_apart_by_headers_and_query() {
        for path in ["/v1/models", "/v1/models/m", "/v1/files", "/v1beta/batches/b"] {
            let plain = HeaderMap::new();
            assert_eq!(recognise(path, None, &with("anthropic-version")), Some(Format::Anthropic), "{path}");
            assert_eq!(recognise(path, None, &with("x-api-key")), Some(Format::Anthropic), "{path}");
            assert_eq!(recognise(path, None, &with("x-goog-api-key")), Some(Format::Gemini), "{path}");
            assert_eq!(recognise(path, Some("pageSize=5&key=k"), &plain), Some(Format::Gemini), "{path}");
            assert_eq!(recognise(path, Some("monkey=5"), &with("authorization")), Some(Format::OpenAi), "{path}");
        }
    }

    #[test]
    fn headers_do_not_outweigh_the_path() {
        assert_eq!(recognise("/v1/chat/completions", None, &with("x-api-key")), Some(Format::OpenAi));
        assert_eq!(recognise("/v1/messages", Some("key=k"), &with("x-goog-api-key")), Some(Format::Anthropic));
        assert_eq!(recognise("/v1/rerank", None, &with("x-api-key")), None);
    }

    #[test]
    fn every_format_is_registered_as_itself() {
        for format in Format::ALL {
            assert_eq!(wire_format(format).format(), format);
        }
    }
}

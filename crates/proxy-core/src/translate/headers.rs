//! Which header fields go with a body that was written anew.

use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPECT, LAST_MODIFIED, RANGE,
    TE, TRAILER,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use rotator_domain::Format;

/// What a request could not say in the upstream's format.
const DROPPED: HeaderName = HeaderName::from_static("x-rotator-dropped");
/// What of an answer is only an estimate.
const ESTIMATE: HeaderName = HeaderName::from_static("x-rotator-estimate");
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const DIGEST: HeaderName = HeaderName::from_static("digest");

/// The fields of each vendor's own, by how their names begin. They mean nothing to another vendor, or something else.
const VENDORS: [(&[Format], &[&str]); 3] = [
    (&[Format::OpenAi, Format::OpenAiResponses], &["openai-"]),
    (&[Format::Anthropic], &["anthropic-"]),
    (&[Format::Gemini], &["x-goog-"]),
];

/// What says something about the bytes of a body, on either side.
const OF_BYTES: [HeaderName; 7] =
    [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_TYPE, CONTENT_MD5, CONTENT_DIGEST, DIGEST, TRAILER];

/// The client's fields as they go to an upstream of this format, and the call's own.
pub(super) fn for_upstream(
    client: &HeaderMap,
    upstream: Format,
    call: &[(HeaderName, HeaderValue)],
    body_length: usize,
) -> HeaderMap {
    let mut headers = client.clone();
    for name in OF_BYTES.iter().chain(&[TE, EXPECT, RANGE]) {
        headers.remove(name);
    }
    let others = VENDORS.iter().filter(|(formats, _)| !formats.contains(&upstream));
    let foreign: Vec<&str> = others.flat_map(|(_, prefixes)| prefixes.iter().copied()).collect();
    let names: Vec<HeaderName> = headers.keys().cloned().collect();
    for name in names {
        if foreign.iter().any(|prefix| name.as_str().starts_with(prefix)) {
            headers.remove(name);
        }
    }
    // The answer is read here.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if body_length > 0 {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body_length));
    }
    for (name, value) in call {
        headers.insert(name, value.clone());
    }
    headers
}

/// Makes the upstream's fields those of an answer of another media type, and leaves its length to the body.
pub(super) fn for_client(headers: &mut HeaderMap, content_type: &'static str) {
    for name in OF_BYTES.iter().chain(&[ETAG, LAST_MODIFIED, ACCEPT_RANGES]) {
        headers.remove(name);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
}

/// Names what was lost.
pub(super) fn tell_dropped<'a>(headers: &mut HeaderMap, names: impl Iterator<Item = &'a String>) {
    let mut told: Vec<&str> = Vec::new();
    for name in names {
        if !told.contains(&name.as_str()) {
            told.push(name);
        }
    }
    if !told.is_empty()
        && let Ok(value) = HeaderValue::from_str(&told.join(","))
    {
        headers.insert(DROPPED, value);
    }
}

/// Says that the number of tokens is an estimate.
pub(super) fn tell_estimate(headers: &mut HeaderMap) {
    headers.insert(ESTIMATE, HeaderValue::from_static("tokens"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_vendors_own_fields_reach_no_other_vendor() {
        let client = map(&[
            ("anthropic-version", "2023-06-01"),
            ("anthropic-beta", "b"),
            ("x-goog-api-client", "c"),
            ("openai-organization", "o"),
            ("user-agent", "u"),
            ("content-length", "9"),
            ("accept-encoding", "br"),
            ("content-encoding", "gzip"),
        ]);
        let own = [(HeaderName::from_static("anthropic-version"), HeaderValue::from_static("new"))];
        let common = [("accept-encoding", "identity"), ("content-type", "application/json"), ("content-length", "2")];
        let with =
            |fields: &[(&'static str, &'static str)]| map(&[&common[..], &[("user-agent", "u")], fields].concat());
        assert_eq!(for_upstream(&client, Format::Gemini, &[], 2), with(&[("x-goog-api-client", "c")]));
        assert_eq!(for_upstream(&client, Format::OpenAiResponses, &[], 2), with(&[("openai-organization", "o")]));
        let expected = with(&[("anthropic-version", "new"), ("anthropic-beta", "b")]);
        assert_eq!(for_upstream(&client, Format::Anthropic, &own, 2), expected);
        assert!(!for_upstream(&client, Format::OpenAi, &[], 0).contains_key("content-type"));
    }

    #[test]
    fn what_was_lost_is_named_once() {
        let mut headers = HeaderMap::new();
        let names = ["top_k".to_owned(), "seed".to_owned(), "top_k".to_owned()];
        tell_dropped(&mut headers, names.iter());
        assert_eq!(headers, map(&[("x-rotator-dropped", "top_k,seed")]));
        tell_dropped(&mut headers, [].iter());
        assert_eq!(headers.len(), 1);
    }
}

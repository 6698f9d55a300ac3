//! Where clients show their keys, and how every copy is taken off a request.

use std::cell::OnceCell;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use memchr::memmem::Finder;

use crate::query;
use crate::route::DoorName;

/// What the predecessor's clients and the generic door use.
pub(crate) const X_PROXY_KEY: HeaderName = HeaderName::from_static("x-proxy-key");

/// The headers in which the official SDKs of LLM APIs send their key.
const SDK_HEADERS: [HeaderName; 4] = [
    AUTHORIZATION,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-anthropic-api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

/// The query parameter in which Gemini's clients send their key.
const SDK_QUERY: &str = "key";

/// From this length on, in bytes, a client's key is known for what it is in the middle of a longer text too (a `Referer`,
/// a cookie). A shorter one may be a part of an ordinary word.
const TELLING_LENGTH: usize = 16;

/// Every key that a request shows outside of its body, in the order in which they are tried.
pub(crate) fn presented(door: DoorName, headers: &HeaderMap, query_text: Option<&str>) -> Vec<Vec<u8>> {
    let in_header = |name: &HeaderName| {
        headers.get_all(name).iter().map(|value| without_scheme(value.as_bytes()).to_vec()).collect::<Vec<_>>()
    };
    let mut found = in_header(&X_PROXY_KEY);
    if door == DoorName::Llm {
        found.extend(SDK_HEADERS.iter().flat_map(in_header));
        found.extend(query_text.into_iter().flat_map(|text| query::values(text, SDK_QUERY)));
    }
    found.retain(|key| !key.is_empty());
    found
}

/// Takes the client's key off the headers, or the trailers: every place where it is looked for, and every other field
/// that repeats it.
pub(crate) fn remove_from_headers(door: DoorName, headers: &mut HeaderMap, key: &[u8]) {
    headers.remove(X_PROXY_KEY);
    if door == DoorName::Llm {
        for name in SDK_HEADERS {
            headers.remove(name);
        }
    }
    let copies = Copies::of(key);
    let repeating: Vec<HeaderName> =
        headers.iter().filter(|(_, value)| copies.are_in(value.as_bytes())).map(|(name, _)| name.clone()).collect();
    for name in repeating {
        headers.remove(name);
    }
}

/// Takes the client's key off the query in the same way.
pub(crate) fn remove_from_query(door: DoorName, query_text: &str, key: &[u8]) -> String {
    let copies = Copies::of(key);
    query::without(query_text, |name, value| {
        (door == DoorName::Llm && name == SDK_QUERY.as_bytes()) || copies.are_in(value) || copies.are_in(name)
    })
}

/// Copies of a client's key.
struct Copies<'a> {
    key: &'a [u8],
    /// What finds the key within a longer text; few requests have one.
    within: OnceCell<Finder<'a>>,
}

impl<'a> Copies<'a> {
    fn of(key: &'a [u8]) -> Self {
        Self { key, within: OnceCell::new() }
    }

    fn are_in(&self, text: &[u8]) -> bool {
        let may_hold = self.key.len() >= TELLING_LENGTH && text.len() >= self.key.len();
        without_scheme(text) == self.key
            || (may_hold && self.within.get_or_init(|| Finder::new(self.key)).find(text).is_some())
    }
}

/// A credential without the scheme before it (`Bearer abc` is `abc`; RFC 9110, section 11.4).
fn without_scheme(value: &[u8]) -> &[u8] {
    let value = value.trim_ascii();
    match value.iter().position(|byte| *byte == b' ') {
        Some(space) if value[..space].iter().all(u8::is_ascii_alphanumeric) => value[space..].trim_ascii(),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn every_place_of_an_sdk_is_read() {
        let fields = [
            ("authorization", "Bearer a"),
            ("x-api-key", "b"),
            ("x-anthropic-api-key", "c"),
            ("x-goog-api-key", "d"),
            ("x-proxy-key", "e"),
        ];
        let found = presented(DoorName::Llm, &headers(&fields), Some("alt=sse&key=f"));
        let expected: Vec<Vec<u8>> = ["e", "a", "b", "c", "d", "f"].iter().map(|key| key.as_bytes().to_vec()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_generic_door_reads_one_header_only() {
        let fields = [("authorization", "Bearer upstream-own"), ("x-proxy-key", "e")];
        assert_eq!(presented(DoorName::Generic, &headers(&fields), Some("key=f")), [b"e".to_vec()]);
    }

    #[test]
    fn every_copy_goes_and_a_generic_upstreams_own_credentials_stay() {
        let mut map =
            headers(&[("x-proxy-key", "k1"), ("authorization", "Bearer own"), ("x-copy", "k1"), ("cookie", "a=b")]);
        remove_from_headers(DoorName::Generic, &mut map, b"k1");
        assert_eq!(map, headers(&[("authorization", "Bearer own"), ("cookie", "a=b")]));
        assert_eq!(remove_from_query(DoorName::Generic, "key=own&x=k1&y=2", b"k1"), "key=own&y=2");
    }

    #[test]
    fn a_long_key_goes_from_the_middle_of_a_text_and_a_short_one_is_left_in_words() {
        let long = b"rk-0123456789abcdef";
        let fields = [("referer", "https://x/?key=rk-0123456789abcdef"), ("user-agent", "x")];
        let mut map = headers(&fields);
        remove_from_headers(DoorName::Generic, &mut map, long);
        assert_eq!(map, headers(&[("user-agent", "x")]));
        let query = "u=https%3A%2F%2Fx%3Fkey%3Drk%2D0123456789abcdef&a=test&rk-0123456789abcdef";
        assert_eq!(remove_from_query(DoorName::Generic, query, long), "a=test");
        // What looks like a scheme before it may be the beginning of the key.
        let mut map = headers(&[("x-own", "two words 0123456789")]);
        remove_from_headers(DoorName::Generic, &mut map, b"two words 0123456789");
        assert_eq!(map, HeaderMap::new());
        let mut map = headers(&[("user-agent", "my-test/1.0")]);
        remove_from_headers(DoorName::Generic, &mut map, b"test");
        assert_eq!(map, headers(&[("user-agent", "my-test/1.0")]));
    }

    #[test]
    fn the_llm_door_sends_no_credential_of_the_client_on() {
        let mut map = headers(&[("authorization", "Bearer other"), ("x-api-key", "k1"), ("user-agent", "x")]);
        remove_from_headers(DoorName::Llm, &mut map, b"k1");
        assert_eq!(map, headers(&[("user-agent", "x")]));
        assert_eq!(remove_from_query(DoorName::Llm, "key=other&alt=sse", b"k1"), "alt=sse");
    }
}

//! The client key that some OpenAI clients put into the body as `api_key`.

use std::sync::LazyLock;

use bytes::Bytes;
use memchr::memmem::Finder;
use rotator_format_converters::RawMembers;

/// The member's name.
const MEMBER: &str = "api_key";
static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(MEMBER));
/// How its letters begin where they are spelled with escapes.
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u00"));

/// A body without its `api_key`, and the key.
pub(crate) struct BodyKey {
    pub(crate) key: String,
    pub(crate) body: Bytes,
}

/// Takes every `api_key` out of a JSON object, if one of them is a client key. The other members keep their order and
/// are copied byte for byte.
pub(crate) fn take(body: &[u8], is_client_key: impl Fn(&[u8]) -> bool) -> Option<BodyKey> {
    if !mentions_member(body) {
        return None;
    }
    let mut members: RawMembers<'_> = serde_json::from_slice(body).ok()?;
    let key = members.0.iter().filter(|(name, _)| name == MEMBER).find_map(|(_, value)| {
        let key: Option<String> = serde_json::from_str(value.get()).ok();
        key.filter(|key| is_client_key(key.as_bytes()))
    })?;
    members.0.retain(|(name, _)| name != MEMBER);
    let body = serde_json::to_vec(&members).ok()?.into();
    Some(BodyKey { key, body })
}

/// Whether the body can hold the member at all; an escaped spelling of the name counts too.
fn mentions_member(body: &[u8]) -> bool {
    [&NAME, &ESCAPE].into_iter().any(|spelling| spelling.find(body).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_key_and_leaves_all_else_as_it_was() {
        let body = br#"{"model":"m", "n":12345678901234567890.10, "api_key" : "rk-1", "z":{"api_key":"inner"}}"#;
        let taken = take(body, |_| true).unwrap();
        assert_eq!(taken.key, "rk-1");
        let expected = br#"{"model":"m","n":12345678901234567890.10,"z":{"api_key":"inner"}}"#;
        assert_eq!(taken.body, &expected[..]);
    }

    #[test]
    fn an_escaped_or_repeated_member_goes_too() {
        let taken = take(br#"{"api\u005fkey":"rk-1","a":1,"api_key":"rk-2"}"#, |_| true).unwrap();
        assert_eq!((taken.key.as_str(), &taken.body[..]), ("rk-1", &br#"{"a":1}"#[..]));
    }

    #[test]
    fn one_client_key_is_enough_for_all_members_to_go() {
        let taken = take(br#"{"api_key":"other","api_key":["rk-1"],"api_key":"rk-1"}"#, |key| key == b"rk-1").unwrap();
        assert_eq!((taken.key.as_str(), &taken.body[..]), ("rk-1", &b"{}"[..]));
        assert!(take(br#"{"api_key":"other"}"#, |key| key == b"rk-1").is_none());
    }

    #[test]
    fn bodies_without_a_key_are_left_alone() {
        for body in [&b"{}"[..], b"", b"[\"api_key\"]", b"{\"api_key\":", br#"{"a":"api_key"}"#, br#"{"api_key":1}"#] {
            assert!(take(body, |_| true).is_none());
        }
    }
}

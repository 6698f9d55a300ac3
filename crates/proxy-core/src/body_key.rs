//! The client key that some OpenAI clients put into the body as `api_key`.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use memchr::memmem;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The member's name.
const MEMBER: &str = "api_key";

/// A body without its `api_key`, and the key.
pub(crate) struct BodyKey {
    pub(crate) key: String,
    pub(crate) body: Bytes,
}

/// Takes `api_key` out of a JSON object, if it is there and is a string. The other members keep their order and are
/// copied byte for byte.
pub(crate) fn take(body: &[u8]) -> Option<BodyKey> {
    if !mentions_member(body) {
        return None;
    }
    let mut members: Members<'_> = serde_json::from_slice(body).ok()?;
    let key = members.0.iter().filter(|(name, _)| name == MEMBER).find_map(|(_, value)| {
        let key: Option<String> = serde_json::from_str(value.get()).ok();
        key
    })?;
    members.0.retain(|(name, _)| name != MEMBER);
    let body = serde_json::to_vec(&members).ok()?.into();
    Some(BodyKey { key, body })
}

/// Whether the body can hold the member at all; an escaped spelling of the name counts too.
fn mentions_member(body: &[u8]) -> bool {
    memmem::find(body, MEMBER.as_bytes()).is_some() || memmem::find(body, b"\\u00").is_some()
}

/// The members of an object in order, their values unread.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

// === impl Members ===

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    members.push((Cow::Owned(name), map.next_value()?));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_key_and_leaves_all_else_as_it_was() {
        let body = br#"{"model":"m", "n":12345678901234567890.10, "api_key" : "rk-1", "z":{"api_key":"inner"}}"#;
        let taken = take(body).unwrap();
        assert_eq!(taken.key, "rk-1");
        let expected = br#"{"model":"m","n":12345678901234567890.10,"z":{"api_key":"inner"}}"#;
        assert_eq!(taken.body, &expected[..]);
    }

    #[test]
    fn an_escaped_or_repeated_member_goes_too() {
        let taken = take(br#"{"api\u005fkey":"rk-1","a":1,"api_key":"rk-2"}"#).unwrap();
        assert_eq!((taken.key.as_str(), &taken.body[..]), ("rk-1", &br#"{"a":1}"#[..]));
    }

    #[test]
    fn bodies_without_a_key_are_left_alone() {
        for body in [&b"{}"[..], b"", b"[\"api_key\"]", b"{\"api_key\":", br#"{"a":"api_key"}"#, br#"{"api_key":1}"#] {
            assert!(take(body).is_none());
        }
    }
}

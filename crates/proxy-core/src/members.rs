//! A JSON object's members in order, their values unread: for a body in which one member changes and all else stays.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The members of an object.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, &'a RawValue)>);

/// The object with another text for every member of this name; `None` where the body is no object or has no such member.
pub(crate) fn with_text(body: &[u8], name: &str, text: &str) -> Option<Bytes> {
    let mut members: Members<'_> = serde_json::from_slice(body).ok()?;
    let value = serde_json::value::to_raw_value(text).ok()?;
    let mut own = members.0.iter_mut().filter(|(own, _)| own == name).peekable();
    own.peek()?;
    own.for_each(|(_, old)| *old = &value);
    serde_json::to_vec(&members).ok().map(Bytes::from)
}

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
                    members.push((name, map.next_value()?));
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
    fn one_member_changes_and_all_else_stays_as_it_was() {
        let body = br#"{"n":1.10, "model" : "fast","z":{"model":"inner"}}"#;
        let changed = with_text(body, "model", "real \"1\"").unwrap();
        assert_eq!(changed, &br#"{"n":1.10,"model":"real \"1\"","z":{"model":"inner"}}"#[..]);
        for body in [&b"[]"[..], b"{}", b"", b"{\"model\":"] {
            assert!(with_text(body, "model", "x").is_none());
        }
    }
}

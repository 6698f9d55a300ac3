//! The members of a JSON object, in order, their values as they were written.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::items::is_chaff;
use crate::json::Json;

/// The members of an object that is being read; written, they make it again without the white space between them. A name
/// may come more than once.
#[derive(Clone, Debug)]
pub struct RawMembers<'a>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

/// Members that are kept, or put together to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Members(pub(crate) Vec<(String, Json)>);

/// A name, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Where a part of a text stands in it; `None` where it is none.
pub(crate) fn place(part: &str, whole: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len()).filter(|end| *end <= whole.len())?;
    Some(start..end)
}

// === impl RawMembers ===

impl<'a> RawMembers<'a> {
    /// A member's value; of several of one name the last, as most parsers have it.
    pub(crate) fn last(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| *value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = RawMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut members, mut bytes) = (Vec::new(), 0);
                while let Some(Name(name)) = map.next_key()? {
                    let value: &RawValue = map.next_value()?;
                    bytes += name.len() + value.get().len() + 4;
                    members.push((name, value));
                    if is_chaff(members.len(), bytes) {
                        return Err(A::Error::custom("too many members that say next to nothing"));
                    }
                }
                Ok(RawMembers(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

impl Serialize for RawMembers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

// === impl Members ===

impl Members {
    /// The object; `None` without members.
    pub(crate) fn into_json(self) -> Option<Json> {
        if self.is_empty() { None } else { Json::of(&self).ok() }
    }

    /// Adds a member.
    pub(crate) fn add(&mut self, name: &str, value: &(impl Serialize + ?Sized)) {
        if let Ok(json) = Json::of(value) {
            self.0.push((name.to_owned(), json));
        }
    }

    /// Adds a member where there is a value.
    pub(crate) fn add_some(&mut self, name: &str, value: Option<&(impl Serialize + ?Sized)>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// A member's value.
    pub(crate) fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, json)| json)
    }

    /// Sets a member, at its place where it is there already.
    pub(crate) fn set(&mut self, name: &str, json: Json) {
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = json,
            None => self.0.push((name.to_owned(), json)),
        }
    }

    /// Takes a member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().position(|(own, _)| own == name)?;
        Some(self.0.remove(at).1)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, json)| (name, json)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_are_read_and_written_are_the_same() {
        let body = r#"{"n":1.10,"a":{"n": 1},"\u0061":[],"n":null}"#;
        let members: RawMembers<'_> = serde_json::from_str(body).unwrap();
        let names: Vec<&str> = members.0.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["n", "a", "a", "n"]);
        assert_eq!(serde_json::to_string(&members).unwrap(), r#"{"n":1.10,"a":{"n": 1},"a":[],"n":null}"#);
        for body in ["[]", "5", "{", "{1:2}"] {
            assert!(serde_json::from_str::<RawMembers<'_>>(body).is_err(), "{body}");
        }
    }

    #[test]
    fn members_are_set_where_they_are_and_taken_out() {
        let mut members = Members::default();
        members.add("a", &1);
        members.add("b", &2);
        members.set("a", Json::from_text("3").unwrap());
        members.add_some("c", Some("d"));
        members.add_some("e", None::<&str>);
        assert_eq!(members.take("b").unwrap().get(), "2");
        assert_eq!(members.into_json().unwrap().get(), r#"{"a":3,"c":"d"}"#);
        assert!(Members::default().into_json().is_none());
    }
}

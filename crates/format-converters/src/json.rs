//! JSON that is read member by member: what is known is taken by name, all else stays as it was written.
//!
//! Values that nobody here needs to understand (tool arguments, schemas, fields of one vendor) are never parsed and printed
//! again, so numbers keep every digit and texts every escape. An error names the place where it was found.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::items;
use crate::members::RawMembers;

/// A JSON value as it was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

/// Something that was read is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{message}", self.place, if self.place.is_empty() { "" } else { ": " })]
pub struct Invalid {
    /// Where: the names and places from the outermost to the innermost, such as `messages[2].content[0].text`.
    pub place: String,
    /// What is wrong there.
    pub message: String,
}

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
}

/// An object whose members' values are unread.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
    is_lenient: bool,
}

/// Reads a whole body.
pub(crate) fn document(body: &[u8]) -> Result<&RawValue, Invalid> {
    let text = std::str::from_utf8(body)
        .map_err(|error| Invalid::new(format!("the body is not UTF-8 from byte {} on", error.valid_up_to())))?;
    serde_json::from_str(text).map_err(|error| Invalid::new(format!("the body is not JSON: {error}")))
}

/// The kind of a value.
pub(crate) fn kind(raw: &RawValue) -> Kind {
    match raw.get().as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::List,
        Some(b'"') => Kind::Text,
        Some(b't' | b'f') => Kind::Bool,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

/// Reads a text. Half of a surrogate pair, which no text can hold (RFC 8259, section 8.2), is U+FFFD.
pub(crate) fn text(raw: &RawValue) -> Result<String, Invalid> {
    parse(raw, "a string").or_else(|error| match kind(raw) {
        Kind::Text => serde_json::from_str(&with_whole_pairs(raw.get())).map_err(|_| error),
        _ => Err(error),
    })
}

/// A string of JSON in which every half of a surrogate pair is another character.
fn with_whole_pairs(string: &str) -> String {
    let unit = |at: &str| {
        let digits = at.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut whole = String::with_capacity(string.len());
    let mut rest = string;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let (written, length) = match unit(escape) {
            Some(0xd800..=0xdbff) => {
                let is_pair = escape.get(6..).and_then(unit).is_some_and(|low| (0xdc00..=0xdfff).contains(&low));
                if is_pair { (escape.get(..12), 12) } else { (None, 6) }
            }
            Some(0xdc00..=0xdfff) => (None, 6),
            Some(_) => (escape.get(..6), 6),
            None => (escape.get(..2), 2),
        };
        whole.push_str(written.unwrap_or("\u{fffd}"));
        rest = escape.get(length..).unwrap_or_default();
    }
    whole.push_str(rest);
    whole
}

/// Reads a list, its items unread.
pub(crate) fn list(raw: &RawValue) -> Result<Vec<&RawValue>, Invalid> {
    items::each_some(raw, |item| Ok(Some(item)))
}

/// Makes sure that a value is a list.
pub(crate) fn ensure_list(raw: &RawValue) -> Result<(), Invalid> {
    if kind(raw) == Kind::List { Ok(()) } else { Err(Invalid::expected("a list", raw)) }
}

/// Reads each item of a list.
pub(crate) fn each<'a, T>(
    raw: &'a RawValue,
    mut read: impl FnMut(&'a RawValue) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    items::each_some(raw, |item| read(item).map(Some))
}

/// Reads a value of a type that serde knows.
pub(crate) fn parse<T: DeserializeOwned>(raw: &RawValue, expected: &str) -> Result<T, Invalid> {
    serde_json::from_str(raw.get()).map_err(|_| Invalid::expected(expected, raw))
}

// === impl Json ===

impl Json {
    /// The text, which is valid JSON.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// Takes a text that may be JSON; `None` when it is not.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        RawValue::from_string(text.to_owned()).ok().map(Self)
    }

    /// Writes a value that serde can write.
    ///
    /// # Errors
    ///
    /// Those of the value's own `Serialize`.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// An object without members.
    #[must_use]
    pub fn empty_object() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_default())
    }

    /// The value, to be read member by member.
    pub(crate) fn raw(&self) -> &RawValue {
        &self.0
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Json {}

impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Self(raw.to_owned())
    }
}

// === impl Invalid ===

impl Invalid {
    /// An error at this place.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { place: String::new(), message: message.into() }
    }

    /// The same error, found in a member.
    #[must_use]
    pub fn at(mut self, name: &str) -> Self {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("{name}{dot}{}", self.place);
        self
    }

    /// The same error, found in an item of a list.
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("[{index}]{dot}{}", self.place);
        self
    }

    /// The value is something else.
    pub(crate) fn expected(expected: &str, found: &RawValue) -> Self {
        let found = match kind(found) {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "another number",
            Kind::Text => "a string",
            Kind::List => "a list",
            Kind::Object => "an object",
        };
        Self::new(format!("expected {expected}, found {found}"))
    }
}

// === impl Object ===

impl<'a> Object<'a> {
    /// Reads an object.
    pub(crate) fn read(raw: &'a RawValue) -> Result<Self, Invalid> {
        let RawMembers(members) = serde_json::from_str(raw.get()).map_err(|_| match kind(raw) {
            Kind::Object => Invalid::new("there are too many members that say next to nothing"),
            _ => Invalid::expected("an object", raw),
        })?;
        Ok(Self { members, is_lenient: false })
    }

    /// Reads an object in whose members a wrong type counts as nothing: an answer, which its client may understand all
    /// the same.
    pub(crate) fn read_leniently(raw: &'a RawValue) -> Result<Self, Invalid> {
        Self::read(raw).map(|object| Self { is_lenient: true, ..object })
    }

    /// The same with other names for the members.
    pub(crate) fn renamed(mut self, rename: impl Fn(Cow<'a, str>) -> Cow<'a, str>) -> Self {
        for (name, _) in &mut self.members {
            *name = rename(std::mem::take(name));
        }
        self
    }

    /// A member's value; `null` counts as nothing. Of several members of one name the last counts, as most parsers do.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.members.iter().rev().find(|(own, _)| own == name);
        found.map(|(_, raw)| *raw).filter(|raw| kind(raw) != Kind::Null)
    }

    /// A member's value, as it was written.
    pub(crate) fn json(&self, name: &str) -> Option<Json> {
        self.raw(name).map(Json::from)
    }

    /// Whether there is such a member, be it `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(own, _)| own == name)
    }

    /// Reads a member.
    pub(crate) fn with<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'a RawValue) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Invalid> {
        match self.raw(name).map(read).transpose() {
            Err(_) if self.is_lenient => Ok(None),
            read => read.map_err(|error| error.at(name)),
        }
    }

    /// Reads each item of a member that is a list; without it there are none.
    pub(crate) fn each<T>(
        &self,
        name: &str,
        read: impl FnMut(&'a RawValue) -> Result<T, Invalid>,
    ) -> Result<Vec<T>, Invalid> {
        Ok(self.with(name, |raw| each(raw, read))?.unwrap_or_default())
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Invalid> {
        self.with(name, text)
    }

    /// A text that must be there.
    pub(crate) fn required_text(&self, name: &str) -> Result<String, Invalid> {
        self.text(name)?.ok_or_else(|| Invalid::new("is missing").at(name))
    }

    /// A number of whatever type, or another value that serde reads.
    pub(crate) fn value<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<Option<T>, Invalid> {
        self.with(name, |raw| parse(raw, expected))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Invalid> {
        self.value(name, "true or false")
    }

    /// A whole number from 0 on.
    pub(crate) fn count(&self, name: &str) -> Result<Option<u64>, Invalid> {
        self.value(name, "a whole number from 0 on")
    }

    /// An object, read as this one is.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>, Invalid> {
        self.with(name, |raw| Self::read(raw).map(|object| Self { is_lenient: self.is_lenient, ..object }))
    }

    /// The members that are not `known`, in order.
    pub(crate) fn rest(&self, known: &[&str]) -> Vec<(String, Json)> {
        let unknown = self.members.iter().filter(|(name, _)| !known.contains(&name.as_ref()));
        unknown.map(|(name, raw)| (name.clone().into_owned(), Json::from(*raw))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalid(body: &str, read: impl FnOnce(&Object<'_>) -> Result<(), Invalid>) -> String {
        let object = Object::read(document(body.as_bytes()).unwrap()).unwrap();
        read(&object).unwrap_err().to_string()
    }

    #[test]
    fn half_a_surrogate_pair_costs_no_more_than_itself() {
        let read = |string: &str| text(Json::from_text(string).unwrap().raw()).unwrap();
        assert_eq!(read(r#""a\ud83d b""#), "a\u{fffd} b");
        assert_eq!(read(r#""\udd11\ud83d\udd11\\ud83d\n\ud83d""#), "\u{fffd}\u{1f511}\\ud83d\n\u{fffd}");
        assert_eq!(read(r#""\ud83d\ud83d\udd11\u00e9""#), "\u{fffd}\u{1f511}é");
        assert!(text(Json::from_text("5").unwrap().raw()).is_err());
    }

    #[test]
    fn an_error_names_the_place() {
        let deep = |object: &Object<'_>| {
            let message = |raw| {
                let message = Object::read(raw)?;
                message.each("content", |part| Object::read(part)?.required_text("text"))
            };
            object.each("messages", message).map(drop)
        };
        let cases = [
            (
                r#"{"messages":[{},{"content":[{"text":"a"},{"text":5}]}]}"#,
                "messages[1].content[1].text: expected a string, found another number",
            ),
            (r#"{"messages":[{"content":[{}]}]}"#, "messages[0].content[0].text: is missing"),
            (r#"{"messages":[[]]}"#, "messages[0]: expected an object, found a list"),
            (r#"{"messages":{}}"#, "messages: expected a list, found an object"),
        ];
        for (body, expected) in cases {
            assert_eq!(invalid(body, deep), expected);
        }
    }

    #[test]
    fn values_stay_as_they_were_written() {
        let body = r#"{"a":{"n":123456789012345678901234567890.10,"t":"\u0041"},"b":1,"c":null}"#;
        let object = Object::read(document(body.as_bytes()).unwrap()).unwrap();
        assert_eq!(object.json("a").unwrap().get(), r#"{"n":123456789012345678901234567890.10,"t":"\u0041"}"#);
        assert_eq!(object.rest(&["a", "c"]), [("b".to_owned(), Json::from_text("1").unwrap())]);
        assert!(object.raw("c").is_none() && object.has("c") && !object.has("d"));
    }

    #[test]
    fn broken_bodies_are_told_where() {
        assert_eq!(document(b"{\"a\":\xff}").unwrap_err().to_string(), "the body is not UTF-8 from byte 5 on");
        assert!(document(b"{").unwrap_err().to_string().starts_with("the body is not JSON: EOF"));
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(document(deep.as_bytes()).is_ok(), "what is not read costs no stack");
    }

    #[test]
    fn an_answer_is_read_as_far_as_it_makes_sense() {
        let body = r#"{"a":5,"b":"text"}"#;
        let object = Object::read_leniently(document(body.as_bytes()).unwrap()).unwrap();
        assert_eq!((object.text("a").unwrap(), object.text("b").unwrap().as_deref()), (None, Some("text")));
    }
}

//! What is written, and how names are spelled: the vendor takes camelCase and snake_case alike
//! (<https://protobuf.dev/programming-guides/json/>).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::items;
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;

/// Stands for a signature where there is none: the vendor takes it for calls that its models did not make
/// (<https://ai.google.dev/gemini-api/docs/thought-signatures>, among the questions at the end).
pub(super) const DUMMY_SIGNATURE: &str = "context_engineering_is_the_way_to_go";

/// What the name of a model holds whose tools' results may hold media, and which runs tools of its own beside the client's.
pub(super) const THIRD_GENERATION: &str = "gemini-3";

/// One speaker's parts.
#[derive(Debug, Serialize)]
pub(super) struct Content {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    pub parts: Vec<Part>,
}

/// A part, or one that only this format has, as it was written.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Part {
    Plain(Box<PlainPart>),
    Native(Json),
}

/// A part: one of the things that it may be, and what is said of it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlainPart {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inline_data: Option<Blob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_data: Option<FileData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<FunctionCall>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_response: Option<FunctionResponse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thought_signature: Option<String>,
    #[serde(flatten)]
    pub extras: Members,
}

/// Media that is here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    pub mime_type: String,
    pub data: String,
}

/// Media that is elsewhere.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileData {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    pub file_uri: String,
}

/// A call of a client's tool.
#[derive(Debug, Serialize)]
pub(super) struct FunctionCall {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub name: String,
    pub args: Json,
}

/// What a client's tool answered.
#[derive(Debug, Serialize)]
pub(super) struct FunctionResponse {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    pub name: String,
    pub response: Json,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// How strictly something is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// A request: what makes no sense is refused.
    Strict,
    /// An answer: what makes no sense counts as nothing.
    Lenient,
}

/// A name in camelCase.
pub(super) fn camel(name: Cow<'_, str>) -> Cow<'_, str> {
    if !name.contains('_') {
        return name;
    }
    let mut words = name.split('_').filter(|word| !word.is_empty());
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    Cow::Owned(camel)
}

/// Reads each item of a list, or the one that stands without a list.
pub(super) fn one_or_each<'a, T>(
    raw: &'a RawValue,
    mut read: impl FnMut(&'a RawValue) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    one_or_some(raw, |raw| read(raw).map(Some))
}

/// The same with those that are something.
pub(super) fn one_or_some<'a, T>(
    raw: &'a RawValue,
    mut read: impl FnMut(&'a RawValue) -> Result<Option<T>, Invalid>,
) -> Result<Vec<T>, Invalid> {
    if json::kind(raw) == Kind::Object {
        read(raw).map(|item| item.into_iter().collect())
    } else {
        items::each_some(raw, read)
    }
}

// === impl Manner ===

impl Manner {
    /// Reads an object, its names in either spelling.
    pub(super) fn object(self, raw: &RawValue) -> Result<Object<'_>, Invalid> {
        let object = match self {
            Self::Strict => Object::read(raw)?,
            Self::Lenient => Object::read_leniently(raw)?,
        };
        Ok(object.renamed(camel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::losses::snake;

    #[test]
    fn names_are_read_in_both_spellings() {
        let cases = [
            ("generation_config", "generationConfig"),
            ("topK", "topK"),
            ("top_k", "topK"),
            ("_responseJsonSchema", "responseJsonSchema"),
            ("_", ""),
            ("", ""),
            ("é_é", "éé"),
        ];
        for (name, expected) in cases {
            assert_eq!(camel(Cow::Borrowed(name)), expected);
        }
        for name in ["speechConfig", "topK", "generationConfig.speechConfig", "x"] {
            assert_eq!(camel(Cow::Owned(snake(name))), name);
        }
        assert_eq!(snake("generationConfig.speechConfig"), "generation_config.speech_config");
    }

    #[test]
    fn raw_values_stay_as_written_among_other_members() {
        let extras = Members(vec![("a".into(), Json::from_text(r#"{"n":1.50,"n":[ ]}"#).unwrap())]);
        let part = PlainPart { text: Some("t".into()), extras, ..PlainPart::default() };
        let written = serde_json::to_string(&Part::Plain(Box::new(part))).unwrap();
        assert_eq!(written, r#"{"text":"t","a":{"n":1.50,"n":[ ]}}"#);
    }
}

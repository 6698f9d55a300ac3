//! Writes blocks of content.

use std::borrow::Cow;

use rotator_domain::Format;
use serde::Serialize;

use super::super::wire::Block;
use super::SECTION_BREAK;
use crate::Losses;
use crate::ir::{Citation, Part, PartKind, ToolInput};
use crate::json::{self, Json, Kind};

/// Writes a part of an answer; `None` where this format has nothing for it.
pub(in super::super) fn answered<'a>(part: &'a Part, id: Cow<'a, str>, losses: &mut Losses) -> Option<Block<'a>> {
    let block = match &part.kind {
        PartKind::Text { text, citations } if !text.is_empty() || !citations.is_empty() => Block::Text {
            text: text.into(),
            citations: citations.iter().filter_map(citation_of).collect(),
            cache_control: None,
        },
        PartKind::Refusal(text) if !text.is_empty() => {
            Block::Text { text: text.into(), citations: Vec::new(), cache_control: None }
        }
        PartKind::Text { .. } | PartKind::Refusal(_) => return None,
        PartKind::Reasoning(reasoning) => {
            let is_own = |redacted: bool| {
                part.opaque.as_ref().is_some_and(|opaque| {
                    opaque.is_redacted == redacted && opaque.for_slot(Format::Anthropic) == opaque.value
                })
            };
            let slot = part.opaque.as_ref().map(|opaque| opaque.for_slot(Format::Anthropic));
            match slot {
                None if reasoning.sections.is_empty() => return None,
                Some(data) if is_own(true) || (reasoning.sections.is_empty() && !is_own(false)) => {
                    Block::RedactedThinking { data: data.into() }
                }
                slot => Block::Thinking {
                    thinking: reasoning.sections.join(SECTION_BREAK).into(),
                    signature: slot.unwrap_or_default().into(),
                },
            }
        }
        PartKind::ToolCall(call) => {
            Block::ToolUse { id, name: &call.name, input: input_of(&call.input), cache_control: None }
        }
        PartKind::Native(native) if native.format == Format::Anthropic => Block::Native(native.json.clone()),
        PartKind::Native(native) => {
            losses.drop(&native.name);
            return None;
        }
        PartKind::Media(_) | PartKind::ToolResult(_) => {
            losses.drop("media");
            return None;
        }
    };
    Some(block)
}

/// What a tool is called with, as an object. What is none is put into one: free text as `input`, which is what the tool is
/// described with, and a model's broken JSON as `_raw`.
pub(in super::super) fn input_of(input: &ToolInput) -> Json {
    #[derive(Serialize)]
    struct FreeText<'a> {
        input: &'a str,
    }
    #[derive(Serialize)]
    struct Broken<'a> {
        _raw: &'a str,
    }
    let written = match input {
        ToolInput::Text(text) => Json::of(&FreeText { input: text }),
        ToolInput::Arguments(text) if text.trim().is_empty() => Ok(Json::empty_object()),
        ToolInput::Arguments(text) => match Json::from_text(text.trim()) {
            Some(json) if json::kind(json.raw()) == Kind::Object => Ok(json),
            _ => Json::of(&Broken { _raw: text }),
        },
    };
    written.unwrap_or_else(|_| Json::empty_object())
}

/// A citation as it was written, or as that of a search result where all that is known is where it comes from.
pub(in super::super) fn citation_of(citation: &Citation) -> Option<Json> {
    #[derive(Serialize)]
    struct Location<'a> {
        r#type: &'static str,
        cited_text: &'a str,
        encrypted_index: &'static str,
        title: Option<&'a str>,
        url: &'a str,
    }
    if let Some(native) = citation.native.as_ref().filter(|native| native.format == Format::Anthropic) {
        return Some(native.json.clone());
    }
    let location = Location {
        r#type: "web_search_result_location",
        cited_text: citation.quote.as_deref().unwrap_or_default(),
        encrypted_index: "",
        title: citation.title.as_deref(),
        url: citation.url.as_deref()?,
    };
    Json::of(&location).ok()
}

/// The id of a call with letters, digits, `_` and `-` only, as the vendor wants it.
pub(in super::super) fn tool_id(id: &str) -> Cow<'_, str> {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if id.chars().all(is_fine) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.chars().map(|letter| if is_fine(letter) { letter } else { '_' }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tool_is_called_with_is_always_an_object() {
        let arguments = |text: &str| input_of(&ToolInput::Arguments(text.into())).get().to_owned();
        assert_eq!(arguments(r#"{"a": 12345678901234567890.0}"#), r#"{"a": 12345678901234567890.0}"#);
        assert_eq!((arguments("").as_str(), arguments(" \n").as_str()), ("{}", "{}"));
        assert_eq!(arguments("{\"a\":"), r#"{"_raw":"{\"a\":"}"#);
        assert_eq!(arguments("[1]"), r#"{"_raw":"[1]"}"#);
        assert_eq!(input_of(&ToolInput::Text("x\"".into())).get(), r#"{"input":"x\""}"#);
    }

    #[test]
    fn ids_have_letters_that_the_vendor_takes() {
        assert_eq!(tool_id("call_1-a"), "call_1-a");
        assert_eq!(tool_id("call|1.é"), "call_1__");
    }
}

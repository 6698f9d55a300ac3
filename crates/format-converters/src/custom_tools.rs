//! Tools that take free text (OpenAI's custom tools) for formats in which every tool takes JSON: such a tool is a function
//! with one text, and what calls it with that text is a call with free text again.

use serde::Serialize;

use crate::ir::{Request, Tool};
use crate::json::{Json, Kind, Object, document, kind};

/// The name of the function's one property.
const PROPERTY: &str = "input";

#[derive(Serialize)]
struct Arguments<'a> {
    input: &'a str,
}

/// The JSON Schema of the function's arguments.
pub(crate) fn schema() -> Json {
    let text = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;
    Json::from_text(text).unwrap_or_else(Json::empty_object)
}

/// The arguments that hold a text.
pub(crate) fn wrapped(text: &str) -> Json {
    Json::of(&Arguments { input: text }).unwrap_or_else(|_| Json::empty_object())
}

/// The text that arguments hold; `None` where they hold something else.
pub(crate) fn unwrapped(arguments: &str) -> Option<String> {
    let object = Object::read(document(arguments.as_bytes()).ok()?).ok()?;
    let is_alone = object.rest(&[PROPERTY]).is_empty();
    object.raw(PROPERTY).filter(|raw| is_alone && kind(raw) == Kind::Text)?;
    object.text(PROPERTY).ok()?
}

/// Whether the client declared a tool of this name as one that takes free text.
pub(crate) fn is_declared(request: &Request, name: &str) -> bool {
    request.tools.iter().any(|tool| matches!(tool, Tool::Custom { name: own, .. } if own == name))
}

#[cfg(test)]
mod tests {
    use rotator_domain::Format;

    use super::*;

    #[test]
    fn a_text_that_is_wrapped_is_the_same_again() {
        for text in ["", "a \"b\"\n\u{1}é", "{}"] {
            assert_eq!(unwrapped(wrapped(text).get()).as_deref(), Some(text));
        }
        for other in ["", "{}", "[]", r#"{"input":5}"#, r#"{"input":"a","more":1}"#, "{"] {
            assert_eq!(unwrapped(other), None, "{other}");
        }
        assert!(schema().get().contains("\"input\""));
    }

    #[test]
    fn only_a_declared_tool_takes_free_text() {
        let mut request = Request::new(Format::OpenAi, "m".into());
        request.tools.push(Tool::Custom { name: "a".into(), description: None, grammar: None });
        assert!(is_declared(&request, "a") && !is_declared(&request, "b"));
    }
}

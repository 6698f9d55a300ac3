//! What a tool is called with, for formats in which that is always an object of JSON.

use serde::Serialize;

use crate::custom_tools;
use crate::ir::ToolInput;
use crate::json::{Json, Kind, Object, document, kind};

/// The member that holds what a model wrote that is no object, such as arguments that were cut off.
const UNPARSED: &str = "__unparsed__";

#[derive(Serialize)]
struct Unparsed<'a> {
    #[serde(rename = "__unparsed__")]
    text: &'a str,
}

// === impl ToolInput ===

impl ToolInput {
    /// The model's own words where they are an object, `{"__unparsed__": ".."}` where they are not, `{}` where there are none,
    /// `{"input": ".."}` for free text.
    pub(crate) fn to_object(&self) -> Json {
        let arguments = match self {
            Self::Text(text) => return custom_tools::wrapped(text),
            Self::Arguments(arguments) => arguments,
        };
        if arguments.trim().is_empty() {
            return Json::empty_object();
        }
        let object = Json::from_text(arguments).filter(|json| kind(json.raw()) == Kind::Object);
        object.unwrap_or_else(|| Json::of(&Unparsed { text: arguments }).unwrap_or_else(|_| Json::empty_object()))
    }

    /// What such an object, as it was written, holds.
    pub(crate) fn of_object(object: String) -> Self {
        Self::Arguments(unparsed(&object).unwrap_or(object))
    }
}

fn unparsed(object: &str) -> Option<String> {
    if !object.contains(UNPARSED) {
        return None;
    }
    let object = Object::read(document(object.as_bytes()).ok()?).ok()?;
    let is_alone = object.rest(&[UNPARSED]).is_empty();
    object.raw(UNPARSED).filter(|raw| is_alone && kind(raw) == Kind::Text)?;
    object.text(UNPARSED).ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_become_objects_and_come_back() {
        let cases = [
            (" {\"a\": 1.0}\n", r#"{"a": 1.0}"#),
            ("", "{}"),
            ("[1]", r#"{"__unparsed__":"[1]"}"#),
            ("{\"a\":", r#"{"__unparsed__":"{\"a\":"}"#),
        ];
        for (arguments, object) in cases {
            let input = ToolInput::Arguments(arguments.into());
            assert_eq!(input.to_object().get(), object);
            let back = ToolInput::of_object(object.into());
            let expected = if object.contains(UNPARSED) { arguments } else { object };
            assert_eq!(back, ToolInput::Arguments(expected.into()));
        }
        assert_eq!(ToolInput::Text("x".into()).to_object().get(), r#"{"input":"x"}"#);
        for own in [r#"{"__unparsed__":5}"#, r#"{"__unparsed__":"a","b":1}"#] {
            assert_eq!(ToolInput::of_object(own.into()), ToolInput::Arguments(own.into()));
        }
    }
}

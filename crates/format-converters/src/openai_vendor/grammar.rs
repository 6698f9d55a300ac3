//! The grammars of tools that take free text. Responses writes one flat (`{type, syntax, definition}`), Chat Completions one
//! level deeper (`{type, grammar: {syntax, definition}}`). Between reading and writing they are flat.

use serde::Serialize;

use crate::json::{Json, Object};

#[derive(Serialize)]
struct Flat<'a> {
    r#type: &'static str,
    syntax: &'a str,
    definition: &'a str,
}

#[derive(Serialize)]
struct Nested {
    r#type: &'static str,
    grammar: Body,
}

#[derive(Serialize)]
struct Body {
    syntax: String,
    definition: String,
}

/// As Responses writes it; what is no grammar stays as it is.
pub(crate) fn flat(format: Json) -> Json {
    let read = || {
        let grammar = Object::read(format.raw()).ok()?.object("grammar").ok()??;
        let (syntax, definition) = (grammar.text("syntax").ok()??, grammar.text("definition").ok()??);
        Json::of(&Flat { r#type: "grammar", syntax: &syntax, definition: &definition }).ok()
    };
    read().unwrap_or(format)
}

/// As Chat Completions writes it; what is no grammar stays as it is.
pub(crate) fn nested(format: &Json) -> Json {
    let read = || {
        let object = Object::read(format.raw()).ok()?;
        let (syntax, definition) = (object.text("syntax").ok()??, object.text("definition").ok()??);
        Json::of(&Nested { r#type: "grammar", grammar: Body { syntax, definition } }).ok()
    };
    read().unwrap_or_else(|| format.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grammar_is_the_same_in_both_formats() {
        let json = |text: &str| Json::from_text(text).unwrap();
        let deep = json(r#"{"type":"grammar","grammar":{"syntax":"lark","definition":"start: \"a\""}}"#);
        let plain = flat(deep.clone());
        assert_eq!(plain.get(), r#"{"type":"grammar","syntax":"lark","definition":"start: \"a\""}"#);
        assert_eq!(nested(&plain), deep);
        for other in [r#"{"type":"text"}"#, "5", r#"{"grammar":{}}"#] {
            assert_eq!((flat(json(other)), nested(&json(other))), (json(other), json(other)));
        }
    }
}

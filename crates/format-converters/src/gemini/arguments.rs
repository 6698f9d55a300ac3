//! Arguments of a call that come in pieces, each with the place of a value: `{"jsonPath": "$.a[0].b", "stringValue": "x"}`
//! (<https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc>).
//!
//! They are told when they are whole, since later pieces may belong to earlier places.

use std::collections::HashMap;

use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

use crate::Invalid;
use crate::json::{Json, Object};

/// The most steps of a path. What is deeper is passed over.
const MOST_STEPS: usize = 64;

/// The arguments of one call so far.
#[derive(Debug, Default)]
pub(super) struct Arguments(Members);

#[derive(Debug, Default)]
struct Members {
    values: Vec<(String, Value)>,
    places: HashMap<String, usize>,
}

#[derive(Debug)]
enum Value {
    /// Made of pieces.
    Object(Members),
    /// Made of pieces.
    List(Vec<Value>),
    /// Made of pieces.
    Text(String),
    /// As it was written.
    Whole(Json),
    /// Nothing, or nothing yet.
    Null,
}

#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

// === impl Arguments ===

impl Arguments {
    /// Takes what a `functionCall` says up: whole arguments, pieces of them, or both.
    pub(super) fn add(&mut self, call: &Object<'_>) -> Result<(), Invalid> {
        let whole = call.with("args", Object::read)?;
        for (name, json) in whole.iter().flat_map(|args| args.rest(&[])) {
            if let Some(value) = self.0.entry(&name) {
                *value = Value::Whole(json);
            }
        }
        call.each("partialArgs", |raw| {
            let piece = Object::read(raw)?.renamed(super::wire::camel);
            let path = piece.required_text("jsonPath")?;
            let Some(steps) = steps(&path) else { return Ok(()) };
            let value = self.0.at(&steps);
            let scalar = piece.json("numberValue").or_else(|| piece.json("boolValue"));
            match (value, piece.text("stringValue")?, scalar) {
                (Some(Value::Text(text)), Some(more), _) => text.push_str(&more),
                (Some(value), Some(text), _) => *value = Value::Text(text),
                (Some(value), None, Some(json)) => *value = Value::Whole(json),
                // A null, whose spelling varies.
                (Some(value), None, None) if piece.has("nullValue") => *value = Value::Null,
                _ => {}
            }
            Ok(())
        })?;
        Ok(())
    }

    /// The arguments, an object.
    pub(super) fn into_json(self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// The steps of a path such as `$.a[0]['b c']`; `None` where it is none or has too many.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = if let Some(inner) = rest.strip_prefix('[') {
            if let Some(quote) = inner.chars().next().filter(|letter| ['\'', '"'].contains(letter)) {
                let (name, after) = inner.get(1..)?.split_once(&[quote, ']'].iter().collect::<String>())?;
                (Step::Name(name), after)
            } else {
                let (index, after) = inner.split_once(']')?;
                (Step::Index(index.trim().parse().ok()?), after)
            }
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            (Step::Name(name), after)
        };
        steps.push(step);
        rest = after;
    }
    (!steps.is_empty() && steps.len() <= MOST_STEPS).then_some(steps)
}

// === impl Members ===

impl Members {
    fn entry(&mut self, name: &str) -> Option<&mut Value> {
        let next = self.values.len();
        let place = *self.places.entry(name.to_owned()).or_insert(next);
        if place == next {
            self.values.push((name.to_owned(), Value::Null));
        }
        self.values.get_mut(place).map(|(_, value)| value)
    }

    /// The value at the end of the steps, made where it is missing.
    fn at(&mut self, steps: &[Step<'_>]) -> Option<&mut Value> {
        let (first, rest) = steps.split_first()?;
        let Step::Name(name) = first else { return None };
        rest.iter().try_fold(self.entry(name)?, Value::child)
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (name, value) in &self.values {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

// === impl Value ===

impl Value {
    /// The value one step further; what was a scalar gives way.
    fn child(&mut self, step: &Step<'_>) -> Option<&mut Self> {
        match step {
            Step::Name(name) => {
                if !matches!(self, Self::Object(_)) {
                    *self = Self::Object(Members::default());
                }
                let Self::Object(members) = self else { return None };
                members.entry(name)
            }
            Step::Index(index) => {
                if !matches!(self, Self::List(_)) {
                    *self = Self::List(Vec::new());
                }
                let Self::List(items) = self else { return None };
                // Items come in order; a number beyond the end is the next one, so that none costs more than its bytes.
                if *index >= items.len() {
                    items.push(Self::Null);
                    return items.last_mut();
                }
                items.get_mut(*index)
            }
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(members) => members.serialize(serializer),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::Whole(json) => json.serialize(serializer),
            Self::Null => serializer.serialize_unit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn assembled(calls: &[&str]) -> String {
        let mut arguments = Arguments::default();
        for call in calls {
            let object = Object::read(json::document(call.as_bytes()).unwrap()).unwrap();
            arguments.add(&object).unwrap();
        }
        arguments.into_json()
    }

    #[test]
    fn pieces_are_put_where_they_belong() {
        let pieces = [
            r#"{"args":{"whole":[1.0]}}"#,
            r#"{"partialArgs":[{"jsonPath":"$.a","stringValue":"x","willContinue":true}]}"#,
            r#"{"partialArgs":[{"jsonPath":"$.l[0].n","numberValue":1.50},{"jsonPath":"$.l[1].n","boolValue":false}]}"#,
            r#"{"partialArgs":[{"jsonPath":"$.a","stringValue":"y"},{"jsonPath":"$['b c']","nullValue":null}]}"#,
            r#"{"partialArgs":[{"json_path":"$.l[0].t","string_value":"é\n"}]}"#,
            "{}",
        ];
        let expected = r#"{"whole":[1.0],"a":"xy","l":[{"n":1.50,"t":"é\n"},{"n":false}],"b c":null}"#;
        assert_eq!(assembled(&pieces), expected);
        assert_eq!(assembled(&[]), "{}");
    }

    #[test]
    fn odd_paths_cost_nothing() {
        let deep = format!("${}", ".a".repeat(10_000));
        for path in ["$", "", "$[0]", "$[", "$['a", "$.a[x]", &deep] {
            let piece = format!(r#"{{"partialArgs":[{{"jsonPath":"{path}","stringValue":"x"}}]}}"#);
            assert_eq!(assembled(&[&piece]), "{}", "{path}");
        }
        let far = r#"{"partialArgs":[{"jsonPath":"$.a[4000000000]","stringValue":"x"}]}"#;
        assert_eq!(assembled(&[far]), r#"{"a":["x"]}"#);
    }

    #[test]
    fn many_names_are_found_fast() {
        let pieces: Vec<String> =
            (0..50_000).map(|n| format!(r#"{{"jsonPath":"$.k{n}","numberValue":{n}}}"#)).collect();
        let call = format!(r#"{{"partialArgs":[{}]}}"#, pieces.join(","));
        assert!(assembled(&[&call]).ends_with(r#""k49999":49999}"#));
    }
}

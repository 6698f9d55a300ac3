//! Schemas of answers as the API takes them.
//!
//! It wants every object to say that it has no further properties, and refuses limits of numbers and lengths
//! (<https://platform.claude.com/docs/en/build-with-claude/structured-outputs>).

use serde_json::value::RawValue;

use crate::json::{Json, Kind, Object, kind, list};
use crate::members::Members;

/// How deep schemas are looked into.
const DEPTH: usize = 64;
/// What the API refuses.
const REFUSED: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];
/// The members whose values are schemas by name.
const BY_NAME: [&str; 3] = ["properties", "$defs", "definitions"];
/// The members whose values are lists of schemas.
const LISTS: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// The schema as the API takes it, and whether a limit had to go. One that is taken as it is stays as it was written.
pub(super) fn closed(schema: &Json) -> (Json, bool) {
    let mut rewriting = Rewriting::default();
    let written = rewriting.schema(schema.raw(), DEPTH);
    if rewriting.has_changed { (written, rewriting.has_dropped) } else { (schema.clone(), false) }
}

#[derive(Default)]
struct Rewriting {
    has_changed: bool,
    has_dropped: bool,
}

// === impl Rewriting ===

impl Rewriting {
    fn schema(&mut self, raw: &RawValue, depth: usize) -> Json {
        let Some(depth) = depth.checked_sub(1) else { return Json::from(raw) };
        let Ok(object) = Object::read(raw) else { return Json::from(raw) };
        let mut members = Vec::new();
        for (name, value) in object.rest(&[]) {
            let value_of = |written: Option<Json>| written.unwrap_or_else(|| value.clone());
            match name.as_str() {
                refused if REFUSED.contains(&refused) => {
                    self.has_changed = true;
                    self.has_dropped = true;
                }
                "additionalProperties" if value.get() != "false" => {}
                "items" => members.push((name, self.schema(value.raw(), depth))),
                by_name if BY_NAME.contains(&by_name) => {
                    members.push((name, value_of(self.by_name(value.raw(), depth))));
                }
                lists if LISTS.contains(&lists) => {
                    members.push((name, value_of(self.list(value.raw(), depth))));
                }
                _ => members.push((name, value)),
            }
        }
        let is_object = object.raw("type").is_some_and(|raw| raw.get() == "\"object\"") || object.has("properties");
        let is_open = is_object && !members.iter().any(|(name, _)| name == "additionalProperties");
        if is_open && let Some(no) = Json::from_text("false") {
            self.has_changed = true;
            members.push(("additionalProperties".to_owned(), no));
        }
        Json::of(&Members(members)).unwrap_or_else(|_| Json::from(raw))
    }

    fn by_name(&mut self, raw: &RawValue, depth: usize) -> Option<Json> {
        let object = Object::read(raw).ok()?;
        let members = object.rest(&[]).into_iter().map(|(name, json)| (name, self.schema(json.raw(), depth)));
        Json::of(&Members(members.collect())).ok()
    }

    fn list(&mut self, raw: &RawValue, depth: usize) -> Option<Json> {
        if kind(raw) != Kind::List {
            return None;
        }
        let items: Vec<Json> = list(raw).ok()?.into_iter().map(|raw| self.schema(raw, depth)).collect();
        Json::of(&items).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(schema: &str) -> (String, bool) {
        let (json, has_dropped) = closed(&Json::from_text(schema).unwrap());
        (json.get().to_owned(), has_dropped)
    }

    #[test]
    fn a_schema_that_is_taken_stays_as_it_was_written() {
        let schema = r#"{ "type":"object","properties":{"b":{"type":"number"},"a":{"enum":[1.50]}},
            "additionalProperties":false}"#;
        assert_eq!(rewritten(schema), (schema.to_owned(), false));
        assert_eq!(rewritten("true"), ("true".to_owned(), false));
    }

    #[test]
    fn objects_are_closed_and_limits_dropped_in_order() {
        let schema = r#"{"type":"object","properties":{"z":{"type":"integer","minimum":1},"a":{"type":"array",
            "items":{"type":"object","properties":{},"additionalProperties":true}}},"anyOf":[{"properties":{}}]}"#;
        let expected = r#"{"type":"object","properties":{"z":{"type":"integer"},"a":{"type":"array","items":{"type":"object","properties":{},"additionalProperties":false}}},"anyOf":[{"properties":{},"additionalProperties":false}],"additionalProperties":false}"#;
        assert_eq!(rewritten(schema), (expected.to_owned(), true));
    }

    #[test]
    fn a_property_may_be_named_like_a_limit() {
        let schema = r#"{"type":"object","properties":{"minimum":{"type":"number"}},"additionalProperties":false}"#;
        assert_eq!(rewritten(schema), (schema.to_owned(), false));
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = format!("{}{{}}{}", r#"{"items":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(rewritten(&deep).0, deep);
    }
}

//! The vendor's own kind of schema (<https://ai.google.dev/api/caching#Schema>) as JSON Schema.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::wire::Manner;
use crate::Invalid;
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;

/// The most levels of a schema.
const MOST_LEVELS: usize = 64;

/// Turns a schema into JSON Schema: the names of types in lower case, `nullable` as a type of its own, numbers as numbers.
/// What both say in the same way stays as it was written.
pub(super) fn to_json_schema(raw: &RawValue) -> Result<Json, Invalid> {
    level(raw, MOST_LEVELS)
}

fn level(raw: &RawValue, levels: usize) -> Result<Json, Invalid> {
    let Some(levels) = levels.checked_sub(1) else { return Err(Invalid::new("the schema has too many levels")) };
    let object = Manner::Strict.object(raw)?;
    let is_nullable = object.flag("nullable")?.unwrap_or_default();
    let mut schema = Members::default();
    for (name, json) in object.rest(&["nullable", "propertyOrdering"]) {
        member(&object, &name, &json, is_nullable, levels, &mut schema).map_err(|error| error.at(&name))?;
    }
    Ok(written(&schema))
}

fn member(
    object: &Object<'_>,
    name: &str,
    json: &Json,
    is_nullable: bool,
    levels: usize,
    schema: &mut Members,
) -> Result<(), Invalid> {
    let raw = json.raw();
    match (name, json::kind(raw)) {
        (_, Kind::Null) if name != "default" => {}
        ("type", Kind::Text) => {
            let own = json::text(raw)?.to_ascii_lowercase();
            match (own.as_str(), is_nullable) {
                ("type_unspecified", _) => {}
                ("null", _) | (_, false) => schema.add(name, &own),
                (_, true) => schema.add(name, &[own.as_str(), "null"]),
            }
        }
        ("type", Kind::List) => {
            let mut types = json::each(raw, |raw| Ok(json::text(raw)?.to_ascii_lowercase()))?;
            if is_nullable && !types.iter().any(|own| own == "null") {
                types.push("null".to_owned());
            }
            schema.add(name, &types);
        }
        ("enum", Kind::List) if is_nullable => {
            let mut values: Vec<Option<&RawValue>> = json::list(raw)?.into_iter().map(Some).collect();
            values.push(None);
            schema.add(name, &values);
        }
        // It says no more than that there is an `enum`.
        ("format", Kind::Text) if json::text(raw)? == "enum" => {}
        ("minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties", Kind::Text) => {
            // Numbers of 64 bits are texts in proto3's JSON.
            let count: u64 =
                json::text(raw)?.parse().map_err(|_| Invalid::expected("a whole number from 0 on", raw))?;
            schema.add(name, &count);
        }
        ("example", _) => schema.add("examples", &[json]),
        ("properties", _) => schema.add(name, &ordered(object, each_member(raw, levels)?)?),
        ("defs" | "$defs", _) => schema.add("$defs", &each_member(raw, levels)?),
        ("ref", _) => schema.add("$ref", json),
        ("items" | "additionalProperties", Kind::Object) => schema.add(name, &level(raw, levels)?),
        ("anyOf" | "prefixItems", _) => {
            let mut options = json::each(raw, |raw| level(raw, levels))?;
            if is_nullable && name == "anyOf" && object.raw("type").is_none() {
                options.extend(Json::from_text(r#"{"type":"null"}"#));
            }
            schema.add(name, &options);
        }
        _ => schema.add(name, json),
    }
    Ok(())
}

/// A schema for each name, the names as they stand.
fn each_member(raw: &RawValue, levels: usize) -> Result<Members, Invalid> {
    let members = Object::read(raw)?.rest(&[]).into_iter();
    let read = members.map(|(name, json)| match level(json.raw(), levels) {
        Ok(schema) => Ok((name, schema)),
        Err(error) => Err(error.at(&name)),
    });
    Ok(Members(read.collect::<Result<_, _>>()?))
}

/// In the order that the schema asks for, which JSON Schema has no word for.
fn ordered(object: &Object<'_>, mut properties: Members) -> Result<Members, Invalid> {
    let order = object.each("propertyOrdering", json::text)?;
    let places: HashMap<&str, usize> = order.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    properties.0.sort_by_key(|(name, _)| places.get(name.as_str()).copied().unwrap_or(usize::MAX));
    Ok(properties)
}

fn written(schema: &impl Serialize) -> Json {
    Json::of(schema).unwrap_or_else(|_| Json::empty_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(schema: &str) -> Result<String, Invalid> {
        to_json_schema(json::document(schema.as_bytes()).unwrap()).map(|json| json.get().to_owned())
    }

    #[test]
    fn a_schema_becomes_json_schema() {
        let cases = [
            (r#"{"type":"OBJECT"}"#, r#"{"type":"object"}"#),
            (r#"{"type":"string","nullable":true}"#, r#"{"type":["string","null"]}"#),
            (
                r#"{"type":"STRING","format":"enum","enum":["a"],"nullable":true}"#,
                r#"{"type":["string","null"],"enum":["a",null]}"#,
            ),
            (
                r#"{"type":"NUMBER","format":"double","maximum":1e400}"#,
                r#"{"type":"number","format":"double","maximum":1e400}"#,
            ),
            (
                r#"{"type":"ARRAY","min_items":"2","items":{"type":"INTEGER"}}"#,
                r#"{"type":"array","minItems":2,"items":{"type":"integer"}}"#,
            ),
            (
                r#"{"any_of":[{"type":"STRING"}],"nullable":true,"example":12345678901234567890123}"#,
                r#"{"anyOf":[{"type":"string"},{"type":"null"}],"examples":[12345678901234567890123]}"#,
            ),
            (
                r#"{"properties":{"snake_case":{"type":"STRING"},"type":{"type":"BOOLEAN"}},"propertyOrdering":["type"]}"#,
                r#"{"properties":{"type":{"type":"boolean"},"snake_case":{"type":"string"}}}"#,
            ),
            (r#"{"type":"TYPE_UNSPECIFIED","x":null}"#, "{}"),
        ];
        for (schema, expected) in cases {
            assert_eq!(converted(schema).unwrap(), expected);
        }
    }

    #[test]
    fn a_bad_schema_is_told_with_its_place() {
        let deep = format!("{}{}", r#"{"items":"#.repeat(10_000), "1".to_owned() + &"}".repeat(10_000));
        let cases = [
            ("[]", "expected an object, found a list"),
            (r#"{"properties":{"a":5}}"#, "properties.a: expected an object, found another number"),
            (r#"{"anyOf":[{"properties":[]}]}"#, "anyOf[0].properties: expected an object, found a list"),
            (r#"{"minItems":"x"}"#, "minItems: expected a whole number from 0 on, found a string"),
        ];
        for (schema, expected) in cases {
            assert_eq!(converted(schema).unwrap_err().to_string(), expected);
        }
        assert!(converted(&deep).unwrap_err().to_string().ends_with("the schema has too many levels"));
    }
}

//! An OpenAPI document as a page: each operation with its role, parameters, body and answers, then the types.

use std::fmt::Write;

use serde_json::{Map, Value};

/// The methods in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const SCHEMAS: &str = "#/components/schemas/";

/// The operations and types of a document.
#[must_use]
pub fn routes(document: &Value) -> String {
    let mut page = String::new();
    for (path, item) in members(&document["paths"]) {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                describe(&method.to_uppercase(), path, operation, &mut page);
            }
        }
    }
    page.push_str("## Types\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        describe_type(name, schema, &mut page);
    }
    page
}

fn describe(method: &str, path: &str, operation: &Value, page: &mut String) {
    let role = match (operation["x-required-role"].as_str(), operation.get("security")) {
        (Some(role), _) => format!("`{role}`"),
        (None, Some(_)) => "any".to_owned(),
        (None, None) => "nobody need be logged in".to_owned(),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(page, "## {method} {path}\n\n{}\n\nRole: {role}.\n", sentence(operation));
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        page.push_str("| parameter | in | type | meaning |\n|---|---|---|---|\n");
    }
    for parameter in parameters {
        let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
        let is_needed = if parameter["required"] == true { ", needed" } else { "" };
        let (kind, meaning) = (type_of(&parameter["schema"]), cell(&parameter["description"]));
        let _ = writeln!(page, "| `{name}` | {place}{is_needed} | {kind} | {meaning} |");
    }
    if !parameters.is_empty() {
        page.push('\n');
    }
    for body in bodies(&operation["requestBody"]) {
        let _ = writeln!(page, "Body: {body}\n");
    }
    page.push_str("| status | answer | type |\n|---|---|---|\n");
    for (status, response) in members(&operation["responses"]) {
        let _ = writeln!(page, "| {status} | {} | {} |", cell(&response["description"]), bodies(response).join(", "));
    }
    page.push('\n');
}

fn describe_type(name: &str, schema: &Value, page: &mut String) {
    let _ = writeln!(page, "\n### {name}\n\n{}\n", sentence(schema));
    let needed = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let properties: Vec<_> = members(&schema["properties"]).collect();
    if properties.is_empty() {
        let _ = writeln!(page, "{}", type_of(schema));
        return;
    }
    page.push_str("| field | type | meaning |\n|---|---|---|\n");
    for (field, property) in properties {
        let is_needed = if needed.iter().any(|name| name == field) { ", always" } else { "" };
        let _ = writeln!(page, "| `{field}` | {}{is_needed} | {} |", type_of(property), cell(&property["description"]));
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// The types of what is sent or answered.
fn bodies(message: &Value) -> Vec<String> {
    let told = |(media, content): (&String, &Value)| match (media.as_str(), type_of(&content["schema"])) {
        ("application/json", kind) => kind,
        (media, kind) => format!("{kind} (`{media}`)"),
    };
    members(&message["content"]).map(told).collect()
}

/// What a schema lets in, in words.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix(SCHEMAS)) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[choice].as_array() {
            return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("`{}`", text(value))).collect::<Vec<_>>().join(", ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", type_of(&schema["items"])),
        Value::String(kind) if kind == "object" && schema["additionalProperties"].is_object() => {
            format!("map to {}", type_of(&schema["additionalProperties"]))
        }
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let one = |kind: &Value| {
                let mut schema = schema.clone();
                schema["type"] = kind.clone();
                type_of(&schema)
            };
            kinds.iter().map(one).collect::<Vec<_>>().join(" or ")
        }
        _ => "anything".to_owned(),
    }
}

/// A summary and a description, or the one of them that there is.
fn sentence(of: &Value) -> String {
    let (summary, description) = (text(&of["summary"]), text(&of["description"]));
    let parts = [summary, description].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n\n")
}

/// A text that fits into a cell of a table.
fn cell(value: &Value) -> String {
    let words = text(value).split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    words.replace('|', "\\|")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_told_in_words() {
        let cases = [
            (json!({"$ref": "#/components/schemas/Key"}), "[Key](#key)"),
            (json!({"type": "array", "items": {"type": "string"}}), "list of string"),
            (json!({"type": ["integer", "null"]}), "integer or null"),
            (json!({"type": ["array", "null"], "items": {"type": "string"}}), "list of string or null"),
            (json!({"type": "object", "additionalProperties": {"type": "string"}}), "map to string"),
            (json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Key"}]}), "null or [Key](#key)"),
            (json!({"type": "string", "enum": ["a", "b"]}), "`a`, `b`"),
            (json!({}), "anything"),
        ];
        for (schema, expected) in cases {
            assert_eq!(type_of(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn an_operation_tells_its_role_parameters_and_answers() {
        let page = routes(&json!({
            "paths": {"/keys/{id}": {"delete": {
                "summary": "Deletes a key", "x-required-role": "operator", "security": [{}],
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}, "description": "Its\nid"}],
                "responses": {"200": {"description": "Done", "content": {"application/json": {"schema": {"type": "string"}}}}},
            }}},
            "components": {"schemas": {"Key": {"description": "A key.", "required": ["id"], "properties": {"id": {"type": "integer"}}}}},
        }));
        for part in [
            "## DELETE /keys/{id}\n\nDeletes a key\n\nRole: `operator`.",
            "| `id` | path, needed | integer | Its id |",
            "| 200 | Done | string |",
            "### Key\n\nA key.\n\n| field | type | meaning |\n|---|---|---|\n| `id` | integer, always |  |",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
    }
}

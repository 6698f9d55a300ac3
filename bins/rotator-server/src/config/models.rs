//! What the server is told of models beside what it knows already.

use std::collections::BTreeMap;

use rotator_format_converters::{ModelRow, ModelTable, ThinkingStyle};
use serde::Deserialize;

use super::given;
use crate::args::Settings;
use crate::error::AppError;

const VARIABLE: &str = "ROTATOR_MODEL_TABLE";

/// One model, or all whose names hold a piece.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    max_output: u64,
    thinking: Thinking,
    #[serde(default)]
    late_instructions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Thinking {
    None,
    Budget,
    Effort,
}

/// The shipped table, and before it the rows of a file if one is named.
pub(super) fn models(settings: &Settings) -> Result<ModelTable, AppError> {
    let Some(path) = given(settings.rotator_model_table.as_deref()) else { return Ok(ModelTable::default()) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| AppError::config(VARIABLE, format!("{path} cannot be read: {error}")))?;
    read(&text).map_err(|message| AppError::config(VARIABLE, format!("{path}: {message}")))
}

fn read(text: &str) -> Result<ModelTable, String> {
    let rows: BTreeMap<String, Row> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let row = |(piece, row): (String, Row)| {
        if piece.trim().is_empty() {
            return Err("a row has no name".to_owned());
        }
        if row.max_output == 0 {
            return Err(format!("{piece}: max_output must be more than 0"));
        }
        let thinking = match row.thinking {
            Thinking::None => ThinkingStyle::None,
            Thinking::Budget => ThinkingStyle::Budget,
            Thinking::Effort => ThinkingStyle::Effort,
        };
        let (piece, max_output) = (piece.to_ascii_lowercase(), row.max_output);
        Ok(ModelRow { piece, max_output, thinking, takes_late_instructions: row.late_instructions })
    };
    let rows: Vec<ModelRow> = rows.into_iter().map(row).collect::<Result<_, _>>()?;
    Ok(ModelTable::with(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_file_count_before_those_that_are_shipped() {
        let table = read(r#"{"Claude-Next": {"max_output": 5000, "thinking": "effort"}}"#).unwrap();
        assert_eq!(table.max_output("claude-next-2"), 5_000);
        assert_eq!(table.max_output("claude-opus-4"), ModelTable::default().max_output("claude-opus-4"));
    }

    #[test]
    fn a_bad_row_is_named() {
        let cases = [
            ("[]", "invalid type"),
            (r#"{"a": {"max_output": 0, "thinking": "none"}}"#, "a: max_output"),
            (r#"{"a": {"max_output": 5}}"#, "missing field `thinking`"),
            (r#"{"a": {"max_output": 5, "thinking": "much"}}"#, "unknown variant `much`"),
            (r#"{"a": {"max_output": 5, "thinking": "none", "x": 1}}"#, "unknown field `x`"),
            (r#"{" ": {"max_output": 5, "thinking": "none"}}"#, "has no name"),
        ];
        for (text, expected) in cases {
            let message = read(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}

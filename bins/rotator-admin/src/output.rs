//! What commands write.

use std::io::Write;

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

use crate::args::OutputFormat;
use crate::error::CliError;

/// Where results go, and how.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    format: OutputFormat,
}

// === impl Output ===

impl Output {
    pub(crate) fn new(format: OutputFormat) -> Self {
        Self { format }
    }

    /// Whether results are for scripts.
    pub(crate) fn is_json(self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Writes a value as JSON, or as what it is for people.
    pub(crate) fn show<T: Serialize + ?Sized>(
        self,
        value: &T,
        for_people: impl FnOnce() -> String,
    ) -> Result<(), CliError> {
        match self.format {
            OutputFormat::Table => write_line(&for_people()),
            OutputFormat::Json => {
                let json = serde_json::to_string_pretty(value);
                write_line(&json.map_err(|error| CliError::Usage(format!("the answer is no JSON: {error}")))?)
            }
        }
    }
}

/// A table with a head.
pub(crate) fn table<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    table_of(head, rows)
}

/// A table of as many columns as its head has.
pub(crate) fn table_of<'a>(
    head: impl IntoIterator<Item = &'a str>,
    rows: impl IntoIterator<Item = impl IntoIterator<Item = String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head.into_iter().collect::<Vec<_>>());
    for row in rows {
        table.add_row(row.into_iter().collect::<Vec<_>>());
    }
    table.to_string()
}

/// `yes` or `no`.
pub(crate) fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// Writes to the standard output.
pub(crate) fn write_line(text: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|error| CliError::Usage(format!("the standard output cannot be written: {error}")))
}

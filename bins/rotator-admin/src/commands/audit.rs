//! `audit`.

use rotator_admin_api::wire::{AuditChange, AuditEntry};
use serde_json::Value;

use super::logs::shown;
use crate::api::{Api, PAGE};
use crate::args::{AuditArgs, OutputFormat};
use crate::error::CliError;
use crate::output::{Output, table};

pub(super) async fn run(api: &Api, arguments: AuditArgs, output: Output) -> Result<(), CliError> {
    let AuditArgs { actor, action, subject, span, limit, json } = arguments;
    let filters = [("actor", actor), ("action", action), ("subject", subject)];
    let mut query: Vec<_> = filters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    query.extend(span.into_query());
    query.push(("limit", limit.clamp(1, PAGE).to_string()));
    let entries: Vec<AuditEntry> = api.search("audit", &query, limit).await?;
    let output = if json { Output::new(OutputFormat::Json) } else { output };
    output.show(&entries, || table(["id", "at", "who", "from", "what", "to what", "changes"], entries.iter().map(row)))
}

fn row(entry: &AuditEntry) -> [String; 7] {
    let who = match &entry.owner {
        Some(owner) => format!("{} of {owner}", entry.actor),
        None => entry.actor.clone(),
    };
    let changes: Vec<String> = entry.changes.iter().map(|(field, change)| changed(field, change)).collect();
    let changes = if changes.is_empty() { entry.detail.clone().unwrap_or_default() } else { changes.join("\n") };
    let texts = [entry.at.clone(), who, entry.remote.clone().unwrap_or_default(), entry.action.clone()];
    let [at, who, from, what] = texts.map(|text| shown(&text));
    [entry.id.to_string(), at, who, from, what, shown(&entry.subject), shown(&changes)]
}

/// A field and its values; one that is not there is left out.
fn changed(field: &str, change: &AuditChange) -> String {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{field}: {} -> {}", value(before), value(after)),
        (Some(before), None) => format!("{field}: {} ->", value(before)),
        (None, Some(after)) => format!("{field}: {}", value(after)),
        (None, None) => field.to_owned(),
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

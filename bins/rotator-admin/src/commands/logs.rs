//! `logs ...`.

use rotator_admin_api::wire::{LoggedBody, LoggedRequest, RequestLogEntry};

use crate::api::{Api, PAGE};
use crate::args::{LogFilters, LogsArgs, LogsCommand};
use crate::error::CliError;
use crate::names::Names;
use crate::output::{Output, table};

const NANODOLLARS: f64 = 1e9;

pub(super) async fn run(api: &Api, arguments: LogsArgs, output: Output) -> Result<(), CliError> {
    let LogsArgs { command, span, filters, limit } = arguments;
    if let Some(LogsCommand::Show { id }) = command {
        let request: LoggedRequest = api.get(&format!("request-logs/{id}")).await?;
        let mut names = Names::new(api);
        let place = place(&mut names, &request.entry).await?;
        let attempts = attempts(&mut names, &request.entry).await?;
        return output.show(&request, || for_people(&request, place, &attempts));
    }
    let mut query = filters.into_query(api).await?;
    query.extend(span.into_query());
    query.push(("limit", limit.clamp(1, PAGE).to_string()));
    let entries: Vec<RequestLogEntry> = api.search("request-logs", &query, limit).await?;
    let mut names = Names::new(api);
    let mut rows = Vec::with_capacity(entries.len());
    for entry in &entries {
        let [service, key, client] = place(&mut names, entry).await?;
        let id = entry.id.to_string();
        let (tokens, cost) = (tokens(entry), cost(entry));
        let model = entry.model.clone().unwrap_or_default();
        let took = format!("{} ms", entry.duration_ms);
        rows.push([id, entry.at.clone(), service, key, client, model, outcome(entry), tokens, cost, took]);
    }
    let head = ["id", "at", "service", "key", "client", "model", "status", "tokens", "cost", "took"];
    output.show(&entries, || table(head, rows))
}

/// What the service, the key that served and the client key are called.
pub(super) async fn place(names: &mut Names<'_>, entry: &RequestLogEntry) -> Result<[String; 3], CliError> {
    let service = names.service(entry.service).await?;
    let key = match entry.key {
        None => String::new(),
        Some(key) => names.key(entry.served_by.unwrap_or(entry.service), key).await?,
    };
    Ok([service, key, names.client(entry.client).await?])
}

/// The status, and how the answer ended where it did not end well.
pub(super) fn outcome(entry: &RequestLogEntry) -> String {
    match entry.end.as_str() {
        "whole" => entry.status.to_string(),
        end => format!("{} {end}", entry.status),
    }
}

/// The tokens of prompt and answer.
pub(super) fn tokens(entry: &RequestLogEntry) -> String {
    entry.tokens.map(|tokens| format!("{} + {}", tokens.input, tokens.output)).unwrap_or_default()
}

fn cost(entry: &RequestLogEntry) -> String {
    entry.cost_nanodollars.map(dollars).unwrap_or_default()
}

/// US dollars.
pub(super) fn dollars(nanodollars: u64) -> String {
    format!("$ {:.6}", nanodollars as f64 / NANODOLLARS)
}

/// What was sent to upstreams, a line each.
async fn attempts(names: &mut Names<'_>, entry: &RequestLogEntry) -> Result<String, CliError> {
    let mut lines = Vec::with_capacity(entry.attempts.len());
    for attempt in &entry.attempts {
        let (service, key) = (names.service(attempt.service).await?, names.key(attempt.service, attempt.key).await?);
        let verdict = attempt.verdict.as_deref().unwrap_or("no answer");
        lines.push(format!("key {key} of service {service}: {verdict}"));
    }
    Ok(lines.join("\n"))
}

fn for_people(request: &LoggedRequest, [service, key, client]: [String; 3], attempts: &str) -> String {
    let entry = &request.entry;
    let headers = entry.headers.iter().map(|(name, value)| format!("{name}: {value}"));
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    let rows = [
        ["id".to_owned(), entry.id.to_string()],
        ["at".to_owned(), entry.at.clone()],
        ["request".to_owned(), format!("{} {}", entry.method, entry.path)],
        ["status".to_owned(), outcome(entry)],
        ["service".to_owned(), service],
        ["key".to_owned(), key],
        ["client".to_owned(), client],
        ["address".to_owned(), optional(&entry.address)],
        ["model".to_owned(), optional(&entry.model)],
        ["attempts".to_owned(), attempts.to_owned()],
        ["tokens".to_owned(), tokens(entry)],
        ["cost".to_owned(), cost(entry)],
        ["bytes".to_owned(), format!("{} in, {} out", entry.bytes_in, entry.bytes_out)],
        ["took".to_owned(), format!("{} ms, {} ms to the first byte", entry.duration_ms, entry.first_byte_ms)],
        ["trace".to_owned(), optional(&entry.trace_id)],
        ["request id".to_owned(), optional(&entry.request_id)],
        ["headers".to_owned(), headers.collect::<Vec<_>>().join("\n")],
    ];
    let mut text = table(["field", "value"], rows.into_iter().filter(|[_, value]| !value.is_empty()));
    for (title, body) in [("Request", &request.request_body), ("Answer", &request.answer_body)] {
        if let Some(body) = body {
            text = format!("{text}\n\n{title}:\n{}", body_text(body));
        }
    }
    text
}

fn body_text(body: &LoggedBody) -> String {
    let text = match (&body.text, &body.base64) {
        (Some(text), _) => shown(text),
        (None, Some(bytes)) => format!("(no text, in Base64) {bytes}"),
        (None, None) => String::new(),
    };
    format!("{text}{}", if body.is_cut { "\n(cut)" } else { "" })
}

/// Text as a terminal may be given it: somebody else wrote it, and it must not move the cursor.
pub(super) fn shown(text: &str) -> String {
    let shown = |c: char| if c.is_control() && !matches!(c, '\n' | '\t') { '\u{fffd}' } else { c };
    text.replace("\r\n", "\n").chars().map(shown).collect()
}

// === impl LogFilters ===

impl LogFilters {
    /// As the API takes them.
    pub(super) async fn into_query(self, api: &Api) -> Result<Vec<(&'static str, String)>, CliError> {
        let Self { subject, status, trace } = self;
        let mut query = subject.into_query(api).await?;
        query.extend(status.map(|status| ("status", status)));
        query.extend(trace.map(|trace| ("trace", trace)));
        Ok(query)
    }
}

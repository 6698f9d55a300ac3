//! `tail`: the log as it grows.

use std::io::IsTerminal;
use std::time::Duration;

use rotator_admin_api::wire::RequestLogEntry;

use super::logs::{outcome, place, shown, tokens};
use crate::api::Api;
use crate::args::LogFilters;
use crate::error::CliError;
use crate::names::Names;
use crate::output::{Output, write_line};

/// How long until it is tried again, the first time and at the most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The server gives a sign of life four times in this time.
const SILENCE: Duration = Duration::from_secs(60);

pub(super) async fn run(api: &Api, filters: LogFilters, output: Output) -> Result<(), CliError> {
    let query = filters.into_query(api).await?;
    let mut names = Names::new(api);
    let has_colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let (mut last, mut pause, mut is_connected) = (None, FIRST_PAUSE, false);
    loop {
        let mut events = match api.events("request-logs/tail", &query, last.as_deref()).await {
            Ok(events) => events,
            // Whoever followed once goes on; what is wrong from the beginning is told.
            Err(error @ CliError::Server(_)) if is_connected => {
                if pause == FIRST_PAUSE {
                    error.tell();
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
            Err(error) => return Err(error),
        };
        (is_connected, pause) = (true, FIRST_PAUSE);
        // The server ends an answer after a while, and a connection may break: it goes on after the last event.
        while let Ok(Ok(Some(event))) = tokio::time::timeout(SILENCE, events.next()).await {
            if let Some(id) = event.id {
                last = Some(id);
            }
            let Some(data) = event.data else { continue };
            let entry: RequestLogEntry = serde_json::from_str(&data).map_err(|_| api.not_ours())?;
            if output.is_json() {
                write_line(&data)?;
            } else {
                write_line(&line(&entry, place(&mut names, &entry).await?, has_colours))?;
            }
        }
        tokio::time::sleep(pause).await;
    }
}

fn line(entry: &RequestLogEntry, [service, key, client]: [String; 3], has_colours: bool) -> String {
    let status = outcome(entry);
    let colour = match entry.status {
        _ if entry.end != "whole" => 31,
        500.. => 31,
        400.. => 33,
        _ => 32,
    };
    let status = if has_colours { format!("\u{1b}[{colour}m{status}\u{1b}[0m") } else { status };
    let more = [
        entry.model.clone(),
        Some(tokens(entry)).filter(|tokens| !tokens.is_empty()).map(|tokens| format!("{tokens} tokens")),
        Some(key).filter(|key| !key.is_empty()).map(|key| format!("key {key}")),
        (entry.attempts.len() > 1).then(|| format!("{} attempts", entry.attempts.len())),
    ];
    let more = more.into_iter().flatten().map(|part| format!(", {part}")).collect::<String>();
    let RequestLogEntry { id, at, method, path, duration_ms, .. } = entry;
    shown_line(&format!("{at} #{id} {service} {client} {method} {path}"))
        + &format!(" {status} {duration_ms} ms")
        + &shown_line(&more)
}

fn shown_line(text: &str) -> String {
    shown(text).replace(['\n', '\t'], " ")
}

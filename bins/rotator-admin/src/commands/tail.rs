//! `tail`: the log as it grows.

use std::io::IsTerminal;

use rotator_admin_api::wire::RequestLogEntry;

use super::logs::{outcome, place, shown, tokens};
use crate::api::Api;
use crate::args::LogFilters;
use crate::error::CliError;
use crate::follow::{Followed, Follower};
use crate::names::Names;
use crate::output::{Output, write_line};

pub(super) async fn run(api: &Api, filters: LogFilters, output: Output) -> Result<(), CliError> {
    let query = filters.into_query(api).await?;
    let mut names = Names::new(api);
    let has_colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mut follower = Follower::new(api, "request-logs/tail", query);
    loop {
        let data = match follower.next().await? {
            Followed::Connected => continue,
            Followed::Lost(error) => {
                error.tell();
                continue;
            }
            Followed::Data(data) => data,
        };
        let entry: RequestLogEntry = serde_json::from_str(&data).map_err(|_| api.not_ours())?;
        if output.is_json() {
            write_line(&data)?;
        } else {
            write_line(&line(&entry, place(&mut names, &entry).await?, has_colours))?;
        }
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

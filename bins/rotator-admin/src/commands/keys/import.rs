//! `keys import`: one request, one transaction.

use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rotator_admin_api::wire::{BatchBody, BatchReport, ProxyConfig};

use crate::api::{Api, keys_of, watched_body};
use crate::error::CliError;
use crate::output::{Output, table};
use crate::secret_source::read_text;

/// How many bad lines are told one by one for people; JSON holds all.
const TOLD: usize = 20;

pub(super) async fn run(api: &Api, service: &ProxyConfig, file: &Path, output: Output) -> Result<(), CliError> {
    let text = read_text(file)?;
    // Every line is sent, blank ones too, so that the places in the report are those in the file.
    let batch = BatchBody { keys: text.lines().map(str::to_owned).collect() };
    let body = serde_json::to_vec(&batch).map_err(|error| CliError::Usage(format!("the keys are no text: {error}")))?;
    let length = body.len();
    let bar = progress_bar(length as u64);
    let taken = bar.clone();
    let body = watched_body(body, move |bytes| {
        taken.inc(bytes as u64);
        if taken.position() == taken.length().unwrap_or_default() {
            taken.set_message("storing");
        }
    });
    let stored = api.post_stream(&format!("{}/batch", keys_of(service)), length, body).await;
    bar.finish_and_clear();
    let stored: BatchReport = stored?;
    output.show(&stored, || for_people(&stored))?;
    match stored.failed_count {
        0 => Ok(()),
        count => Err(CliError::Partly(format!("{count} lines are no keys; all others are stored"))),
    }
}

fn for_people(report: &BatchReport) -> String {
    let BatchReport { success_count, skipped_count, failed_count, failed_keys } = report;
    let mut text = format!("{success_count} added, {skipped_count} skipped (there already), {failed_count} bad.");
    if !failed_keys.is_empty() {
        let rows = failed_keys.iter().take(TOLD).map(|failed| [failed.line.to_string(), failed.error.clone()]);
        text = format!("{}\n{text}", table(["line", "error"], rows));
    }
    text
}

/// Hidden by itself where the standard error output is no terminal.
fn progress_bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = "{spinner} {msg} {wide_bar} {bytes}/{total_bytes} {elapsed}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message("sending");
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

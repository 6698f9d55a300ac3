//! `keys test`: one real request a key.

use indicatif::ProgressBar;
use reqwest::Method;
use rotator_admin_api::wire::{PoolProbeLine, ProbeReport};
use serde::Serialize;

use crate::api::{Api, NOTHING, keys_of};
use crate::error::CliError;
use crate::output::{Output, table, yes};

/// What the test of one key showed.
#[derive(Serialize)]
struct Tested {
    id: i64,
    #[serde(flatten)]
    report: ProbeReport,
}

pub(super) async fn run(api: &Api, ids: Vec<i64>, service: Option<&str>, output: Output) -> Result<(), CliError> {
    let tested = match service {
        Some(service) => whole_pool(api, service).await?,
        None => one_by_one(api, ids).await?,
    };
    output.show(&tested, || table(["key", "works", "status", "verdict", "took", "error"], tested.iter().map(row)))?;
    match tested.iter().filter(|tested| !tested.report.ok).count() {
        0 => Ok(()),
        failed => Err(CliError::Partly(format!("{failed} of {} keys do not work", tested.len()))),
    }
}

async fn one_by_one(api: &Api, ids: Vec<i64>) -> Result<Vec<Tested>, CliError> {
    let mut tested = Vec::with_capacity(ids.len());
    for id in ids {
        let report = api.call(Method::POST, &format!("keys/{id}/test"), NOTHING).await?;
        tested.push(Tested { id, report });
    }
    Ok(tested)
}

/// All keys of a service; the server tests a few at once and tells each as soon as it is done.
async fn whole_pool(api: &Api, service: &str) -> Result<Vec<Tested>, CliError> {
    let service = api.service(service).await?;
    // Hidden by itself where the standard error output is no terminal.
    let bar = ProgressBar::new(service.api_key_count);
    let mut tested = Vec::new();
    let path = format!("{}/test", keys_of(&service));
    let lines = api.lines(Method::POST, &path, |line: PoolProbeLine| {
        bar.set_length(line.total);
        bar.set_position(line.tested);
        tested.push(Tested { id: line.id, report: line.report });
    });
    let done = lines.await;
    bar.finish_and_clear();
    done?;
    tested.sort_by_key(|tested| tested.id);
    Ok(tested)
}

fn row(tested: &Tested) -> [String; 6] {
    let ProbeReport { ok, status, verdict, latency_ms, error } = &tested.report;
    [
        tested.id.to_string(),
        yes(*ok),
        status.map(|status| status.to_string()).unwrap_or_default(),
        verdict.clone(),
        latency_ms.map(|ms| format!("{ms} ms")).unwrap_or_default(),
        error.clone().unwrap_or_default(),
    ]
}

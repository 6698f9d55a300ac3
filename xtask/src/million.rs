//! `million`: whether what is stored of very many requests is what their clients and their upstream have counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use rotator_mock_upstream::{Compared, Mix, Seen};
use serde_json::Value;
use tempfile::TempDir;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::server::{Admin, CLIENT_KEY, Server, client};
use crate::workspace::Workspace;

/// How long after the last request the figures may take to be stored.
const STORING: Duration = Duration::from_secs(60);

/// How many requests, and what happens meanwhile.
#[derive(Args)]
pub(crate) struct MillionArguments {
    /// How many requests.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// How many are on their way at once.
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Kill the server in the middle (SIGKILL), and start it again.
    #[arg(long)]
    kill: bool,
}

/// Sends the requests through the release build; an error where a figure is not what it must be.
pub(crate) fn run(workspace: &Workspace, arguments: &MillionArguments) -> Result<(), TaskError> {
    process::run(cargo(workspace).args([
        "build",
        "--release",
        "--package",
        "rotator-server",
        "--features",
        "enterprise",
    ]))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| TaskError::failed("the runtime", error))?;
    runtime.block_on(measure(workspace, arguments))
}

async fn measure(workspace: &Workspace, arguments: &MillionArguments) -> Result<(), TaskError> {
    let program = workspace.target().join("release/rotator-server");
    let folder = tempfile::tempdir().map_err(|error| TaskError::failed("a folder for the server", error))?;
    let mix = Mix::start().await.map_err(|error| TaskError::failed("the mock upstream", error))?;
    let mut server = start(&program, &folder)?;
    let admin = Admin::login(&client(), &server).await?;
    for service in mix.services() {
        admin.post("proxy-configs", &service).await?;
    }
    mix.serve_at(&server.base);
    let begun = Instant::now();
    let load = tokio::spawn({
        let (mix, requests, at_once) = (mix.clone(), arguments.requests, arguments.at_once);
        async move { mix.run(requests, at_once, CLIENT_KEY).await }
    });
    if arguments.kill {
        until_half(&mix, arguments.requests, || load.is_finished()).await;
        mix.killed();
        drop(server);
        server = start(&program, &folder)?;
        mix.serve_at(&server.base);
    }
    let seen = load.await.map_err(|error| TaskError::failed("the load", error))?;
    let seen = seen.map_err(|error| TaskError::failed("the load", error))?;
    let took = begun.elapsed();
    let waited = until_stored(&server, &seen).await?;
    // What is stored late counts as well.
    server.end()?;
    let server = start(&program, &folder)?;
    let compared = seen.compare(&usage(&server).await?);
    print(&compared, &seen);
    println!(
        "\n  {} requests in {:.1} s, {:.0} a second; stored {:.1} s after the last one; {} cut off by a kill",
        arguments.requests,
        took.as_secs_f64(),
        arguments.requests as f64 / took.as_secs_f64(),
        waited.as_secs_f64(),
        seen.cut_off(),
    );
    if compared.iter().all(Compared::is_right) && seen.surprises().is_empty() {
        Ok(())
    } else {
        Err(TaskError::Failed("what is stored is not what was counted".to_owned()))
    }
}

fn start(program: &Path, folder: &TempDir) -> Result<Server, TaskError> {
    Server::start(Command::new(program).env_clear(), folder.path())
}

/// Waits until half of the requests have ended, or all is over.
async fn until_half(mix: &Mix, requests: u64, is_over: impl Fn() -> bool) {
    while mix.ended() < requests / 2 && !is_over() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until all that is certain is stored, and gives how long that took.
async fn until_stored(server: &Server, seen: &Seen) -> Result<Duration, TaskError> {
    let begun = Instant::now();
    while begun.elapsed() < STORING && usage(server).await?.get("requests") < Some(&seen.least("requests")) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(begun.elapsed())
}

/// All figures, added up.
async fn usage(server: &Server) -> Result<BTreeMap<String, u64>, TaskError> {
    let admin = Admin::login(&client(), server).await?;
    let report: Value = serde_json::from_slice(&admin.get("usage?grain=minute").await?)
        .map_err(|error| TaskError::failed("the usage", error))?;
    Ok(serde_json::from_value(report["groups"][0]["figures"].clone()).unwrap_or_default())
}

fn print(compared: &[Compared], seen: &Seen) {
    println!("\n  {:<20}  {:>16}  {:>16}  {:>12}", "figure", "counted", "stored", "difference");
    for Compared { figure, least, most, stored } in compared {
        let difference = i128::from(*stored) - i128::from(*least);
        let allowed = if most > least { format!("  0 to {} are right", most - least) } else { String::new() };
        println!("  {figure:<20}  {least:>16}  {stored:>16}  {difference:>+12}{allowed}");
    }
    for ((path, status), times) in seen.surprises() {
        println!("  not to be expected: {status} of {path}, {times} times");
    }
}

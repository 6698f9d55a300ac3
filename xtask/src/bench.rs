//! `bench`: how fast formats are converted, and what else is measured.

mod compare;
mod load;
mod overhead;
mod redis;

use clap::Subcommand;

use self::compare::Comparison;
use self::load::Plan;
use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// What is measured but for the conversion.
#[derive(Subcommand)]
pub(crate) enum Other {
    /// Measure this server beside the upstream alone, nginx, HAProxy and whatever else is named: requests, latency at a fixed rate,
    /// processor time and memory of each. Fails where a bound is broken. Needs nginx, haproxy and redis-server for their rows.
    Compare(Box<Comparison>),
    /// Measure how many requests a server with Redis serves beside one with memory. Needs wrk (Debian: apt-get install wrk)
    /// and redis-server.
    Redis(Plan),
    /// Measure how many requests a server serves that counts, keeps to limits and logs, beside one that does none of it. Needs
    /// wrk.
    Overhead(Plan),
}

/// Runs the benchmarks whose names hold a text, or all of them; or another measurement.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>, other: Option<Other>) -> Result<(), TaskError> {
    let Some(other) = other else {
        let mut command = cargo(workspace);
        command.args(["bench", "--package", "rotator-format-converters", "--bench", "conversion", "--"]).args(filter);
        return process::run(&mut command);
    };
    if !matches!(other, Other::Compare(_)) {
        load::build(workspace)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| TaskError::failed("the runtime", error))?;
    runtime.block_on(async {
        match other {
            Other::Compare(comparison) => compare::measure(workspace, &comparison).await,
            Other::Redis(plan) => redis::measure(workspace, &plan).await,
            Other::Overhead(plan) => overhead::measure(workspace, &plan).await,
        }
    })
}

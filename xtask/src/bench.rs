//! `bench`: how fast formats are converted, and what else is measured.

mod redis;

use clap::Subcommand;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// What is measured but for the conversion.
#[derive(Subcommand)]
pub(crate) enum Other {
    /// Measure how many requests a server with Redis serves beside one with memory. Needs wrk (Debian: apt-get install wrk)
    /// and redis-server.
    Redis(redis::Plan),
}

/// Runs the benchmarks whose names hold a text, or all of them; or another measurement.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>, other: Option<Other>) -> Result<(), TaskError> {
    if let Some(Other::Redis(plan)) = other {
        return redis::run(workspace, &plan);
    }
    let mut command = cargo(workspace);
    command.args(["bench", "--package", "rotator-format-converters", "--bench", "conversion", "--"]).args(filter);
    process::run(&mut command)
}

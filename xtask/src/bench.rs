//! `bench`: how fast formats are converted.

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// Runs the benchmarks whose names hold a text, or all of them.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>) -> Result<(), TaskError> {
    let mut command = cargo(workspace);
    command.args(["bench", "--package", "rotator-format-converters", "--bench", "conversion", "--"]).args(filter);
    process::run(&mut command)
}

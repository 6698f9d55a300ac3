//! `test` and `conformance`.

use std::path::Path;
use std::process::Command;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::python;
use crate::workspace::Workspace;

/// The variable that tells the SDK tests which Python has the SDKs.
const PYTHON: &str = "ROTATOR_SDK_PYTHON";

/// Runs every test: those in the documents first, then all others, whose counts come last.
pub(crate) fn run(workspace: &Workspace) -> Result<(), TaskError> {
    let python = python::with_sdks(workspace)?;
    process::run(cargo(workspace).args(["test", "--quiet", "--workspace", "--doc"]))?;
    let nextest = process::works(cargo(workspace).args(["nextest", "--version"]));
    let arguments: &[&str] = if nextest {
        &["nextest", "run", "--workspace", "--all-targets", "--run-ignored", "all"]
    } else {
        &["test", "--workspace", "--all-targets", "--no-fail-fast", "--", "--include-ignored"]
    };
    process::run(cargo(workspace).args(arguments).env(PYTHON, python))
}

/// Runs the SDKs against another corpus.
pub(crate) fn conformance(workspace: &Workspace, corpus: &Path, chunk: Option<usize>) -> Result<(), TaskError> {
    let python = python::with_sdks(workspace)?;
    process::run(cargo(workspace).args(["build", "--quiet", "--package", "rotator-server"]))?;
    let mut command = Command::new(python);
    command.arg(workspace.path("xtask/sdk/same_format.py")).arg("--corpus").arg(corpus);
    command.arg("--server").arg(workspace.target().join("debug/rotator-server"));
    if let Some(chunk) = chunk {
        command.args(["--chunk", &chunk.to_string()]);
    }
    process::run(&mut command)
}

//! `run`: the server as one person uses it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::ui;
use crate::workspace::Workspace;

/// Builds the server and becomes it.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<(), TaskError> {
    ui::build_if_possible(workspace)?;
    process::run(cargo(workspace).args(["build", "--release", "--package", "rotator-server"]))?;
    let mut server = Command::new(workspace.target().join("release/rotator-server"));
    // Signals reach the server itself, so that Ctrl-C ends it gracefully.
    let error = server.args(arguments).current_dir(workspace.root()).exec();
    Err(TaskError::failed("rotator-server", error))
}

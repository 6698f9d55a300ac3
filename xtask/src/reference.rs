//! `reference`: writes the documents that the code fills.

use crate::error::TaskError;
use crate::process::{self, cargo};
use crate::workspace::Workspace;

/// The crates whose tests see what a page says.
const PACKAGES: [&str; 4] = ["rotator-admin", "rotator-admin-api", "rotator-reference", "rotator-server"];
/// What those tests are called, all of them.
const TESTS: &str = "is_not_stale";
/// The variable that makes them write (`rotator_reference::WRITE`).
const WRITE: &str = "ROTATOR_WRITE_REFERENCE";

/// Writes every page and every listing anew.
pub(crate) fn write(workspace: &Workspace) -> Result<(), TaskError> {
    let mut command = cargo(workspace);
    command.args(["test", "--quiet"]);
    PACKAGES.iter().for_each(|package| {
        command.args(["--package", package]);
    });
    process::run(command.args(["--bins", "--lib", "--test", "public_api", TESTS]).env(WRITE, "1"))
}

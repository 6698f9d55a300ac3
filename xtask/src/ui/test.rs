//! The UI's tests: rules, types and units, then the page in Chromium before the real server and a mock upstream.

use std::path::Path;
use std::process::Command;

use super::npm::Npm;
use super::{browser, folder, is_fresh};
use crate::error::TaskError;
use crate::process;
use crate::server::{PASSWORD, Server};
use crate::workspace::Workspace;

/// Runs them; `build` builds the server, in the profile for development. Filters are for those in Chromium.
pub(crate) fn run(workspace: &Workspace, build: &mut Command, filters: &[String]) -> Result<(), TaskError> {
    let npm = Npm::find(workspace)?;
    let chromium = browser::find()?;
    npm.install()?;
    npm.run(&["run", "lint"])?;
    npm.run(&["test"])?;
    if !is_fresh(&folder(workspace)) {
        // The types were looked at just now.
        npm.run(&["run", "bundle"])?;
    }
    process::run(build)?;
    in_chromium(workspace, &npm, &chromium, filters)
}

fn in_chromium(workspace: &Workspace, npm: &Npm, chromium: &Path, filters: &[String]) -> Result<(), TaskError> {
    let program = workspace.target().join("debug/rotator-server");
    let program = std::path::absolute(&program).map_err(|error| TaskError::failed("the server's path", error))?;
    let data = tempfile::tempdir().map_err(|error| TaskError::failed("a folder for the database", error))?;
    let server = Server::start(Command::new(&program).env_clear(), data.path())?;
    let upstream = Server::listening(npm.command("node").arg("dev/mock-upstream.mjs").env("MOCK_PORT", "0"))?;
    let against = |command: &mut Command| {
        command
            .env("ROTATOR_UI_URL", &server.base)
            .env("ROTATOR_UI_USER", "admin")
            .env("ROTATOR_UI_PASSWORD", PASSWORD);
        // For tests that need a server of their own: one that is new, one that is killed.
        command.env("ROTATOR_SERVER_PROGRAM", &program).env("MOCK_UPSTREAM_URL", &upstream.base);
        process::run(command.env(browser::VARIABLE, chromium))
    };
    against(npm.command("npm").args(["run", "api:check"]))?;
    against(npm.command("npm").args(["run", "e2e", "--"]).args(filters))
}

//! The UI's tests: rules, types and units, then the page in Chromium before the real server and a mock upstream; and its pictures.

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
    // The types were looked at just now.
    bundle(workspace, &npm, build)?;
    let filters = filters.iter().map(String::as_str);
    let tests: Vec<&str> = ["run", "e2e", "--"].into_iter().chain(filters).collect();
    in_chromium(workspace, &npm, &chromium, &[&["run", "api:check"], &tests])
}

/// Writes `docs/screenshots` anew; `build` builds the server, in the profile for development.
pub(crate) fn screenshots(workspace: &Workspace, build: &mut Command) -> Result<(), TaskError> {
    let npm = Npm::find(workspace)?;
    let chromium = browser::find()?;
    npm.install()?;
    bundle(workspace, &npm, build)?;
    in_chromium(workspace, &npm, &chromium, &[&["run", "screenshots"]])
}

/// Builds the page where that was not done since it changed, and the server that carries it.
fn bundle(workspace: &Workspace, npm: &Npm, build: &mut Command) -> Result<(), TaskError> {
    if !is_fresh(&folder(workspace)) {
        npm.run(&["run", "bundle"])?;
    }
    process::run(build)
}

/// Runs scripts of the page's package before a new server, with an upstream.
fn in_chromium(workspace: &Workspace, npm: &Npm, chromium: &Path, scripts: &[&[&str]]) -> Result<(), TaskError> {
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
    scripts.iter().try_for_each(|script| against(npm.command("npm").args(*script)))
}

//! `ui`: the web UI, which the server carries.

use std::path::PathBuf;
use std::process::Command;

use crate::error::TaskError;
use crate::process;
use crate::workspace::Workspace;

/// What is there once it is built.
pub(crate) const BUILT: &str = "crates/admin-api/ui/dist/web/index.html";

/// Builds it from its sources; what it needs of npm is fetched where the lock file changed.
pub(crate) fn build(workspace: &Workspace) -> Result<(), TaskError> {
    let npm = npm()
        .ok_or(TaskError::Missing { program: "npm", advice: "Debian: apt-get install npm (Node.js 20 or later)" })?;
    install(workspace, npm)?;
    process::run(Command::new(npm).args(["run", "build"]).current_dir(folder(workspace)))
}

/// Builds it where that can be done; the server does without it.
pub(crate) fn build_if_possible(workspace: &Workspace) -> Result<(), TaskError> {
    if npm().is_none() {
        println!("Node.js is not there: the server is built without its web UI, and says how to get it");
        return Ok(());
    }
    if is_fresh(workspace) { Ok(()) } else { build(workspace) }
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root().join("crates/admin-api/ui")
}

fn npm() -> Option<&'static str> {
    process::works(Command::new("npm").arg("--version")).then_some("npm")
}

fn install(workspace: &Workspace, npm: &str) -> Result<(), TaskError> {
    let folder = folder(workspace);
    // npm writes this file last.
    let done = modified(&folder.join("node_modules/.package-lock.json"));
    if done.is_some() && done >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    process::run(Command::new(npm).args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

/// Whether nothing was changed since the last build.
fn is_fresh(workspace: &Workspace) -> bool {
    let folder = folder(workspace);
    let Some(built) = modified(&workspace.path(BUILT)) else { return false };
    let mut waiting = vec![folder.join("src"), folder.join("index.html"), folder.join("package-lock.json")];
    while let Some(path) = waiting.pop() {
        if modified(&path).is_none_or(|changed| changed > built) {
            return false;
        }
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        waiting.extend(entries.map(|entry| entry.path()));
    }
    true
}

fn modified(path: &std::path::Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

//! Node.js with npm, and what the UI needs from its registry.

use std::path::PathBuf;
use std::process::Command;

use super::{folder, modified};
use crate::error::TaskError;
use crate::process;
use crate::workspace::Workspace;

/// The oldest Node.js that the UI's tools run on (`engines` in package.json).
const OLDEST: (u32, u32) = (20, 19);

/// npm, in the UI's folder.
pub(super) struct Npm {
    folder: PathBuf,
}

// === impl Npm ===

impl Npm {
    /// Finds it, or says what is missing.
    pub(super) fn find(workspace: &Workspace) -> Result<Self, TaskError> {
        let told = Command::new("node").arg("--version").output();
        let node = told.is_ok_and(|told| version(&String::from_utf8_lossy(&told.stdout)) >= Some(OLDEST));
        if !node {
            let advice = "install Node.js 20.19 or newer with npm (Debian 13 and newer: apt-get install nodejs npm)";
            return Err(TaskError::Missing { program: "Node.js", advice });
        }
        if !process::works(Command::new("npm").arg("--version")) {
            return Err(TaskError::Missing {
                program: "npm",
                advice: "install it beside Node.js (Debian: apt-get install npm)",
            });
        }
        Ok(Self { folder: folder(workspace) })
    }

    /// Fetches what the lock file names, where that was not done since it changed.
    pub(super) fn install(&self) -> Result<(), TaskError> {
        // npm writes this file last.
        let done = modified(&self.folder.join("node_modules/.package-lock.json"));
        if done.is_some() && done >= modified(&self.folder.join("package-lock.json")) {
            return Ok(());
        }
        self.run(&["ci", "--no-audit", "--no-fund"])
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<(), TaskError> {
        process::run(self.command("npm").args(arguments))
    }

    /// A program, in the UI's folder.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // The browser is the system's.
        command.current_dir(&self.folder).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        command
    }
}

/// The first two numbers of a version such as `v20.19.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(version("v20.19.0\n") >= Some(OLDEST));
        assert!(version("v100.2.0\n") >= Some(OLDEST));
        assert!(version("v20.9.0\n") < Some(OLDEST));
        assert!(version("v18.20.4\n") < Some(OLDEST));
        assert!(version("no version") < Some(OLDEST));
    }
}

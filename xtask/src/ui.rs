//! `ui`: the web UI, which the server carries.

mod browser;
mod npm;
mod test;

use std::path::{Path, PathBuf};

use crate::error::TaskError;
use crate::process::cargo;
use crate::workspace::Workspace;

use npm::Npm;
pub(crate) use test::run as test;
use test::screenshots;

/// What is there once it is built.
const BUILT: &str = "dist/web/index.html";
/// What a build reads: sources, and how they are to be built.
const SOURCES: [&str; 8] = [
    "src",
    "dev/policy.ts",
    "scripts/budget.mjs",
    "index.html",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.ts",
];

/// What is to be done with it.
#[derive(clap::Args)]
pub(crate) struct UiArguments {
    /// Run its tests as well: units, and in Chromium against the server.
    #[arg(long)]
    test: bool,
    /// Only these tests in Chromium: arguments of Playwright, such as traffic.
    #[arg(requires = "test", trailing_var_arg = true, allow_hyphen_values = true)]
    filters: Vec<String>,
    /// Write `docs/screenshots` anew: every screen of a server with some traffic, in both languages and themes and on a phone.
    #[arg(long, conflicts_with = "test")]
    screenshots: bool,
}

/// Builds it from its sources, tests it or takes pictures of it.
pub(crate) fn run(workspace: &Workspace, arguments: &UiArguments) -> Result<(), TaskError> {
    let mut server = cargo(workspace);
    server.args(["build", "--quiet", "--package", "rotator-server"]);
    match arguments {
        UiArguments { test: true, filters, .. } => test(workspace, &mut server, filters),
        UiArguments { screenshots: true, .. } => screenshots(workspace, &mut server),
        UiArguments { .. } => build(workspace),
    }
}

/// Builds it where that can be done; the server does without it.
pub(crate) fn build_if_possible(workspace: &Workspace) -> Result<(), TaskError> {
    match Npm::find(workspace) {
        Ok(_) if is_fresh(&folder(workspace)) => Ok(()),
        Ok(npm) => build_with(&npm),
        Err(missing) => {
            println!("{missing}: the server is built without its web UI, and says how to get it");
            Ok(())
        }
    }
}

/// Builds it from its sources; what it needs of npm is fetched where the lock file changed.
pub(crate) fn build(workspace: &Workspace) -> Result<(), TaskError> {
    build_with(&Npm::find(workspace)?)
}

fn build_with(npm: &Npm) -> Result<(), TaskError> {
    npm.install()?;
    npm.run(&["run", "build"])
}

/// The page that is there once it is built.
pub(crate) fn page(workspace: &Workspace) -> PathBuf {
    folder(workspace).join(BUILT)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.path("crates/admin-api/ui")
}

/// Whether nothing was changed since the last build.
fn is_fresh(folder: &Path) -> bool {
    let Some(built) = modified(&folder.join(BUILT)) else { return false };
    let mut waiting: Vec<PathBuf> = SOURCES.iter().map(|source| folder.join(source)).collect();
    while let Some(path) = waiting.pop() {
        if modified(&path).is_none_or(|changed| changed > built) {
            return false;
        }
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        waiting.extend(entries.map(|entry| entry.path()));
    }
    true
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_change_of_any_file_that_a_build_reads_makes_it_stale() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for below in ["src/api", "dev", "scripts", "dist/web", "e2e"] {
            fs::create_dir_all(path(below)).unwrap();
        }
        let inside = ["src/api/client.ts", "e2e/services.spec.ts"];
        for name in SOURCES.iter().filter(|name| **name != "src").chain(&inside) {
            fs::write(path(name), "").unwrap();
        }
        assert!(!is_fresh(folder.path()), "nothing was built yet");
        fs::write(path("dist/web/index.html"), "").unwrap();
        let set = |name: &str, time| File::open(path(name)).unwrap().set_modified(time).unwrap();
        let built = SystemTime::now() + Duration::from_secs(60);
        set("dist/web/index.html", built);
        assert!(is_fresh(folder.path()));
        for name in SOURCES.iter().chain(&inside) {
            let before = modified(&path(name)).unwrap();
            set(name, built + Duration::from_secs(1));
            assert_eq!(is_fresh(folder.path()), *name == "e2e/services.spec.ts", "{name}");
            set(name, before);
        }
        fs::remove_file(path("vite.config.ts")).unwrap();
        assert!(!is_fresh(folder.path()), "what is missing was changed");
    }
}

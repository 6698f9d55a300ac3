//! The names, sizes and heads of source files.

use std::path::{Path, PathBuf};

use crate::error::TaskError;
use crate::workspace::{self, Workspace};

/// Names that say nothing of what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc", "shared", "stuff"];
/// Lines of a source file at the most.
const LONGEST: usize = 500;
/// The one file that may ask which backends were built in; crate roots may leave whole modules out.
const BACKEND_CFG: &str = "bins/rotator-server/src/backends.rs";
/// What must not stand in a source file outside the tests of this check.
const FORBIDDEN: &[(&str, &str)] =
    &[("#[allow(", "say #[expect(.., reason = \"..\")] instead"), ("git = \"", "no git dependency")];

/// What is wrong with the files.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, TaskError> {
    let mut files = Vec::new();
    for folder in ["crates", "bins", "xtask"] {
        collect(&workspace.path(folder), &mut files)?;
    }
    let mut faults = Vec::new();
    for file in files {
        let name = file.strip_prefix(workspace.root()).unwrap_or(&file).to_string_lossy().into_owned();
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            faults.push(format!("{name}: a file is named for what is inside"));
        }
        faults.extend(of_text(&name, &workspace::read(&file)?));
    }
    Ok(faults)
}

fn of_text(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST {
        faults.push(format!("{name}: {lines} lines, {LONGEST} at the most"));
    }
    if !text.starts_with("//! ") {
        faults.push(format!("{name}: begins without a line that says what it is"));
    }
    if name.contains("rotator-server") && name != BACKEND_CFG && text.contains("cfg(feature") {
        faults.push(format!("{name}: only {BACKEND_CFG} asks which backends there are"));
    }
    if name != "xtask/src/tidy/files.rs" {
        let found = FORBIDDEN.iter().filter(|(forbidden, _)| text.contains(forbidden));
        faults.extend(found.map(|(forbidden, advice)| format!("{name}: {forbidden}: {advice}")));
    }
    faults
}

/// Every Rust file below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), TaskError> {
    let unreadable = |source| TaskError::File { path: folder.display().to_string(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            // What a crate outside the workspace built in its own folder is no source.
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tidy_file_has_no_faults_and_each_fault_is_told() {
        assert!(of_text("crates/a/src/b.rs", "//! What it is.\n").is_empty());
        let long = format!("//! Long.\n{}", "\n".repeat(LONGEST));
        for text in ["fn main() {}\n", "//! Lint.\n#[allow(dead_code)]\n", &long] {
            assert_eq!(of_text("crates/a/src/b.rs", text).len(), 1, "{text}");
        }
        let cfg = "//! Cfg.\n#[cfg(feature = \"sqlite\")]\n";
        assert_eq!(of_text("bins/rotator-server/src/serve.rs", cfg).len(), 1);
        assert!(of_text(BACKEND_CFG, cfg).is_empty());
    }
}

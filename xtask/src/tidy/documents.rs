//! That the documents tell of everything that is there.

use crate::error::TaskError;
use crate::workspace::Workspace;

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";

/// What the documents leave out.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, TaskError> {
    let mut faults = Vec::new();
    let architecture = workspace.read(ARCHITECTURE)?;
    for group in ["crates", "bins"] {
        let folder = workspace.path(group);
        let unreadable = |source| TaskError::File { path: folder.display().to_string(), source };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
            if !architecture.contains(&format!("\n| {name} |")) {
                faults.push(format!("{ARCHITECTURE}: has no row for {name}"));
            }
        }
    }
    Ok(faults)
}

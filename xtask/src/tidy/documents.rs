//! That the documents say what the code does.

use crate::error::TaskError;
use crate::workspace::Workspace;

const SETTINGS: &str = "bins/rotator-server/src/args.rs";
const README: &str = "README.md";
const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";

/// What the documents leave out.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, TaskError> {
    let (settings, readme) = (workspace.read(SETTINGS)?, workspace.read(README)?);
    let names = settings.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut faults: Vec<String> = names
        .filter(|name| !readme.contains(&format!("`{name}`")))
        .map(|name| format!("{README}: does not name the setting {name}"))
        .collect();
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

//! The packages of npm that the web UI is made of, from its lock file.

use std::path::PathBuf;

use serde_json::Value;

use crate::error::TaskError;
use crate::workspace::Workspace;

const LOCK: &str = "crates/admin-api/ui/package-lock.json";
const FOLDER: &str = "crates/admin-api/ui";

/// One of them.
#[derive(Debug)]
pub(super) struct UiPackage {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) licence: String,
    /// Its folder on this machine.
    pub(super) folder: PathBuf,
}

/// All that the UI may hold; those that only build it are left out.
pub(super) fn read(workspace: &Workspace) -> Result<Vec<UiPackage>, TaskError> {
    let lock: Value = serde_json::from_str(&workspace.read(LOCK)?).map_err(|error| TaskError::failed(LOCK, error))?;
    let packages = lock["packages"].as_object().into_iter().flatten();
    let shipped = packages.filter(|(place, package)| !place.is_empty() && package["dev"] != true);
    let package = |(place, package): (&String, &Value)| {
        let (_, name) = place.rsplit_once("node_modules/")?;
        Some(UiPackage {
            name: name.to_owned(),
            version: package["version"].as_str()?.to_owned(),
            licence: package["license"].as_str()?.to_owned(),
            folder: workspace.path(FOLDER).join(place),
        })
    };
    let mut packages: Vec<UiPackage> = shipped
        .map(package)
        .collect::<Option<_>>()
        .ok_or_else(|| TaskError::Failed(format!("{LOCK}: a package has no version or no licence")))?;
    packages.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    packages.dedup_by(|one, other| (&one.name, &one.version) == (&other.name, &other.version));
    Ok(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_listed_and_what_builds_it_is_not() {
        let packages = read(&Workspace::new()).unwrap();
        let holds = |name: &str| packages.iter().any(|package| package.name == name && !package.licence.is_empty());
        assert!(holds("vue") && holds("@vue/runtime-dom") && !holds("vite") && !holds("eslint"));
    }
}

//! The Chromium that the tests drive.

use std::path::PathBuf;

use crate::error::TaskError;
use crate::packages;

/// The variable that names it to the tests; set already, it names somebody's own.
pub(super) const VARIABLE: &str = "CHROMIUM";
/// What it is called.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/// What Debian calls it.
const PACKAGE: &str = "chromium";

/// Finds it; where there is none, it is installed if that is possible.
pub(super) fn find() -> Result<PathBuf, TaskError> {
    if let Some(named) = std::env::var_os(VARIABLE) {
        return Ok(named.into());
    }
    if let Some(found) = in_path() {
        return Ok(found);
    }
    packages::install(&[PACKAGE], &format!("or name a Chromium that is there in {VARIABLE}"))?;
    in_path().ok_or(TaskError::Missing { program: PACKAGE, advice: "its package brought no such program" })
}

fn in_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let places = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file())
}

//! `tidy`: what no compiler checks.

mod documents;
mod files;
mod layers;
mod links;
mod translation;

use crate::error::TaskError;
use crate::workspace::Workspace;

/// Checks everything and tells all that is wrong.
pub(crate) fn run(workspace: &Workspace) -> Result<(), TaskError> {
    let mut faults = layers::check(workspace)?;
    faults.extend(files::check(workspace)?);
    faults.extend(documents::check(workspace)?);
    faults.extend(links::check(workspace)?);
    faults.extend(translation::check(workspace)?);
    for fault in &faults {
        println!("{fault}");
    }
    match faults.len() {
        0 => {
            println!("tidy");
            Ok(())
        }
        count => Err(TaskError::Failed(format!("{count} faults"))),
    }
}

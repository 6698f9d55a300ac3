//! `apply`: services and pools become what a file says.

use std::path::Path;

use crate::api::Api;
use crate::apply::{Manifest, Plan};
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(api: &Api, file: &Path, is_dry_run: bool, output: Output) -> Result<(), CliError> {
    let manifest = Manifest::read(file)?;
    // Everything is checked by the server before anything is changed.
    let plan = Plan::new(api, manifest).await?;
    if !is_dry_run {
        plan.carry_out(api).await?;
    }
    output.show(&plan.steps, || plan.for_people(is_dry_run))?;
    match plan.changes() {
        changes if is_dry_run && changes > 0 => Err(CliError::WouldChange(format!("{changes} services"))),
        _ => Ok(()),
    }
}

//! The command line over the admin API: parses, delegates, exits.

mod api;
mod apply;
mod args;
mod commands;
mod error;
mod events;
mod follow;
mod names;
mod output;
#[cfg(test)]
mod reference;
mod secret_source;
mod sessions;
mod top;

use std::process::ExitCode;

use crate::args::Args;

fn main() -> ExitCode {
    match Args::read().and_then(commands::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

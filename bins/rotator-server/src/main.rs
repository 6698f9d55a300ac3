//! The API Key Rotator server: parses, delegates, exits.

mod admin_upkeep;
mod args;
mod backends;
mod catalog_source;
mod client_address;
mod client_meters;
mod commands;
mod compose;
mod config;
mod dependencies;
mod error;
mod following;
mod health;
mod key_states;
mod live;
mod logging;
mod master_key;
mod metrics;
mod new_file;
mod pool_loader;
mod prober;
#[cfg(test)]
mod reference;
mod request_log;
mod responses;
#[cfg(test)]
mod scale;
mod serve;
mod usage;
mod waiting;
mod webhooks;

use std::process::ExitCode;

use mimalloc::MiMalloc;

use crate::args::Args;
use crate::error::AppError;

/// A request costs less of the processor than with libc's, most of all in static builds.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

/// The environment is filled before anything else runs that could read it.
fn run() -> Result<(), AppError> {
    config::load_dotenv()?;
    let args = Args::read()?;
    config::fill_environment(backends::READ_BY_LIBRARIES)?;
    commands::run(args)
}

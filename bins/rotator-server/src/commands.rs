//! What the program can be told to do, one file a command.

mod check_config;
mod healthcheck;
mod import_legacy;
mod migrate;
mod rekey;
mod reset;
mod serve;

use std::io::Write;

use tokio::runtime::Builder;

use crate::args::{Args, Command};
use crate::config::Config;
use crate::error::AppError;
use crate::logging;

/// Checks the settings and does what was asked for.
pub(crate) fn run(args: Args) -> Result<(), AppError> {
    let config = Config::new(&args.settings)?;
    crate::backends::storage_factory(&config.database)?;
    logging::start(&config.log)?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| AppError::failed("could not start the runtime", error))?;
    let done = runtime.block_on(async {
        match args.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(&config).await,
            Command::CheckConfig => check_config::run(&config),
            Command::Migrate => migrate::run(&config).await,
            Command::Reset { yes } => reset::run(&config, yes).await,
            Command::Rekey { new_key_file } => rekey::run(&config, new_key_file.as_deref()).await,
            Command::ImportLegacy { file } => import_legacy::run(&config, &file).await,
            Command::Healthcheck => healthcheck::run(&config).await,
        }
    });
    // A look-up of a name that still waits for its answer must not keep the process from ending.
    runtime.shutdown_background();
    done
}

/// Writes lines for a person on the standard output.
fn say(text: &str) -> Result<(), AppError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| AppError::failed("could not write to the standard output", error))
}

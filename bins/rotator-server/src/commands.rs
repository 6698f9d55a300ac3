//! What the program can be told to do, one file a command.

mod backup;
mod check_config;
mod export;
mod healthcheck;
mod import;
mod import_legacy;
mod migrate;
mod passphrase;
mod rekey;
mod reset;
mod serve;

use std::io::Write;

use rotator_admin_api::moving::MovingReport;
use tokio::runtime::Builder;

use crate::args::{Args, Command};
use crate::backends::Traces;
use crate::config::Config;
use crate::error::AppError;
use crate::logging;

/// What stands for the standard input or output where a file is named.
const STANDARD_STREAM: &str = "-";

/// Checks the settings and does what was asked for.
pub(crate) fn run(args: Args) -> Result<(), AppError> {
    let config = Config::new(&args.settings)?;
    crate::backends::storage_factory(&config.database)?;
    let traces = match &args.command {
        None | Some(Command::Serve) => crate::backends::traces()?,
        Some(_) => None,
    };
    let (spans, tracing) = traces.map(|Traces { layer, tracing }| (layer, tracing)).unzip();
    let logs = logging::start(&config.log, spans)?;
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| AppError::failed("could not start the runtime", error))?;
    let done = runtime.block_on(async {
        match args.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(&config, logs, tracing).await,
            Command::CheckConfig => check_config::run(&config),
            Command::Migrate => migrate::run(&config).await,
            Command::Reset { yes } => reset::run(&config, yes).await,
            Command::Rekey { new_key_file } => rekey::run(&config, new_key_file.as_deref()).await,
            Command::Export { passphrase_file, force, file } => {
                export::run(&config, passphrase_file.as_deref(), force, &file).await
            }
            Command::Import { passphrase_file, file } => import::run(&config, passphrase_file.as_deref(), &file).await,
            Command::Backup { file } => backup::run(&config, &file).await,
            Command::ImportLegacy { source } => import_legacy::run(&config, &source).await,
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

/// Writes a line for a person beside the standard output, which holds something else.
fn say_aside(text: &str) -> Result<(), AppError> {
    writeln!(std::io::stderr().lock(), "{text}")
        .map_err(|error| AppError::failed("could not write to the standard error output", error))
}

/// What an export or an import moved, in words.
fn moved(report: &MovingReport) -> String {
    let MovingReport { services, upstream_keys, client_keys, admin_users, records } = report;
    format!(
        "{records} records, among them {services} services, {upstream_keys} upstream keys, {client_keys} client keys and \
         {admin_users} administrators"
    )
}

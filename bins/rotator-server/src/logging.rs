//! Logs on the standard error output.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::LogConfig;
use crate::error::AppError;

/// Whether these directives can be read.
pub(crate) fn is_filter(directives: &str) -> bool {
    EnvFilter::builder().parse(directives).is_ok()
}

/// Starts logging; call it once.
pub(crate) fn start(config: &LogConfig) -> Result<(), AppError> {
    let filter = EnvFilter::builder()
        .parse(&config.filter)
        .map_err(|error| AppError::failed("could not read LOG_LEVEL", error))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = if config.json { builder.json().try_init() } else { builder.try_init() };
    started.map_err(|error| AppError::failed("could not start logging", error))
}

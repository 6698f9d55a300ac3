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
mod request_log;
mod responses;
#[cfg(test)]
mod scale;
mod serve;
mod usage;
mod waiting;
mod webhooks;

use std::process::ExitCode;

use crate::args::Args;

fn main() -> ExitCode {
    match config::load_dotenv().and_then(|()| Args::read()).and_then(commands::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

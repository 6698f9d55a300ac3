//! `log-level`.

use reqwest::Method;
use rotator_admin_api::wire::LogLevel;

use crate::api::Api;
use crate::error::CliError;
use crate::output::Output;

pub(super) async fn run(api: &Api, level: Option<String>, output: Output) -> Result<(), CliError> {
    let level: LogLevel = match level {
        None => api.get("log-level").await?,
        Some(level) => api.call(Method::PUT, "log-level", Some(&LogLevel { level })).await?,
    };
    output.show(&level, || level.level.clone())
}

//! `reset`: deletes everything from the database.

use super::say;
use crate::backends;
use crate::config::Config;
use crate::error::AppError;

pub(super) async fn run(config: &Config, yes: bool) -> Result<(), AppError> {
    if !yes && !config.reset_db_tables {
        return Err(AppError::config("RESET_DB_TABLES", "must be true, or --yes given: this deletes everything"));
    }
    let factory = backends::storage_factory(&config.database)?;
    factory
        .reset(&config.database, &config.database_options)
        .await
        .map_err(|error| AppError::failed("could not reset the database", error))?;
    say("The database is empty.")
}

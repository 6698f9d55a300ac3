//! `migrate`: brings the schema up to date.

use super::say;
use crate::compose;
use crate::config::Config;
use crate::error::AppError;

pub(super) async fn run(config: &Config) -> Result<(), AppError> {
    let storage = compose::open_storage(config).await?;
    storage.close().await;
    say("The schema is up to date.")
}

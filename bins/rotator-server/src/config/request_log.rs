//! How much of the log of requests is kept.

use rotator_request_log::Retention;

use super::{days, parse};
use crate::args::Settings;
use crate::error::AppError;

/// The least that makes sense, in bytes: one body.
const LEAST: u64 = 1024 * 1024;

pub(super) fn request_log(settings: &Settings) -> Result<Retention, AppError> {
    let usual = Retention::default();
    let (variable, message) = ("ROTATOR_LOG_SIZE", "must be a number of bytes, 1048576 or more");
    let size = parse(variable, settings.rotator_log_size.as_deref(), message)?.unwrap_or(usual.size);
    if size < LEAST {
        return Err(AppError::config(variable, message));
    }
    Ok(Retention { age: days("ROTATOR_LOG_KEPT", settings.rotator_log_kept.as_deref(), usual.age)?, size })
}

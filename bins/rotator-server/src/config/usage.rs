//! Whether usage is counted, and how long the figures are kept.

use rotator_domain::Timestamp;
use rotator_usage::{Prices, Retention};

use super::{days, given, parse_bool};
use crate::args::Settings;
use crate::error::AppError;

/// How usage is counted.
#[derive(Clone, Debug)]
pub(crate) struct UsageSettings {
    pub(crate) is_counted: bool,
    pub(crate) prices: Prices,
    pub(crate) retention: Retention,
}

pub(super) fn usage(settings: &Settings) -> Result<UsageSettings, AppError> {
    let usual = Retention::default();
    let counted = given(settings.rotator_usage.as_deref()).unwrap_or("true");
    Ok(UsageSettings {
        is_counted: parse_bool("ROTATOR_USAGE", Some(counted))?,
        prices: prices(settings)?,
        retention: Retention {
            minutes: days("ROTATOR_USAGE_MINUTES_KEPT", settings.rotator_usage_minutes_kept.as_deref(), usual.minutes)?,
            hours: days("ROTATOR_USAGE_HOURS_KEPT", settings.rotator_usage_hours_kept.as_deref(), usual.hours)?,
            days: days("ROTATOR_USAGE_DAYS_KEPT", settings.rotator_usage_days_kept.as_deref(), usual.days)?,
        },
    })
}

/// The shipped prices, and before them those of a file if one is named.
fn prices(settings: &Settings) -> Result<Prices, AppError> {
    let variable = "ROTATOR_PRICES";
    let Some(path) = given(settings.rotator_prices.as_deref()) else { return Ok(Prices::default()) };
    let text = std::fs::read_to_string(path)
        .map_err(|error| AppError::config(variable, format!("{path} cannot be read: {error}")))?;
    let prices = Prices::read(&text).map_err(|error| AppError::config(variable, format!("{path}: {error}")))?;
    // Only told: a file system without such times will do.
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let since = changed.and_then(|changed| changed.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(prices.since(since.map(|since| Timestamp::EPOCH.saturating_add(since))))
}

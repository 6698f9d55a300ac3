//! Whether usage is counted, and how long the figures are kept.

use std::time::Duration;

use rotator_usage::{Prices, Retention};

use super::{given, parse, parse_bool};
use crate::args::Settings;
use crate::error::AppError;

/// The longest time, in days.
const LONGEST: u64 = 36_500;

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
    Prices::read(&text).map_err(|error| AppError::config(variable, format!("{path}: {error}")))
}

/// A number of days; 0 means for ever.
fn days(variable: &'static str, text: Option<&str>, usual: Option<Duration>) -> Result<Option<Duration>, AppError> {
    let message = "must be a number of days, at most 36500; 0 keeps them for ever";
    match parse::<u64>(variable, text, message)? {
        None => Ok(usual),
        Some(0) => Ok(None),
        Some(days) if days <= LONGEST => Ok(Some(Duration::from_secs(days * 24 * 60 * 60))),
        Some(_) => Err(AppError::config(variable, message)),
    }
}

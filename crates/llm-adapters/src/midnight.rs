//! When the quota of a calendar day comes back.

use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use rotator_domain::Timestamp;

use crate::retry_after::LONGEST;

/// Google's day for quotas (<https://ai.google.dev/gemini-api/docs/rate-limits>). Its rules are compiled in, so that
/// they hold on machines without a time zone database.
static PACIFIC: TimeZone = jiff::tz::get!("America/Los_Angeles");

/// The day on which daylight saving ends has 25 hours.
const LONGEST_DAY: Duration = Duration::from_secs(25 * 60 * 60);

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// How long until midnight in US Pacific time.
pub(crate) fn pacific(now: Timestamp) -> Duration {
    // Fails only for a clock that is thousands of years off.
    next_pacific(now).unwrap_or(LONGEST).min(LONGEST_DAY)
}

/// How long until midnight in UTC.
pub(crate) fn utc(now: Timestamp) -> Duration {
    let left = DAY_MILLIS - now.as_millis().rem_euclid(DAY_MILLIS);
    Duration::from_millis(left.unsigned_abs())
}

fn next_pacific(now: Timestamp) -> Option<Duration> {
    let here = jiff::Timestamp::from_millisecond(now.as_millis()).ok()?.to_zoned(PACIFIC.clone());
    let midnight = here.start_of_day().ok()?.checked_add(1.day()).ok()?.start_of_day().ok()?;
    Some(Timestamp::from_millis(midnight.timestamp().as_millisecond()).saturating_since(now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn pacific_midnight_follows_daylight_saving() {
        let cases = [
            ("winter", "2026-01-15T20:00:00Z", "2026-01-16T08:00:00Z"),
            ("summer", "2026-07-15T20:00:00Z", "2026-07-16T07:00:00Z"),
            ("the evening before it begins", "2026-03-08T07:00:00Z", "2026-03-08T08:00:00Z"),
            ("the day it begins has 23 hours", "2026-03-08T08:00:00Z", "2026-03-09T07:00:00Z"),
            ("after the change of that day", "2026-03-08T20:00:00Z", "2026-03-09T07:00:00Z"),
            ("the day it ends has 25 hours", "2026-11-01T07:00:00Z", "2026-11-02T08:00:00Z"),
            ("the hour that comes twice", "2026-11-01T09:30:00Z", "2026-11-02T08:00:00Z"),
            ("a moment before midnight", "2026-07-16T06:59:59.999Z", "2026-07-16T07:00:00Z"),
            ("long after the rules' last year", "2050-07-15T20:00:00Z", "2050-07-16T07:00:00Z"),
        ];
        for (name, now, midnight) in cases {
            assert_eq!(pacific(at(now)), at(midnight).saturating_since(at(now)), "{name}");
        }
        assert_eq!(pacific(at("2026-03-08T08:00:00Z")), Duration::from_secs(23 * 3600));
        assert_eq!(pacific(at("2026-11-01T07:00:00Z")), Duration::from_secs(25 * 3600));
    }

    #[test]
    fn utc_midnight_is_the_next_one() {
        assert_eq!(utc(at("2026-01-15T20:00:00Z")), Duration::from_secs(4 * 3600));
        assert_eq!(utc(at("2026-01-15T00:00:00Z")), Duration::from_secs(24 * 3600));
        assert_eq!(utc(at("1969-12-31T23:00:00Z")), Duration::from_secs(3600));
    }

    proptest! {
        #[test]
        fn midnight_is_never_more_than_a_day_away(millis: i64) {
            let now = Timestamp::from_millis(millis);
            prop_assert!(pacific(now) <= LONGEST_DAY);
            prop_assert!(utc(now) <= LONGEST);
        }
    }
}

//! Times as the API writes them.

use rotator_domain::Timestamp;

/// RFC 3339 in UTC, to the millisecond.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    time.rfc3339()
}

/// A time as RFC 3339 writes it.
pub(crate) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
}

/// A moment as a parameter names it: a time (RFC 3339), a day in UTC, or how long ago it was, such as `24h`.
pub(crate) fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    from_rfc3339(text).or_else(|| start_of_day(text)).or_else(|| ago(text, now))
}

fn start_of_day(text: &str) -> Option<Timestamp> {
    let day: jiff::civil::Date = text.parse().ok()?;
    let start = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_millis(start.as_millisecond()))
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (at, unit) = text.char_indices().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    let count: u32 = text.get(..at)?.parse().ok()?;
    let millis = i64::from(count).checked_mul(seconds * 1000)?;
    Some(Timestamp::from_millis(now.as_millis().checked_sub(millis)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for millis in [0, -1, 1_767_225_600_007] {
            let time = Timestamp::from_millis(millis);
            assert_eq!(from_rfc3339(&rfc3339(time)), Some(time));
        }
        assert_eq!(from_rfc3339("2026-01-01T01:00:00+01:00"), Some(Timestamp::from_millis(1_767_225_600_000)));
        assert_eq!(from_rfc3339("yesterday"), None);
    }

    #[test]
    fn moments_are_times_days_and_how_long_ago() {
        let now = Timestamp::from_millis(1_767_225_600_000);
        let read = |text| moment(text, now).map(Timestamp::as_millis);
        assert_eq!(read("2026-01-01T00:00:00Z"), Some(1_767_225_600_000));
        assert_eq!(read("2025-12-31"), Some(1_767_139_200_000));
        let hour = 3_600_000;
        for (text, hours) in [("24h", 24), ("1d", 24), (" 2w ", 14 * 24), ("90m", 0), ("0s", 0)] {
            let expected = if text == "90m" { hour + hour / 2 } else { hours * hour };
            assert_eq!(read(text), Some(1_767_225_600_000 - expected), "{text}");
        }
        for bad in ["", "h", "-1h", "1y", "24", "yesterday", "2026-13-01", "1.5h", "99999999999h", "🔑"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_utc_to_the_millisecond() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_767_225_600_007)), "2026-01-01T00:00:00.007Z");
        assert!(rfc3339(Timestamp::from_millis(i64::MAX)).starts_with("9999-12-"));
    }
}

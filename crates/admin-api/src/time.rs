//! Times as the API writes them.

use rotator_domain::Timestamp;

/// RFC 3339 in UTC, to the millisecond.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    let shown = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap_or(jiff::Timestamp::MAX);
    format!("{shown:.3}")
}

/// A time as RFC 3339 writes it.
pub(crate) fn from_rfc3339(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(time.as_millisecond()))
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
    fn times_are_utc_to_the_millisecond() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_767_225_600_007)), "2026-01-01T00:00:00.007Z");
        assert!(rfc3339(Timestamp::from_millis(i64::MAX)).starts_with("9999-12-"));
    }
}

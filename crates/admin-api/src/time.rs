//! Times as the API writes them.

use rotator_domain::Timestamp;

/// RFC 3339 in UTC, to the millisecond.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    let shown = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap_or(jiff::Timestamp::MAX);
    format!("{shown:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_to_the_millisecond() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_767_225_600_007)), "2026-01-01T00:00:00.007Z");
        assert!(rfc3339(Timestamp::from_millis(i64::MAX)).starts_with("9999-12-"));
    }
}

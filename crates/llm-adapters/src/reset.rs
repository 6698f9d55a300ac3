//! The many spellings of «full again»: durations and points in time as vendors write them in headers and bodies.

use std::time::Duration;

use rotator_domain::Timestamp;

use crate::retry_after::LONGEST;

/// No vendor writes a time in more; whatever is longer is not looked at.
const LONGEST_TEXT: usize = 64;

/// From here on a plain number counts seconds since 1970, and from the second on milliseconds: 31 years of waiting, and
/// the year 1973. A number from the third on (the year 5138) is garbage.
const EPOCH_SECONDS: f64 = 1e9;
const EPOCH_MILLIS: f64 = 1e11;
const GARBAGE: f64 = 1e14;

/// How long after `now` a time is that stands as `6m0s` (Go's `time.Duration`, at OpenAI and Groq), `20ms`, seconds with
/// or without decimals, seconds or milliseconds since 1970, RFC 3339 (Anthropic) or an HTTP date. Zero when it is past,
/// a day when it is further away; `None` when it cannot be read.
pub(crate) fn wait(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_TEXT {
        return None;
    }
    match decimal(text) {
        Some(number) if number >= GARBAGE => None,
        Some(number) if number >= EPOCH_MILLIS => Some(until(number, now)),
        Some(number) if number >= EPOCH_SECONDS => Some(until(number * 1000.0, now)),
        Some(number) => Some(bounded(number)),
        None => span(text).map(bounded).or_else(|| date(text, now)),
    }
}

/// The wait that a message tells: `Please try again in 6m0s` (OpenAI, Groq), `Please retry in 20.04s` (Gemini), `retry
/// after 6 seconds` (Azure).
pub(crate) fn told(message: &str) -> Option<Duration> {
    let rest = ["try again in ", "retry in ", "retry after "].iter().find_map(|sign| {
        let at = message.find(sign)?;
        message.get(at + sign.len()..)
    })?;
    let word = rest.split_whitespace().next()?.trim_end_matches(['.', ',']);
    if word.len() > LONGEST_TEXT {
        return None;
    }
    decimal(word).or_else(|| span(word)).map(bounded)
}

/// A plain decimal number. Rust reads `inf`, `nan`, `-1` and `1e9` as numbers too, which no upstream means.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_plain.then(|| text.parse().ok())?
}

/// A wait of so many seconds, at most a day.
pub(crate) fn bounded(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.clamp(0.0, LONGEST.as_secs_f64()))
}

/// The seconds of numbers with units, such as `1h2m3.5s`.
fn span(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, unit_on) = rest.split_at(digits);
        let letters = unit_on.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(unit_on.len());
        let (unit, after) = unit_on.split_at(letters);
        seconds += number.parse::<f64>().ok()? * unit_seconds(unit)?;
        rest = after;
    }
    Some(seconds)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "d" => 86_400.0,
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" | "μs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

fn date(text: &str, now: Timestamp) -> Option<Duration> {
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(time) => Timestamp::from_millis(time.as_millisecond()),
        Err(_) => Timestamp::from(httpdate::parse_http_date(text).ok()?),
    };
    Some(at.saturating_since(now).min(LONGEST))
}

#[expect(clippy::cast_possible_truncation, reason = "below 1e14, and a fraction of a millisecond is of no interest")]
fn until(epoch_millis: f64, now: Timestamp) -> Duration {
    Timestamp::from_millis(epoch_millis as i64).saturating_since(now).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-01-01T00:00:00Z
    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    #[test]
    fn every_spelling_is_read() {
        let day = Some(86_400_000_000);
        let cases = [
            ("6m0s", Some(360_000_000)),
            ("20ms", Some(20_000)),
            ("1.5s", Some(1_500_000)),
            ("1h2m3.5s", Some(3_723_500_000)),
            ("2m59.56s", Some(179_560_000)),
            ("1m26.399999999s", Some(86_399_999)),
            ("250µs", Some(250)),
            ("34.074824224s", Some(34_074_824)),
            ("0s", Some(0)),
            ("7d", day),
            ("12", Some(12_000_000)),
            (" 0.25 ", Some(250_000)),
            ("33011.382867", Some(33_011_382_867)),
            ("999999999", day),
            ("1767225660", Some(60_000_000)),
            ("1767225660.5", Some(60_500_000)),
            ("1767225661500", Some(61_500_000)),
            ("1767225599", Some(0)),
            ("9999999999", day),
            ("2026-01-01T00:01:00Z", Some(60_000_000)),
            ("2026-01-01T01:01:00.5+01:00", Some(60_500_000)),
            ("2025-12-31T23:00:00Z", Some(0)),
            ("2999-01-01T00:00:00Z", day),
            ("Thu, 01 Jan 2026 00:01:00 GMT", Some(60_000_000)),
            ("1767225660000000000", None),
            ("999999999999999999999999999999999999999999999999", None),
            ("-5", None),
            ("-1s", None),
            ("NaN", None),
            ("inf", None),
            ("1e5", None),
            ("1..5s", None),
            ("s", None),
            ("5 s", None),
            ("5parsecs", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(wait(text, NOW).map(|wait| wait.as_micros()), expected, "{text}");
        }
        assert_eq!(wait(&"9".repeat(40 * 1024), NOW), None);
        assert_eq!(wait(&"1s".repeat(40), NOW), None);
    }

    #[test]
    fn a_clock_that_is_wrong_bounds_the_wait() {
        for millis in [i64::MIN, 0, i64::MAX] {
            let now = Timestamp::from_millis(millis);
            for text in ["1767225660", "2026-01-01T00:01:00Z", "Thu, 01 Jan 2026 00:01:00 GMT"] {
                assert!(wait(text, now).is_some_and(|wait| wait <= LONGEST), "{text} at {millis}");
            }
        }
    }

    #[test]
    fn a_message_tells_the_wait() {
        let cases = [
            ("Rate limit reached. Please try again in 20ms. Visit us.", Some(20)),
            ("Limit 3, used 3. Please try again in 6m0s.", Some(360_000)),
            ("Please retry in 20.04466179s.", Some(20_044)),
            ("Please retry after 6 seconds.", Some(6000)),
            ("Please try again in a moment.", None),
            ("Please try again in ", None),
            ("Slow down", None),
            ("", None),
        ];
        for (message, expected) in cases {
            assert_eq!(told(message).map(|wait| wait.as_millis()), expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_the_wait_is_bounded(text in ".{0,80}", millis: i64) {
            let now = Timestamp::from_millis(millis);
            prop_assert!(wait(&text, now).is_none_or(|wait| wait <= LONGEST));
            let message = format!("Please try again in {text}");
            prop_assert!(told(&message).is_none_or(|wait| wait <= LONGEST));
        }

        #[test]
        fn whatever_looks_like_a_time_the_wait_is_bounded(text in "[0-9.]{0,24}(d|h|m|s|ms|us|ns|T|Z|:|-)?[0-9.]{0,24}[smhZ]?") {
            prop_assert!(wait(&text, NOW).is_none_or(|wait| wait <= LONGEST));
        }
    }
}

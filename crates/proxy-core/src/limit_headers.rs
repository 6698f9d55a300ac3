//! How a client is told of its limits: in the headers that its SDK knows.
//!
//! OpenAI's: <https://platform.openai.com/docs/guides/rate-limits>, Anthropic's:
//! <https://docs.anthropic.com/en/api/rate-limits>. An upstream's own tell of a key that the client does not know, and go.

use std::fmt;
use std::io::Write;

use http::{HeaderMap, HeaderName, HeaderValue};
use rotator_domain::metering::{ClientStanding, GaugeStanding, Unit};
use rotator_domain::{Format, Timestamp};

const OPENAI: &str = "x-ratelimit-";
const ANTHROPIC: &str = "anthropic-ratelimit-";
const DAY: i64 = 24 * 60 * 60;

/// Tells how the limits stand. Of several limits of one unit the one with the least left is told.
pub(crate) fn tell(headers: &mut HeaderMap, standing: &ClientStanding, format: Option<Format>, now: Timestamp) {
    let others: Vec<HeaderName> = headers.keys().filter(|name| is_limit(name)).cloned().collect();
    for name in others {
        headers.remove(name);
    }
    headers.reserve(6);
    for unit in [Unit::Requests, Unit::Tokens] {
        let gauges = standing.gauges.iter().filter(|standing| standing.gauge.unit == unit);
        let Some(tightest) = gauges.min_by_key(|standing| standing.remaining()) else { continue };
        let Some([limit, remaining, ends]) = names(format, unit) else { continue };
        headers.insert(limit, HeaderValue::from(tightest.gauge.limit));
        headers.insert(remaining, HeaderValue::from(tightest.remaining()));
        if let Some(reset) = reset(tightest, format, now) {
            headers.insert(ends, reset);
        }
    }
}

/// The headers for the limit of a unit, what is left of it, and when that ends. As constants, so that no answer has their letters checked.
fn names(format: Option<Format>, unit: Unit) -> Option<[HeaderName; 3]> {
    const fn made(names: [&'static str; 3]) -> [HeaderName; 3] {
        let [limit, remaining, ends] = names;
        [HeaderName::from_static(limit), HeaderName::from_static(remaining), HeaderName::from_static(ends)]
    }
    Some(match (format, unit) {
        (Some(Format::Anthropic), Unit::Requests) => {
            const {
                made([
                    "anthropic-ratelimit-requests-limit",
                    "anthropic-ratelimit-requests-remaining",
                    "anthropic-ratelimit-requests-reset",
                ])
            }
        }
        (Some(Format::Anthropic), Unit::Tokens) => {
            const {
                made([
                    "anthropic-ratelimit-tokens-limit",
                    "anthropic-ratelimit-tokens-remaining",
                    "anthropic-ratelimit-tokens-reset",
                ])
            }
        }
        (_, Unit::Requests) => {
            const { made(["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"]) }
        }
        (_, Unit::Tokens) => {
            const { made(["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"]) }
        }
        (_, Unit::Nanodollars) => return None,
    })
}

fn is_limit(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with(OPENAI) || name.starts_with(ANTHROPIC)
}

/// When the window ends: as a time at Anthropic, as a duration at all others; a total has no end.
fn reset(standing: &GaugeStanding, format: Option<Format>, now: Timestamp) -> Option<HeaderValue> {
    let ends_at = standing.ends_at?;
    if format == Some(Format::Anthropic) {
        return value(rfc3339(ends_at));
    }
    let left = ends_at.saturating_since(now);
    let seconds = left.as_secs() + u64::from(left.subsec_millis() > 0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => value(format_args!("{seconds}s")),
        (0, minutes, seconds) => value(format_args!("{minutes}m{seconds}s")),
        (hours, minutes, seconds) => value(format_args!("{hours}h{minutes}m{seconds}s")),
    }
}

/// A short text as a header's value, without a detour over the heap: every answer has some.
fn value(text: impl fmt::Display) -> Option<HeaderValue> {
    let mut buffer = [0; 64];
    let mut left = buffer.as_mut_slice();
    write!(left, "{text}").ok()?;
    let length = 64 - left.len();
    HeaderValue::from_bytes(buffer.get(..length)?).ok()
}

/// A time in UTC, to the second.
fn rfc3339(time: Timestamp) -> impl fmt::Display {
    let (year, month, day) = time.date();
    let second = time.as_millis().div_euclid(1000).rem_euclid(DAY);
    let (hours, minutes, seconds) = (second / 3600, second / 60 % 60, second % 60);
    fmt::from_fn(move |f| write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z"))
}

#[cfg(test)]
mod tests {
    use rotator_domain::metering::{Gauge, Span};

    use super::*;

    const NOW: i64 = 1_700_000_123_456;

    fn told(format: Option<Format>) -> Vec<(String, String)> {
        let now = Timestamp::from_millis(NOW);
        let of = |unit, span: Span, limit, used| GaugeStanding {
            gauge: Gauge { unit, span, limit },
            used,
            reserved: 1,
            ends_at: span.window(now).end,
        };
        let gauges = vec![
            of(Unit::Requests, Span::Minute, 60, 9),
            of(Unit::Requests, Span::Day, 1000, 10),
            of(Unit::Tokens, Span::Total, 500, 600),
            of(Unit::Nanodollars, Span::Day, 1, 0),
        ];
        let mut headers = HeaderMap::new();
        for name in ["x-ratelimit-limit-images", "anthropic-ratelimit-requests-limit", "retry-after"] {
            headers.insert(name, HeaderValue::from_static("7"));
        }
        tell(&mut headers, &ClientStanding { gauges, in_flight: 1 }, format, now);
        let mut told: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
            .collect();
        told.sort();
        told
    }

    #[test]
    fn the_tightest_limits_are_told_and_the_upstreams_are_not() {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
        };
        let openai = [
            ("retry-after", "7"),
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-limit-tokens", "500"),
            ("x-ratelimit-remaining-requests", "50"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-requests", "37s"),
        ];
        assert_eq!(told(None), pairs(&openai));
        assert_eq!(told(Some(Format::Gemini)), pairs(&openai));
        let anthropic = [
            ("anthropic-ratelimit-requests-limit", "60"),
            ("anthropic-ratelimit-requests-remaining", "50"),
            ("anthropic-ratelimit-requests-reset", "2023-11-14T22:16:00Z"),
            ("anthropic-ratelimit-tokens-limit", "500"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("retry-after", "7"),
        ];
        assert_eq!(told(Some(Format::Anthropic)), pairs(&anthropic));
    }

    #[test]
    fn long_times_are_told_in_hours() {
        let standing = GaugeStanding {
            gauge: Gauge { unit: Unit::Requests, span: Span::Day, limit: 1 },
            used: 0,
            reserved: 0,
            ends_at: Some(Timestamp::from_millis(7_261_001)),
        };
        assert_eq!(reset(&standing, None, Timestamp::EPOCH).unwrap(), "2h1m2s");
        assert_eq!(reset(&standing, None, Timestamp::from_millis(7_200_001)).unwrap(), "1m1s");
    }
}

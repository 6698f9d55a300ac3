//! How long an upstream asks to wait.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName};
use rotator_domain::Timestamp;

use crate::reset::{bounded, decimal};

/// The longest wait that is believed; whoever asks for more is asked again after it.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// No number and no date is longer; whatever is, is not looked at.
const LONGEST_TEXT: usize = 256;

/// Reads `retry-after-ms` (OpenAI's SDKs, <https://github.com/openai/openai-python>), else `Retry-After` in seconds or as
/// an HTTP date (RFC 9110, section 10.2.3). What cannot be read is no answer; what is longer than a day is a day.
pub(crate) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim).filter(|text| text.len() <= LONGEST_TEXT);
    let millis = text(HeaderName::from_static("retry-after-ms")).and_then(decimal);
    if let Some(millis) = millis {
        return Some(bounded(millis / 1000.0));
    }
    let value = text(RETRY_AFTER)?;
    if let Some(seconds) = decimal(value) {
        return Some(bounded(seconds));
    }
    let date = Timestamp::from(httpdate::parse_http_date(value).ok()?);
    Some(date.saturating_since(now).min(LONGEST))
}

/// The header's name where it is there and cannot be read, or asks for more than is believed.
pub(crate) fn odd(headers: &HeaderMap, now: Timestamp) -> Option<&'static str> {
    let is_odd = || read(headers, now).is_none_or(|wait| wait == LONGEST);
    ["retry-after-ms", "retry-after"].into_iter().find(|name| headers.contains_key(*name)).filter(|_| is_odd())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wait(fields: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        // 2026-01-01T00:00:00Z
        read(&headers, Timestamp::from_millis(1_767_225_600_000))
    }

    #[test]
    fn reads_milliseconds_seconds_and_dates() {
        type Fields = &'static [(&'static str, &'static str)];
        const LONG: &str = "99999999999999999999999999999999999999999999999999999999999999999999999999999999";
        let cases: [(Fields, Option<u64>); 19] = [
            (&[("retry-after-ms", "1500"), ("retry-after", "9")], Some(1500)),
            (&[("retry-after-ms", "12.5")], Some(12)),
            (&[("retry-after-ms", "soon"), ("retry-after", "9")], Some(9000)),
            (&[("retry-after-ms", "-1"), ("retry-after", "9")], Some(9000)),
            (&[("retry-after", "30")], Some(30_000)),
            (&[("retry-after", " 0.25 ")], Some(250)),
            (&[("retry-after", "0")], Some(0)),
            (&[("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT")], Some(60_000)),
            (&[("retry-after", "Thursday, 01-Jan-26 00:01:00 GMT")], Some(60_000)),
            (&[("retry-after", "Wed, 31 Dec 2025 23:59:00 GMT")], Some(0)),
            (&[("retry-after", "Fri, 01 Jan 2027 00:00:00 GMT")], Some(86_400_000)),
            (&[("retry-after", "315360000")], Some(86_400_000)),
            (&[("retry-after", LONG)], Some(86_400_000)),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after", "inf")], None),
            (&[("retry-after", "later")], None),
            (&[("retry-after", "")], None),
            (&[], None),
        ];
        for (fields, expected) in cases {
            assert_eq!(wait(fields).map(|wait| wait.as_millis()), expected.map(u128::from), "{fields:?}");
        }
    }
}

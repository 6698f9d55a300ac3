//! The limits that headers tell, as tables of buckets.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use rotator_domain::{LimitReading, Resource, Timestamp};

use crate::reset;

/// No number is longer; whatever is, is not looked at.
const LONGEST_NUMBER: usize = 64;
/// The longest `RateLimit` field that is read, and how many of its items.
const LONGEST_FIELD: usize = 256;
const MOST_ITEMS: usize = 4;
static FIELD: HeaderName = HeaderName::from_static("ratelimit");

/// One row of a table: a bucket and the headers that tell of it.
#[derive(Debug)]
pub(crate) struct Bucket {
    resource: Resource,
    limit: Option<HeaderName>,
    remaining: Option<HeaderName>,
    reset: Option<HeaderName>,
    is_quota: bool,
}

/// What an answer's headers tell.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Every bucket that was told of.
    pub(crate) readings: Vec<LimitReading>,
    /// When the last of the empty ones is full again; `None` when none is empty, or none says when.
    pub(crate) empty_until: Option<Duration>,
    /// Whether an empty one counts for a day or longer.
    pub(crate) is_quota_empty: bool,
    /// The headers whose values cannot be read.
    pub(crate) odd_headers: Vec<&'static str>,
}

/// The row of headers that end alike: the limit, what remains and when it is full again. An empty name stands for none.
pub(crate) const fn bucket(resource: Resource, names: [&'static str; 3]) -> Bucket {
    row(resource, names, false)
}

/// The same for a day or longer: once it is empty, the key is of no use for long.
pub(crate) const fn quota(resource: Resource, names: [&'static str; 3]) -> Bucket {
    row(resource, names, true)
}

/// Names become those of headers here, when it is compiled, and not for each answer.
const fn row(resource: Resource, [limit, remaining, reset]: [&'static str; 3], is_quota: bool) -> Bucket {
    const fn named(name: &'static str) -> Option<HeaderName> {
        if name.is_empty() { None } else { Some(HeaderName::from_static(name)) }
    }
    Bucket { resource, limit: named(limit), remaining: named(remaining), reset: named(reset), is_quota }
}

/// What everybody uses who follows no vendor: the fields of the IETF's early drafts
/// (<https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06>) and their forerunners.
pub(crate) static COMMON: [Bucket; 2] = [
    bucket(Resource::Requests, ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]),
    bucket(Resource::Requests, ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]),
];

/// Reads the tables, and the `RateLimit` field of the IETF's later drafts.
pub(crate) fn read(tables: &[&'static [Bucket]], headers: &HeaderMap, now: Timestamp) -> Told {
    let mut told = Told::default();
    for bucket in tables.iter().copied().flatten() {
        let reading = LimitReading {
            resource: bucket.resource,
            limit: told.value(headers, bucket.limit.as_ref(), count),
            remaining: told.value(headers, bucket.remaining.as_ref(), count),
            resets_after: told.value(headers, bucket.reset.as_ref(), |value| reset::wait(value, now)),
        };
        told.add(reading, bucket.is_quota);
    }
    let field = headers.get(&FIELD).and_then(|field| field.to_str().ok());
    read_field(field.unwrap_or_default(), now, &mut told);
    told
}

/// A number of requests or tokens. Azure's `-1` says that there is no telling.
pub(crate) fn count(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.len() > LONGEST_NUMBER {
        return None;
    }
    // The early drafts append the window: `100, 100;w=60`. Some vendors write decimals.
    let number = text.split([',', ';', '.']).next()?.trim_end();
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())?
}

/// `"default";r=0;t=30, "daily";r=9;t=3600` and the older `limit=100, remaining=0, reset=30`
/// (<https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers>, 10 and 07).
fn read_field(field: &str, now: Timestamp, told: &mut Told) {
    if field.is_empty() || field.len() > LONGEST_FIELD {
        return;
    }
    let is_list = field.trim_start().starts_with('"');
    let items = field.split(|letter| is_list && letter == ',').take(MOST_ITEMS);
    for item in items {
        let value = |names: [&str; 2]| {
            item.split([';', ',']).find_map(|part| {
                let (name, value) = part.split_once('=')?;
                names.contains(&name.trim()).then(|| value.trim())
            })
        };
        let reading = LimitReading {
            resource: Resource::Requests,
            limit: value(["limit", "q"]).and_then(count),
            remaining: value(["remaining", "r"]).and_then(count),
            resets_after: value(["reset", "t"]).and_then(|value| reset::wait(value, now)),
        };
        told.add(reading, false);
    }
}

// === impl Told ===

impl Told {
    /// Reads a header, and notes its name where its value is neither that nor the vendors' word for none.
    fn value<T>(
        &mut self,
        headers: &HeaderMap,
        name: Option<&'static HeaderName>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let name = name?;
        let held = headers.get(name)?;
        let value = held.to_str().ok().and_then(read);
        let says_none = matches!(held.as_bytes(), b"" | b"-1");
        if value.is_none() && !says_none && !self.odd_headers.contains(&name.as_str()) {
            self.odd_headers.push(name.as_str());
        }
        value
    }

    /// Adds a reading, unless it says nothing.
    pub(crate) fn add(&mut self, reading: LimitReading, is_quota: bool) {
        if (reading.limit, reading.remaining, reading.resets_after) == (None, None, None) {
            return;
        }
        if reading.remaining == Some(0) {
            self.empty_until = self.empty_until.max(reading.resets_after.filter(|wait| !wait.is_zero()));
            self.is_quota_empty |= is_quota;
        }
        self.readings.push(reading);
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    static TABLE: [Bucket; 2] = [
        bucket(Resource::Requests, ["x-limit-requests", "x-remaining-requests", "x-reset-requests"]),
        quota(Resource::Tokens, ["x-limit-tokens", "x-remaining-tokens", ""]),
    ];

    fn told(fields: &[(&'static str, &str)]) -> Told {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        read(&[&COMMON, &TABLE], &headers, Timestamp::EPOCH)
    }

    /// (limit, remaining, seconds until it is full again)
    fn numbers(told: &Told) -> Vec<(Option<u64>, Option<u64>, Option<u64>)> {
        let seconds = |reading: &LimitReading| reading.resets_after.map(|wait| wait.as_secs());
        told.readings.iter().map(|reading| (reading.limit, reading.remaining, seconds(reading))).collect()
    }

    #[test]
    fn buckets_are_read_and_silent_ones_left_out() {
        let read = told(&[
            ("x-limit-requests", "60"),
            ("x-remaining-requests", "59"),
            ("x-reset-requests", "1m0s"),
            ("x-remaining-tokens", "149984.0"),
            ("ratelimit-limit", "100, 100;w=60"),
            ("ratelimit-remaining", "7"),
            ("ratelimit-reset", "30"),
        ]);
        let expected = [(Some(100), Some(7), Some(30)), (Some(60), Some(59), Some(60)), (None, Some(149_984), None)];
        assert_eq!(numbers(&read), expected);
        assert_eq!((read.empty_until, read.is_quota_empty), (None, false));
        assert!(told(&[]).readings.is_empty());
    }

    #[test]
    fn only_an_empty_bucket_says_how_long() {
        let read = told(&[
            ("x-remaining-requests", "1"),
            ("x-reset-requests", "1h"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "20"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "40"),
        ]);
        assert_eq!(read.empty_until, Some(Duration::from_secs(40)));
        assert!(!read.is_quota_empty);
        assert!(told(&[("x-remaining-tokens", "0")]).is_quota_empty);
        assert_eq!(told(&[("x-remaining-requests", "0"), ("x-reset-requests", "0s")]).empty_until, None);
    }

    #[test]
    fn the_drafts_field_is_read_in_both_forms() {
        let list = told(&[("ratelimit", r#""default";r=0;t=30, "daily";r=9;t=3600"#)]);
        assert_eq!(numbers(&list), [(None, Some(0), Some(30)), (None, Some(9), Some(3600))]);
        assert_eq!(list.empty_until, Some(Duration::from_secs(30)));
        let dictionary = told(&[("ratelimit", "limit=100, remaining=0, reset=5")]);
        assert_eq!(numbers(&dictionary), [(Some(100), Some(0), Some(5))]);
        assert!(told(&[("ratelimit", &"a;r=0,".repeat(500))]).readings.is_empty());
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        for value in ["-1", "", "many", "NaN", "99999999999999999999999999", "0x10", &"0".repeat(40 * 1024)] {
            assert!(told(&[("x-remaining-requests", value)]).readings.is_empty(), "{value:.40}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_bounded_readings(value in prop::collection::vec(any::<u8>(), 0..300)) {
            let Ok(value) = HeaderValue::from_bytes(&value) else { return Ok(()) };
            let mut headers = HeaderMap::new();
            for name in ["ratelimit", "x-limit-requests", "x-remaining-requests", "x-reset-requests"] {
                headers.insert(name, value.clone());
            }
            let told = read(&[&COMMON, &TABLE], &headers, Timestamp::EPOCH);
            prop_assert!(told.readings.len() <= 1 + MOST_ITEMS);
            let day = Duration::from_secs(86_400);
            prop_assert!(told.readings.iter().filter_map(|reading| reading.resets_after).all(|wait| wait <= day));
        }
    }
}

//! Times as they are typed.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// When something ends, as the server takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expiry(pub(crate) String);

// === impl Expiry ===

impl FromStr for Expiry {
    type Err = String;

    /// A length of time counts from now; anything with a `T` in it the server reads.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('T') {
            return Ok(Self(text.to_owned()));
        }
        let seconds = seconds(text).map_err(|error| format!("{error}, or a time such as 2030-01-31T12:00:00Z"))?;
        let length = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        let end = Timestamp::now().checked_add(length).map_err(|_| "is too far away".to_owned())?;
        Ok(Self(format!("{end:.0}")))
    }
}

/// A length of time: a whole number with `s`, `m`, `h` or `d`.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let units = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];
    let read = || {
        let (_, length) = units.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
        text.get(..text.len() - 1)?.trim().parse::<u64>().ok()?.checked_mul(length)
    };
    read().ok_or_else(|| "must be a number with s, m, h or d, such as 24h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_with_their_unit() {
        let read = ["90s", "30m", "24h", "7d", "0s"].map(|text| seconds(text).ok());
        assert_eq!(read, [90, 1_800, 86_400, 604_800, 0].map(Some));
        for text in ["", "7", "d", "-1d", "1.5h", "7w", "99999999999999999999d", "999999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_expiry_is_a_time_or_a_length_of_time() {
        let at = "2030-01-31T12:00:00Z";
        assert_eq!(at.parse::<Expiry>().unwrap().0, at);
        let in_an_hour: Timestamp = "1h".parse::<Expiry>().unwrap().0.parse().unwrap();
        let left = in_an_hour.duration_since(Timestamp::now()).as_secs();
        assert!((3_590..=3_600).contains(&left), "{left}");
        assert!("soon".parse::<Expiry>().is_err() && "999999999999d".parse::<Expiry>().is_err());
    }
}

//! What requests used, added up: by minute, service, upstream key, client key and model.

mod ended;
mod figures;
mod pricing;
mod tokens;

pub use ended::{End, EndedAttempt, EndedRequest, MOST_NANODOLLARS, MOST_TOKENS};
pub use figures::{Figure, UsageFigures};
pub use pricing::{PriceOverride, Pricing, TokenPrice, price_pattern};
pub use tokens::TokenUsage;

use crate::{ClientKeyId, KeyId, ServiceId, Timestamp};

/// The length of time whose figures are added up in one row, in milliseconds.
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Whose figures they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageSubject {
    /// The service that served, or that was asked.
    pub service: ServiceId,
    /// The upstream key; `None` for what no key had a part in.
    pub key: Option<KeyId>,
    /// The client key; `None` for one that is in the settings and not in the storage.
    pub client: Option<ClientKeyId>,
    /// The model, as the upstream calls it; `None` where the request names none.
    pub model: Option<String>,
}

/// The figures of one subject in one stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRow {
    /// When the stretch began.
    pub at: Timestamp,
    /// Whose they are.
    pub subject: UsageSubject,
    /// What was used.
    pub figures: UsageFigures,
}

/// How long the stretches are whose figures are added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day in UTC.
    Day,
}

// === impl Grain ===

impl Grain {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// Its name in the API and in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The grain of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| grain.name() == name)
    }

    /// When the stretch began that holds this time.
    #[must_use]
    pub fn start(self, at: Timestamp) -> Timestamp {
        let length = match self {
            Self::Minute => MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
        };
        Timestamp::from_millis(at.as_millis().div_euclid(length).saturating_mul(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_begins_at_a_whole_minute_hour_or_day() {
        let at = Timestamp::from_millis(1_700_000_123_456);
        assert_eq!(Grain::Minute.start(at).as_millis(), 1_700_000_100_000);
        assert_eq!(Grain::Hour.start(at).as_millis(), 1_699_999_200_000);
        assert_eq!(Grain::Day.start(at).as_millis(), 1_699_920_000_000);
        assert_eq!(Grain::Minute.start(Timestamp::from_millis(-1)).as_millis(), -60_000);
        for grain in Grain::ALL {
            assert_eq!(grain.start(grain.start(at)), grain.start(at));
            assert_eq!(Grain::from_name(grain.name()), Some(grain));
        }
    }
}

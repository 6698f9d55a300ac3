//! Windows of the calendar in UTC.

use crate::Timestamp;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// The Unix epoch was a Thursday; ISO weeks begin on Monday.
const MONDAY: i64 = 3;

/// How long a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// A minute.
    Minute,
    /// A day in UTC.
    Day,
    /// A week in UTC that begins on Monday.
    Week,
    /// A month in UTC.
    Month,
    /// All time.
    Total,
}

/// One window of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it begins.
    pub start: Timestamp,
    /// When the next one does.
    pub end: Option<Timestamp>,
}

// === impl Span ===

impl Span {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [Self::Minute, Self::Day, Self::Week, Self::Month, Self::Total];

    /// Its name in states and in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The span of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.name() == name)
    }

    /// Whether what was used in its windows must be known after a restart too.
    #[must_use]
    pub const fn outlives_a_restart(self) -> bool {
        !matches!(self, Self::Minute)
    }

    /// The window that holds this time.
    #[must_use]
    pub fn window(self, at: Timestamp) -> Window {
        let day = at.as_millis().div_euclid(DAY);
        let days = |from: i64, until: i64| (from.saturating_mul(DAY), Some(until.saturating_mul(DAY)));
        let (start, end) = match self {
            Self::Minute => {
                let minute = at.as_millis().div_euclid(MINUTE);
                (minute.saturating_mul(MINUTE), Some((minute + 1).saturating_mul(MINUTE)))
            }
            Self::Day => days(day, day + 1),
            Self::Week => {
                let monday = day - (day + MONDAY).rem_euclid(7);
                days(monday, monday + 7)
            }
            Self::Month => {
                let (year, month, _) = at.date();
                let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
                days(first_of(year, month), first_of(next_year, next))
            }
            Self::Total => (0, None),
        };
        Window { start: Timestamp::from_millis(start), end: end.map(Timestamp::from_millis) }
    }
}

// === impl Window ===

impl Window {
    /// Whether this time is in it.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.start <= at && self.end.is_none_or(|end| at < end)
    }
}

/// The day, counted from the Unix epoch, on which a month begins (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `days_from_civil`).
fn first_of(year: i64, month: u8) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(span: Span, at: i64) -> (i64, Option<i64>) {
        let Window { start, end } = span.window(Timestamp::from_millis(at));
        (start.as_millis(), end.map(Timestamp::as_millis))
    }

    #[test]
    fn windows_are_those_of_the_calendar() {
        // 2023-11-14T22:15:23.456Z, a Tuesday.
        let at = 1_700_000_123_456;
        assert_eq!(window(Span::Minute, at), (1_700_000_100_000, Some(1_700_000_160_000)));
        assert_eq!(window(Span::Day, at), (1_699_920_000_000, Some(1_700_006_400_000)));
        assert_eq!(window(Span::Week, at), (1_699_833_600_000, Some(1_700_438_400_000)));
        assert_eq!(window(Span::Month, at), (1_698_796_800_000, Some(1_701_388_800_000)));
        assert_eq!(window(Span::Total, at), (0, None));
        // The last millisecond of a leap day, and the turn of a year.
        assert_eq!(window(Span::Month, 1_709_251_199_999), (1_706_745_600_000, Some(1_709_251_200_000)));
        assert_eq!(window(Span::Month, 1_704_067_199_999), (1_701_388_800_000, Some(1_704_067_200_000)));
        assert_eq!(window(Span::Week, -1), (-259_200_000, Some(345_600_000)));
    }

    #[test]
    fn each_window_begins_where_the_one_before_it_ends() {
        for span in [Span::Minute, Span::Day, Span::Week, Span::Month] {
            let mut at = Timestamp::from_millis(1_582_934_400_000);
            for _ in 0..1000 {
                let window = span.window(at);
                assert_eq!(window.start, at.min(window.start));
                assert_eq!(span.window(window.start), window);
                at = window.end.unwrap();
                assert_eq!(span.window(at).start, at);
            }
        }
    }
}

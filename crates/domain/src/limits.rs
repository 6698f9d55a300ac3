//! Declared limits: their checks and their changes.

use crate::rotation::Limits;
use crate::validation::Checks;

/// What to change of declared limits: `None` leaves one as it is, `Some(None)` takes it away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitsChange {
    /// Requests in any 60 seconds.
    pub requests_per_minute: Option<Option<u32>>,
    /// Tokens in any 60 seconds.
    pub tokens_per_minute: Option<Option<u32>>,
    /// Requests in any 24 hours.
    pub requests_per_day: Option<Option<u32>>,
    /// Requests in flight.
    pub max_concurrency: Option<Option<u32>>,
}

// === impl LimitsChange ===

impl LimitsChange {
    /// Takes all limits away.
    pub const NONE: Self = Self {
        requests_per_minute: Some(None),
        tokens_per_minute: Some(None),
        requests_per_day: Some(None),
        max_concurrency: Some(None),
    };

    /// The limits with what is named changed.
    #[must_use]
    pub fn of(self, limits: Limits) -> Limits {
        Limits {
            requests_per_minute: self.requests_per_minute.unwrap_or(limits.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.unwrap_or(limits.tokens_per_minute),
            requests_per_day: self.requests_per_day.unwrap_or(limits.requests_per_day),
            max_concurrency: self.max_concurrency.unwrap_or(limits.max_concurrency),
        }
    }
}

/// Refuses limits of zero; `path` is where they stand.
pub(crate) fn check_limits(checks: &mut Checks, path: &str, limits: Limits) {
    let named = [
        ("rpm", limits.requests_per_minute),
        ("tpm", limits.tokens_per_minute),
        ("rpd", limits.requests_per_day),
        ("max_concurrency", limits.max_concurrency),
    ];
    for (name, _) in named.into_iter().filter(|(_, limit)| *limit == Some(0)) {
        checks.refuse(&format!("{path}.{name}"), "must be at least 1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_touches_only_what_is_named() {
        let before = Limits { requests_per_minute: Some(1), tokens_per_minute: Some(2), ..Limits::default() };
        assert_eq!(LimitsChange::default().of(before), before);
        assert_eq!(LimitsChange::NONE.of(before), Limits::default());
        let change =
            LimitsChange { requests_per_minute: Some(None), max_concurrency: Some(Some(4)), ..LimitsChange::default() };
        let after = Limits { tokens_per_minute: Some(2), max_concurrency: Some(4), ..Limits::default() };
        assert_eq!(change.of(before), after);
    }
}

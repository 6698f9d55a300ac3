//! The refusal of a client key's limit.

use std::fmt;
use std::time::Duration;

use rotator_domain::Timestamp;
use rotator_domain::metering::{Over, Overrun, Span, Unit};

/// A limit of a client key that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limited {
    over: Over,
    /// After which time the same request may pass; `None` where no time will help.
    pub(super) after: Option<Duration>,
}

// === impl Limited ===

impl Limited {
    pub(crate) fn new(overrun: Overrun, now: Timestamp) -> Self {
        Self { over: overrun.over, after: overrun.retry_at.map(|retry_at| retry_at.saturating_since(now)) }
    }

    /// OpenAI's words for what comes back by itself soon, and for what is spent
    /// (<https://platform.openai.com/docs/guides/error-codes>).
    pub(super) fn code(self) -> &'static str {
        let is_spent = match self.over {
            Over::Concurrent(_) => false,
            Over::Gauge(gauge) => {
                gauge.unit == Unit::Nanodollars || matches!(gauge.span, Span::Week | Span::Month | Span::Total)
            }
        };
        if is_spent { "insufficient_quota" } else { "rate_limit_exceeded" }
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gauge = match self.over {
            Over::Concurrent(most) => return write!(f, "This client key may have {most} requests in flight."),
            Over::Gauge(gauge) => gauge,
        };
        let time = match gauge.span {
            Span::Total => "in all".to_owned(),
            span => format!("in a {}", span.name()),
        };
        let limit = match gauge.unit {
            Unit::Nanodollars => {
                let cents = gauge.limit / 10_000_000;
                format!("{}.{:02} US dollars", cents / 100, cents % 100)
            }
            unit => format!("{} {}", gauge.limit, unit.name()),
        };
        match self.after {
            None if gauge.span != Span::Total => {
                write!(f, "The request may use more than the client key's whole limit of {limit} {time}.")
            }
            _ => write!(f, "The client key's limit of {limit} {time} leaves no room for the request."),
        }
    }
}

#[cfg(test)]
mod tests {
    use rotator_domain::metering::Gauge;

    use super::*;

    fn limited(unit: Unit, span: Span, limit: u64, retry_at: Option<i64>) -> Limited {
        let retry_at = retry_at.map(Timestamp::from_millis);
        Limited::new(Overrun { over: Over::Gauge(Gauge { unit, span, limit }), retry_at }, Timestamp::EPOCH)
    }

    #[test]
    fn what_is_told_names_the_limit_and_whether_time_helps() {
        let rate = limited(Unit::Requests, Span::Minute, 60, Some(5_000));
        assert_eq!((rate.code(), rate.after), ("rate_limit_exceeded", Some(Duration::from_secs(5))));
        assert_eq!(
            rate.to_string(),
            "The client key's limit of 60 requests in a minute leaves no room for the request."
        );
        let money = limited(Unit::Nanodollars, Span::Day, 10_510_000_000, Some(5_000));
        assert_eq!(money.code(), "insufficient_quota");
        assert!(money.to_string().contains("10.51 US dollars in a day"), "{money}");
        let spent = limited(Unit::Tokens, Span::Total, 8, None);
        assert_eq!((spent.code(), spent.after), ("insufficient_quota", None));
        assert!(spent.to_string().contains("8 tokens in all leaves no room"), "{spent}");
        let large = limited(Unit::Tokens, Span::Minute, 8, None);
        assert!(
            large.to_string().contains("more than the client key's whole limit of 8 tokens in a minute"),
            "{large}"
        );
    }
}

//! Whether an upstream is worth a try: after failures in a row it is left alone for a while, and then tried with one request.

use std::time::Duration;

use crate::Timestamp;

/// How many failures in a row open the breaker.
const FAILURES: u32 = 5;
/// For how long it stays open the first time; it doubles.
const FIRST_REST: Duration = Duration::from_secs(1);
/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// The breaker of one upstream. Only failures of the upstream as a whole count: connections that are refused, break or time
/// out. An answer, whatever it says, shows that it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    /// Until when nothing is sent; `None` while it is closed.
    open_until: Option<Timestamp>,
    /// How often it has opened since the last success.
    openings: u32,
    is_probing: bool,
}

/// What a breaker says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may be sent.
    Free,
    /// It may not, until then.
    Barred {
        /// When the next request is let through.
        until: Timestamp,
    },
}

// === impl Breaker ===

impl Breaker {
    /// Whether a request may be sent. Once a rest is over, one may; the others wait for what becomes of it.
    pub fn pass(&mut self, now: Timestamp) -> Passage {
        match self.open_until {
            None => Passage::Free,
            Some(until) if until > now || self.is_probing => Passage::Barred { until: until.max(now) },
            Some(_) => {
                self.is_probing = true;
                Passage::Free
            }
        }
    }

    /// The upstream has answered.
    pub fn succeed(&mut self) {
        *self = Self::default();
    }

    /// The upstream could not be reached, or broke the connection.
    pub fn fail(&mut self, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if self.is_probing || self.failures >= FAILURES {
            let rest = FIRST_REST.saturating_mul(1 << self.openings.min(10)).min(LONGEST_REST);
            self.openings = self.openings.saturating_add(1);
            self.open_until = Some(now.saturating_add(rest));
            self.is_probing = false;
        }
    }

    /// A request ended without showing anything: its client left.
    pub fn shrug(&mut self) {
        self.is_probing = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_probe_closes_it() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.fail(at(0));
        }
        assert_eq!(breaker.pass(at(0)), Passage::Free);
        breaker.succeed();
        for _ in 0..5 {
            breaker.fail(at(0));
        }
        assert_eq!(breaker.pass(at(999)), Passage::Barred { until: at(1000) });
        assert_eq!(breaker.pass(at(1000)), Passage::Free);
        assert_eq!(breaker.pass(at(1001)), Passage::Barred { until: at(1001) }, "one probe at a time");
        breaker.fail(at(1002));
        assert_eq!(breaker.pass(at(3001)), Passage::Barred { until: at(3002) }, "twice as long");
        assert_eq!(breaker.pass(at(3002)), Passage::Free);
        breaker.shrug();
        assert_eq!(breaker.pass(at(3003)), Passage::Free, "its client left");
        breaker.succeed();
        assert_eq!((breaker.pass(at(3004)), breaker.pass(at(3004))), (Passage::Free, Passage::Free));
    }

    #[test]
    fn rests_end_at_half_a_minute() {
        let (mut breaker, mut now, mut rests) = (Breaker::default(), 0, Vec::new());
        for _ in 0..4 {
            breaker.fail(at(now));
        }
        for _ in 0..7 {
            breaker.fail(at(now));
            let Passage::Barred { until } = breaker.pass(at(now)) else { panic!("it is closed") };
            rests.push(until.as_millis() - now);
            now = until.as_millis();
            assert_eq!(breaker.pass(at(now)), Passage::Free);
        }
        assert_eq!(rests, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    }
}

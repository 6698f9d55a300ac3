//! The state of one client key's limits.

use super::{
    Admission, Amounts, ClientAsk, ClientStanding, ClientUse, Gauge, GaugeStanding, MeteredLimits, Reservation, Seed,
    Span, Unit, Window, overrun,
};
use crate::Timestamp;

/// How quickly what is usual follows what is used: a request counts for so many-th of it.
const WEIGHT: u64 = 8;

/// What a client key has used and reserved. The time is passed in; a clock that goes back stays in its window.
#[derive(Clone, Debug, Default)]
pub struct ClientMeter {
    meters: Vec<Meter>,
    in_flight: u32,
    usual_tokens: Option<u64>,
    usual_nanodollars: Option<u64>,
}

/// What is counted of one unit in the window that is open.
#[derive(Clone, Copy, Debug)]
struct Meter {
    unit: Unit,
    span: Span,
    window: Window,
    used: u64,
    reserved: u64,
}

// === impl ClientMeter ===

impl ClientMeter {
    /// Lets a request in where every limit has room for it, and reserves what it may use.
    pub fn admit(&mut self, limits: &MeteredLimits, ask: &ClientAsk, now: Timestamp) -> Admission {
        let unknown = self.unknown(limits);
        if !unknown.is_empty() {
            return Admission::Unknown(unknown);
        }
        let amounts = Amounts {
            requests: 1,
            tokens: ask.tokens.amount(self.usual_tokens),
            nanodollars: ask.nanodollars.amount(self.usual_nanodollars),
        };
        let mut standing = self.standing(limits, now);
        if let Some(overrun) = overrun(limits, &standing, amounts, now) {
            return Admission::Refused(overrun, standing);
        }
        self.in_flight = self.in_flight.saturating_add(1);
        standing.in_flight = self.in_flight;
        for told in &mut standing.gauges {
            let meter = self.open(told.gauge.unit, told.gauge.span, now);
            meter.reserved = meter.reserved.saturating_add(amounts.of(meter.unit));
            told.reserved = meter.reserved;
        }
        let meters = limits.gauges.iter().map(|gauge| (gauge.unit, gauge.span)).collect();
        let reservation = Reservation { at: now, amounts, meters, ticket: None };
        Admission::Admitted(reservation, standing)
    }

    /// Puts what a request has used in the place of what it had reserved. Once a reservation.
    pub fn settle(&mut self, reservation: &Reservation, used: &ClientUse) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let amounts = used.amounts(reservation.amounts);
        for meter in &mut self.meters {
            // A window that has ended since is nobody's concern any more.
            let is_held = meter.window.holds(reservation.at) && reservation.meters.contains(&(meter.unit, meter.span));
            if is_held {
                meter.reserved = meter.reserved.saturating_sub(reservation.amounts.of(meter.unit));
                meter.used = meter.used.saturating_add(amounts.of(meter.unit));
            }
        }
        learn(&mut self.usual_tokens, used.tokens);
        learn(&mut self.usual_nanodollars, used.nanodollars);
    }

    /// Takes up what was used before anything was counted here; what is counted already knows better.
    pub fn seed(&mut self, seeds: &[Seed]) {
        for Seed { unit, span, start, used } in seeds.iter().copied() {
            if self.find(unit, span).is_none() {
                self.meters.push(Meter { unit, span, window: span.window(start), used, reserved: 0 });
            }
        }
    }

    /// The limits of which it is not known what was used.
    #[must_use]
    pub fn unknown(&self, limits: &MeteredLimits) -> Vec<Gauge> {
        let is_unknown = |gauge: &Gauge| gauge.span.outlives_a_restart() && self.find(gauge.unit, gauge.span).is_none();
        limits.gauges.iter().filter(|gauge| is_unknown(gauge)).copied().collect()
    }

    /// How the limits stand.
    #[must_use]
    pub fn standing(&self, limits: &MeteredLimits, now: Timestamp) -> ClientStanding {
        let gauges = limits.gauges.iter().map(|gauge| {
            let known = self.find(gauge.unit, gauge.span);
            let window = known.map_or_else(|| gauge.span.window(now), |meter| meter.window_at(now));
            let open = known.filter(|meter| meter.window.start >= window.start);
            let (used, reserved) = open.map_or((0, 0), |meter| (meter.used, meter.reserved));
            GaugeStanding { gauge: *gauge, used, reserved, ends_at: window.end }
        });
        ClientStanding { gauges: gauges.collect(), in_flight: self.in_flight }
    }

    fn find(&self, unit: Unit, span: Span) -> Option<&Meter> {
        self.meters.iter().find(|meter| (meter.unit, meter.span) == (unit, span))
    }

    /// The meter in its window of this time.
    fn open(&mut self, unit: Unit, span: Span, now: Timestamp) -> &mut Meter {
        let at = self.meters.iter().position(|meter| (meter.unit, meter.span) == (unit, span));
        let at = at.unwrap_or_else(|| {
            self.meters.push(Meter { unit, span, window: span.window(now), used: 0, reserved: 0 });
            self.meters.len() - 1
        });
        let meter = &mut self.meters[at];
        let window = meter.window_at(now);
        if meter.window.start < window.start {
            *meter = Meter { unit, span, window, used: 0, reserved: 0 };
        }
        meter
    }
}

// === impl Meter ===

impl Meter {
    /// The window of its span that holds this time; nearly always the one that is open.
    fn window_at(&self, now: Timestamp) -> Window {
        if self.window.holds(now) { self.window } else { self.span.window(now) }
    }
}

/// Follows what is used, so that it is met exactly where that stays the same.
fn learn(usual: &mut Option<u64>, used: Option<u64>) {
    let Some(used) = used.filter(|used| *used > 0) else { return };
    let step = |from: u64, to: u64| (to - from).div_ceil(WEIGHT);
    *usual = Some(match *usual {
        None => used,
        Some(usual) if usual < used => usual + step(usual, used),
        Some(usual) => usual - step(used, usual),
    });
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::super::{Estimate, Over};
    use super::*;

    const DAY: i64 = 86_400_000;

    fn time(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn limits(gauges: &[(Unit, Span, u64)]) -> MeteredLimits {
        let gauge = |(unit, span, limit): &(Unit, Span, u64)| Gauge { unit: *unit, span: *span, limit: *limit };
        MeteredLimits { gauges: gauges.iter().map(gauge).collect(), concurrent: None }
    }

    fn ask(tokens: Estimate) -> ClientAsk {
        ClientAsk { tokens, nanodollars: Estimate::AtMost(0) }
    }

    fn used(tokens: u64) -> ClientUse {
        ClientUse { is_request: true, tokens: Some(tokens), nanodollars: Some(0) }
    }

    fn seeded(limits: &MeteredLimits, amount: u64, now: Timestamp) -> ClientMeter {
        let mut meter = ClientMeter::default();
        let seeds: Vec<Seed> = meter
            .unknown(limits)
            .iter()
            .map(|gauge| Seed { unit: gauge.unit, span: gauge.span, start: gauge.span.window(now).start, used: amount })
            .collect();
        meter.seed(&seeds);
        meter
    }

    fn admitted(meter: &mut ClientMeter, limits: &MeteredLimits, tokens: Estimate, now: i64) -> Reservation {
        match meter.admit(limits, &ask(tokens), time(now)) {
            Admission::Admitted(reservation, _) => reservation,
            other => panic!("{other:?}"),
        }
    }

    fn refused(meter: &mut ClientMeter, limits: &MeteredLimits, tokens: Estimate, now: i64) -> Option<i64> {
        match meter.admit(limits, &ask(tokens), time(now)) {
            Admission::Refused(overrun, _) => overrun.retry_at.map(Timestamp::as_millis),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn with_the_same_usage_the_end_of_a_budget_is_met_exactly() {
        let limits = limits(&[(Unit::Tokens, Span::Total, 8 * 1000)]);
        let mut meter = seeded(&limits, 0, time(0));
        let (mut flying, mut served) = (VecDeque::new(), 0);
        loop {
            match meter.admit(&limits, &ask(Estimate::AsUsual(30)), time(0)) {
                Admission::Admitted(reservation, _) => {
                    flying.push_back(reservation);
                    served += 1;
                }
                Admission::Refused(overrun, _) if overrun.retry_at.is_none() => break,
                _ => {}
            }
            if flying.len() == 64 || served == 1000 {
                while let Some(reservation) = flying.pop_front() {
                    meter.settle(&reservation, &used(8));
                }
            }
        }
        assert_eq!(served, 1000);
        assert_eq!(meter.standing(&limits, time(0)).gauges[0].remaining(), 0);
    }

    #[test]
    fn a_refusal_says_when_it_ends() {
        let limits = limits(&[(Unit::Tokens, Span::Day, 100)]);
        let mut meter = seeded(&limits, 0, time(0));
        let first = admitted(&mut meter, &limits, Estimate::AtMost(60), 0);
        // Only what is reserved is in the way.
        assert_eq!(refused(&mut meter, &limits, Estimate::AtMost(60), 0), Some(1000));
        meter.settle(&first, &used(50));
        // Until the window's end.
        assert_eq!(refused(&mut meter, &limits, Estimate::AtMost(51), 5), Some(DAY));
        // For ever: there is no room for so much in any window.
        assert_eq!(refused(&mut meter, &limits, Estimate::AtMost(101), 5), None);
        let second = admitted(&mut meter, &limits, Estimate::AtMost(50), 5);
        let other_day = admitted(&mut meter, &limits, Estimate::AtMost(100), DAY);
        // What began yesterday counts for yesterday.
        meter.settle(&second, &used(50));
        meter.settle(&other_day, &used(1));
        assert_eq!(meter.standing(&limits, time(DAY)).gauges[0].used, 1);
    }

    #[test]
    fn a_total_never_ends_and_the_longest_wait_is_told() {
        let limits = MeteredLimits {
            concurrent: Some(1),
            ..limits(&[(Unit::Requests, Span::Minute, 1), (Unit::Requests, Span::Total, 2)])
        };
        let mut meter = seeded(&limits, 0, time(0));
        let one = admitted(&mut meter, &limits, Estimate::AtMost(0), 0);
        let told = meter.admit(&limits, &ask(Estimate::AtMost(0)), time(0));
        assert!(matches!(told, Admission::Refused(overrun, _) if overrun.retry_at == Some(time(1000))), "{told:?}");
        meter.settle(&one, &used(0));
        assert_eq!(refused(&mut meter, &limits, Estimate::AtMost(0), 1), Some(60_000));
        let two = admitted(&mut meter, &limits, Estimate::AtMost(0), 60_000);
        meter.settle(&two, &used(0));
        assert_eq!(refused(&mut meter, &limits, Estimate::AtMost(0), 120_000), None);
    }

    #[test]
    fn only_so_many_are_in_flight() {
        let limits = MeteredLimits { gauges: Vec::new(), concurrent: Some(2) };
        let mut meter = ClientMeter::default();
        let one = admitted(&mut meter, &limits, Estimate::AtMost(0), 0);
        let _two = admitted(&mut meter, &limits, Estimate::AtMost(0), 0);
        let told = meter.admit(&limits, &ask(Estimate::AtMost(0)), time(0));
        assert!(matches!(told, Admission::Refused(overrun, _) if overrun.over == Over::Concurrent(2)), "{told:?}");
        meter.settle(&one, &used(0));
        let _three = admitted(&mut meter, &limits, Estimate::AtMost(0), 0);
    }

    #[test]
    fn what_was_used_before_must_be_told_and_is_told_once() {
        let limits = limits(&[(Unit::Tokens, Span::Minute, 10), (Unit::Tokens, Span::Month, 10)]);
        let mut meter = ClientMeter::default();
        let told = meter.admit(&limits, &ask(Estimate::AtMost(1)), time(0));
        assert_eq!(told, Admission::Unknown(vec![limits.gauges[1]]));
        let seed = |used| Seed { unit: Unit::Tokens, span: Span::Month, start: time(0), used };
        meter.seed(&[seed(9)]);
        meter.seed(&[seed(5)]);
        let _last = admitted(&mut meter, &limits, Estimate::AtMost(1), 0);
        assert_eq!(refused(&mut meter, &limits, Estimate::AtMost(1), 0), Some(1000));
    }

    #[test]
    fn what_is_given_back_leaves_no_trace_and_what_is_not_told_counts_as_reserved() {
        let limits = limits(&[(Unit::Requests, Span::Day, 10), (Unit::Tokens, Span::Day, 100)]);
        let mut meter = seeded(&limits, 0, time(0));
        let before = meter.standing(&limits, time(0));
        let one = admitted(&mut meter, &limits, Estimate::AtMost(60), 0);
        meter.settle(&one, &ClientUse::NOTHING);
        assert_eq!(meter.standing(&limits, time(0)), before);
        let two = admitted(&mut meter, &limits, Estimate::AtMost(60), 0);
        meter.settle(&two, &ClientUse { is_request: true, tokens: None, nanodollars: None });
        let used: Vec<u64> = meter.standing(&limits, time(0)).gauges.iter().map(|gauge| gauge.used).collect();
        assert_eq!(used, [1, 60]);
    }

    #[test]
    fn what_is_usual_meets_what_stays_the_same() {
        let mut usual = None;
        learn(&mut usual, Some(1000));
        for _ in 0..200 {
            learn(&mut usual, Some(8));
        }
        assert_eq!(usual, Some(8));
        for _ in 0..200 {
            learn(&mut usual, Some(70));
        }
        learn(&mut usual, Some(0));
        learn(&mut usual, None);
        assert_eq!(usual, Some(70));
    }

    proptest! {
        #[test]
        fn no_limit_is_passed_where_requests_keep_to_what_they_reserved(
            steps in prop::collection::vec((0_u64..40, 0_i64..40_000, any::<bool>(), 0_u64..41), 1..200),
        ) {
            let limits = MeteredLimits {
                concurrent: Some(5),
                ..limits(&[(Unit::Requests, Span::Minute, 7), (Unit::Tokens, Span::Minute, 90), (Unit::Tokens, Span::Day, 500)])
            };
            let (mut now, mut flying) = (0, VecDeque::new());
            let mut meter = seeded(&limits, 3, time(0));
            for (tokens, later, ends, uses) in steps {
                now += later;
                if ends && let Some(reservation) = flying.pop_front() {
                    let reservation: Reservation = reservation;
                    meter.settle(&reservation, &used(uses.min(reservation.amounts.tokens)));
                }
                if let Admission::Admitted(reservation, _) = meter.admit(&limits, &ask(Estimate::AtMost(tokens)), time(now)) {
                    flying.push_back(reservation);
                }
                let standing = meter.standing(&limits, time(now));
                prop_assert_eq!(standing.in_flight as usize, flying.len());
                prop_assert!(flying.len() <= 5);
                for gauge in standing.gauges {
                    prop_assert!(gauge.used + gauge.reserved <= gauge.gauge.limit, "{:?}", gauge);
                }
            }
        }
    }
}

//! A modelled upstream: quotas that it enforces and of which its clients know what its answers tell.

use std::collections::VecDeque;
use std::time::Duration;

use rotator_domain::{LimitReading, LimitScope, Reading, Resource, Verdict};

use super::events::Millis;

pub(super) const MINUTE: Millis = 60_000;
pub(super) const DAY: Millis = 24 * 60 * MINUTE;

/// How a quota is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// So many in each minute of the upstream's clock.
    FixedMinute,
    /// So many in any 60 seconds.
    SlidingMinute,
    /// A bucket that holds a minute's worth and fills evenly.
    TokenBucket,
    /// So many in each day of the upstream's clock.
    Day,
    /// So many at once.
    Concurrency,
}

/// One hidden quota; the keys of a project share it.
#[derive(Clone, Debug)]
pub(super) struct Quota {
    pub(super) kind: Kind,
    pub(super) limit: u32,
    /// Whether answers tell the state, and refusals when to come back.
    tells: bool,
    /// What its refusals concern.
    scope: LimitScope,
    /// When the minute or the day of the upstream's clock begins.
    phase: Millis,
    used: u32,
    window: i64,
    recent: VecDeque<Millis>,
    level: f64,
    level_at: Millis,
    in_flight: u32,
}

// === impl Quota ===

impl Quota {
    pub(super) fn new(kind: Kind, limit: u32, tells: bool, phase: Millis) -> Self {
        Self {
            kind,
            limit,
            tells,
            scope: LimitScope::Model,
            phase,
            used: 0,
            window: i64::MIN,
            recent: VecDeque::new(),
            level: f64::from(limit),
            level_at: 0,
            in_flight: 0,
        }
    }

    /// The same of an upstream that knows no models.
    pub(super) fn of_key(self) -> Self {
        Self { scope: LimitScope::Key, ..self }
    }

    /// What it is, for the report.
    pub(super) fn name(&self) -> String {
        let kind = match self.kind {
            Kind::FixedMinute => "fixed minute",
            Kind::SlidingMinute => "sliding minute",
            Kind::TokenBucket => "token bucket",
            Kind::Day => "day",
            Kind::Concurrency => "concurrency",
        };
        format!("{kind}, {}", if self.tells { "told" } else { "bare 429" })
    }

    /// A request comes in: it is taken on, or refused.
    pub(super) fn arrive(&mut self, now: Millis) -> (bool, Reading) {
        self.advance(now);
        let left = self.left();
        if left == 0 {
            let verdict = match (self.tells, self.kind) {
                (true, Kind::Day) => Verdict::OutOfQuota { after: Some(self.returns(now)), scope: self.scope },
                (true, _) => Verdict::CoolDown { after: Some(self.returns(now)), scope: self.scope },
                (false, _) => Verdict::CoolDown { after: None, scope: self.scope },
            };
            return (false, Reading { limits: self.told(now, 0), ..Reading::plain(verdict) });
        }
        self.used += 1;
        self.in_flight += 1;
        self.level -= 1.0;
        if self.kind == Kind::SlidingMinute {
            self.recent.push_back(now);
        }
        (true, Reading { limits: self.told(now, left - 1), ..Reading::plain(Verdict::Healthy) })
    }

    /// A request that was taken on has ended.
    pub(super) fn end(&mut self) {
        self.in_flight -= 1;
    }

    /// The operator of the upstream gives another limit.
    pub(super) fn change(&mut self, limit: u32, now: Millis) {
        self.advance(now);
        self.limit = limit;
        self.level = self.level.min(f64::from(limit));
    }

    /// How many could be taken on from `now` on for so long, given that the limit stays, with requests that take
    /// `service` milliseconds on average. Windows and buckets count in proportion; what is left in a bucket or in a day
    /// at the beginning counts once, and every day that begins counts in full.
    pub(super) fn capacity(&mut self, now: Millis, length: Millis, service: f64) -> f64 {
        self.advance(now);
        let limit = f64::from(self.limit);
        let time = length as f64;
        match self.kind {
            Kind::FixedMinute | Kind::SlidingMinute => limit * time / MINUTE as f64,
            Kind::TokenBucket => self.level + limit * time / MINUTE as f64,
            Kind::Day => {
                let days = self.window_at(now + length) - self.window_at(now);
                f64::from(self.left()) + limit * days as f64
            }
            Kind::Concurrency => limit * time / service,
        }
    }

    fn advance(&mut self, now: Millis) {
        let window = self.window_at(now);
        if window != self.window {
            (self.window, self.used) = (window, 0);
        }
        while self.recent.front().is_some_and(|first| *first <= now - MINUTE) {
            self.recent.pop_front();
        }
        let filled = self.level + (now - self.level_at) as f64 * f64::from(self.limit) / MINUTE as f64;
        (self.level, self.level_at) = (filled.min(f64::from(self.limit)), now);
    }

    fn window_at(&self, now: Millis) -> i64 {
        (now - self.phase).div_euclid(self.window_length())
    }

    fn window_length(&self) -> Millis {
        if self.kind == Kind::Day { DAY } else { MINUTE }
    }

    fn left(&self) -> u32 {
        match self.kind {
            Kind::FixedMinute | Kind::Day => self.limit.saturating_sub(self.used),
            Kind::SlidingMinute => self.limit.saturating_sub(u32::try_from(self.recent.len()).unwrap_or(u32::MAX)),
            Kind::TokenBucket => self.level.max(0.0) as u32,
            Kind::Concurrency => self.limit.saturating_sub(self.in_flight),
        }
    }

    /// What a refusal says in its `Retry-After`, in whole seconds as in HTTP.
    fn returns(&self, now: Millis) -> Duration {
        let after = match self.kind {
            Kind::FixedMinute | Kind::Day => self.window_end(now),
            Kind::SlidingMinute => self.recent.front().map_or(now, |first| first + MINUTE),
            Kind::TokenBucket => now + ((1.0 - self.level) * MINUTE as f64 / f64::from(self.limit)) as Millis,
            Kind::Concurrency => now + 1,
        } - now;
        Duration::from_secs(u64::try_from(after).unwrap_or(0).div_ceil(1000))
    }

    fn window_end(&self, now: Millis) -> Millis {
        (self.window_at(now) + 1) * self.window_length() + self.phase
    }

    /// The headers of an answer. Nobody tells how many may be in flight.
    fn told(&self, now: Millis, left: u32) -> Vec<LimitReading> {
        if !self.tells || self.kind == Kind::Concurrency {
            return Vec::new();
        }
        let full = match self.kind {
            Kind::FixedMinute | Kind::Day | Kind::Concurrency => self.window_end(now),
            Kind::SlidingMinute => self.recent.back().map_or(now, |last| last + MINUTE),
            Kind::TokenBucket => {
                now + ((f64::from(self.limit) - self.level) * MINUTE as f64 / f64::from(self.limit)) as Millis
            }
        };
        vec![LimitReading {
            resource: Resource::Requests,
            limit: Some(u64::from(self.limit)),
            remaining: Some(u64::from(left)),
            resets_after: Some(Duration::from_millis(u64::try_from(full - now).unwrap_or(0))),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(quota: &mut Quota, now: Millis, count: usize) -> usize {
        (0..count).filter(|_| quota.arrive(now).0).count()
    }

    #[test]
    fn each_kind_of_quota_takes_on_what_its_limit_allows() {
        let mut fixed = Quota::new(Kind::FixedMinute, 10, false, 5_000);
        assert_eq!([4_999, 5_000, 64_999, 65_000].map(|now| taken(&mut fixed, now, 20)), [10, 10, 0, 10]);
        let mut sliding = Quota::new(Kind::SlidingMinute, 10, false, 0);
        assert_eq!([0, 59_999, 60_000].map(|now| taken(&mut sliding, now, 20)), [10, 0, 10]);
        let mut bucket = Quota::new(Kind::TokenBucket, 60, false, 0);
        assert_eq!([0, 500, 1_000, 3_000].map(|now| taken(&mut bucket, now, 100)), [60, 0, 1, 2]);
        let mut day = Quota::new(Kind::Day, 10, false, 1000);
        assert_eq!([0, 1000, DAY, DAY + 1000].map(|now| taken(&mut day, now, 20)), [10, 10, 0, 10]);
        let mut at_once = Quota::new(Kind::Concurrency, 2, false, 0);
        assert_eq!(taken(&mut at_once, 0, 3), 2);
        at_once.end();
        assert_eq!(taken(&mut at_once, 0, 3), 1);
    }

    #[test]
    fn what_is_told_is_what_holds() {
        let mut quota = Quota::new(Kind::FixedMinute, 2, true, 0);
        let first = quota.arrive(1000).1;
        assert_eq!((first.limits[0].remaining, first.limits[0].resets_after), (Some(1), Some(Duration::from_secs(59))));
        quota.arrive(2000);
        let (is_taken, refusal) = quota.arrive(2500);
        let verdict = Verdict::CoolDown { after: Some(Duration::from_secs(58)), scope: LimitScope::Model };
        assert_eq!((is_taken, refusal.verdict), (false, verdict));
        let mut silent = Quota::new(Kind::FixedMinute, 0, false, 0);
        assert_eq!(silent.arrive(0).1, Reading::plain(Verdict::CoolDown { after: None, scope: LimitScope::Model }));
    }
}

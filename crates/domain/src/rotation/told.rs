//! What an upstream tells of one limit in the headers of its answers.
//!
//! A reading is as old as the request that it came with: what was sent after that request is taken off it. Some upstreams
//! count in windows, and the reset is when the next one begins; others refill bit by bit, and the reset is when all is there
//! again. Which it is shows where there is more than there should be before the reset.

use std::time::Duration;

use crate::{LimitReading, Timestamp};

/// How long a limit without a reset time is believed.
const UNTOLD_RESET: Duration = Duration::from_secs(60);

/// After so many refusals of what should have refilled, the reset is waited for: it does not refill evenly.
const MOST_FAILURES: u8 = 3;

/// A reset that is further away is not that of a minute.
const LONGEST_MINUTE: Duration = Duration::from_secs(61);

/// One limit as it was told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    left: u64,
    limit: Option<u64>,
    resets_at: Timestamp,
    /// The request whose answer told it last, by its number in the bucket.
    number: u32,
    /// How many milliseconds bring one more back, where it refills bit by bit.
    refill_ms: Option<u32>,
    /// Up to when it was refilled.
    refilled_at: Timestamp,
    /// How often it was refused although it should have refilled.
    failures: u8,
    /// Whether its resets are never further away than a minute.
    is_of_minute: bool,
    /// Whether the reset has passed and no answer has told anything since.
    is_stale: bool,
}

// === impl Told ===

impl Told {
    /// Takes up a reading of the request `number`, after which `used` more was sent; `is_alone` where nothing else is in
    /// flight. `retry_after` is what a refusal said besides.
    pub(super) fn observe(
        held: &mut Option<Self>,
        reading: &LimitReading,
        number: u32,
        used: u64,
        is_alone: bool,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) {
        let Some(remaining) = reading.remaining else { return };
        // An answer that was slow knows less than one that is here already.
        if held.is_some_and(|held| newer(held.number, number)) {
            return;
        }
        // What is held may have been reset since it was last looked at.
        held.iter_mut().for_each(|held| held.advance(now));
        let resets_after = reading.resets_after.unwrap_or(UNTOLD_RESET);
        let mut left = remaining.saturating_sub(used);
        let limit = reading.limit.or(held.and_then(|held| held.limit));
        let returns_early =
            remaining == 0 && retry_after.is_some_and(|after| after + Duration::from_secs(2) < resets_after);
        let in_window = held.filter(|held| !held.is_stale && held.resets_at > now);
        let was_refilled = in_window.is_some_and(|held| {
            let is_partial = !was_reset(remaining, limit);
            is_alone && is_partial && left > held.left.saturating_add(1)
        });
        let has_refilled = held.is_some_and(|held| held.refill_ms.is_some());
        let has_failed = has_refilled && remaining == 0 && retry_after.is_some();
        let failures = held.map_or(0, |held| held.failures).saturating_add(u8::from(has_failed));
        let refills = failures < MOST_FAILURES && (returns_early || was_refilled || has_refilled);
        if let Some(held) = held.filter(|held| held.limit.is_some() && !refills && !is_alone) {
            // Requests overtake one another on their way: what was counted here is no less true.
            left = left.min(held.left);
        }
        let missing = limit.map(|limit| limit.saturating_sub(remaining)).filter(|missing| *missing > 0);
        let refill_ms = match missing {
            Some(missing) if refills => {
                let each = u64::try_from(resets_after.as_millis()).unwrap_or(u64::MAX) / missing;
                Some(u32::try_from(each).unwrap_or(u32::MAX).max(1))
            }
            _ => held.filter(|_| refills).and_then(|held| held.refill_ms),
        };
        let is_of_minute = resets_after <= LONGEST_MINUTE && held.is_none_or(|held| held.is_of_minute);
        let resets_at = now.saturating_add(resets_after);
        *held = Some(Self {
            left,
            limit,
            resets_at,
            number,
            refill_ms,
            refilled_at: now,
            failures,
            is_of_minute,
            is_stale: false,
        });
    }

    /// Whether there is enough left for `needed`, and when there is where not. Of a bucket that was not heard of since its
    /// reset nobody knows more than its limit: with some of its requests in flight, `None` says to wait for one.
    pub(super) fn room(&mut self, needed: u64, in_flight: u32, now: Timestamp) -> Option<Timestamp> {
        self.advance(now);
        if self.left >= needed.max(1) {
            return Some(now);
        }
        if self.is_stale {
            return (in_flight == 0).then_some(now);
        }
        let Some(each) = self.refill_ms else { return Some(self.resets_at) };
        let missing = needed.max(1).saturating_sub(self.left);
        let wait = Duration::from_millis(u64::from(each).saturating_mul(missing));
        Some(self.refilled_at.saturating_add(wait).min(self.resets_at).max(now))
    }

    /// The limit of any 60 seconds, where what was used returns as unevenly as it was used.
    pub(super) fn slides(&self) -> Option<u32> {
        let limit = self.limit.filter(|_| self.is_of_minute && self.failures >= MOST_FAILURES);
        limit.and_then(|limit| u32::try_from(limit).ok())
    }

    /// Whether nothing at all is left.
    pub(super) const fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Takes off what is about to be used.
    pub(super) const fn reserve(&mut self, used: u64) {
        self.left = self.left.saturating_sub(used);
    }

    fn advance(&mut self, now: Timestamp) {
        if self.resets_at <= now && !self.is_stale {
            self.is_stale = true;
            // Without a limit, one request shows how much there is.
            self.left = self.limit.unwrap_or(0);
        } else if let Some(each) = self.refill_ms.filter(|_| !self.is_stale) {
            let gained = now.saturating_since(self.refilled_at).as_millis() / u128::from(each.max(1));
            let gained = u64::try_from(gained).unwrap_or(u64::MAX);
            self.left = self.left.saturating_add(gained).min(self.limit.unwrap_or(u64::MAX));
            let time = Duration::from_millis(gained.saturating_mul(u64::from(each)));
            self.refilled_at = self.refilled_at.saturating_add(time);
        }
    }
}

/// Whether so much is left that a window must have begun.
fn was_reset(remaining: u64, limit: Option<u64>) -> bool {
    limit.is_none_or(|limit| remaining >= limit - limit / 4)
}

/// Whether the first number comes after the second; they wrap.
const fn newer(one: u32, other: u32) -> bool {
    one != other && one.wrapping_sub(other) < u32::MAX / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Resource;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn reading(remaining: u64, seconds: u64) -> LimitReading {
        LimitReading {
            resource: Resource::Requests,
            limit: Some(60),
            remaining: Some(remaining),
            resets_after: Some(Duration::from_secs(seconds)),
        }
    }

    fn told(readings: &[(u32, u64, u64, Option<u64>, i64)]) -> Told {
        let mut held = None;
        for (number, remaining, seconds, retry_after, millis) in readings {
            let after = retry_after.map(Duration::from_secs);
            Told::observe(&mut held, &reading(*remaining, *seconds), *number, 0, true, after, at(*millis));
        }
        held.unwrap()
    }

    #[test]
    fn an_answer_that_was_slow_does_not_undo_a_newer_one() {
        let mut told = told(&[(7, 0, 30, None, 0), (3, 20, 30, None, 10)]);
        assert_eq!(told.room(1, 1, at(20)), Some(at(30_000)));
    }

    #[test]
    fn what_was_left_before_a_reset_says_nothing_of_what_is_told_after_it() {
        let mut held = None;
        let mut tell = |number, remaining, millis| {
            Told::observe(&mut held, &reading(remaining, 2), number, 0, false, None, at(millis));
            held
        };
        tell(1, 0, 0);
        let mut told = tell(2, 5, 3_000).unwrap();
        assert_eq!(told.room(1, 3, at(3_000)), Some(at(3_000)));
    }

    #[test]
    fn after_the_reset_there_is_the_limit_and_no_more_until_an_answer_tells() {
        let mut told = told(&[(1, 0, 30, None, 0)]);
        for _ in 0..60 {
            assert_eq!(told.room(1, 3, at(30_000)), Some(at(30_000)));
            told.reserve(1);
        }
        assert_eq!(told.room(1, 60, at(30_001)), None);
        assert_eq!(told.room(1, 0, at(30_001)), Some(at(30_001)), "nobody is left who could tell");
    }

    #[test]
    fn a_bucket_that_refills_bit_by_bit_is_not_waited_for_until_it_is_full() {
        // A refusal that lets the client return before the reset.
        let mut early = told(&[(1, 0, 60, Some(1), 0)]);
        assert_eq!((early.room(1, 0, at(1)), early.room(1, 0, at(1000))), (Some(at(1000)), Some(at(1000))));
        // More is left than there should be, and not all: no window has begun.
        let mut more = told(&[(1, 20, 40, None, 0), (2, 25, 35, None, 10_000)]);
        for _ in 0..25 {
            more.reserve(1);
        }
        assert_eq!(more.room(1, 0, at(10_000)), Some(at(11_000)));
        // A window has begun.
        let mut window = told(&[(1, 2, 5, None, 0), (2, 58, 60, None, 4_900)]);
        for _ in 0..58 {
            window.reserve(1);
        }
        assert_eq!(window.room(1, 0, at(5_000)), Some(at(64_900)));
    }
}

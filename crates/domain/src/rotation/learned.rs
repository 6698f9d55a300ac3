//! Limits that an upstream enforces and does not tell, found by running into them.
//!
//! A refusal without numbers means that too much was asked at once or lately. What was accepted in the last two minutes tells
//! the two apart: more in flight than was accepted then is too many at once. Whatever way an upstream counts a minute, it has
//! accepted no less than its limit in the 60 seconds before it refuses; so that count is the first guess, and too high where
//! its minutes are those of a clock: then the guess falls while refusals go on. A limit that holds is tried a little higher,
//! ever more rarely while it proves right and in larger steps while it does not.

mod cap;

use std::time::Duration;

use self::cap::Cap;
use super::window::Window;
use crate::Timestamp;

/// Within this time after a conclusion, more refusals may be those of requests that were on their way already.
const ECHO: Duration = Duration::from_secs(5);
/// What was accepted counts for one to two times this long.
const EPOCH: Duration = Duration::from_secs(60);
/// A quota that stays used up for longer is not one of a minute.
const MINUTE_OVER: Duration = Duration::from_secs(75);

/// The first guess at how long after the end of a request its place is free again; it trebles with each refusal.
const FIRST_LATENESS: Duration = Duration::from_millis(20);
/// No place is free later than this; who is refused all the same is refused for another reason.
const LONGEST_LATENESS: Duration = Duration::from_secs(1);
/// So short a time before, an end may not have been noticed upstream although nothing shows yet that ends are noticed late.
const JUST_ENDED_MS: u32 = 100;

/// A key that was refused before begins with so many at once, and then doubles what was accepted.
const SLOW_START: u32 = 4;

/// How much was going on when a request was sent, itself included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// Requests in flight.
    pub(super) in_flight: u32,
    /// Requests in the last minute.
    pub(super) in_minute: u32,
    /// The request's number in its bucket.
    pub(super) number: u32,
    /// How many milliseconds before it another had ended.
    pub(super) released_ms: u32,
}

/// What was concluded from a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conclusion {
    /// Too many at once.
    Concurrency,
    /// Not too many, but one of the places was not free again: leave it alone for so long.
    Late(Duration),
    /// Too many lately.
    Rate,
}

/// What was learned about one bucket.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    rate: Option<Cap>,
    concurrency: Option<Cap>,
    was_refused: bool,
    /// The most that was accepted in this epoch and in the one before.
    accepted: [Peak; 2],
    epoch: Option<Timestamp>,
    /// How many were accepted since the last refusal, and since when.
    returned: Option<(Timestamp, u32)>,
    /// When too many at once was last the conclusion, and how often in a row.
    struck: Option<(Timestamp, u8)>,
    /// When the refusals in a row began, and the rate that was believed before.
    refused: Option<Box<(Timestamp, Option<Cap>)>>,
    /// When a request last ended.
    released: Option<Timestamp>,
    late: Option<Box<Late>>,
}

/// The upstream has a place free again only some time after a request has ended, as seen from here.
#[derive(Clone, Debug)]
struct Late {
    micros: u32,
    /// The requests that have ended within that time.
    ended: Window,
}

#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    in_flight: u32,
    in_minute: u32,
}

// === impl Learned ===

impl Learned {
    /// The most requests in a minute; `None` when no limit was found.
    pub(super) fn rate(&self, now: Timestamp) -> Option<u32> {
        self.rate.map(|cap| cap.allowed(now))
    }

    /// The most requests in flight; `None` when no limit was found.
    pub(super) fn concurrency(&self, now: Timestamp) -> Option<u32> {
        let cap = self.concurrency.map(|cap| cap.allowed(now));
        let start = self.was_refused.then(|| self.slow_start(now));
        [cap, start].into_iter().flatten().min()
    }

    /// The first time from now on at which a place is free, given that so many are in flight; `None` as long as one must end.
    pub(super) fn place(&mut self, in_flight: u32, now: Timestamp) -> Option<Timestamp> {
        let Some(most) = self.concurrency(now) else { return Some(now) };
        let left = most.checked_sub(in_flight).filter(|left| *left > 0)?;
        Some(self.late.as_mut().map_or(now, |late| late.ended.room_for_request(now, left)))
    }

    /// A request has ended.
    pub(super) fn release(&mut self, now: Timestamp) {
        self.released = Some(now);
        if let Some(late) = &mut self.late {
            late.ended.add(now, 1, 0);
        }
    }

    /// How many milliseconds ago a request ended.
    pub(super) fn released_ms(&self, now: Timestamp) -> u32 {
        let since = self.released.map(|then| now.saturating_since(then).as_millis());
        since.and_then(|since| u32::try_from(since).ok()).unwrap_or(u32::MAX)
    }

    /// How many may be in flight although nobody knows yet whether they are taken on: all who wait would else be sent with
    /// the one key that has just returned.
    fn slow_start(&self, now: Timestamp) -> u32 {
        let age = self.epoch.map_or(Duration::MAX, |epoch| now.saturating_since(epoch));
        let counts = |peak: Peak, epochs: u32| if age < EPOCH * epochs { peak.in_flight } else { 0 };
        let [new, old] = self.accepted;
        counts(new, 2).max(counts(old, 1)).saturating_mul(2).saturating_add(SLOW_START)
    }

    /// A request was accepted under this load; `is_fresh` where it was sent after the last refusal.
    pub(super) fn accept(&mut self, load: Load, is_fresh: bool, now: Timestamp) {
        self.turn(now);
        let most = &mut self.accepted[0];
        most.in_flight = most.in_flight.max(load.in_flight);
        most.in_minute = most.in_minute.max(load.in_minute);
        if !is_fresh {
            return;
        }
        self.refused = None;
        let (_, count) = self.returned.get_or_insert((now, 0));
        *count = count.saturating_add(1);
        if let Some(cap) = &mut self.rate {
            cap.accept(load.in_minute, now);
        }
        if let Some(cap) = &mut self.concurrency {
            cap.accept(load.in_flight, now);
        }
        if let Some(late) = &mut self.late {
            late.shorten();
        }
    }

    /// A request was refused under this load, without numbers.
    pub(super) fn refuse(&mut self, load: Load, now: Timestamp) -> Conclusion {
        self.turn(now);
        self.was_refused = true;
        let [new, old] = self.accepted;
        let (in_flight, in_minute) = (new.in_flight.max(old.in_flight).max(1), new.in_minute.max(old.in_minute));
        let is_rate_low = u64::from(load.in_minute) * 4 < u64::from(in_minute) * 3;
        let is_rate_met = self.rate.is_some_and(|cap| u64::from(load.in_minute) * 8 > u64::from(cap.limit) * 7);
        let has_just_ended = self.rate.is_none() && load.released_ms < JUST_ENDED_MS;
        let cap = self.concurrency.map(|cap| cap.limit);
        if cap.is_some_and(|cap| load.in_flight <= cap && load.in_flight * 2 >= cap)
            && !is_rate_met
            && let Some(lateness) = self.be_late(load, now)
        {
            return Conclusion::Late(lateness);
        }
        let is_at_once = load.in_flight > in_flight
            || (load.in_flight > 1 && load.in_flight == in_flight && (is_rate_low || has_just_ended))
            || cap.is_some_and(|cap| load.in_flight >= cap && load.in_minute > 1);
        if is_at_once && self.strike(load, in_flight, now) {
            return Conclusion::Concurrency;
        }
        self.refused = Some(Box::new((now, self.rate)));
        let since = self.returned.take().filter(|(then, _)| now.saturating_since(*then) < EPOCH);
        let limit = load.in_minute.saturating_sub(1);
        // Where nothing was accepted lately the quota was used before, or elsewhere: that shows no limit.
        if limit > 0 {
            // In the minute of a clock all was accepted since the last refusal.
            let least = since.map(|(_, count)| count).filter(|count| count.saturating_mul(2) >= limit);
            Cap::refuse(&mut self.rate, limit, least, now);
        }
        Conclusion::Rate
    }

    /// There may be too many at once. One that was refused within the limit that is believed may have overtaken the end of
    /// another; the second in a row lowers the limit; where that does not help either, `false` says that it is not that.
    fn strike(&mut self, load: Load, accepted: u32, now: Timestamp) -> bool {
        let recent = self.struck.filter(|(then, _)| now.saturating_since(*then) < ECHO).map_or(0, |(_, count)| count);
        let below = (load.in_flight - 1).max(1);
        let is_within = self.concurrency.is_some_and(|cap| load.in_flight <= cap.limit);
        match (is_within, recent) {
            (true, 0) => {}
            (true, 1) => Cap::lower(&mut self.concurrency, below, now),
            (true, _) => return false,
            // As many as were accepted can only have been too many where an end was not noticed yet.
            (false, 0) => Cap::refuse(&mut self.concurrency, below.max(accepted.min(load.in_flight)), None, now),
            // Those on their way already say nothing new.
            (false, _) => return true,
        }
        self.struck = Some((now, recent + 1));
        true
    }

    /// A request was refused within the limit of those in flight: the place of one that had ended was not free again. Gives
    /// how long that takes, by what is known now; `None` where it cannot be that.
    fn be_late(&mut self, load: Load, now: Timestamp) -> Option<Duration> {
        let held = self.late.as_ref().map_or(Duration::ZERO, |late| late.duration());
        let since = Duration::from_millis(load.released_ms.into());
        if since >= LONGEST_LATENESS || held >= LONGEST_LATENESS {
            return None;
        }
        let lateness = FIRST_LATENESS.max(held * 3).max(since * 2).min(LONGEST_LATENESS);
        let late = self.late.get_or_insert_with(|| Box::new(Late { micros: 0, ended: Window::new(lateness) }));
        late.set(lateness);
        late.ended.add(now, 1, 0);
        Some(lateness)
    }

    /// Another of the requests that were too many at once was refused: so many others are left that may have been accepted.
    pub(super) fn refuse_more_at_once(&mut self, others: u32) {
        let [new, old] = self.accepted;
        if let Some(cap) = &mut self.concurrency {
            cap.limit = cap.limit.min(others.max(new.in_flight).max(old.in_flight).max(1));
        }
    }

    /// Another of the requests that were too many lately was refused: so many are left that may have been accepted.
    pub(super) fn refuse_more_lately(&mut self, in_minute: u32) {
        if let Some(cap) = self.rate.as_mut().filter(|_| in_minute > 0) {
            cap.limit = cap.limit.min(in_minute);
        }
    }

    /// A request was refused after another: for as long as that goes on, it shows how long the quota is.
    pub(super) fn refuse_again(&mut self, now: Timestamp) {
        if let Some((then, before)) = self.refused.as_deref().copied()
            && now.saturating_since(then) > MINUTE_OVER
        {
            // It is one of an hour or a day, which says nothing of minutes.
            self.rate = before;
        }
    }

    /// The bytes that it takes beside its own.
    pub(super) fn heap_bytes(&self) -> usize {
        let late = self.late.as_ref().map_or(0, |late| size_of::<Late>() + late.ended.heap_bytes());
        late + self.refused.as_ref().map_or(0, |_| size_of::<(Timestamp, Option<Cap>)>())
    }

    fn turn(&mut self, now: Timestamp) {
        let begun = *self.epoch.get_or_insert(now);
        if now.saturating_since(begun) >= EPOCH {
            let is_old = now.saturating_since(begun) >= EPOCH * 2;
            self.accepted = [Peak::default(), if is_old { Peak::default() } else { self.accepted[0] }];
            self.epoch = Some(now);
        }
    }
}

// === impl Late ===

impl Late {
    fn duration(&self) -> Duration {
        Duration::from_micros(self.micros.into())
    }

    fn set(&mut self, lateness: Duration) {
        self.micros = u32::try_from(lateness.as_micros()).unwrap_or(u32::MAX);
        self.ended.resize(lateness);
    }

    /// A request was accepted: it may be less, by a little.
    fn shorten(&mut self) {
        self.set(self.duration() - self.duration() / 128);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn load(in_flight: u32, in_minute: u32) -> Load {
        Load { in_flight, in_minute, number: 0, released_ms: u32::MAX }
    }

    #[test]
    fn more_at_once_than_was_ever_accepted_is_too_many_at_once() {
        let mut learned = Learned::default();
        learned.accept(load(3, 10), true, at(0));
        assert_eq!(learned.refuse(load(4, 11), at(1)), Conclusion::Concurrency);
        assert_eq!((learned.concurrency(at(1)), learned.rate(at(1))), (Some(3), None));
    }

    #[test]
    fn as_many_at_once_as_were_accepted_is_too_many_lately() {
        let mut learned = Learned::default();
        learned.accept(load(4, 10), true, at(0));
        assert_eq!(learned.refuse(load(4, 11), at(1)), Conclusion::Rate);
        assert_eq!((learned.concurrency(at(1)), learned.rate(at(1))), (Some(4 * 2 + 4), Some(10)));
        assert_eq!(learned.concurrency(at(200)), Some(4), "long ago");
    }

    #[test]
    fn a_limit_is_tried_higher_ever_more_rarely_while_it_is_right() {
        let mut learned = Learned::default();
        learned.accept(load(1, 10), true, at(0));
        learned.refuse(load(1, 11), at(0));
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..7 {
            let begun = now;
            while learned.rate(at(now)) == Some(10) {
                now += 1;
            }
            waits.push(now - begun);
            assert_eq!(learned.rate(at(now)), Some(11));
            learned.refuse(load(1, 11), at(now));
        }
        assert_eq!(waits, [30, 60, 120, 120, 120, 120, 120]);
    }

    #[test]
    fn a_limit_that_rose_is_believed_after_a_minute_and_then_tried_in_larger_steps() {
        let mut learned = Learned::default();
        learned.accept(load(1, 100), true, at(0));
        learned.refuse(load(1, 101), at(0));
        assert_eq!((learned.rate(at(29)), learned.rate(at(30))), (Some(100), Some(101)));
        learned.accept(load(1, 101), true, at(30));
        assert_eq!(learned.rate(at(31)), Some(101), "the minute of a clock may end with a refusal");
        learned.accept(load(1, 101), true, at(90));
        assert_eq!(learned.rate(at(91)), Some(104), "the next step is larger");
        learned.accept(load(1, 104), true, at(91));
        learned.refuse(load(1, 104), at(120));
        assert_eq!(learned.rate(at(121)), Some(101), "what was believed before holds");
    }

    #[test]
    fn a_limit_that_fell_is_learned_again() {
        let mut learned = Learned::default();
        learned.accept(load(1, 100), true, at(0));
        learned.refuse(load(1, 101), at(0));
        learned.accept(load(1, 20), true, at(30));
        learned.refuse(load(1, 21), at(31));
        assert_eq!(learned.rate(at(32)), Some(20));
        learned.refuse(load(1, 1), at(33));
        assert_eq!(learned.rate(at(34)), Some(20), "nothing was accepted lately");
    }

    #[test]
    fn a_limit_that_is_kept_to_and_refused_again_and_again_falls() {
        let mut learned = Learned::default();
        learned.accept(load(1, 100), true, at(0));
        learned.refuse(load(1, 101), at(0));
        learned.refuse(load(1, 101), at(20));
        assert_eq!(learned.rate(at(21)), Some(100), "once may be chance");
        learned.refuse(load(1, 101), at(25));
        assert_eq!(learned.rate(at(26)), Some(97));
    }

    #[test]
    fn a_request_that_overtook_the_end_of_another_lowers_nothing_and_what_does_not_help_is_not_the_reason() {
        let mut learned = Learned::default();
        learned.accept(load(3, 10), true, at(0));
        assert_eq!(learned.refuse(load(4, 11), at(0)), Conclusion::Concurrency);
        assert_eq!(learned.refuse(load(3, 11), at(20)), Conclusion::Concurrency);
        assert_eq!(learned.concurrency(at(20)), Some(3));
        assert_eq!(learned.refuse(load(3, 11), at(21)), Conclusion::Concurrency);
        assert_eq!(learned.concurrency(at(21)), Some(2));
        assert_eq!(learned.refuse(load(2, 11), at(22)), Conclusion::Rate);
    }

    #[test]
    fn who_is_refused_within_the_limit_waits_until_a_place_is_free() {
        let mut learned = Learned::default();
        learned.accept(load(2, 4), true, at(0));
        assert_eq!(learned.refuse(load(3, 5), at(0)), Conclusion::Concurrency);
        learned.accept(load(2, 6), true, at(1));
        learned.release(at(2));
        let within = Load { released_ms: 10, ..load(2, 7) };
        assert_eq!(learned.refuse(within, at(2)), Conclusion::Late(FIRST_LATENESS), "one had just ended");
        assert_eq!(learned.concurrency(at(2)), Some(2), "the limit is what it was");
        learned.release(at(3));
        let free_at = Timestamp::from_millis(3_020);
        assert_eq!(learned.place(1, at(3)), Some(free_at));
        assert_eq!((learned.place(1, free_at), learned.place(2, free_at)), (Some(free_at), None));
        let slow = Load { released_ms: 10, ..load(2, 9) };
        assert_eq!(
            learned.refuse(slow, at(4)),
            Conclusion::Late(FIRST_LATENESS * 3),
            "it takes longer than was thought"
        );
    }
}

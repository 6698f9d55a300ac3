//! One quota: its cooldown, what was used of it, what the upstream told of it and what was learned of it.

use std::time::Duration;

use super::Limits;
use super::learned::{Conclusion, Learned, Load};
use super::told::Told;
use super::window::Window;
use crate::{LimitReading, Resource, Timestamp};

/// A little more than a minute: the upstream counts requests when they arrive, and some are faster than others.
const MINUTE: Duration = Duration::from_millis(60_200);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest time for which a refusal without numbers leaves a bucket alone.
const SHORTEST: Duration = Duration::from_secs(1);
/// The first wait after a second refusal in a row without numbers; it doubles.
const SECOND_WAIT: Duration = Duration::from_secs(2);
/// The longest wait that is guessed.
const LONGEST_GUESS: Duration = Duration::from_secs(60 * 60);

/// What limits count, in the order in which they are kept.
const RESOURCES: [Resource; 4] = [Resource::Requests, Resource::Tokens, Resource::InputTokens, Resource::OutputTokens];

/// Why a bucket is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoolingReason {
    /// The upstream limits it for a moment.
    Limited,
    /// Its quota is used up.
    OutOfQuota,
}

/// Since and until when a bucket is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooling {
    /// When it began.
    pub since: Timestamp,
    /// The first time at which it may serve again.
    pub until: Timestamp,
    /// Why.
    pub reason: CoolingReason,
}

/// The state of one quota.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    cooling: Option<Cooling>,
    /// Refusals since the last success.
    streak: u32,
    /// It has just returned: one request at a time shows whether it serves again.
    on_probation: bool,
    is_probed: bool,
    /// What it is left alone for is no limit: it returns without a probe.
    is_only_late: bool,
    in_flight: u32,
    /// How many requests were sent; it wraps.
    sent: u32,
    /// How many had been sent at the last refusal.
    sent_at_refusal: u32,
    reserved_tokens: u64,
    /// Kept where a limit is declared, or may be learned.
    minute: Option<Box<Window>>,
    day: Option<Box<Window>>,
    told: Option<Box<[Option<Told>; 4]>>,
    learned: Option<Box<Learned>>,
}

/// Whether a bucket has room for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Yes.
    Now,
    /// Not for this request, which is large; then it has.
    Tight(Timestamp),
    /// Not before one of its requests has ended.
    Busy,
    /// Not until then.
    At(Timestamp),
}

// === impl Bucket ===

impl Bucket {
    /// Whether a request of so many tokens may be sent.
    pub fn room(&mut self, now: Timestamp, tokens: u32, limits: &Limits) -> Room {
        if let Some(cooling) = self.cooling {
            if cooling.until > now {
                return Room::At(cooling.until);
            }
            self.cooling = None;
            self.on_probation = !std::mem::take(&mut self.is_only_late);
        }
        if self.is_probed {
            return Room::Busy;
        }
        if limits.max_concurrency.is_some_and(|most| self.in_flight >= most) {
            return Room::Busy;
        }
        let in_flight = self.in_flight;
        let Some(place_at) = self.learned.as_mut().map_or(Some(now), |learned| learned.place(in_flight, now)) else {
            return Room::Busy;
        };
        let requests = [limits.requests_per_minute, self.learned.as_ref().and_then(|learned| learned.rate(now))]
            .into_iter()
            .flatten()
            .min();
        let (mut at, mut tight_until) = (place_at, now);
        if let Some(minute) = &mut self.minute {
            at = at.max(requests.map_or(now, |limit| minute.room_for_request(now, limit)));
            let tokens_limit = limits.tokens_per_minute.map(u64::from);
            tight_until = tokens_limit.map_or(now, |limit| minute.room_for_tokens(now, u64::from(tokens), limit));
        }
        if let (Some(limit), Some(day)) = (limits.requests_per_day, &mut self.day) {
            at = at.max(day.room_for_request(now, limit));
        }
        for (resource, told) in RESOURCES.into_iter().zip(self.told.iter_mut().flat_map(|all| all.iter_mut())) {
            let Some(told) = told else { continue };
            if resource == Resource::Requests
                && let Some((limit, minute)) = told.slides().zip(self.minute.as_mut())
            {
                at = at.max(minute.room_for_request(now, limit));
                continue;
            }
            let needed = if resource == Resource::Requests { 1 } else { u64::from(tokens) };
            let Some(until) = told.room(needed, in_flight, now) else { return Room::Busy };
            if resource == Resource::Requests || told.is_empty() {
                at = at.max(until);
            } else {
                tight_until = tight_until.max(until);
            }
        }
        match (at > now, tight_until > now) {
            (true, _) => Room::At(at),
            (false, true) => Room::Tight(tight_until),
            (false, false) => Room::Now,
        }
    }

    /// Counts a request that is about to be sent; gives the load with it. A bucket that `learns` finds out limits that
    /// nobody declared.
    pub(super) fn reserve(&mut self, now: Timestamp, tokens: u32, limits: &Limits, learns: bool) -> Load {
        self.in_flight += 1;
        self.sent = self.sent.wrapping_add(1);
        self.reserved_tokens += u64::from(tokens);
        self.is_probed = self.on_probation;
        let is_limited = limits.requests_per_minute.is_some() || limits.tokens_per_minute.is_some();
        let mut in_minute = 1;
        if learns || is_limited {
            let minute = self.minute.get_or_insert_with(|| Box::new(Window::new(MINUTE)));
            minute.add(now, 1, tokens);
            in_minute = minute.requests(now);
        }
        if limits.requests_per_day.is_some() {
            self.day.get_or_insert_with(|| Box::new(Window::new(DAY))).add(now, 1, 0);
        }
        for (resource, told) in RESOURCES.into_iter().zip(self.told.iter_mut().flat_map(|all| all.iter_mut())) {
            if let Some(told) = told {
                told.reserve(if resource == Resource::Requests { 1 } else { u64::from(tokens) });
            }
        }
        let released_ms = self.learned.as_ref().map_or(u32::MAX, |learned| learned.released_ms(now));
        Load { in_flight: self.in_flight, in_minute, number: self.sent, released_ms }
    }

    /// A request has ended that was counted with `reserved` tokens and used `used`.
    pub(super) fn release(&mut self, now: Timestamp, reserved: u32, used: Option<u64>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.reserved_tokens = self.reserved_tokens.saturating_sub(u64::from(reserved));
        if self.in_flight == 0 {
            self.is_probed = false;
        }
        if let Some(learned) = &mut self.learned {
            learned.release(now);
        }
        let (Some(used), Some(minute)) = (used, &mut self.minute) else { return };
        match used.checked_sub(u64::from(reserved)) {
            Some(0) => {}
            Some(more) => minute.add(now, 0, u32::try_from(more).unwrap_or(u32::MAX)),
            None => minute.take_back(0, u64::from(reserved) - used),
        }
    }

    /// The upstream served a request; under `load`, where the bucket learns.
    pub(super) fn accept(&mut self, load: Option<Load>, now: Timestamp) {
        // One that was taken on before the last refusal does not show that there is room again.
        let is_old = load.is_some_and(|load| self.is_old(load));
        if !is_old {
            self.streak = 0;
            self.on_probation = false;
            self.is_probed = false;
        }
        // Where the upstream tells its limits there is nothing to be found out.
        let Some(load) = load.filter(|_| self.told.is_none() || self.learned.is_some()) else { return };
        self.learned.get_or_insert_default().accept(load, !is_old, now);
    }

    /// Whether a request was sent before the last refusal was known.
    const fn is_old(&self, load: Load) -> bool {
        load.number.wrapping_sub(self.sent_at_refusal).wrapping_sub(1) > u32::MAX / 2
    }

    /// The upstream neither served the request nor blamed the key.
    pub(super) fn shrug(&mut self) {
        self.is_probed = false;
    }

    /// The upstream refused a request without processing it; nothing was used. From `load` limits are learned that the
    /// upstream did not tell. Gives when the bucket may serve again.
    pub(super) fn refuse(
        &mut self,
        after: Option<Duration>,
        reason: CoolingReason,
        load: Load,
        tokens: u32,
        now: Timestamp,
    ) -> Cooling {
        let is_echo = self.cooling(now).is_some() || self.is_old(load);
        let was_probed = self.is_probed;
        self.take_back(tokens);
        // Of requests that are sent together any may be the one that is refused: what is left of all of them counts.
        let in_minute = self.minute.as_mut().map_or(0, |minute| minute.requests(now));
        let load = Load { in_minute: load.in_minute.max(in_minute.saturating_add(1)), ..load };
        if is_echo {
            // It was on its way already when the first was refused, and shows no more than how many were too many.
            match &mut self.learned {
                Some(learned) if self.streak == 1 => learned.refuse_more_lately(in_minute),
                Some(learned) if self.streak == 0 && !self.is_only_late => {
                    learned.refuse_more_at_once(self.in_flight.saturating_sub(1));
                }
                _ => {}
            }
            self.is_probed = was_probed;
            let cooling = Cooling { since: now, until: now.saturating_add(after.unwrap_or_default()), reason };
            return if cooling.until > now { self.cool(cooling) } else { self.cooling.unwrap_or(cooling) };
        }
        self.streak = self.streak.saturating_add(1);
        self.sent_at_refusal = self.sent;
        // Numbers that were told are better than any guess; a refusal after a refusal shows nothing new.
        let is_news = self.streak == 1 && self.told.is_none() && reason == CoolingReason::Limited;
        let conclusion = is_news.then(|| self.learned.get_or_insert_default().refuse(load, now));
        if self.streak > 1
            && let Some(learned) = &mut self.learned
        {
            learned.refuse_again(now);
        }
        let wait = match (after, conclusion) {
            (Some(after), _) => after,
            (None, Some(Conclusion::Concurrency)) => SHORTEST / 4,
            (None, Some(Conclusion::Late(lateness))) => lateness,
            (None, _) => self.guess(now),
        };
        self.is_only_late = matches!(conclusion, Some(Conclusion::Late(_)));
        if matches!(conclusion, Some(Conclusion::Concurrency | Conclusion::Late(_))) {
            // The next refusal may show something else.
            self.streak = 0;
        }
        self.cool(Cooling { since: now, until: now.saturating_add(wait), reason })
    }

    /// A request was refused without being processed: it used nothing.
    pub(super) fn take_back(&mut self, tokens: u32) {
        if let Some(minute) = &mut self.minute {
            minute.take_back(1, u64::from(tokens));
        }
        if let Some(day) = &mut self.day {
            day.take_back(1, 0);
        }
        self.is_probed = false;
    }

    /// Leaves the bucket alone. Of several cooldowns the one that ends last holds.
    pub(super) fn cool(&mut self, cooling: Cooling) -> Cooling {
        let held = self.cooling.filter(|held| held.until >= cooling.until);
        *self.cooling.insert(held.unwrap_or(cooling))
    }

    /// Leaves the bucket alone for as long as another that it shares requests with.
    pub(super) fn cool_along(&mut self, cooling: Cooling, is_only_late: bool) -> Cooling {
        self.is_only_late = is_only_late && (self.cooling.is_none() || self.is_only_late);
        self.cool(cooling)
    }

    /// Whether it is left alone for no limit, and returns without a probe.
    pub(super) const fn is_only_late(&self) -> bool {
        self.is_only_late
    }

    /// Takes up what the answer to the request of `load` told of the limits. What was sent after it is not in it yet.
    pub(super) fn observe(
        &mut self,
        limits: &[LimitReading],
        load: Load,
        tokens: u32,
        retry_after: Option<Duration>,
        now: Timestamp,
    ) {
        let later = u64::from(self.sent.wrapping_sub(load.number).min(self.in_flight));
        for limit in limits.iter().filter(|limit| limit.remaining.is_some()) {
            let used = if limit.resource == Resource::Requests { later } else { later * u64::from(tokens) };
            let all = self.told.get_or_insert_with(Box::default);
            let place = RESOURCES.iter().position(|resource| *resource == limit.resource);
            if let Some(held) = place.and_then(|place| all.get_mut(place)) {
                Told::observe(held, limit, load.number, used, self.in_flight <= 1, retry_after, now);
            }
        }
    }

    /// Ends the cooldown.
    pub(super) fn revive(&mut self) {
        self.cooling = None;
        self.on_probation = false;
        self.is_probed = false;
        self.streak = 0;
    }

    /// The cooldown, if there is one at `now`.
    #[must_use]
    pub fn cooling(&self, now: Timestamp) -> Option<Cooling> {
        self.cooling.filter(|cooling| cooling.until > now)
    }

    /// How many of its requests are in flight.
    #[must_use]
    pub const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Whether it has just returned and waits for what becomes of one request.
    pub(super) const fn is_probed(&self) -> bool {
        self.is_probed
    }

    /// How many tokens are reserved by requests in flight.
    #[must_use]
    pub const fn reserved_tokens(&self) -> u64 {
        self.reserved_tokens
    }

    /// The bytes that it takes beside its own.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let windows = [&self.minute, &self.day].into_iter().flatten();
        let told = self.told.as_ref().map_or(0, |_| size_of::<[Option<Told>; 4]>());
        let learned = self.learned.as_ref().map_or(0, |learned| size_of::<Learned>() + learned.heap_bytes());
        windows.map(|window| size_of::<Window>() + window.heap_bytes()).sum::<usize>() + told + learned
    }

    /// How long to wait where the upstream did not say: until the window has room again at the limit that was found, and
    /// after another refusal longer and longer.
    fn guess(&mut self, now: Timestamp) -> Duration {
        let limit = self.learned.as_ref().and_then(|learned| learned.rate(now));
        let minute = self.minute.as_mut();
        let at = limit.zip(minute).map_or(now, |(limit, minute)| minute.room_for_request(now, limit));
        let doublings = self.streak.saturating_sub(2).min(16);
        let again = if self.streak > 1 { SECOND_WAIT.saturating_mul(1 << doublings) } else { SHORTEST };
        at.saturating_since(now).max(again).min(LONGEST_GUESS)
    }
}

// === impl Room ===

impl Room {
    /// The room of two buckets that a request needs both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Now, room) | (room, Self::Now) => room,
            (Self::At(one), Self::At(two)) => Self::At(one.max(two)),
            (Self::At(at), _) | (_, Self::At(at)) => Self::At(at),
            (Self::Busy, _) | (_, Self::Busy) => Self::Busy,
            (Self::Tight(one), Self::Tight(two)) => Self::Tight(one.max(two)),
        }
    }
}

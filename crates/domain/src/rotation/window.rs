//! How much was used lately, in a window that slides.

use std::collections::VecDeque;
use std::time::Duration;

use crate::Timestamp;

/// How many entries a window keeps. Up to so many requests it is exact; beyond, neighbours are joined at the later time, so
/// that nothing leaves early and the state of a key stays small. What is sent as soon as an entry leaves is of one time.
const ENTRIES: usize = 24;
/// Of a window that has so many, what is sent within so small a part of it is of one time, the latest of it: entries are joined
/// that often and no more.
const SLOTS: i64 = 512;
/// By how many places a window grows.
const GROWTH: usize = 8;

/// What was used within a length of time up to now. A clock that jumps back counts nothing twice; one that jumps ahead
/// forgets.
#[derive(Clone, Debug)]
pub struct Window {
    length_ms: i64,
    /// The time to which the entries' times are relative.
    base: i64,
    entries: VecDeque<Entry>,
    requests: u32,
    tokens: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// In milliseconds after the window's base.
    at: u32,
    requests: u32,
    tokens: u32,
}

// === impl Window ===

impl Window {
    /// An empty window of a length.
    #[must_use]
    pub fn new(length: Duration) -> Self {
        let length_ms = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self { length_ms, base: 0, entries: VecDeque::new(), requests: 0, tokens: 0 }
    }

    /// Makes it longer or shorter.
    pub(super) fn resize(&mut self, length: Duration) {
        self.length_ms = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
    }

    /// Counts a use.
    pub fn add(&mut self, now: Timestamp, requests: u32, tokens: u32) {
        self.expire(now);
        // Entries stay in order even when the clock does not.
        let at = self.relative(now);
        self.requests = self.requests.saturating_add(requests);
        self.tokens += u64::from(tokens);
        match self.entries.back_mut() {
            Some(last) if last.at >= at => last.join(Entry { at, requests, tokens }),
            _ => {
                let mut at = at;
                if self.entries.len() == ENTRIES {
                    self.join_closest();
                    at = at.saturating_add(u32::try_from(self.length_ms / SLOTS).unwrap_or(u32::MAX));
                }
                if self.entries.len() == self.entries.capacity() {
                    self.entries.reserve_exact(GROWTH);
                }
                self.entries.push_back(Entry { at, requests, tokens });
            }
        }
    }

    /// Takes back a part of what was counted, the newest first: a reservation that was too large, or was not used.
    pub fn take_back(&mut self, mut requests: u32, mut tokens: u64) {
        for entry in self.entries.iter_mut().rev() {
            let (some_requests, some_tokens) = (requests.min(entry.requests), tokens.min(u64::from(entry.tokens)));
            entry.requests -= some_requests;
            entry.tokens -= u32::try_from(some_tokens).unwrap_or(entry.tokens);
            self.requests -= some_requests;
            self.tokens -= some_tokens;
            requests -= some_requests;
            tokens -= some_tokens;
            if requests == 0 && tokens == 0 {
                break;
            }
        }
        while self.entries.back().is_some_and(|last| last.requests == 0 && last.tokens == 0) {
            self.entries.pop_back();
        }
    }

    /// How many requests were counted within the window.
    pub fn requests(&mut self, now: Timestamp) -> u32 {
        self.expire(now);
        self.requests
    }

    /// How many tokens were counted within the window.
    pub fn tokens(&mut self, now: Timestamp) -> u64 {
        self.expire(now);
        self.tokens
    }

    /// The first time, from now on, at which one request more makes no more than `limit`.
    pub fn room_for_request(&mut self, now: Timestamp, limit: u32) -> Timestamp {
        self.expire(now);
        let Some(over) = (self.requests + 1).checked_sub(limit).filter(|over| *over > 0) else {
            return now;
        };
        self.after_leaving(now, u64::from(over), |entry| u64::from(entry.requests))
    }

    /// The first time, from now on, at which `tokens` more make no more than `limit`. A request that is larger than the
    /// whole limit has room in an empty window: the upstream may see it otherwise.
    pub fn room_for_tokens(&mut self, now: Timestamp, tokens: u64, limit: u64) -> Timestamp {
        self.expire(now);
        let over = (self.tokens + tokens).saturating_sub(limit).min(self.tokens);
        if over == 0 { now } else { self.after_leaving(now, over, |entry| u64::from(entry.tokens)) }
    }

    /// The bytes that the window's entries take.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    /// The first time at which so much has left the window.
    fn after_leaving(&self, now: Timestamp, much: u64, of: impl Fn(&Entry) -> u64) -> Timestamp {
        let mut left = 0;
        for entry in &self.entries {
            left += of(entry);
            if left >= much {
                return Timestamp::from_millis(self.absolute(entry).saturating_add(self.length_ms)).max(now);
            }
        }
        now.saturating_add(Duration::from_millis(self.length_ms.unsigned_abs()))
    }

    fn expire(&mut self, now: Timestamp) {
        let begin = now.as_millis().saturating_sub(self.length_ms);
        while let Some(first) = self.entries.front().filter(|first| self.absolute(first) <= begin) {
            self.requests = self.requests.saturating_sub(first.requests);
            self.tokens = self.tokens.saturating_sub(u64::from(first.tokens));
            self.entries.pop_front();
        }
        // After a clock that jumped back, nothing may count for longer than the window is long.
        let end = now.as_millis().saturating_add(self.length_ms);
        while let Some(last) = self.entries.back().filter(|last| self.absolute(last) > end) {
            self.requests = self.requests.saturating_sub(last.requests);
            self.tokens = self.tokens.saturating_sub(u64::from(last.tokens));
            self.entries.pop_back();
        }
    }

    /// A time as entries keep it. The base follows the oldest entry, so that every time within the window fits.
    fn relative(&mut self, now: Timestamp) -> u32 {
        let Some(oldest) = self.entries.front().map(|first| first.at) else {
            self.base = now.as_millis();
            return 0;
        };
        if oldest > u32::MAX / 2 {
            self.base += i64::from(oldest);
            self.entries.iter_mut().for_each(|entry| entry.at -= oldest);
        }
        u32::try_from(now.as_millis().saturating_sub(self.base).max(0)).unwrap_or(u32::MAX)
    }

    fn absolute(&self, entry: &Entry) -> i64 {
        self.base.saturating_add(i64::from(entry.at))
    }

    fn join_closest(&mut self) {
        let gaps = self.entries.iter().zip(self.entries.iter().skip(1)).map(|(a, b)| b.at - a.at);
        let closest = gaps.enumerate().min_by_key(|(_, gap)| *gap).map(|(at, _)| at);
        if let Some(at) = closest
            && let Some(joined) = self.entries.remove(at + 1)
            && let Some(entry) = self.entries.get_mut(at)
        {
            entry.join(joined);
        }
    }
}

// === impl Entry ===

impl Entry {
    /// Takes a later one in, at its time.
    fn join(&mut self, other: Self) {
        self.at = self.at.max(other.at);
        self.requests = self.requests.saturating_add(other.requests);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn minute() -> Window {
        Window::new(Duration::from_secs(60))
    }

    #[test]
    fn what_is_older_than_the_window_no_longer_counts() {
        let mut window = minute();
        window.add(at(0), 1, 10);
        window.add(at(30_000), 2, 20);
        assert_eq!((window.requests(at(59_999)), window.tokens(at(59_999))), (3, 30));
        assert_eq!((window.requests(at(60_000)), window.tokens(at(60_000))), (2, 20));
        assert_eq!(window.requests(at(90_000)), 0);
    }

    #[test]
    fn room_comes_when_enough_has_left() {
        let mut window = minute();
        for second in 0..3 {
            window.add(at(second * 1000), 1, 100);
        }
        assert_eq!(window.room_for_request(at(3000), 4), at(3000));
        assert_eq!(window.room_for_request(at(3000), 3), at(60_000));
        assert_eq!(window.room_for_request(at(3000), 2), at(61_000));
        assert_eq!(window.room_for_tokens(at(3000), 100, 400), at(3000));
        assert_eq!(window.room_for_tokens(at(3000), 101, 400), at(60_000));
        assert_eq!(window.room_for_tokens(at(3000), 1000, 400), at(62_000), "too large for any window");
        assert_eq!(window.room_for_request(at(3000), 0), at(63_000));
    }

    #[test]
    fn a_reservation_is_taken_back() {
        let mut window = minute();
        window.add(at(0), 1, 100);
        window.add(at(10), 1, 100);
        window.take_back(1, 150);
        assert_eq!((window.requests(at(20)), window.tokens(at(20))), (1, 50));
        window.take_back(9, 900);
        assert_eq!((window.requests(at(20)), window.tokens(at(20))), (0, 0));
    }

    #[test]
    fn a_clock_that_jumps_back_leaves_nothing_behind_for_ever() {
        let mut window = minute();
        window.add(at(10_000_000), 5, 5);
        assert_eq!(window.requests(at(0)), 0);
        window.add(at(10), 1, 0);
        assert_eq!(window.requests(at(60_010)), 0);
    }

    proptest! {
        #[test]
        fn counts_are_those_of_a_plain_list_but_for_what_was_joined(
            gaps in prop::collection::vec((0_i64..5_000, 1_u32..4, 0_u32..1000), 0..200),
        ) {
            let (mut window, mut list, mut now) = (minute(), Vec::new(), 0);
            for (gap, requests, tokens) in gaps {
                now += gap;
                window.add(at(now), requests, tokens);
                list.push((now, requests, u64::from(tokens)));
                prop_assert!(window.entries.len() <= ENTRIES);
                // What is joined moves by less than a few 32nds of the window.
                let counted = |length: i64| list.iter().filter(|(at, ..)| *at > now - length).map(|(_, n, _)| n).sum::<u32>();
                let slack = 60_000 * 4 / 32;
                prop_assert!(window.requests(at(now)) <= counted(60_000 + slack));
                prop_assert!(window.requests(at(now)) >= counted(60_000 - slack));
            }
            let over = now + 60_000 + 60_000 / SLOTS;
            prop_assert_eq!(window.requests(at(over)), 0);
            prop_assert_eq!(window.tokens(at(over)), 0);
        }
    }
}

//! A node of the server: its breaker and the requests that wait in it.

use std::collections::VecDeque;

use rotator_domain::rotation::Breaker;

use super::events::Millis;

#[derive(Debug)]
pub(super) struct Node {
    /// Which rotation it uses: its own, or that of all.
    pub(super) rotation: usize,
    pub(super) breaker: Breaker,
    /// First come, first served.
    pub(super) waiting: VecDeque<u64>,
    /// Why the first one waits.
    pub(super) blocked: Blocked,
    /// When it next looks after those that wait.
    pub(super) wakes_at: Option<Millis>,
}

/// Why no key can serve.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Blocked {
    pub(super) retry_at: Option<Millis>,
    pub(super) is_busy: bool,
}

// === impl Node ===

impl Node {
    pub(super) fn new(rotation: usize) -> Self {
        Self {
            rotation,
            breaker: Breaker::default(),
            waiting: VecDeque::new(),
            blocked: Blocked::default(),
            wakes_at: None,
        }
    }
}

// === impl Blocked ===

impl Blocked {
    /// Whether a key can be expected before a time.
    pub(super) fn ends_before(self, time: Millis) -> bool {
        self.is_busy || self.retry_at.is_some_and(|at| at <= time)
    }
}

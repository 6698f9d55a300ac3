//! One breaker for each upstream.

use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;
use http::uri::Authority;
use rotator_domain::Timestamp;
use rotator_domain::rotation::{Breaker, Passage};

/// The breakers of all upstreams, by host and port.
#[derive(Default)]
pub(crate) struct Breakers(Mutex<HashMap<Authority, Breaker>>);

/// A request that a breaker let through; dropped without a word it has shown nothing.
pub(crate) struct Passed<'a> {
    breakers: &'a Breakers,
    upstream: &'a Authority,
    is_told: bool,
}

// === impl Breakers ===

impl Breakers {
    /// Lets a request through, or says until when it may not.
    pub(crate) fn pass<'a>(&'a self, upstream: &'a Authority, now: Timestamp) -> Result<Passed<'a>, Timestamp> {
        match self.lock().entry(upstream.clone()).or_default().pass(now) {
            Passage::Free => Ok(Passed { breakers: self, upstream, is_told: false }),
            Passage::Barred { until } => Err(until),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Authority, Breaker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Passed ===

impl Passed<'_> {
    /// The upstream has answered.
    pub(crate) fn succeed(self) {
        self.tell(Breaker::succeed);
    }

    /// The upstream could not be reached, or broke the connection.
    pub(crate) fn fail(self, now: Timestamp) {
        self.tell(|breaker| breaker.fail(now));
    }

    fn tell(mut self, act: impl FnOnce(&mut Breaker)) {
        self.is_told = true;
        if let Some(breaker) = self.breakers.lock().get_mut(self.upstream) {
            act(breaker);
        }
    }
}

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        if !self.is_told
            && let Some(breaker) = self.breakers.lock().get_mut(self.upstream)
        {
            breaker.shrug();
        }
    }
}

//! What is said once a minute at the most.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::Timestamp;

/// How long between two times.
const PAUSE: Duration = Duration::from_secs(60);
/// The time of what was never said.
const NEVER: i64 = i64::MIN;

/// Knows when something was said last, so that a log is not filled with it.
#[derive(Debug)]
pub struct Seldom(AtomicI64);

// === impl Seldom ===

impl Seldom {
    /// Whether it may be said now; then it may not be for a minute, whatever happens meanwhile. Of several that ask at once one may.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        let now = now.as_millis();
        // A clock that was set back must not silence it for long.
        let is_due = last == NEVER || now < last || now.abs_diff(last) >= PAUSE.as_millis() as u64;
        is_due && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self(AtomicI64::new(NEVER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_at_once_and_then_once_a_minute() {
        let seldom = Seldom::default();
        let said: Vec<i64> = (0..200).filter(|second| seldom.is_due(Timestamp::from_millis(second * 1000))).collect();
        assert_eq!(said, [0, 60, 120, 180]);
    }

    #[test]
    fn a_clock_that_is_set_back_silences_nothing() {
        let seldom = Seldom::default();
        let said = [600, 610, 100, 110, 160].map(|second| seldom.is_due(Timestamp::from_millis(second * 1000)));
        assert_eq!(said, [true, false, true, false, true]);
    }
}

//! What is said once a minute at the most.

use std::sync::Mutex;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(60);

/// Knows when something was last said.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Option<Instant>>);

// === impl Seldom ===

impl Seldom {
    /// Whether it may be said now; then it may not be for a minute.
    pub(crate) fn is_due(&self) -> bool {
        let Ok(mut last) = self.0.lock() else { return false };
        let is_due = last.is_none_or(|last| last.elapsed() >= PAUSE);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }

    /// It is over: the next time is a new one.
    pub(crate) fn reset(&self) {
        if let Ok(mut last) = self.0.lock() {
            *last = None;
        }
    }
}

//! How long a body may send nothing.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Watches the pauses of a body.
pub(crate) struct Pause {
    idle: Duration,
    /// Made when the body first pauses, so that one in one piece costs no timer.
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs for the pause of now; time in which the client takes nothing is no pause.
    is_running: bool,
}

/// The upstream paused for too long in the middle of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the upstream sent nothing for {} ms", .0.as_millis())]
pub(crate) struct IdleTimeout(Duration);

// === impl Pause ===

impl Pause {
    /// Pauses may last for `idle` at the most.
    pub(crate) const fn new(idle: Duration) -> Self {
        Self { idle, sleep: None, is_running: false }
    }

    /// The body goes on.
    pub(crate) const fn end(&mut self) {
        self.is_running = false;
    }

    /// The body pauses; ready when it has paused for too long.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<IdleTimeout> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.idle)));
        if !std::mem::replace(&mut self.is_running, true) {
            sleep.as_mut().reset(Instant::now() + self.idle);
        }
        sleep.as_mut().poll(cx).map(|()| IdleTimeout(self.idle))
    }
}

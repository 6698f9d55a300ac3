//! Requests on their way to the storage. Who brings one never waits.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rotator_domain::{LoggedBody, LoggedRequest, Pointer};
use tokio::sync::Notify;

/// The most requests that wait.
const MOST: usize = 20_000;
/// The most memory that they take, in bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A request to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// What became of it.
    pub request: LoggedRequest,
    /// The request's body and the answer's, where they are to be kept.
    pub bodies: Option<[LoggedBody; 2]>,
    /// What is left out of them.
    pub redact: Vec<Pointer>,
}

/// Makes what is logged, once there is time for it.
pub(crate) type Making = Box<dyn FnOnce() -> Logged + Send>;

/// The requests that wait to be stored. Where there are too many, more are not logged, but counted.
#[derive(Default)]
pub struct LogQueue {
    waiting: Mutex<Waiting>,
    /// Woken when there is much.
    pub(crate) much: Notify,
    lost: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    all: VecDeque<(usize, Making)>,
    bytes: usize,
}

// === impl LogQueue ===

impl LogQueue {
    /// Adds a request that takes about `size` bytes until it is stored. What is to be stored is made later, elsewhere.
    pub fn push(&self, size: usize, make: impl FnOnce() -> Logged + Send + 'static) {
        let mut waiting = self.waiting();
        if waiting.all.len() >= MOST || waiting.bytes.saturating_add(size) > MOST_BYTES {
            drop(waiting);
            self.lose(1);
            return;
        }
        waiting.bytes += size;
        waiting.all.push_back((size, Box::new(make)));
        let is_much = waiting.all.len() == MOST / 4 || waiting.bytes > MOST_BYTES / 4;
        drop(waiting);
        if is_much {
            self.much.notify_one();
        }
    }

    /// How many requests were not logged that should have been, since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// So many are not logged.
    pub(crate) fn lose(&self, requests: usize) {
        self.lost.fetch_add(requests as u64, Ordering::Relaxed);
    }

    /// Takes the oldest off: at most so many, and of about so many bytes.
    pub(crate) fn take(&self, most: usize, most_bytes: usize) -> Vec<Making> {
        let mut waiting = self.waiting();
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while taken.len() < most
            && bytes < most_bytes
            && let Some((size, making)) = waiting.all.pop_front()
        {
            bytes += size;
            waiting.bytes -= size;
            taken.push(making);
        }
        taken
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for LogQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogQueue").field("lost", &self.lost()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> Logged {
        unreachable!("it is never stored")
    }

    #[test]
    fn too_many_are_lost_and_counted() {
        let queue = LogQueue::default();
        for _ in 0..MOST + 3 {
            queue.push(1, nothing);
        }
        assert_eq!(queue.lost(), 3);
        assert_eq!(queue.take(10, 4).len(), 4);
        assert_eq!(queue.take(5, usize::MAX).len(), 5);
        assert_eq!(queue.take(usize::MAX, usize::MAX).len(), MOST - 9);
        for size in [MOST_BYTES - 1, 2, 1, 1] {
            queue.push(size, nothing);
        }
        assert_eq!((queue.lost(), queue.take(9, usize::MAX).len()), (5, 2));
        queue.push(MOST_BYTES, nothing);
        assert_eq!(queue.lost(), 5);
    }
}

//! How many connections to upstreams there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Counts connections; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    open: AtomicI64,
    opened: AtomicU64,
}

/// One connection, until dropped.
#[derive(Debug)]
pub(crate) struct OpenConnection(Connections);

// === impl Connections ===

impl Connections {
    /// Counts a connection as open until the guard is dropped.
    pub(crate) fn open(&self) -> OpenConnection {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.0.opened.fetch_add(1, Ordering::Relaxed);
        OpenConnection(self.clone())
    }

    /// How many are open, in use or idle.
    pub(super) fn now_open(&self) -> i64 {
        self.0.open.load(Ordering::Relaxed)
    }

    /// How many have been opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.0.opened.load(Ordering::Relaxed)
    }
}

// === impl OpenConnection ===

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

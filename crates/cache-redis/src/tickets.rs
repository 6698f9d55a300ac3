//! The tickets under which Redis knows what a node holds, and what the node owes: what is to be given back and could not be.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::RedisCacheError;

/// How much is owed at the most; past it the oldest is left to the end of this node.
const MOST_OWED: usize = 100_000;

/// What this node holds of things with ids, each to be given back with what was used.
#[derive(Debug)]
pub(crate) struct Tickets<Id, Used> {
    last: AtomicU64,
    state: Mutex<State<Id, Used>>,
}

#[derive(Debug)]
struct State<Id, Used> {
    /// Of what is held, and of what is owed.
    ids: HashMap<u64, Id>,
    owed: VecDeque<Owed<Id, Used>>,
}

/// What is to be given back and could not be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owed<Id, Used> {
    pub(crate) ticket: u64,
    pub(crate) id: Id,
    pub(crate) used: Used,
    /// Whether it is not known if Redis knows it: its asking was not answered, and may be late. Up to then it is looked for
    /// again.
    until: Option<Instant>,
}

/// Something that is being asked for. Given up without an answer it may have been done all the same, and is owed.
pub(crate) struct Asking<'t, Id: Copy + Eq + Hash, Used: Clone> {
    tickets: &'t Tickets<Id, Used>,
    ticket: u64,
    id: Id,
    /// What is given back where nobody gets it.
    unused: Used,
    silence: Duration,
    is_open: bool,
}

/// Something that is being given back. Where that is not done, it is owed.
pub(crate) struct Giving<'t, Id: Copy + Eq + Hash, Used: Clone> {
    tickets: &'t Tickets<Id, Used>,
    owed: Option<Owed<Id, Used>>,
}

// === impl Tickets ===

impl<Id, Used> Default for Tickets<Id, Used> {
    fn default() -> Self {
        Self { last: AtomicU64::default(), state: Mutex::new(State { ids: HashMap::new(), owed: VecDeque::new() }) }
    }
}

impl<Id: Copy + Eq + Hash, Used: Clone> Tickets<Id, Used> {
    /// A new ticket.
    pub(crate) fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Something is asked for under a ticket.
    pub(crate) fn ask(&self, ticket: u64, id: Id, unused: Used, silence: Duration) -> Asking<'_, Id, Used> {
        self.lock().ids.insert(ticket, id);
        Asking { tickets: self, ticket, id, unused, silence, is_open: true }
    }

    /// Something is given back.
    pub(crate) fn give(&self, ticket: u64, id: Id, used: Used) -> Giving<'_, Id, Used> {
        Giving { tickets: self, owed: Some(Owed { ticket, id, used, until: None }) }
    }

    /// The ids of which something is held.
    pub(crate) fn ids(&self) -> HashSet<Id> {
        self.lock().ids.values().copied().collect()
    }

    /// All that is owed, by id; who takes it tells what became of it.
    pub(crate) fn take_owed(&self) -> HashMap<Id, Vec<Owed<Id, Used>>> {
        let mut by_id: HashMap<Id, Vec<_>> = HashMap::new();
        for owed in self.lock().owed.drain(..) {
            by_id.entry(owed.id).or_default().push(owed);
        }
        by_id
    }

    /// Tells whether something that was owed was given back.
    pub(crate) fn paid(&self, owed: &Owed<Id, Used>, is_paid: bool) {
        let may_come = owed.until.is_some_and(|until| Instant::now() < until);
        if !is_paid || may_come {
            self.owe(owed.clone());
        } else {
            self.forget(owed.ticket);
        }
    }

    fn forget(&self, ticket: u64) {
        self.lock().ids.remove(&ticket);
    }

    fn owe(&self, owed: Owed<Id, Used>) {
        let mut state = self.lock();
        if state.owed.len() >= MOST_OWED
            && let Some(oldest) = state.owed.pop_front()
        {
            state.ids.remove(&oldest.ticket);
        }
        state.owed.push_back(owed);
    }

    fn lock(&self) -> MutexGuard<'_, State<Id, Used>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Asking ===

impl<Id: Copy + Eq + Hash, Used: Clone> Asking<'_, Id, Used> {
    /// It was answered, and whether with what was asked for is told.
    pub(crate) fn answered<T>(mut self, answer: &Result<T, RedisCacheError>, is_held: impl FnOnce(&T) -> bool) {
        // One that was not answered is given up as the drop does it.
        self.is_open = matches!(answer, Err(RedisCacheError::TimedOut(_) | RedisCacheError::Unreachable(_)));
        if !self.is_open && !answer.as_ref().is_ok_and(is_held) {
            self.tickets.forget(self.ticket);
        }
    }
}

impl<Id: Copy + Eq + Hash, Used: Clone> Drop for Asking<'_, Id, Used> {
    fn drop(&mut self) {
        if self.is_open {
            let until = Some(Instant::now() + self.silence);
            self.tickets.owe(Owed { ticket: self.ticket, id: self.id, used: self.unused.clone(), until });
        }
    }
}

// === impl Giving ===

impl<Id: Copy + Eq + Hash, Used: Clone> Giving<'_, Id, Used> {
    /// It is given back.
    pub(crate) fn done(mut self) {
        if let Some(owed) = self.owed.take() {
            self.tickets.forget(owed.ticket);
        }
    }
}

impl<Id: Copy + Eq + Hash, Used: Clone> Drop for Giving<'_, Id, Used> {
    fn drop(&mut self) {
        if let Some(owed) = self.owed.take() {
            self.tickets.owe(owed);
        }
    }
}

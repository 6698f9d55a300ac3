//! What is counted of one service.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use rotator_domain::rotation::KeyState;
use rotator_domain::{EndedRequest, TokenUsage};

use super::histogram::{Histogram, Observed};
use super::outcome::{AttemptOutcome, RequestOutcome, STATUS_CLASSES, status_class};

/// The kinds of tokens, as they are labelled.
pub(super) const TOKENS: [&str; 5] = ["input", "cached", "cache_written", "output", "reasoning"];
/// The states of keys, in the order in which they are counted.
pub(super) const KEY_STATES: [KeyState; 4] = [KeyState::Active, KeyState::Cooling, KeyState::Exhausted, KeyState::Dead];

/// The numbers of one label `service`.
#[derive(Debug)]
pub(crate) struct ServiceMetrics {
    slug: String,
    requests: [[AtomicU64; STATUS_CLASSES.len()]; RequestOutcome::ALL.len()],
    attempts: [AtomicU64; AttemptOutcome::ALL.len()],
    tokens: [AtomicU64; TOKENS.len()],
    cost_nanodollars: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    duration: Histogram,
    first_byte: Histogram,
    in_flight: AtomicI64,
    waiting: AtomicI64,
    /// As they were when somebody last looked.
    keys: [AtomicU64; KEY_STATES.len()],
}

/// One request in flight, until dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<ServiceMetrics>);

/// One request that waits in line, until dropped.
#[derive(Debug)]
pub(crate) struct InLine<'a>(&'a ServiceMetrics);

// === impl ServiceMetrics ===

impl ServiceMetrics {
    pub(super) fn new(slug: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            requests: Default::default(),
            attempts: Default::default(),
            tokens: Default::default(),
            cost_nanodollars: AtomicU64::default(),
            bytes_in: AtomicU64::default(),
            bytes_out: AtomicU64::default(),
            duration: Histogram::default(),
            first_byte: Histogram::default(),
            in_flight: AtomicI64::default(),
            waiting: AtomicI64::default(),
            keys: Default::default(),
        }
    }

    /// Counts a request that has ended.
    pub(crate) fn ended(&self, request: &EndedRequest) {
        let outcome = RequestOutcome::of(request) as usize;
        if let Some(count) = self.requests.get(outcome).and_then(|classes| classes.get(status_class(request.status))) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.duration.observe(request.duration);
        self.first_byte.observe(request.first_byte);
        self.bytes_in.fetch_add(request.bytes_in, Ordering::Relaxed);
        self.bytes_out.fetch_add(request.bytes_out, Ordering::Relaxed);
        if let Some(TokenUsage { input, cached, cache_written, output, reasoning }) = request.believable_tokens() {
            for (count, more) in self.tokens.iter().zip([input, cached, cache_written, output, reasoning]) {
                count.fetch_add(more, Ordering::Relaxed);
            }
        }
        if let Some(cost) = request.believable_cost() {
            self.cost_nanodollars.fetch_add(cost, Ordering::Relaxed);
        }
    }

    /// Counts an attempt.
    pub(crate) fn attempted(&self, outcome: AttemptOutcome) {
        if let Some(count) = self.attempts.get(outcome as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a request as in flight until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    /// Counts a request as waiting until the guard is dropped.
    pub(crate) fn wait(&self) -> InLine<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        InLine(self)
    }

    /// Takes up how many keys are in each state, in the order of [`KEY_STATES`].
    pub(super) fn set_keys(&self, keys: [u64; KEY_STATES.len()]) {
        for (known, now) in self.keys.iter().zip(keys) {
            known.store(now, Ordering::Relaxed);
        }
    }

    pub(crate) fn slug(&self) -> &str {
        &self.slug
    }

    /// Whether anything has been counted.
    pub(super) fn is_used(&self) -> bool {
        self.requests().next().is_some()
    }

    /// How many requests ended in which way, those that did.
    pub(super) fn requests(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        RequestOutcome::ALL.iter().zip(&self.requests).flat_map(|((_, outcome), classes)| {
            counted(STATUS_CLASSES.into_iter().zip(classes)).map(|(class, count)| (*outcome, class, count))
        })
    }

    /// How many attempts ended in which way, those that did.
    pub(super) fn attempts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        counted(AttemptOutcome::ALL.into_iter().map(|(_, name)| name).zip(&self.attempts))
    }

    /// How many tokens of each kind, where there were any.
    pub(super) fn tokens(&self) -> impl Iterator<Item = (&'static str, u64)> {
        counted(TOKENS.into_iter().zip(&self.tokens))
    }

    /// What they cost, in dollars.
    pub(super) fn cost(&self) -> f64 {
        self.cost_nanodollars.load(Ordering::Relaxed) as f64 / 1e9
    }

    /// Bytes of bodies: of requests, and of answers.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.bytes_in.load(Ordering::Relaxed), self.bytes_out.load(Ordering::Relaxed))
    }

    /// How long requests took to their last byte.
    pub(super) fn durations(&self) -> Observed {
        self.duration.read()
    }

    /// How long requests took to the first byte of their answers.
    pub(super) fn first_bytes(&self) -> Observed {
        self.first_byte.read()
    }

    pub(crate) fn in_flight(&self) -> i64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many keys are in each state; nothing where there are no keys.
    pub(super) fn keys(&self) -> Vec<(&'static str, u64)> {
        let keys = self.keys.iter().map(|count| count.load(Ordering::Relaxed));
        let keys: Vec<_> = KEY_STATES.into_iter().map(KeyState::name).zip(keys).collect();
        if keys.iter().all(|(_, count)| *count == 0) { Vec::new() } else { keys }
    }
}

fn counted<'a>(
    counts: impl Iterator<Item = (&'static str, &'a AtomicU64)>,
) -> impl Iterator<Item = (&'static str, u64)> {
    counts.map(|(name, count)| (name, count.load(Ordering::Relaxed))).filter(|(_, count)| *count > 0)
}

// === impl InFlight ===

impl InFlight {
    /// What the request counts into.
    pub(crate) fn service(&self) -> &ServiceMetrics {
        &self.0
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl InLine ===

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

//! A client's request on its way.

use rotator_domain::rotation::{Course, Lease};
use rotator_domain::{KeyId, Reading};

use super::events::{Millis, Random};

/// The share of clients that leave before their answer has ended.
const LEAVING: f64 = 0.01;
/// When such a client leaves, on average after its arrival.
const LEAVES_AFTER: f64 = 1000.0;
/// The way to the upstream, and back.
const LATENCY: (u32, u32) = (2, 10);
/// So much later than the client sees the end of an answer, a slow upstream has the place free again.
const LATENESS: (u32, u32) = (5, 50);
/// A request that is served takes so long on average, and within these bounds.
const SERVICE: (f64, f64, (f64, f64)) = (700.0, 0.6, (200.0, 3000.0));

#[derive(Debug)]
pub(super) struct Request {
    pub(super) node: usize,
    pub(super) tokens: u32,
    pub(super) course: Course,
    pub(super) tried: Vec<KeyId>,
    /// When it began to wait, while it does.
    pub(super) waits_since: Option<Millis>,
    /// How long it waited before.
    pub(super) waited: Millis,
    pub(super) sent: Option<Sent>,
}

/// One attempt.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) lease: Lease,
    pub(super) answer: Answer,
    /// Whether the upstream works on it.
    pub(super) is_held: bool,
    /// Whether its answer has begun.
    pub(super) has_answer: bool,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Reading(Reading),
    NotSent,
}

/// What clients and the network do, drawn from one seed.
#[derive(Debug)]
pub(super) struct Draws(pub(super) Random);

// === impl Request ===

impl Request {
    pub(super) fn new(node: usize, tokens: u32) -> Self {
        Self { node, tokens, course: Course::default(), tried: Vec::new(), waits_since: None, waited: 0, sent: None }
    }

    pub(super) fn waited(&self, now: Millis) -> Millis {
        self.waited + self.waits_since.map_or(0, |since| now - since)
    }
}

// === impl Draws ===

impl Draws {
    pub(super) fn gap(&mut self, per_second: f64) -> f64 {
        self.0.exponential(1000.0 / per_second)
    }

    pub(super) fn tokens(&mut self) -> u32 {
        self.0.between(100, 4000)
    }

    pub(super) fn latency(&mut self) -> Millis {
        Millis::from(self.0.between(LATENCY.0, LATENCY.1))
    }

    pub(super) fn lateness(&mut self) -> Millis {
        Millis::from(self.0.between(LATENESS.0, LATENESS.1))
    }

    /// How long the upstream works on a request, and after what part of that its answer begins.
    pub(super) fn service(&mut self) -> (Millis, Millis) {
        let (median, sigma, bounds) = SERVICE;
        let whole = self.0.log_normal(median, sigma, bounds);
        (whole as Millis, (whole * (0.1 + 0.4 * self.0.unit())) as Millis)
    }

    /// When the client leaves, where it does.
    pub(super) fn leaving(&mut self) -> Option<Millis> {
        (self.0.unit() < LEAVING).then(|| self.0.exponential(LEAVES_AFTER) as Millis)
    }

    /// The mean time for which a request takes a place among those in flight: that of its service, and of the one round
    /// trip without which nobody can know that the place is free again.
    pub(super) fn mean_service() -> f64 {
        let mut draws = Self(Random::new(0));
        let count = 20_000;
        let sum: Millis = (0..count).map(|_| draws.service().0 + 2 * draws.latency()).sum();
        sum as f64 / f64::from(count)
    }
}

//! One key of a pool, whatever the model.

use std::time::Duration;

use super::bucket::Bucket;
use super::policy::{Limits, PoolKey};
use crate::Timestamp;

/// After how long a dead key is tested for the first time; every test that fails doubles it.
pub const DEAD_PROBE_FIRST: Duration = Duration::from_secs(60);
/// The longest time between two tests of a dead key.
pub const DEAD_PROBE_LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// A key and its state for all models together.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) key: PoolKey,
    /// Its own limits, and where it has none the service's.
    pub(super) limits: Limits,
    pub(super) bucket: Bucket,
    pub(super) out: Option<Out>,
}

/// A key that is not used until a test shows that it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Out {
    pub(super) reason: OutReason,
    pub(super) since: Timestamp,
    /// When it is tested next.
    pub(super) probe_at: Timestamp,
    /// How many refusals in a row.
    pub(super) streak: u32,
}

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutReason {
    /// The upstream does not know it, or has barred it.
    Refused,
    /// Its credit is used up.
    NoCredit,
}

// === impl Member ===

impl Member {
    pub(super) fn new(key: PoolKey, limits: Limits) -> Self {
        Self { key, limits, bucket: Bucket::default(), out: None }
    }

    /// Takes it out of use. A key that is out already waits twice as long for its next test.
    pub(super) fn take_out(&mut self, reason: OutReason, now: Timestamp) -> Out {
        let streak = self.out.map_or(0, |out| out.streak).saturating_add(1);
        let wait = DEAD_PROBE_FIRST.saturating_mul(1 << (streak - 1).min(16)).min(DEAD_PROBE_LONGEST);
        let since = self.out.map_or(now, |out| out.since);
        *self.out.insert(Out { reason, since, probe_at: now.saturating_add(wait), streak })
    }
}

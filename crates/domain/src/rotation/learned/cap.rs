//! One limit that was found, and how it is tried higher and lowered.

use std::time::Duration;

use crate::Timestamp;

/// After how long a limit that was found is tried a little higher.
const FIRST_PATIENCE: Patience = Patience(30_000);
/// The longest time for which a limit that proved right is left untried.
const LONGEST_PATIENCE: Patience = Patience(2 * 60_000);
/// For so long a higher limit must go without a refusal before it is believed: in the minute of a clock, the end counts.
const TRIAL: Duration = Duration::from_secs(60);
/// A limit that was kept to and refused is doubted; refused again within this time, it is lowered.
const DOUBT: Duration = Duration::from_secs(150);

/// A limit that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cap {
    pub(super) limit: u32,
    /// Since when it has neither been refused nor raised.
    since: Timestamp,
    patience: Patience,
    /// How many times in a row it was raised.
    raises: u8,
    /// Since when more than it is accepted.
    trial: Option<Timestamp>,
    /// When a request within it was last refused.
    doubted: Option<Timestamp>,
}

/// A length of time in milliseconds; there are two of it for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Patience(u32);

// === impl Cap ===

impl Cap {
    /// The limit, or once patience is over a little more.
    pub(super) fn allowed(self, now: Timestamp) -> u32 {
        let is_tried = now.saturating_since(self.since).as_millis() >= u128::from(self.patience.0);
        self.limit.saturating_add(if is_tried { self.step() } else { 0 })
    }

    fn step(self) -> u32 {
        (self.limit >> 6_u8.saturating_sub(self.raises)).max(1)
    }

    pub(super) fn accept(&mut self, accepted: u32, now: Timestamp) {
        if accepted <= self.limit {
            return;
        }
        let trial = *self.trial.get_or_insert(now);
        if now.saturating_since(trial) >= TRIAL {
            // The true limit is no lower; what comes next is tried at once.
            let raises = self.raises.saturating_add(1);
            *self = Self { limit: accepted, since: now, patience: Patience(0), raises, trial: None, doubted: None };
        }
    }

    fn new(limit: u32, now: Timestamp) -> Self {
        Self { limit, since: now, patience: FIRST_PATIENCE, raises: 0, trial: None, doubted: None }
    }

    /// It is no more than this.
    pub(super) fn lower(cap: &mut Option<Self>, limit: u32, now: Timestamp) {
        *cap = Some(Self::new(limit, now));
    }

    /// More than `limit` was refused. If this goes on within the limit that is believed, that falls, but not below `least`
    /// where it is known.
    pub(super) fn refuse(cap: &mut Option<Self>, limit: u32, least: Option<u32>, now: Timestamp) {
        let found = Self::new(limit, now);
        let Some(old) = *cap else {
            *cap = Some(found);
            return;
        };
        // Of requests that are sent together any may be the one that is refused: it may be a few before the last.
        let is_near = limit >= old.limit - old.limit / 8;
        let is_tried = old.trial.is_some() || old.allowed(now) > old.limit || limit > old.limit;
        let new = if is_near && is_tried {
            // The try with a little more showed that the limit is right.
            let patience = Patience(old.patience.0.max(FIRST_PATIENCE.0 / 2) * 2).min(LONGEST_PATIENCE);
            Self { limit: old.limit, patience, ..found }
        } else if !is_near {
            found
        } else if old.doubted.is_some_and(|then| now.saturating_since(then) < DOUBT) {
            let lowered = old.limit - (old.limit / 32).max(1).min(old.limit - 1);
            let limit = least.map_or(lowered, |least| least.clamp(lowered, old.limit));
            Self { limit, doubted: Some(now), ..found }
        } else {
            Self { doubted: Some(now), patience: old.patience.max(FIRST_PATIENCE), ..found }
        };
        *cap = Some(new);
    }
}

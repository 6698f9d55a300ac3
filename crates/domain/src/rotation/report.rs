//! What can be seen of a pool.

use std::collections::HashMap;

use super::CoolingReason;
use super::bucket::Cooling;
use super::member::OutReason;
use crate::{KeyId, Reading, Timestamp};

/// What the end of a request tells of its lease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// What its answer said, where that [could wait](Reading::can_wait) and was not learned before.
    pub reading: Option<Reading>,
    /// The tokens that it used, where they are known.
    pub used: Option<u64>,
}

/// How a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// It may be picked.
    Active,
    /// It is limited for a while, for some model or for all.
    Cooling,
    /// Its quota or its credit is used up.
    Exhausted,
    /// The upstream does not know it any more.
    Dead,
}

/// A key's state, why, since when and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The key.
    pub key: KeyId,
    /// How it is.
    pub state: KeyState,
    /// The model that the state concerns; all when there is none.
    pub model: Option<String>,
    /// Since when; an active key has none.
    pub since: Option<Timestamp>,
    /// Until when it is left alone or, for one that is dead or without credit, when it is tested next.
    pub until: Option<Timestamp>,
    /// Its requests in flight.
    pub in_flight: u32,
}

/// What an answer changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Learning {
    /// Nothing that keeps the key from its next request.
    #[default]
    Nothing,
    /// The key, or its quota group, is left alone.
    Cooling(Cooling),
    /// The key is not used until a test shows that it works.
    Out {
        /// Why.
        reason: OutReason,
        /// When it is tested.
        probe_at: Timestamp,
    },
}

/// What must outlive a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The key.
    pub key: KeyId,
    /// The model that the state concerns; all when there is none.
    pub model: Option<String>,
    /// How it is.
    pub state: KeyState,
    /// Since when.
    pub since: Timestamp,
    /// Until when, or when it is tested next.
    pub until: Timestamp,
}

// === impl KeyReport ===

impl KeyReport {
    /// How a key is, given all that keeps it from serving: of several states the worst is told.
    #[must_use]
    pub fn of(key: KeyId, in_flight: u32, checkpoints: impl IntoIterator<Item = Checkpoint>) -> Self {
        let mut report = Self { key, state: KeyState::Active, model: None, since: None, until: None, in_flight };
        for Checkpoint { model, state, since, until, .. } in checkpoints {
            if (report.state.weight(), report.until) < (state.weight(), Some(until)) {
                report = Self { state, model, since: Some(since), until: Some(until), ..report };
            }
        }
        report
    }

    /// How the keys are that something keeps from serving, each once.
    #[must_use]
    pub fn resting(checkpoints: impl IntoIterator<Item = Checkpoint>) -> Vec<Self> {
        let mut by_key: HashMap<KeyId, Vec<Checkpoint>> = HashMap::new();
        for checkpoint in checkpoints {
            by_key.entry(checkpoint.key).or_default().push(checkpoint);
        }
        by_key.into_iter().map(|(key, checkpoints)| Self::of(key, 0, checkpoints)).collect()
    }
}

// === impl KeyState ===

impl KeyState {
    /// Its name in the admin API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cooling => "cooling",
            Self::Exhausted => "exhausted",
            Self::Dead => "dead",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Active, Self::Cooling, Self::Exhausted, Self::Dead].into_iter().find(|state| state.name() == text)
    }

    /// Whether only a test ends it, and no time alone. One that is exhausted may be either, and is taken for the other.
    pub(super) const fn needs_test(self) -> bool {
        matches!(self, Self::Dead)
    }

    /// How bad it is: of several states of a key the worst is told.
    const fn weight(self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Cooling => 1,
            Self::Exhausted => 2,
            Self::Dead => 3,
        }
    }
}

impl From<CoolingReason> for KeyState {
    fn from(reason: CoolingReason) -> Self {
        match reason {
            CoolingReason::Limited => Self::Cooling,
            CoolingReason::OutOfQuota => Self::Exhausted,
        }
    }
}

impl From<OutReason> for KeyState {
    fn from(reason: OutReason) -> Self {
        match reason {
            OutReason::Refused => Self::Dead,
            OutReason::NoCredit => Self::Exhausted,
        }
    }
}

//! How a pool is used, as its operator says.

use std::collections::BTreeMap;

use super::Glob;
use crate::KeyId;

/// How the keys of a service take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// One after the other, exactly.
    #[default]
    RoundRobin,
    /// One after the other, a key of weight 3 three times as often as one of weight 1, evenly spread.
    Weighted,
    /// The key with the fewest requests in flight.
    LeastInFlight,
    /// The first key until it cannot serve, then the second.
    FillFirst,
    /// Any key.
    Random,
}

/// Limits that an operator declares; an absent one is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests in any 60 seconds.
    pub requests_per_minute: Option<u32>,
    /// Tokens, of prompts and answers together, in any 60 seconds.
    pub tokens_per_minute: Option<u32>,
    /// Requests in any 24 hours.
    pub requests_per_day: Option<u32>,
    /// Requests in flight.
    pub max_concurrency: Option<u32>,
}

/// Keys that share one upstream quota, such as those of one project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuotaGroup(pub String);

/// How a service's pool is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RotationPolicy {
    /// How the keys take turns.
    pub strategy: Strategy,
    /// Whether a session keeps its key.
    pub has_affinity: bool,
    /// The limits of every key and of every quota group that has none of its own.
    pub limits: Limits,
    /// The limits of quota groups.
    pub groups: BTreeMap<QuotaGroup, Limits>,
}

/// How one key is used, as its operator says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPolicy {
    /// How often it is used under [`Strategy::Weighted`], in proportion to the others; at least 1.
    pub weight: u32,
    /// Keys of a lower tier are used first.
    pub tier: u8,
    /// Its own limits; an absent one follows the service's.
    pub limits: Limits,
    /// The models that it may serve; all when there is none.
    pub models: Vec<Glob>,
    /// The keys with which it shares its quota.
    pub group: Option<QuotaGroup>,
}

/// An active key of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolKey {
    /// Its id.
    pub id: KeyId,
    /// How often it is used under [`Strategy::Weighted`], in proportion to the others; at least 1.
    pub weight: u32,
    /// Keys of a lower tier are used first.
    pub tier: u8,
    /// Its own limits; an absent one follows the service's.
    pub limits: Limits,
    /// The models that it may serve; all when there is none.
    pub models: Vec<Glob>,
    /// The keys with which it shares its quota.
    pub group: Option<QuotaGroup>,
}

// === impl Limits ===

impl Limits {
    /// These, and where one is absent that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            requests_per_minute: self.requests_per_minute.or(other.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.or(other.tokens_per_minute),
            requests_per_day: self.requests_per_day.or(other.requests_per_day),
            max_concurrency: self.max_concurrency.or(other.max_concurrency),
        }
    }
}

// === impl RotationPolicy ===

impl RotationPolicy {
    /// The limits of a quota group.
    #[must_use]
    pub fn limits_of(&self, group: &QuotaGroup) -> Limits {
        self.groups.get(group).copied().unwrap_or_default().or(self.limits)
    }
}

// === impl KeyPolicy ===

impl Default for KeyPolicy {
    fn default() -> Self {
        Self { weight: 1, tier: 0, limits: Limits::default(), models: Vec::new(), group: None }
    }
}

// === impl PoolKey ===

impl PoolKey {
    /// A key with its policy.
    #[must_use]
    pub fn new(id: KeyId, policy: KeyPolicy) -> Self {
        let KeyPolicy { weight, tier, limits, models, group } = policy;
        Self { id, weight, tier, limits, models, group }
    }

    /// A key as most are: of weight 1 in tier 0, for every model, without limits.
    #[must_use]
    pub const fn plain(id: KeyId) -> Self {
        let limits = Limits {
            requests_per_minute: None,
            tokens_per_minute: None,
            requests_per_day: None,
            max_concurrency: None,
        };
        Self { id, weight: 1, tier: 0, limits, models: Vec::new(), group: None }
    }

    /// Whether it may serve a model; a request that names none may be served by every key.
    #[must_use]
    pub fn serves(&self, model: Option<&str>) -> bool {
        self.models.is_empty() || model.is_none_or(|model| self.models.iter().any(|glob| glob.matches(model)))
    }
}

// === impl Strategy ===

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::RoundRobin, Self::Weighted, Self::LeastInFlight, Self::FillFirst, Self::Random];

    /// Its name in the admin API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::Weighted => "weighted",
            Self::LeastInFlight => "least_in_flight",
            Self::FillFirst => "fill_first",
            Self::Random => "random",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == text)
    }
}

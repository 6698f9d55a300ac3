//! What requests used, added up.

use async_trait::async_trait;
use rotator_domain::{ClientKeyId, Grain, KeyId, ServiceId, Timestamp, UsageFigures, UsageRow};

use crate::StorageError;

/// The longest name of a model, in characters, under which figures are kept.
pub const LONGEST_USAGE_MODEL: usize = 255;

/// What makes figures that are sent twice count once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageBatch {
    /// Who counts its batches: at most 64 characters, and never the same for two.
    pub source: String,
    /// The number of the batch; those of one source come in rising order.
    pub number: i64,
}

/// Which figures to tell, and how to add them up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageQuery {
    /// How long the stretches are whose figures are looked at.
    pub grain: Grain,
    /// The first stretch begins here or later.
    pub from: Timestamp,
    /// And all before this.
    pub until: Timestamp,
    /// What figures are kept apart by; all others are added up.
    pub by: Vec<UsageDimension>,
    /// Only this service's.
    pub service: Option<ServiceId>,
    /// Only this upstream key's.
    pub key: Option<KeyId>,
    /// Only this client key's; `Some(None)` means those in the settings.
    pub client: Option<Option<ClientKeyId>>,
    /// Only this model's.
    pub model: Option<String>,
}

/// What figures are kept apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageDimension {
    /// The stretch of time.
    Time,
    /// The service.
    Service,
    /// The upstream key.
    Key,
    /// The client key.
    Client,
    /// The model.
    Model,
}

/// Figures that were added up. What they are not kept apart by is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageGroup {
    /// When the stretch began.
    pub at: Option<Timestamp>,
    /// The service.
    pub service: Option<ServiceId>,
    /// The upstream key; `Some(None)` is what no key had a part in.
    pub key: Option<Option<KeyId>>,
    /// The client key; `Some(None)` are those in the settings.
    pub client: Option<Option<ClientKeyId>>,
    /// The model; `Some(None)` is what named none.
    pub model: Option<Option<String>>,
    /// The figures.
    pub figures: UsageFigures,
}

/// Keeps figures by minute, hour and day.
#[async_trait]
pub trait UsageRepository: Send + Sync {
    /// Adds rows of whole minutes to the figures of their minute, hour and day, all in one transaction, and says whether it did:
    /// a batch that was added before, or one that another of its source has overtaken, is passed over. Models are kept to
    /// [`LONGEST_USAGE_MODEL`] characters, without NUL. Rows that are there twice are added up.
    async fn add_usage(&self, batch: &UsageBatch, rows: &[UsageRow], now: Timestamp) -> Result<bool, StorageError>;

    /// The figures that are asked for, ordered by time, service, key, client and model, as far as they are kept apart by them; at
    /// most `limit` groups.
    async fn usage(&self, query: &UsageQuery, limit: u64) -> Result<Vec<UsageGroup>, StorageError>;

    /// Forgets the figures of stretches of this grain that began before a time, at most about `limit` rows at once, and says
    /// how many they were.
    async fn forget_usage(&self, grain: Grain, before: Timestamp, limit: u64) -> Result<u64, StorageError>;

    /// Forgets the sources that have sent nothing since a time; what they send then counts once more.
    async fn forget_usage_sources(&self, before: Timestamp) -> Result<u64, StorageError>;
}

// === impl UsageDimension ===

impl UsageDimension {
    /// All of them, in the order in which groups are sorted.
    pub const ALL: [Self; 5] = [Self::Time, Self::Service, Self::Key, Self::Client, Self::Model];

    /// Its name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Service => "service",
            Self::Key => "key",
            Self::Client => "client",
            Self::Model => "model",
        }
    }

    /// The dimension of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dimension| dimension.name() == name)
    }
}

// === impl UsageQuery ===

impl UsageQuery {
    /// Everything of this time, added up.
    #[must_use]
    pub fn all(grain: Grain, from: Timestamp, until: Timestamp) -> Self {
        Self { grain, from, until, by: Vec::new(), service: None, key: None, client: None, model: None }
    }
}

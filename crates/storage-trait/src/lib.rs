//! What a storage backend does for API Key Rotator.
//!
//! Owns the narrow repository traits, the [`StorageFactory`] that is found by a URL's scheme, the kinds of error, and
//! (with the feature `suite`) the tests that every backend runs.
//!
//! Never knows a database. Repositories store what they are given: ids come from [`IdAllocator`], times from the caller,
//! secrets arrive sealed or digested.

mod admin;
mod audit;
mod changes;
mod client_key;
mod error;
mod factory;
mod key;
mod legacy;
mod moving;
mod price;
mod request_log;
mod secrets;
mod service;
mod state;
#[cfg(feature = "suite")]
pub mod suite;
mod usage;
mod webhook;

pub use admin::{AdminRepository, AdminToken, AdminUser, AdminUserChange};
pub use audit::{AuditEntry, AuditFilter, AuditRepository};
pub use changes::{ChangeRepository, Served, StoredChange};
pub use client_key::ClientKeyRepository;
pub use error::{StorageError, StorageErrorKind};
pub use factory::{DatabaseUrl, StorageFactory, StorageOptions};
pub use key::{KeyChange, KeyCounts, KeyRecord, KeyRepository, PoolChange, SealedKey, sealed_pages};
pub use legacy::{LegacyKey, LegacyService};
pub use moving::{EndedSession, Filling, MovingRepository, Record, SettingRecord, Snapshot};
pub use price::PriceRepository;
pub use request_log::{LogEntry, LogFilter, LogSlice, NewLogEntry, RequestLogRepository, StoredBody};
pub use secrets::{ResealFn, SealedPlace, SecretRepository};
pub use service::ServiceRepository;
pub use state::{LONGEST_STATE_MODEL, StateRepository};
pub use usage::{LONGEST_USAGE_MODEL, UsageBatch, UsageDimension, UsageGroup, UsageQuery, UsageRepository};
pub use webhook::{Alarm, AlarmKey, Delivery, DeliveryStatus, WebhookRepository};

use async_trait::async_trait;

/// A slice of a list that is ordered by id: what comes after one id, at most so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<Id> {
    /// The id after which the page begins; the first page has none.
    pub after: Option<Id>,
    /// How many entries at the most.
    pub limit: u64,
}

/// Hands out ids.
#[async_trait]
pub trait IdAllocator: Send + Sync {
    /// Reserves `count` consecutive ids and gives the first; no id is ever given twice, on any node. Ids begin at 1.
    async fn reserve_ids(&self, count: u32) -> Result<i64, StorageError>;
}

/// A whole backend, migrated and ready.
#[async_trait]
pub trait Storage:
    IdAllocator
    + ServiceRepository
    + KeyRepository
    + StateRepository
    + ClientKeyRepository
    + ChangeRepository
    + AdminRepository
    + AuditRepository
    + SecretRepository
    + MovingRepository
    + UsageRepository
    + RequestLogRepository
    + WebhookRepository
    + PriceRepository
{
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StorageError>;

    /// Closes every connection; calls after it fail.
    async fn close(&self);
}

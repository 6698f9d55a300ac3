//! Everything that a database holds, on its way into another one.

use async_trait::async_trait;
use rotator_domain::rotation::Checkpoint;
use rotator_domain::{ClientKey, Grain, PriceOverride, Sealed, Service, ServiceId, Timestamp, UsageRow, Webhook};

use crate::{AdminToken, AdminUser, AuditEntry, KeyRecord, StorageError};

/// Something that is stored, secrets still sealed. What a backend keeps for itself (its schema's version) is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// The id that would be handed out next; it comes once, before all others.
    NextId(i64),
    /// A setting of the server.
    Setting(SettingRecord),
    /// Somebody who may log in.
    AdminUser(AdminUser),
    /// An API token.
    AdminToken(AdminToken),
    /// A session that ended before it expired.
    EndedSession(EndedSession),
    /// A client key.
    ClientKey(ClientKey),
    /// A service.
    Service(Box<Service>),
    /// An upstream key.
    UpstreamKey(KeyRecord),
    /// How a key of this service is.
    KeyState(ServiceId, Checkpoint),
    /// An entry of the audit log.
    Audit(AuditEntry),
    /// What requests used.
    Usage(Grain, Box<UsageRow>),
    /// A webhook; what it was told of stays behind.
    Webhook(Box<Webhook>),
    /// A price that the operator set.
    Price(PriceOverride),
}

/// A sealed setting under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingRecord {
    /// Its name.
    pub name: String,
    /// Its value, sealed for this name.
    pub sealed: Sealed,
}

/// A session that ended before it expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSession {
    /// Its id.
    pub session_id: String,
    /// When it would have expired.
    pub expires_at: Timestamp,
}

/// Reads a whole database, and fills an empty one.
#[async_trait]
pub trait MovingRepository: Send + Sync {
    /// Begins to read everything as it is at this moment, whatever changes while it is read. It holds a connection; a database
    /// in memory has one only, which nobody else can use meanwhile.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>, StorageError>;

    /// Begins to fill the database. `NotEmpty` when it holds any record already. Nobody else can fill it meanwhile.
    async fn fill(&self) -> Result<Box<dyn Filling>, StorageError>;
}

/// A database as it was at one moment.
#[async_trait]
pub trait Snapshot: Send {
    /// The next records, at most `limit` of them (which must be more than none) and none at the end. One that others refer
    /// to comes before them; those of one kind come together, in an order that depends on nothing but the database's kind.
    async fn next_page(&mut self, limit: u64) -> Result<Vec<Record>, StorageError>;
}

/// A database that is being filled. Nobody sees any of it before [`Self::commit`]; dropped without that, or after an error,
/// it stays empty.
#[async_trait]
pub trait Filling: Send {
    /// Stores records under the ids that they have; those that they refer to are stored already, or among them.
    async fn store(&mut self, records: &[Record]) -> Result<(), StorageError>;

    /// Makes everything that was stored visible at once. The ids that are handed out from then on are above all that were
    /// stored, and not below any [`Record::NextId`].
    async fn commit(self: Box<Self>) -> Result<(), StorageError>;
}

//! Single requests of services that log them.

use async_trait::async_trait;
use rotator_domain::{ClientKeyId, KeyId, LoggedRequest, ServiceId, Timestamp};

use crate::StorageError;

/// A request to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLogEntry {
    /// What became of it.
    pub request: LoggedRequest,
    /// The request's body and the answer's, where they are kept.
    pub bodies: Option<[StoredBody; 2]>,
}

/// A body as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredBody {
    /// Its bytes, or what they were packed into.
    pub content: Vec<u8>,
    /// Whether they are packed; how is for those to know who write and read bodies.
    pub is_packed: bool,
    /// Whether there was more of it.
    pub is_cut: bool,
}

/// A stored request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Its id.
    pub id: i64,
    /// What became of it.
    pub request: LoggedRequest,
    /// Whether bodies are kept with it.
    pub has_bodies: bool,
}

/// Which requests to give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only those that ended then or later.
    pub from: Option<Timestamp>,
    /// Only those that ended before.
    pub until: Option<Timestamp>,
    /// Only this service's: it was asked.
    pub service: Option<ServiceId>,
    /// Only those that this upstream key served.
    pub key: Option<KeyId>,
    /// Only this client key's; `Some(None)` means those in the settings.
    pub client: Option<Option<ClientKeyId>>,
    /// Only those with a status in this range, its end included.
    pub status: Option<(u16, u16)>,
    /// Only those for this model.
    pub model: Option<String>,
    /// Only those of this trace, or which their client calls so.
    pub trace: Option<String>,
}

/// A slice of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogSlice {
    /// The newest ones with an id below this one, the newest first.
    Before(Option<i64>),
    /// The oldest ones with an id above the first and not above the second, the oldest first.
    Between(i64, i64),
}

/// Keeps requests.
#[async_trait]
pub trait RequestLogRepository: Send + Sync {
    /// Stores requests in one transaction. Their ids rise, and become visible in that order on every node: who has read the
    /// log up to one misses none. Texts are kept to their columns' lengths, without NUL.
    async fn append_requests(&self, entries: &[NewLogEntry]) -> Result<(), StorageError>;

    /// At most `limit` requests of a slice.
    async fn requests(&self, filter: &LogFilter, slice: LogSlice, limit: u64) -> Result<Vec<LogEntry>, StorageError>;

    /// One request and its bodies, where they are kept.
    async fn request(&self, id: i64) -> Result<Option<(LogEntry, Option<[StoredBody; 2]>)>, StorageError>;

    /// The id of the newest request that was ever stored; 0 where there was none.
    async fn newest_request(&self) -> Result<i64, StorageError>;

    /// Forgets the oldest requests, those that ended before a time and those beyond the last `size` bytes, at most `limit` at
    /// once, and says how many they were. The bytes are those of what is stored, but for what the database itself needs besides.
    async fn forget_requests(&self, before: Option<Timestamp>, size: u64, limit: u64) -> Result<u64, StorageError>;
}

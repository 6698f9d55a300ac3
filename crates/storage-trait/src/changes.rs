//! What has changed of what servers serve, for those that did not change it.

use async_trait::async_trait;
use rotator_domain::ServiceId;

use crate::StorageError;

/// Something that servers serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Served {
    /// A service and its keys.
    Service(ServiceId),
    /// The client keys, all together.
    ClientKeys,
    /// The prices that the operator set, all together.
    Prices,
}

/// When something last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredChange {
    /// What has changed; it may be gone by now.
    pub served: Served,
    /// The version of the change.
    pub version: i64,
}

/// The versions of what servers serve.
///
/// Every change of a service, of upstream keys, of client keys or of prices counts the version up by one and is written down with it, in
/// the transaction of the change itself: the versions are in the order in which changes hold. States of keys, sessions, tokens
/// and the log are no such changes.
///
/// Who reads a version, and only then what is stored, has read that version or a later one; who then asks for the changes
/// since it misses none, whatever others change meanwhile.
#[async_trait]
pub trait ChangeRepository: Send + Sync {
    /// The version of the last change that holds; 0 before the first. A version that is lower than one before it is that of
    /// another database, which was reset or put back.
    async fn config_version(&self) -> Result<i64, StorageError>;

    /// What has changed after `version`, in the order of the last change of each. Of several changes of one thing the last
    /// is given.
    async fn changes_since(&self, version: i64) -> Result<Vec<StoredChange>, StorageError>;
}

//! Which nodes there are, and what they tell one another.

use async_trait::async_trait;
use rotator_domain::{ServiceId, Timestamp};

use crate::CacheError;

/// A node that shares the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id, which no other node has.
    pub id: String,
    /// The version of its program.
    pub version: String,
    /// When it last gave a sign of life.
    pub seen_at: Timestamp,
}

/// A node that shares nothing: it is the only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlyNode {
    /// Its id.
    pub id: String,
    /// The version of its program.
    pub version: String,
}

/// What a node is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A service has changed.
    Service(ServiceId),
    /// The client keys have changed.
    ClientKeys,
    /// The prices have changed.
    Prices,
    /// Something may have been missed: anything may have changed.
    Missed,
}

/// The nodes that share a cache.
#[async_trait]
pub trait NodeRegistry: Send + Sync {
    /// The nodes that gave a sign of life lately, this one among them, by id. A node that ended without a word is listed until
    /// its silence is over. The list is that of one moment; two nodes may be given different ones.
    async fn nodes(&self, now: Timestamp) -> Result<Vec<Node>, CacheError>;
}

/// Tells nodes that the configuration has changed.
///
/// Changes are hints: what has changed is in the storage. One may be told twice or together with others as [`Change::Missed`],
/// but none is lost for ever to a node that is connected, or connects again.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// Tells all other nodes of a change. It is announced as a whole or not at all; when it fails, the change
    /// is told by nobody, and the caller may announce it again.
    async fn announce_change(&self, change: Change) -> Result<(), CacheError>;

    /// What other nodes announce from now on. While the backend is away nothing comes; when it is back, [`Change::Missed`].
    fn changes(&self) -> Box<dyn Changes>;
}

/// Announced changes, as they come.
#[async_trait]
pub trait Changes: Send {
    /// The next; `None` when the feed has ended. May be given up and called again without losing one.
    async fn next(&mut self) -> Option<Change>;
}

// === impl OnlyNode ===

#[async_trait]
impl NodeRegistry for OnlyNode {
    async fn nodes(&self, now: Timestamp) -> Result<Vec<Node>, CacheError> {
        Ok(vec![Node { id: self.id.clone(), version: self.version.clone(), seen_at: now }])
    }
}

//! What the proxy keeps of conversations for clients whose format cannot carry it.

use std::time::Duration;

use async_trait::async_trait;
use rotator_domain::{Digest, ServiceId};

use crate::CacheError;

/// Where something is kept. Two places that differ in anything have nothing to do with each other: nobody reads what another
/// client, or the same client at another service, left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The service that was asked.
    pub service_id: ServiceId,
    /// The digest of the client key that was shown.
    pub client: Digest,
    /// What it is.
    pub kind: Kept,
    /// The id by which the client names it: of an answer, or of a call.
    pub id: String,
}

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kept {
    /// A conversation up to and with an answer.
    Conversation,
    /// What came with the call of a tool.
    Call,
}

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConversationLimits {
    /// The most entries.
    pub entries: u64,
    /// The most bytes, of ids and texts together.
    pub bytes: u64,
    /// How long an entry is kept after it was written.
    pub time_to_live: Duration,
}

/// Remembers texts for a while, within bounds; what was not used for the longest time goes first.
///
/// Forgetting is no error: an entry may be gone at any time, and who recalls it must be able to go on.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Keeps a text, in place of the one that was there. One that is larger than all bounds is not kept.
    async fn remember(&self, place: Place, text: String) -> Result<(), CacheError>;

    /// The text that is kept in a place; `None` where there is none, or none any more.
    async fn recall(&self, place: &Place) -> Result<Option<String>, CacheError>;

    /// Forgets a text, and gives whether there was one.
    async fn forget(&self, place: &Place) -> Result<bool, CacheError>;
}

// === impl ConversationLimits ===

impl Default for ConversationLimits {
    fn default() -> Self {
        Self { entries: 10_000, bytes: 256 * 1024 * 1024, time_to_live: Duration::from_secs(24 * 60 * 60) }
    }
}

// === impl Place ===

impl Place {
    /// How many bytes it takes beside its text, roughly.
    #[must_use]
    pub const fn size(&self) -> usize {
        size_of::<Self>() + self.id.len()
    }
}

//! The memory of conversations in a moka cache.

use async_trait::async_trait;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use rotator_cache_trait::{CacheError, ConversationLimits, ConversationStore, Place};

/// Conversations in memory.
#[derive(Debug)]
pub struct MemoryConversations {
    texts: Cache<Place, String>,
}

// === impl MemoryConversations ===

impl MemoryConversations {
    /// A memory with these bounds.
    #[must_use]
    pub fn new(limits: ConversationLimits) -> Self {
        // Both bounds in one: an entry weighs its bytes, and so much at the least that no more entries fit than are allowed.
        let least = u32::try_from(limits.bytes.div_ceil(limits.entries.max(1))).unwrap_or(u32::MAX);
        let weigh = move |place: &Place, text: &String| {
            u32::try_from(place.size().saturating_add(text.len())).unwrap_or(u32::MAX).max(least)
        };
        let texts = Cache::builder()
            .max_capacity(limits.bytes)
            .weigher(weigh)
            .time_to_live(limits.time_to_live)
            // What was just said is what the next request goes on from, however seldom it was asked for so far.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { texts }
    }
}

#[async_trait]
impl ConversationStore for MemoryConversations {
    async fn remember(&self, place: Place, text: String) -> Result<(), CacheError> {
        self.texts.insert(place, text);
        // Else the bounds would hold only now and then, and an entry may be large.
        self.texts.run_pending_tasks();
        Ok(())
    }

    async fn recall(&self, place: &Place) -> Result<Option<String>, CacheError> {
        Ok(self.texts.get(place))
    }

    async fn forget(&self, place: &Place) -> Result<bool, CacheError> {
        Ok(self.texts.remove(place).is_some())
    }
}

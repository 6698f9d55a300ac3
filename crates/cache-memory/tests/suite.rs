//! The suite that every cache runs.

use std::sync::Arc;

use rotator_cache_memory::{MemoryConversations, MemoryCounters, MemoryRotation};
use rotator_cache_trait::{ConversationLimits, ConversationStore, Counters, RotationState};

async fn open() -> (Arc<dyn RotationState>, Arc<dyn Counters>, ()) {
    (Arc::new(MemoryRotation::default()), Arc::new(MemoryCounters::default()), ())
}

async fn open_conversations(limits: ConversationLimits) -> (Arc<dyn ConversationStore>, ()) {
    (Arc::new(MemoryConversations::new(limits)), ())
}

rotator_cache_trait::cache_suite!(open);
rotator_cache_trait::conversation_suite!(open_conversations);

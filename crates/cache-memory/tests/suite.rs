//! The suite that every cache runs.

use std::sync::Arc;

use rotator_cache_memory::{MemoryClientMeters, MemoryConversations, MemoryCounters, MemoryRotation};
use rotator_cache_trait::{ClientMeters, ConversationLimits, ConversationStore, Counters, RotationState};

async fn open() -> (Arc<dyn RotationState>, Arc<dyn Counters>, ()) {
    (Arc::new(MemoryRotation::default()), Arc::new(MemoryCounters::default()), ())
}

async fn open_conversations(limits: ConversationLimits) -> (Arc<dyn ConversationStore>, ()) {
    (Arc::new(MemoryConversations::new(limits)), ())
}

async fn open_clients() -> (Arc<dyn ClientMeters>, ()) {
    (Arc::new(MemoryClientMeters::default()), ())
}

rotator_cache_trait::cache_suite!(open);
rotator_cache_trait::client_suite!(open_clients);
rotator_cache_trait::conversation_suite!(open_conversations);

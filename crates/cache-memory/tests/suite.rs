//! The suite that every cache runs.

use std::sync::Arc;

use rotator_cache_memory::{MemoryCounters, MemoryRotation};
use rotator_cache_trait::{Counters, RotationState};

async fn open() -> (Arc<dyn RotationState>, Arc<dyn Counters>, ()) {
    (Arc::new(MemoryRotation::default()), Arc::new(MemoryCounters::default()), ())
}

rotator_cache_trait::cache_suite!(open);

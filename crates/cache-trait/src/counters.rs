//! Counters that forget.

use std::time::Duration;

use async_trait::async_trait;

use crate::CacheError;

/// Counts events by name for a while, on all nodes together.
#[async_trait]
pub trait Counters: Send + Sync {
    /// Counts one more event of `name` and gives the new count. A count is forgotten `window` after its last event.
    async fn count(&self, name: &str, window: Duration) -> Result<u64, CacheError>;

    /// The count, without adding to it.
    async fn counted(&self, name: &str) -> Result<u64, CacheError>;

    /// Forgets the count.
    async fn forget(&self, name: &str) -> Result<(), CacheError>;
}

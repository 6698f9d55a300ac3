//! Counts in Redis, or here while it is away.

use std::time::Duration;

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, Counters};

use super::Fallback;

/// What was counted in one place is not known in the other.
#[async_trait]
impl Counters for Fallback {
    async fn count(&self, name: &str, window: Duration) -> Result<u64, CacheError> {
        match self.shared.ask(self.shared.remote.counters.count(name, window)).await {
            Some(count) => count,
            None => self.shared.local.counters.count(name, window).await,
        }
    }

    async fn counted(&self, name: &str) -> Result<u64, CacheError> {
        match self.shared.ask(self.shared.remote.counters.counted(name)).await {
            Some(count) => count,
            None => self.shared.local.counters.counted(name).await,
        }
    }

    async fn forget(&self, name: &str) -> Result<(), CacheError> {
        self.shared.local.counters.forget(name).await?;
        self.shared.ask(self.shared.remote.counters.forget(name)).await.unwrap_or(Ok(()))
    }
}

//! Counters in a moka cache, each with a life of its own.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use moka::Expiry;
use moka::ops::compute::Op;
use moka::sync::Cache;
use rotator_cache_trait::{CacheError, Counters};

/// How many names are counted at once; past it the least used are forgotten.
const CAPACITY: u64 = 100_000;

/// Counters in memory.
#[derive(Debug)]
pub struct MemoryCounters {
    counts: Cache<String, Count>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    number: u64,
    window: Duration,
}

/// An entry lives for its own window after each write.
#[derive(Debug)]
struct Window;

// === impl MemoryCounters ===

impl Default for MemoryCounters {
    fn default() -> Self {
        Self { counts: Cache::builder().max_capacity(CAPACITY).expire_after(Window).build() }
    }
}

#[async_trait]
impl Counters for MemoryCounters {
    async fn count(&self, name: &str, window: Duration) -> Result<u64, CacheError> {
        let counted = self.counts.entry(name.to_owned()).and_compute_with(|entry| {
            let number = entry.map_or(0, |entry| entry.into_value().number).saturating_add(1);
            Op::Put(Count { number, window })
        });
        Ok(counted.into_entry().map_or(1, |entry| entry.into_value().number))
    }

    async fn counted(&self, name: &str) -> Result<u64, CacheError> {
        Ok(self.counts.get(name).map_or(0, |count| count.number))
    }

    async fn forget(&self, name: &str) -> Result<(), CacheError> {
        self.counts.invalidate(name);
        Ok(())
    }
}

// === impl Window ===

impl Expiry<String, Count> for Window {
    fn expire_after_create(&self, _: &String, count: &Count, _: Instant) -> Option<Duration> {
        Some(count.window)
    }

    fn expire_after_update(&self, _: &String, count: &Count, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(count.window)
    }
}

//! Counters: a number with an expiry.

use std::time::Duration;

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, Counters};

use crate::Connections;
use crate::script::{Code, ScriptCall};

/// Adds one and sets the expiry, which only a script does as one.
const COUNT: &str = "local n = redis.call('INCR', KEYS[1]) redis.call('PEXPIRE', KEYS[1], ARGV[1]) return n";

/// Counters in Redis.
#[derive(Debug)]
pub struct RedisCounters {
    connections: Connections,
    prefix: String,
    count: Code,
}

// === impl RedisCounters ===

impl RedisCounters {
    /// Counters whose names begin with a prefix.
    #[must_use]
    pub fn new(connections: Connections, prefix: &str) -> Self {
        Self { connections, prefix: format!("{prefix}:count:"), count: Code::new(COUNT) }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

#[async_trait]
impl Counters for RedisCounters {
    async fn count(&self, name: &str, window: Duration) -> Result<u64, CacheError> {
        // An expiry of nought would forget the count before it is told.
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 48);
        let call = ScriptCall::new(&self.count, &self.key(name)).arg(window);
        Ok(call.run(&self.connections).await?)
    }

    async fn counted(&self, name: &str) -> Result<u64, CacheError> {
        let count: Option<u64> = self.connections.run(redis::cmd("GET").arg(self.key(name))).await?;
        Ok(count.unwrap_or(0))
    }

    async fn forget(&self, name: &str) -> Result<(), CacheError> {
        Ok(self.connections.run(redis::cmd("DEL").arg(self.key(name))).await?)
    }
}

//! How a pool is published: at once where it is small, else part by part and then made live.

use std::sync::{Arc, PoisonError};

use rotator_cache_trait::Pool;
use rotator_domain::{KeyId, ServiceId};

use super::{Shared, wire};
use crate::RedisCacheError;

/// Up to so many keys are published by one call.
const AT_ONCE: usize = 500;
/// How many keys are laid down, or looked at, by one call.
const PART: usize = 1000;
/// How often another node may publish in between.
const TRIES: usize = 5;

/// A pool as the script takes it.
#[derive(Debug)]
pub(super) struct Published {
    /// Of everything in it: the same pool is not published again.
    digest: String,
    policy: String,
    keys: Vec<(KeyId, String)>,
}

// === impl Published ===

impl Published {
    pub(super) fn new(pool: Pool) -> Result<Self, RedisCacheError> {
        let policy = wire::policy(&pool.policy)?;
        let mut digest = blake3::Hasher::new();
        digest.update(policy.as_bytes());
        let mut keys = Vec::with_capacity(pool.keys.len());
        for key in &pool.keys {
            let text = wire::key(key)?;
            digest.update(format!("\0{}\0{text}", key.id).as_bytes());
            keys.push((key.id, text));
        }
        Ok(Self { digest: digest.finalize().to_hex().to_string(), policy, keys })
    }
}

// === impl Shared ===

impl Shared {
    /// Makes a pool live, unless it is already.
    pub(super) async fn publish(&self, service_id: ServiceId, pool: &Published) -> Result<(), RedisCacheError> {
        if pool.keys.len() <= AT_ONCE {
            return self.publish_at_once(service_id, pool).await;
        }
        for _ in 0..TRIES {
            let live: Option<String> = self.call(service_id, "digest", None).run(&self.connections).await?;
            if live.as_deref() == Some(&pool.digest) {
                return Ok(());
            }
            if self.publish_in_parts(service_id, pool, &live.unwrap_or_default()).await? {
                return Ok(());
            }
        }
        // Others publish all the time: then it is done in one call, however long that takes.
        self.publish_at_once(service_id, pool).await
    }

    /// Makes a pool live where another one is. A small one of which there is nothing yet is left to the first pick: a Redis that
    /// is empty would keep a start with many pools waiting.
    pub(super) async fn publish_changed(&self, service_id: ServiceId, pool: &Published) -> Result<(), RedisCacheError> {
        let live: Option<String> =
            self.connections.run_slow(redis::cmd("HGET").arg(self.base(service_id)).arg("digest")).await?;
        match live {
            Some(live) if live == pool.digest => Ok(()),
            None if pool.keys.len() <= AT_ONCE => Ok(()),
            _ => self.publish(service_id, pool).await,
        }
    }

    /// Remembers what this node published.
    pub(super) fn keep(&self, service_id: ServiceId, pool: Arc<Published>) {
        self.published.write().unwrap_or_else(PoisonError::into_inner).insert(service_id, pool);
    }

    /// Gives a Redis that has lost everything the pool that this node published last; tells whether there is one.
    pub(super) async fn publish_again(&self, service_id: ServiceId) -> Result<bool, RedisCacheError> {
        let pool = self.published.read().unwrap_or_else(PoisonError::into_inner).get(&service_id).map(Arc::clone);
        let Some(pool) = pool else { return Ok(false) };
        self.publish(service_id, &pool).await?;
        Ok(true)
    }

    async fn publish_at_once(&self, service_id: ServiceId, pool: &Published) -> Result<(), RedisCacheError> {
        let call = self.call(service_id, "publish", None).arg(token()?).arg(&pool.digest).arg(&pool.policy);
        let call = call.arg(service_id.0);
        let call = pool.keys.iter().fold(call, |call, (key, text)| call.arg(key.0).arg(text));
        call.run_slow(&self.connections).await
    }

    /// False where another node has published since the digest was read.
    async fn publish_in_parts(
        &self,
        service_id: ServiceId,
        pool: &Published,
        live: &str,
    ) -> Result<bool, RedisCacheError> {
        let token = token()?;
        for (part, keys) in pool.keys.chunks(PART).enumerate() {
            let call = self.call(service_id, "stage", None).arg(&token).arg(part * PART);
            let call = keys.iter().fold(call, |call, (key, text)| call.arg(key.0).arg(text));
            call.run_slow::<()>(&self.connections).await?;
        }
        let mut from = 0;
        loop {
            let call = self.call(service_id, "sweep", None).arg(&token).arg(from).arg(PART);
            let looked_at: usize = call.run_slow(&self.connections).await?;
            from += looked_at;
            if looked_at < PART {
                break;
            }
        }
        let call = self.call(service_id, "commit", None).arg(&token).arg(live).arg(&pool.digest);
        call.arg(&pool.policy).arg(service_id.0).run_slow(&self.connections).await
    }
}

/// A name for what one call lays down.
fn token() -> Result<String, RedisCacheError> {
    let token = getrandom::u64().map_err(|error| RedisCacheError::Answer(error.to_string()))?;
    Ok(format!("{token:016x}"))
}

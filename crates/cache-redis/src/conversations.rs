//! The memory of conversations: texts that expire by themselves, within bounds.

use std::time::Duration;

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, ConversationLimits, ConversationStore, Kept, Place};

use crate::script::{Code, ScriptCall};
use crate::{Connections, RedisCacheError};

/// The version of what the script keeps, which is in the name of every key.
const VERSION: u32 = 1;
const SCRIPT: &str = include_str!("conversations.lua");

/// Conversations in Redis. The bounds are those of all nodes together: of nodes that have different ones, each keeps to its
/// own when it adds something.
#[derive(Debug)]
pub struct RedisConversations {
    connections: Connections,
    key: String,
    script: Code,
    limits: ConversationLimits,
}

// === impl RedisConversations ===

impl RedisConversations {
    /// A memory with these bounds, whose keys begin with a prefix.
    #[must_use]
    pub fn new(connections: Connections, prefix: &str, limits: ConversationLimits) -> Self {
        let key = format!("{{{prefix}:v{VERSION}:conversations}}");
        Self { connections, key, script: Code::new(SCRIPT), limits }
    }

    fn call(&self, verb: &str, place: &Place) -> ScriptCall<'_> {
        ScriptCall::new(&self.script, &self.key).arg(verb).arg(digest(place))
    }
}

#[async_trait]
impl ConversationStore for RedisConversations {
    async fn remember(&self, place: Place, text: String) -> Result<(), CacheError> {
        let size = place.size().saturating_add(text.len());
        let ConversationLimits { entries, bytes, time_to_live } = self.limits;
        let call = self.call("remember", &place).arg(text).arg(size).arg(millis(time_to_live)).arg(entries).arg(bytes);
        Ok(call.run_large::<()>(&self.connections).await?)
    }

    async fn recall(&self, place: &Place) -> Result<Option<String>, CacheError> {
        Ok(self.call("recall", place).run_large(&self.connections).await?)
    }

    async fn forget(&self, place: &Place) -> Result<bool, CacheError> {
        let forgotten: Result<bool, RedisCacheError> = self.call("forget", place).run(&self.connections).await;
        Ok(forgotten?)
    }
}

/// A name for a place: of a fixed length, whatever a client's ids look like.
fn digest(place: &Place) -> String {
    let Place { service_id, client, kind, id } = place;
    let kind: u8 = match kind {
        Kept::Conversation => 0,
        Kept::Call => 1,
    };
    let mut hasher = blake3::Hasher::new();
    // All but the last are of a fixed length, so that two places never look alike.
    hasher.update(&service_id.0.to_be_bytes()).update(&client.0).update(&[kind]).update(id.as_bytes());
    hasher.finalize().to_hex().to_string()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, 1 << 48)
}

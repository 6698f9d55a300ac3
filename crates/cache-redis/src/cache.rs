//! All that a node keeps in Redis, from one address.

use std::sync::Arc;
use std::time::Duration;

use rotator_cache_trait::ConversationLimits;

use crate::fallback::{Caches, Fallback};
use crate::{
    Connections, RedisCacheError, RedisClientMeters, RedisConversations, RedisCounters, RedisFeed, RedisNodes,
    RedisOptions, RedisRotation,
};

/// The shared state of a node, and the node among the others.
#[derive(Clone, Debug)]
pub struct RedisCache {
    connections: Connections,
    /// The pools.
    pub rotation: Arc<RedisRotation>,
    /// The limits of client keys.
    pub clients: Arc<RedisClientMeters>,
    /// The counters.
    pub counters: Arc<RedisCounters>,
    /// The memory of conversations.
    pub conversations: Arc<RedisConversations>,
    /// The nodes.
    pub nodes: Arc<RedisNodes>,
    /// What they announce.
    pub feed: Arc<RedisFeed>,
    patience: Duration,
}

// === impl RedisCache ===

impl RedisCache {
    /// The state of a node whose id no other has, with the version of its program. Nothing is connected yet. Must be called
    /// within a runtime of tokio, where the node gives signs of life until it is dropped or shut down.
    ///
    /// # Errors
    /// The address or the certificates do not read.
    pub fn new(
        options: &RedisOptions,
        node: &str,
        version: &str,
        limits: ConversationLimits,
    ) -> Result<Self, RedisCacheError> {
        let connections = Connections::new(options)?;
        let of = || connections.clone();
        Ok(Self {
            rotation: Arc::new(RedisRotation::new(of(), options, node)),
            clients: Arc::new(RedisClientMeters::new(of(), options, node)),
            counters: Arc::new(RedisCounters::new(of(), &options.prefix)),
            conversations: Arc::new(RedisConversations::new(of(), &options.prefix, limits)),
            nodes: Arc::new(RedisNodes::new(of(), options, node, version)),
            feed: Arc::new(RedisFeed::new(of(), options, node)),
            patience: options.command_timeout,
            connections,
        })
    }

    /// Connects, and makes sure that the server can be used.
    ///
    /// # Errors
    /// Names the cause. One that [is passing](RedisCacheError::is_passing) does not keep a node with a fallback from starting.
    pub async fn check(&self) -> Result<(), RedisCacheError> {
        self.connections.check().await
    }

    /// This state, and `local` while it is away.
    #[must_use]
    pub fn with_fallback(&self, local: Caches) -> Fallback {
        let remote = Caches {
            rotation: Arc::clone(&self.rotation) as _,
            clients: Arc::clone(&self.clients) as _,
            counters: Arc::clone(&self.counters) as _,
            conversations: Arc::clone(&self.conversations) as _,
        };
        Fallback::new(remote, local, Arc::clone(&self.nodes) as _, self.patience)
    }

    /// Gives back what this node owes, and takes it from the nodes.
    pub async fn shut_down(&self) {
        self.rotation.shut_down().await;
        self.clients.shut_down().await;
        self.nodes.shut_down().await;
    }
}

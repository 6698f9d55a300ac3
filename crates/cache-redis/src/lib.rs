//! Rotation state, the limits of client keys, counters and the memory of conversations in Redis 6 and later or Valkey, for any number of nodes.
//!
//! Owns the connections, the versioned scripts that change a pool in one round trip, the names of all keys, the leases' lives,
//! and what a node does while Redis is away.
//!
//! Never holds a key's value, and never decides which key is next by rules of its own: the scripts are those of
//! `rotator_domain::rotation` and `rotator_domain::metering`, and tests compare them.

mod cache;
mod clients;
mod connections;
mod conversations;
mod counters;
mod error;
mod fallback;
mod feed;
mod life;
mod nodes;
mod options;
mod rotation;
mod script;
mod tickets;

pub use cache::RedisCache;
pub use clients::RedisClientMeters;
pub use connections::Connections;
pub use conversations::RedisConversations;
pub use counters::RedisCounters;
pub use error::RedisCacheError;
pub use fallback::{Caches, Fallback, FallbackStatus};
pub use feed::RedisFeed;
pub use nodes::RedisNodes;
pub use options::{RedisOptions, RedisUrl, TimeSource};
pub use rotation::RedisRotation;

//! The suite that every cache runs, before a Redis of its own for each case.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use rotator_cache_redis::{
    Connections, RedisClientMeters, RedisConversations, RedisCounters, RedisOptions, RedisRotation, RedisUrl,
    TimeSource,
};
use rotator_cache_trait::{ClientMeters, ConversationLimits, ConversationStore, Counters, RotationState};
use rotator_test_services::Redis;

async fn open() -> (Arc<dyn RotationState>, Arc<dyn Counters>, Redis) {
    let redis = Redis::start().unwrap();
    // The cases pass times of their own.
    let options = RedisOptions {
        time: TimeSource::Caller,
        command_timeout: Duration::from_secs(10),
        ..RedisOptions::new(RedisUrl::new(redis.url()))
    };
    let connections = Connections::new(&options).unwrap();
    connections.check().await.unwrap();
    let rotation = RedisRotation::new(connections.clone(), &options, "node");
    (Arc::new(rotation), Arc::new(RedisCounters::new(connections, &options.prefix)), redis)
}

rotator_cache_trait::cache_suite!(open);

async fn open_clients() -> (Arc<dyn ClientMeters>, Redis) {
    let redis = Redis::start().unwrap();
    let options =
        RedisOptions { command_timeout: Duration::from_secs(10), ..RedisOptions::new(RedisUrl::new(redis.url())) };
    let connections = Connections::new(&options).unwrap();
    (Arc::new(RedisClientMeters::new(connections, &options, "node")), redis)
}

rotator_cache_trait::client_suite!(open_clients);

async fn open_conversations(limits: ConversationLimits) -> (Arc<dyn ConversationStore>, Redis) {
    let redis = Redis::start().unwrap();
    let options = RedisOptions::new(RedisUrl::new(redis.url()));
    let connections = Connections::new(&options).unwrap();
    (Arc::new(RedisConversations::new(connections, &options.prefix, limits)), redis)
}

rotator_cache_trait::conversation_suite!(open_conversations);

//! Which backends this build holds; the only place that knows their features.

#[cfg(feature = "otel")]
mod otel;

use std::sync::Arc;

use async_trait::async_trait;
use rotator_cache_trait::{ChangeFeed, ClientMeters, ConversationStore, Counters, NodeRegistry, RotationState};
use rotator_domain::Timestamp;
use rotator_proxy_core::{Proxy, TraceContext};
use rotator_storage_trait::{DatabaseUrl, StorageFactory};
use tracing_subscriber::Layer;

use crate::config::{CacheUrl, Config};
use crate::error::AppError;
use crate::logging::Filtered;

/// Where the state is that changes with every request.
#[derive(Clone)]
pub(crate) struct Cache {
    pub(crate) rotation: Arc<dyn RotationState>,
    pub(crate) counters: Arc<dyn Counters>,
    pub(crate) clients: Arc<dyn ClientMeters>,
    pub(crate) conversations: Arc<dyn ConversationStore>,
    /// What nodes share; none where the state is this process's own.
    pub(crate) shared: Option<SharedCache>,
}

/// A cache that several nodes share.
#[derive(Clone)]
pub(crate) struct SharedCache {
    pub(crate) feed: Arc<dyn ChangeFeed>,
    pub(crate) nodes: Arc<dyn NodeRegistry>,
    pub(crate) link: Arc<dyn CacheLink>,
}

/// This node's part in a shared cache.
#[async_trait]
pub(crate) trait CacheLink: Send + Sync {
    /// Whether this node shares the state now.
    fn standing(&self) -> Standing;

    /// Gives back what this node holds of it, and takes it from the nodes.
    async fn leave(&self);
}

/// Whether a node shares the state of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Since when it goes on alone; `None` while it shares.
    pub(crate) alone_since: Option<Timestamp>,
    /// How many nodes there were when that was last known.
    pub(crate) nodes: usize,
    /// How often it has gone on alone.
    pub(crate) losses: u64,
}

/// What hears of spans.
pub(crate) type SpanLayer = Box<dyn Layer<Filtered> + Send + Sync>;

/// Traces on their way out of this process.
pub(crate) struct Traces {
    /// What hears of spans.
    pub(crate) layer: SpanLayer,
    pub(crate) tracing: Tracing,
}

/// What of traces the proxy needs, and the end of the server.
#[derive(Clone)]
pub(crate) struct Tracing {
    /// What knows to which trace a span belongs.
    pub(crate) context: Arc<dyn TraceContext>,
    pub(crate) export: Arc<dyn SpanExport>,
}

/// Sends spans away.
#[async_trait]
pub(crate) trait SpanExport: Send + Sync {
    /// Sends them over this proxy's connections from now on; until then they wait.
    fn send_over(&self, proxy: &Proxy);

    /// Sends the last ones.
    async fn close(&self);
}

/// Traces, where this build holds them and somebody wants them.
///
/// # Errors
/// When what the variables say cannot be used.
#[cfg(feature = "otel")]
pub(crate) fn traces() -> Result<Option<Traces>, AppError> {
    otel::traces()
}

/// Traces, where this build holds them: it does not.
#[cfg(not(feature = "otel"))]
#[expect(clippy::unnecessary_wraps, reason = "a build that holds them has errors")]
pub(crate) fn traces() -> Result<Option<Traces>, AppError> {
    Ok(None)
}

/// What the names of variables begin with that a library of this build reads of the environment itself.
pub(crate) const READ_BY_LIBRARIES: &[&str] = if cfg!(feature = "otel") { &["OTEL_"] } else { &[] };

/// The features of this build, for the admin API.
pub(crate) fn features() -> Vec<String> {
    let features: &[(&str, bool)] = &[
        ("sqlite", cfg!(feature = "sqlite")),
        ("mysql", cfg!(feature = "mysql")),
        ("postgres", cfg!(feature = "postgres")),
        ("memory", cfg!(feature = "memory")),
        ("redis", cfg!(feature = "redis")),
        ("otel", cfg!(feature = "otel")),
    ];
    features.iter().filter(|(_, built)| *built).map(|(name, _)| (*name).to_owned()).collect()
}

/// The factory for a database URL.
///
/// # Errors
/// Names the feature that this build lacks.
pub(crate) fn storage_factory(url: &DatabaseUrl) -> Result<Box<dyn StorageFactory>, AppError> {
    let factories: Vec<Box<dyn StorageFactory>> = vec![
        #[cfg(feature = "sqlite")]
        Box::new(rotator_storage_sqlite::SqliteFactory),
        #[cfg(feature = "mysql")]
        Box::new(rotator_storage_mysql::MySqlFactory),
        #[cfg(feature = "postgres")]
        Box::new(rotator_storage_postgres::PostgresFactory),
    ];
    let scheme = url.scheme();
    let found = factories.into_iter().find(|factory| factory.schemes().contains(&scheme));
    found.ok_or_else(|| {
        let feature = match scheme {
            "mariadb" => "mysql",
            "postgresql" => "postgres",
            other => other,
        };
        // Which of the variables asked for it is not known here any more.
        let message = format!(
            "this server was built without the `{feature}` feature (the database follows from DATABASE_URL, DB_TYPE, \
             DB_HOST and DB_USER)"
        );
        AppError::config("DATABASE_URL", message)
    })
}

/// Whether this build holds the cache that is asked for.
///
/// # Errors
/// Names the feature that this build lacks.
pub(crate) fn check_cache(url: &CacheUrl) -> Result<(), AppError> {
    match url {
        CacheUrl::Memory if cfg!(feature = "memory") => Ok(()),
        CacheUrl::Redis(_) if cfg!(feature = "redis") => Ok(()),
        CacheUrl::Memory => Err(lacking("memory")),
        CacheUrl::Redis(_) => Err(lacking("redis")),
    }
}

fn lacking(feature: &str) -> AppError {
    AppError::config("CACHE_TYPE", format!("this server was built without the `{feature}` feature"))
}

/// The cache for the settings.
///
/// # Errors
/// Names the feature that this build lacks, or why Redis cannot be used. One that does not answer is waited for by the cache
/// itself: this node goes on alone until then.
#[cfg_attr(not(feature = "redis"), expect(clippy::unused_async, reason = "only a cache elsewhere is waited for"))]
pub(crate) async fn cache(config: &Config) -> Result<Cache, AppError> {
    match &config.cache {
        CacheUrl::Memory => memory(config),
        #[cfg(feature = "redis")]
        CacheUrl::Redis(url) => redis::open(config, url).await,
        #[cfg(not(feature = "redis"))]
        CacheUrl::Redis(_) => Err(lacking("redis")),
    }
}

#[cfg(feature = "memory")]
#[expect(clippy::unnecessary_wraps, reason = "a build without it has none")]
fn memory(config: &Config) -> Result<Cache, AppError> {
    Ok(Cache {
        rotation: Arc::new(rotator_cache_memory::MemoryRotation::default()),
        counters: Arc::new(rotator_cache_memory::MemoryCounters::default()),
        clients: Arc::new(rotator_cache_memory::MemoryClientMeters::default()),
        conversations: Arc::new(rotator_cache_memory::MemoryConversations::new(config.conversations)),
        shared: None,
    })
}

#[cfg(not(feature = "memory"))]
fn memory(_: &Config) -> Result<Cache, AppError> {
    Err(lacking("memory"))
}

#[cfg(feature = "redis")]
mod redis {
    use rotator_cache_redis::{Caches, Fallback, RedisCache, RedisOptions, RedisUrl};

    use super::{AppError, Arc, Cache, CacheLink, Config, SharedCache, Standing, async_trait, memory};

    /// This node and what it keeps in Redis.
    struct Link {
        redis: RedisCache,
        fallback: Arc<Fallback>,
    }

    pub(super) async fn open(config: &Config, url: &str) -> Result<Cache, AppError> {
        let settings = &config.redis;
        let options = RedisOptions {
            prefix: settings.prefix.clone(),
            connections: settings.connections,
            command_timeout: settings.timeout,
            ..RedisOptions::new(RedisUrl::new(url))
        };
        let refused = |error| AppError::failed("could not use Redis", error);
        let version = env!("CARGO_PKG_VERSION");
        let redis = RedisCache::new(&options, &config.node_id, version, config.conversations).map_err(refused)?;
        if let Err(error) = redis.check().await {
            if !error.is_passing() {
                return Err(refused(error));
            }
            tracing::warn!(error = %error, "redis does not answer: this node begins alone");
        }
        let Cache { rotation, counters, clients, conversations, .. } = memory(config)?;
        let fallback = Arc::new(redis.with_fallback(Caches { rotation, counters, clients, conversations }));
        let shared = SharedCache {
            feed: Arc::clone(&redis.feed) as _,
            nodes: Arc::clone(&redis.nodes) as _,
            link: Arc::new(Link { redis, fallback: Arc::clone(&fallback) }),
        };
        Ok(Cache {
            rotation: Arc::clone(&fallback) as _,
            counters: Arc::clone(&fallback) as _,
            clients: Arc::clone(&fallback) as _,
            conversations: fallback,
            shared: Some(shared),
        })
    }

    #[async_trait]
    impl CacheLink for Link {
        fn standing(&self) -> Standing {
            let status = self.fallback.status();
            Standing { alone_since: status.degraded_since, nodes: status.nodes, losses: status.losses }
        }

        async fn leave(&self) {
            self.fallback.shut_down().await;
            self.redis.shut_down().await;
        }
    }
}

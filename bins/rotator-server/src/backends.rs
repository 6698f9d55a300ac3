//! Which backends this build holds; the only place that knows their features.

use std::sync::Arc;

use rotator_cache_trait::{ConversationLimits, ConversationStore, Counters, RotationState};
use rotator_storage_trait::{DatabaseUrl, StorageFactory};

use crate::config::CacheUrl;
use crate::error::AppError;

/// The cache of this process.
pub(crate) struct Cache {
    pub(crate) rotation: Arc<dyn RotationState>,
    pub(crate) counters: Arc<dyn Counters>,
    pub(crate) conversations: Arc<dyn ConversationStore>,
}

/// The features of this build, for the admin API.
pub(crate) fn features() -> Vec<String> {
    let features: &[(&str, bool)] = &[("sqlite", cfg!(feature = "sqlite")), ("memory", cfg!(feature = "memory"))];
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

/// The cache for the settings.
///
/// # Errors
/// Names the feature that this build lacks.
#[cfg_attr(not(feature = "memory"), expect(unused_variables, reason = "a build without a cache remembers nothing"))]
pub(crate) fn cache(url: &CacheUrl, conversations: ConversationLimits) -> Result<Cache, AppError> {
    match url {
        #[cfg(feature = "memory")]
        CacheUrl::Memory => Ok(Cache {
            rotation: Arc::new(rotator_cache_memory::MemoryRotation::default()),
            counters: Arc::new(rotator_cache_memory::MemoryCounters::default()),
            conversations: Arc::new(rotator_cache_memory::MemoryConversations::new(conversations)),
        }),
        #[cfg(not(feature = "memory"))]
        CacheUrl::Memory => Err(AppError::config("CACHE_TYPE", "this server was built without the `memory` feature")),
        CacheUrl::Redis(_) => Err(AppError::config("CACHE_TYPE", "this server was built without the `redis` feature")),
    }
}

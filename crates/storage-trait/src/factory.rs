//! How a backend is found and opened.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{LegacyService, Storage, StorageError};

/// A database URL. It may hold a password, so it prints its scheme only.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// How to open a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageOptions {
    /// The most connections to hold.
    pub max_connections: u32,
    /// How long a call may wait for a connection.
    pub acquire_timeout: Duration,
}

/// Opens databases of one kind.
#[async_trait]
pub trait StorageFactory: Send + Sync {
    /// The schemes that it opens, such as `sqlite`.
    fn schemes(&self) -> &'static [&'static str];

    /// Opens the database, brings its schema up to date, and gives it. `SchemaTooNew` when it was made by a newer
    /// version; `Unavailable` when it does not answer; `Denied` when it refuses the login; `ReadOnly` and `ServerTooOld`
    /// when it cannot serve; `Unsupported` for a URL that cannot be read. No error holds the URL's password.
    async fn open(&self, url: &DatabaseUrl, options: &StorageOptions) -> Result<Arc<dyn Storage>, StorageError>;

    /// Deletes everything of this program from the database and leaves an empty schema.
    async fn reset(&self, url: &DatabaseUrl, options: &StorageOptions) -> Result<(), StorageError>;

    /// Copies the database, as it is at one moment, into the file `to`, which is there and empty; whoever uses the database is
    /// not held up. Nothing is written to the database itself, and one that is not there is `Unavailable` and not made.
    /// `Unsupported`, and which program does it, for a database that is no file.
    async fn back_up(&self, url: &DatabaseUrl, options: &StorageOptions, to: &Path) -> Result<(), StorageError>;

    /// Reads the predecessor's tables, ordered by id; nothing is written, and a database that is not there is
    /// `Unavailable` and not made.
    async fn read_legacy(
        &self,
        url: &DatabaseUrl,
        options: &StorageOptions,
    ) -> Result<Vec<LegacyService>, StorageError>;
}

// === impl DatabaseUrl ===

impl DatabaseUrl {
    /// Takes a URL; it is checked when it is opened.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// What stands before the first colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The URL in clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:*****", self.scheme())
    }
}

// === impl StorageOptions ===

impl Default for StorageOptions {
    fn default() -> Self {
        Self { max_connections: 10, acquire_timeout: Duration::from_secs(10) }
    }
}

//! Why a storage call failed.

use std::error::Error as StdError;
use std::fmt;

/// An error of a storage backend: what kind it is, what was being done, and the driver's own error.
#[derive(Debug)]
pub struct StorageError {
    kind: StorageErrorKind,
    action: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What a caller can do about a storage error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageErrorKind {
    /// What was to be changed is not there.
    NotFound,
    /// Another row already has this value of `field`.
    Conflict {
        /// The field's name as the admin API spells it.
        field: &'static str,
    },
    /// What was to be changed is not as the caller knows it.
    Changed,
    /// The database does not answer, or not now; the call may be repeated.
    Unavailable,
    /// Other changes came in between, again and again, and nothing of this one is done; the call may be repeated.
    Collided,
    /// The database takes no changes: it is a replica, or set to be read only.
    ReadOnly,
    /// The database does not let this user in, or not do what this program must.
    Denied,
    /// The database's own version is older than this program can use.
    ServerTooOld,
    /// The database was made by a newer version of this program.
    SchemaTooNew,
    /// What is stored does not read back: a damaged row, or no database at all.
    Corrupt,
    /// Nobody would be left who can manage users.
    LastAdmin,
    /// What only an empty database can take was meant for one that is not empty.
    NotEmpty,
    /// The URL or its scheme cannot be used.
    Unsupported,
    /// Anything else the database refused.
    Refused,
}

// === impl StorageError ===

impl StorageError {
    /// An error of this kind without a driver's error behind it; `action` says what was being done ("insert a service").
    #[must_use]
    pub const fn new(kind: StorageErrorKind, action: &'static str) -> Self {
        Self { kind, action, source: None }
    }

    /// Adds the driver's own error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What a caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> &StorageErrorKind {
        &self.kind
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: ", self.action)?;
        match &self.kind {
            StorageErrorKind::NotFound => f.write_str("not found"),
            StorageErrorKind::Conflict { field } => write!(f, "{field} is taken"),
            StorageErrorKind::Changed => f.write_str("it has changed meanwhile"),
            StorageErrorKind::Unavailable => f.write_str("the database does not answer"),
            StorageErrorKind::Collided => f.write_str("other changes kept coming in between"),
            StorageErrorKind::ReadOnly => f.write_str("the database takes no changes"),
            StorageErrorKind::Denied => f.write_str("the database denies access"),
            StorageErrorKind::ServerTooOld => f.write_str("the database server is too old"),
            StorageErrorKind::SchemaTooNew => f.write_str("the database was made by a newer version of this program"),
            StorageErrorKind::Corrupt => f.write_str("the stored data does not read back"),
            StorageErrorKind::LastAdmin => f.write_str("no other enabled administrator has the role admin"),
            StorageErrorKind::NotEmpty => f.write_str("the database is not empty"),
            StorageErrorKind::Unsupported => f.write_str("the database URL cannot be used"),
            StorageErrorKind::Refused => f.write_str("the database refused"),
        }
    }
}

impl StdError for StorageError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

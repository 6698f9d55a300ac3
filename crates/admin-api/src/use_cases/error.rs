//! Why something could not be done.

use rotator_cache_trait::CacheError;
use rotator_domain::{FieldError, Invalid, Role, SealError};
use rotator_storage_trait::{StorageError, StorageErrorKind};

use crate::ChangeError;

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// What was asked for is not there.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// Fields were refused.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// Another one has this value already.
    #[error("{field} is taken")]
    Conflict {
        /// The field's name.
        field: &'static str,
    },
    /// It is at another version than the one that the change was meant for.
    #[error("{0} has been changed meanwhile")]
    Changed(&'static str),
    /// The actor may not do this.
    #[error("the role {} is needed", needed.name())]
    Forbidden {
        /// The least role that may.
        needed: Role,
    },
    /// Only a session may do this.
    #[error("a login is needed; a token will not do")]
    SessionNeeded,
    /// Nobody would be left who can manage users.
    #[error("no other enabled user has the role admin")]
    LastAdmin,
    /// The database failed.
    #[error("the database failed")]
    Storage(#[source] StorageError),
    /// The rotation state does not answer.
    #[error("the rotation state does not answer")]
    Cache(#[source] CacheError),
    /// A secret could not be made, sealed or opened.
    #[error("a secret could not be handled")]
    Seal(#[from] SealError),
    /// The proxy could not be told.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The server is ending.
    #[error("the work was interrupted")]
    Interrupted,
}

// === impl UseCaseError ===

impl UseCaseError {
    /// A storage error about `what`.
    pub(crate) fn about(what: &'static str) -> impl Fn(StorageError) -> Self {
        move |error| match error.kind() {
            StorageErrorKind::NotFound => Self::NotFound(what),
            StorageErrorKind::Conflict { field } => Self::Conflict { field },
            StorageErrorKind::Changed => Self::Changed(what),
            StorageErrorKind::LastAdmin => Self::LastAdmin,
            _ => Self::Storage(error),
        }
    }
}

impl From<FieldError> for UseCaseError {
    fn from(error: FieldError) -> Self {
        Self::Invalid(error.into())
    }
}

//! How PostgreSQL's errors read: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sea_orm::{DbErr, RuntimeErr};

/// What kind of error PostgreSQL's own error is; see [`rotator_storage_sea_orm::Classify`].
pub(crate) fn classify(error: &DbErr) -> Option<StorageErrorKind> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => kind(error),
        _ => None,
    }
}

/// The same for an error that has not passed through SeaORM.
pub(crate) fn kind(error: &sqlx::Error) -> Option<StorageErrorKind> {
    match error {
        sqlx::Error::Database(error) => of_state(&error.code()?),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Some(StorageErrorKind::Corrupt),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Some(StorageErrorKind::Unavailable),
        sqlx::Error::Configuration(_) => Some(StorageErrorKind::Unsupported),
        _ => None,
    }
}

/// The error of opening that ends with PostgreSQL's own.
pub(crate) fn while_opening(error: sqlx::Error) -> StorageError {
    let kind = kind(&error).unwrap_or(StorageErrorKind::Refused);
    StorageError::new(kind, "open the PostgreSQL database").with_source(error)
}

/// By the SQLSTATE, whose first two characters are its class.
fn of_state(state: &str) -> Option<StorageErrorKind> {
    match state {
        // A deadlock; a transaction that could not be put in line with others.
        "40P01" | "40001" => Some(StorageErrorKind::Collided),
        "25006" => Some(StorageErrorKind::ReadOnly),
        "42501" => Some(StorageErrorKind::Denied),
        // No lock in time.
        "55P03" => Some(StorageErrorKind::Unavailable),
        _ => match state.get(..2)? {
            // The connection; the server's resources; an operator who ends it; the server's own system.
            "08" | "53" | "57" | "58" => Some(StorageErrorKind::Unavailable),
            "28" => Some(StorageErrorKind::Denied),
            "XX" => Some(StorageErrorKind::Corrupt),
            _ => None,
        },
    }
}

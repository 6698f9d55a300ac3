//! How SQLite's errors read.

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::DatabaseError;

const ACTION: &str = "open the SQLite database";
const BUSY: i32 = 5;
const CANTOPEN: i32 = 14;

/// What kind of error SQLite's own error is; see [`rotator_storage_sea_orm::Classify`].
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
        sqlx::Error::Database(error) => of_result_code(result_code(&**error)?),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Some(StorageErrorKind::Corrupt),
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            Some(StorageErrorKind::Unavailable)
        }
        _ => None,
    }
}

/// The error of opening that ends with SQLite's own. A file that cannot be opened then is there and denied to this user, or no
/// file; waiting does not change that.
pub(crate) fn while_opening(error: sqlx::Error) -> StorageError {
    let is_denied = error.as_database_error().and_then(result_code) == Some(CANTOPEN);
    if is_denied {
        return StorageError::new(StorageErrorKind::Denied, ACTION).with_source(error);
    }
    while_reading(error)
}

/// The error of opening a file that is only read, and not made where it is not there.
pub(crate) fn while_reading(error: sqlx::Error) -> StorageError {
    let kind = kind(&error).unwrap_or(StorageErrorKind::Refused);
    StorageError::new(kind, ACTION).with_source(error)
}

/// Whether another connection holds a lock.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(result_code) == Some(BUSY)
}

fn of_result_code(code: i32) -> Option<StorageErrorKind> {
    const LOCKED: i32 = 6;
    const READONLY: i32 = 8;
    const IOERR: i32 = 10;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const NOTADB: i32 = 26;
    match code {
        BUSY | LOCKED | IOERR | FULL | CANTOPEN => Some(StorageErrorKind::Unavailable),
        READONLY => Some(StorageErrorKind::ReadOnly),
        CORRUPT | NOTADB => Some(StorageErrorKind::Corrupt),
        _ => None,
    }
}

/// The primary result code, the low byte of the extended one: <https://www.sqlite.org/rescode.html>.
fn result_code(error: &dyn DatabaseError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

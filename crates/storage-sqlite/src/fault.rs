//! How SQLite's errors read.

use rotator_storage_trait::StorageErrorKind;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::DatabaseError;

const BUSY: i32 = 5;

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

/// Whether another connection holds a lock.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(result_code) == Some(BUSY)
}

fn of_result_code(code: i32) -> Option<StorageErrorKind> {
    const LOCKED: i32 = 6;
    const IOERR: i32 = 10;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const CANTOPEN: i32 = 14;
    const NOTADB: i32 = 26;
    match code {
        BUSY | LOCKED | IOERR | FULL | CANTOPEN => Some(StorageErrorKind::Unavailable),
        CORRUPT | NOTADB => Some(StorageErrorKind::Corrupt),
        _ => None,
    }
}

/// The primary result code, the low byte of the extended one: <https://www.sqlite.org/rescode.html>.
fn result_code(error: &dyn DatabaseError) -> Option<i32> {
    let extended: i32 = error.code()?.parse().ok()?;
    Some(extended & 0xff)
}

//! How MySQL's errors read: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html> and
//! <https://mariadb.com/kb/en/mariadb-error-code-reference/>.

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::mysql::MySqlDatabaseError;

/// What kind of error MySQL's own error is; see [`rotator_storage_sea_orm::Classify`].
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
        sqlx::Error::Database(error) => {
            of_number(error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)?)
        }
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

/// The error of opening that ends with MySQL's own.
pub(crate) fn while_opening(error: sqlx::Error) -> StorageError {
    let kind = kind(&error).unwrap_or(StorageErrorKind::Refused);
    StorageError::new(kind, "open the MySQL database").with_source(error)
}

fn of_number(number: u16) -> Option<StorageErrorKind> {
    match number {
        // A deadlock; a change that another one overtook (Galera, MariaDB's snapshot isolation).
        1213 | 1020 => Some(StorageErrorKind::Collided),
        // No lock in time; too many connections, of all or of one user; a full disk; the server goes down; a statement,
        // a connection or a transaction was ended; a host or a table is not there for now.
        1205 | 1040 | 1203 | 1226 | 1021 | 1114 | 1053 | 1079 | 1317 | 1927 | 3024 | 1129 | 1047 => {
            Some(StorageErrorKind::Unavailable)
        }
        // No access to the server, the database, a table, a column; a plug-in or a privilege is missing.
        1044 | 1045 | 1130 | 1142 | 1143 | 1227 | 1251 | 1698 => Some(StorageErrorKind::Denied),
        // An option (`read_only`, `super_read_only`) or the transaction forbids changes; a tablespace is read only.
        1290 | 1792 | 1836 | 3100 => Some(StorageErrorKind::ReadOnly),
        // A table, an index or a page is damaged.
        1034 | 1035 | 1194 | 1195 | 1712 | 1877 => Some(StorageErrorKind::Corrupt),
        _ => None,
    }
}

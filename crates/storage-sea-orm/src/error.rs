//! How a driver's errors become errors of the storage.

use std::error::Error as StdError;

use rotator_storage_trait::{StorageError, StorageErrorKind};
use sea_orm::{DbErr, SqlErr};

use crate::Classify;

/// What is being done, for the error that it may end with.
#[derive(Clone, Copy)]
pub(crate) struct Attempt {
    action: &'static str,
    /// The field that a unique violation is about, as the admin API spells it.
    unique: &'static str,
    classify: Classify,
}

/// A stored row that is no valid thing.
#[derive(Debug, thiserror::Error)]
#[error("row {id} of {table} does not read back")]
pub(crate) struct CorruptRow {
    table: &'static str,
    id: String,
    #[source]
    source: Box<dyn StdError + Send + Sync>,
}

// === impl Attempt ===

impl Attempt {
    pub(crate) fn new(action: &'static str, classify: Classify) -> Self {
        Self { action, unique: "id", classify }
    }

    /// Names the field whose value must be unique, where it is not the id.
    pub(crate) fn unique(self, field: &'static str) -> Self {
        Self { unique: field, ..self }
    }

    /// The error that this attempt ends with.
    pub(crate) fn fail(self, kind: StorageErrorKind) -> StorageError {
        StorageError::new(kind, self.action)
    }

    /// The error that this attempt ends with because of the database's own.
    pub(crate) fn failed(self, error: DbErr) -> StorageError {
        self.fail(self.kind(&error)).with_source(error)
    }

    /// Makes rows what they stand for.
    pub(crate) fn read<R, T>(self, rows: impl IntoIterator<Item = R>) -> Result<Vec<T>, StorageError>
    where
        T: TryFrom<R, Error = CorruptRow>,
    {
        rows.into_iter().map(|row| T::try_from(row).map_err(|error| self.corrupt(error))).collect()
    }

    /// Makes a row, if there is one, what it stands for.
    pub(crate) fn read_one<R, T>(self, row: Option<R>) -> Result<Option<T>, StorageError>
    where
        T: TryFrom<R, Error = CorruptRow>,
    {
        row.map(T::try_from).transpose().map_err(|error| self.corrupt(error))
    }

    /// Refuses a row that stands for something else than the caller knows, or is not there.
    pub(crate) fn unless_changed<R, T>(self, row: Option<R>, known: &T) -> Result<(), StorageError>
    where
        T: TryFrom<R, Error = CorruptRow> + PartialEq,
    {
        match self.read_one::<R, T>(row)? {
            None => Err(self.fail(StorageErrorKind::NotFound)),
            Some(stored) if stored != *known => Err(self.fail(StorageErrorKind::Changed)),
            Some(_) => Ok(()),
        }
    }

    /// The error that this attempt ends with because of what is stored.
    pub(crate) fn corrupt(self, error: CorruptRow) -> StorageError {
        self.fail(StorageErrorKind::Corrupt).with_source(error)
    }

    fn kind(self, error: &DbErr) -> StorageErrorKind {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => {
                return StorageErrorKind::Conflict { field: self.unique };
            }
            // The foreign keys are those of a pool's key to its service, of a state to its key and of what is told to its webhook.
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return StorageErrorKind::NotFound,
            _ => {}
        }
        if let Some(kind) = (self.classify)(error) {
            return kind;
        }
        match error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => StorageErrorKind::Unavailable,
            DbErr::Type(_) | DbErr::TryIntoErr { .. } | DbErr::Json(_) => StorageErrorKind::Corrupt,
            _ => StorageErrorKind::Refused,
        }
    }
}

// === impl CorruptRow ===

impl CorruptRow {
    pub(crate) fn new(
        table: &'static str,
        id: impl ToString,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { table, id: id.to_string(), source: source.into() }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnAcquireErr, RuntimeErr};

    use super::*;

    fn kind(classify: Classify, error: DbErr) -> StorageErrorKind {
        Attempt::new("try", classify).failed(error).kind().clone()
    }

    #[test]
    fn errors_of_every_driver_have_a_kind() {
        let unknown: Classify = |_| None;
        let internal = || RuntimeErr::Internal("x".into());
        let closed = DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        assert_eq!(kind(unknown, closed), StorageErrorKind::Unavailable);
        assert_eq!(kind(unknown, DbErr::Conn(internal())), StorageErrorKind::Unavailable);
        assert_eq!(kind(unknown, DbErr::Type("x".into())), StorageErrorKind::Corrupt);
        assert_eq!(kind(unknown, DbErr::Exec(internal())), StorageErrorKind::Refused);
    }

    #[test]
    fn the_driver_knows_its_errors_best() {
        let busy: Classify = |_| Some(StorageErrorKind::Unavailable);
        assert_eq!(kind(busy, DbErr::Custom("x".into())), StorageErrorKind::Unavailable);
    }

    #[test]
    fn a_corrupt_row_is_named() {
        let error = Attempt::new("read a key", |_| None).corrupt(CorruptRow::new("upstream_keys", 7, "no digest"));
        assert_eq!(error.to_string(), "could not read a key: the stored data does not read back");
        assert_eq!(error.source().unwrap().to_string(), "row 7 of upstream_keys does not read back");
    }
}

//! Why something could not be moved.

use std::io;

use rotator_domain::SealError;
use rotator_storage_trait::StorageError;

/// Why an export could not be written, or an import not be done.
#[derive(Debug, thiserror::Error)]
pub enum MovingError {
    /// The passphrase is too short.
    #[error("a passphrase has 8 characters or more")]
    ShortPassphrase,
    /// No server has begun with the database.
    #[error("the database is empty: there is nothing to export")]
    Nothing,
    /// The file does not begin as an export does.
    #[error("this is no file that `export` has written")]
    NoExport,
    /// The file is of a later version.
    #[error("the file has format {0}, and this version reads format 1: use a later version")]
    Format(u16),
    /// Nothing in the file opens.
    #[error("the passphrase is wrong, or the file was changed")]
    WrongPassphrase,
    /// The first pieces of the file open, and this one does not.
    #[error("the file was changed or is damaged in its piece {0}")]
    Changed(u32),
    /// The file ends before its end.
    #[error("the file was cut off: its end is missing")]
    CutOff,
    /// The file goes on after its end.
    #[error("the file was changed: something was added at its end")]
    Longer,
    /// The file is whole, but holds an entry that cannot be read; it is not repeated, for it may hold a secret.
    #[error("the file holds an entry that this version cannot read")]
    Entry,
    /// An entry is too long for a file.
    #[error("an entry is too long for the file")]
    TooLong,
    /// The key could not be derived from the passphrase.
    #[error("no key could be derived from the passphrase: there may not be enough memory")]
    Derive,
    /// A secret does not open under the master key, or could not be sealed.
    #[error("a secret could not be handled")]
    Seal(#[from] SealError),
    /// The file could not be read or written.
    #[error("the file could not be read or written")]
    File(#[from] io::Error),
    /// The database failed.
    #[error("the database failed")]
    Storage(#[from] StorageError),
}

//! Everything that a database holds, into a file and out of it: from any database to any other one.
//!
//! What is sealed under the master key of the one is opened, sealed in the file under a passphrase, and sealed anew under the
//! master key of the other. The digest key moves along, so that client keys, tokens and the noticing of duplicates stay as they
//! are. Both ways go page by page, however many keys there are.

mod entry;
mod error;
mod file;

pub use error::MovingError;

use std::io::{Read, Write};

use rotator_domain::{Clock, Secret, Vault};
use rotator_storage_trait::{Filling, Record, Storage};

use self::entry::Entry;
use self::file::{Cost, Pieces, SealedWriter};
use super::audit::{DATABASE, Deed, audit_server};
use crate::bootstrap::DIGEST_KEY;

/// The shortest passphrase, in characters.
const SHORTEST: usize = 8;
/// How many records are read at once.
const PAGE: u64 = 500;

/// What seals an export.
#[derive(Clone, Debug)]
pub struct Passphrase(Secret);

/// What moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MovingReport {
    /// How many services.
    pub services: u64,
    /// How many upstream keys.
    pub upstream_keys: u64,
    /// How many client keys.
    pub client_keys: u64,
    /// How many administrators.
    pub admin_users: u64,
    /// How many records in all.
    pub records: u64,
}

/// An export that the passphrase opens. How far it is whole shows only as it is read: each piece is authenticated before it is
/// used, and the last one says that it is the last.
pub struct Import<R>(Pieces<R>);

/// Writes everything that is stored, as it is at this moment, and gives `out` back behind the last byte. The audit log says so
/// before anything leaves.
///
/// # Errors
/// When there is nothing to export, the master key is not the database's, the database fails, or `out` does.
pub async fn export<W: Write>(
    storage: &dyn Storage,
    vault: &Vault,
    passphrase: &Passphrase,
    clock: &dyn Clock,
    out: W,
) -> Result<(W, MovingReport), MovingError> {
    if storage.setting(DIGEST_KEY).await?.is_none() {
        return Err(MovingError::Nothing);
    }
    let deed = Deed { action: "database.export", subject: DATABASE.to_owned(), ..Deed::default() };
    audit_server(storage, clock.now(), deed).await?;
    let mut snapshot = storage.snapshot().await?;
    let mut file = SealedWriter::new(out, passphrase, Cost::USUAL)?;
    let mut report = MovingReport::default();
    loop {
        let page = snapshot.next_page(PAGE).await?;
        if page.is_empty() {
            break;
        }
        for record in page {
            report.count(&record);
            file.add(&Entry::of(record, vault)?)?;
        }
    }
    Ok((file.finish()?, report))
}

// === impl Passphrase ===

impl Passphrase {
    /// Takes a passphrase.
    ///
    /// # Errors
    /// When it has less than 8 characters.
    pub fn new(text: Secret) -> Result<Self, MovingError> {
        if text.expose().chars().count() < SHORTEST { Err(MovingError::ShortPassphrase) } else { Ok(Self(text)) }
    }
}

// === impl MovingReport ===

impl MovingReport {
    fn count(&mut self, record: &Record) {
        match record {
            // It is no thing by itself.
            Record::NextId(_) => return,
            Record::Service(_) => self.services += 1,
            Record::UpstreamKey(_) => self.upstream_keys += 1,
            Record::ClientKey(_) => self.client_keys += 1,
            Record::AdminUser(_) => self.admin_users += 1,
            _ => {}
        }
        self.records += 1;
    }
}

// === impl Import ===

impl<R: Read> Import<R> {
    /// Reads as much of a file as shows that the passphrase is right.
    ///
    /// # Errors
    /// When the passphrase is wrong, or `source` is no export that this version can read.
    pub fn open(source: R, passphrase: &Passphrase) -> Result<Self, MovingError> {
        Pieces::open(source, passphrase).map(Self)
    }

    /// Stores everything, sealed by `vault`, and makes it visible once the end of the file is reached.
    ///
    /// # Errors
    /// When the file was changed or cut off, holds what this version does not know, or the database fails. Nothing is stored then.
    pub async fn store(mut self, mut filling: Box<dyn Filling>, vault: &Vault) -> Result<MovingReport, MovingError> {
        let mut report = MovingReport::default();
        while let Some(piece) = self.0.next()? {
            let read = |line| Entry::parse(line).and_then(|entry| entry.into_record(vault));
            let records = piece.expose().lines().map(read).collect::<Result<Vec<Record>, MovingError>>()?;
            filling.store(&records).await?;
            records.iter().for_each(|record| report.count(record));
        }
        filling.commit().await?;
        Ok(report)
    }

    /// Gives the text of every entry to `each`, for those who compare exports.
    ///
    /// # Errors
    /// As [`Self::store`], as far as the file is concerned.
    pub fn each_entry(mut self, mut each: impl FnMut(&str)) -> Result<(), MovingError> {
        while let Some(piece) = self.0.next()? {
            piece.expose().lines().for_each(&mut each);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_passphrase_is_refused() {
        assert!(matches!(Passphrase::new(Secret::new("seven77")), Err(MovingError::ShortPassphrase)));
        assert!(Passphrase::new(Secret::new("密钥密钥密钥密钥")).is_ok());
    }
}

//! Archives that are the same to the byte whenever they are written.

use std::io::Write;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use crate::error::TaskError;

/// A file or a folder.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Without a slash at its beginning.
    pub(super) path: String,
    pub(super) mode: u32,
    /// User and group.
    pub(super) owner: u64,
    /// What a file holds; a folder holds nothing.
    pub(super) bytes: Option<Vec<u8>>,
}

/// The user and group of what is nobody's in particular.
pub(super) const ROOT: u64 = 0;

// === impl Entry ===

impl Entry {
    /// A folder that everybody may read.
    pub(super) fn folder(path: &str) -> Self {
        Self { path: path.to_owned(), mode: 0o755, owner: ROOT, bytes: None }
    }

    /// A file that everybody may read.
    pub(super) fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), mode: 0o644, owner: ROOT, bytes: Some(bytes.into()) }
    }

    /// A program that everybody may run.
    pub(super) fn program(path: &str, bytes: &[u8]) -> Self {
        Self { mode: 0o755, ..Self::file(path, bytes) }
    }
}

/// A tar archive; each entry was changed at `epoch`.
pub(super) fn tar(entries: &[Entry], epoch: u64) -> Result<Vec<u8>, TaskError> {
    let mut archive = Builder::new(Vec::new());
    for entry in entries {
        let bytes = entry.bytes.as_deref().unwrap_or_default();
        let mut header = Header::new_ustar();
        header.set_entry_type(if entry.bytes.is_some() { EntryType::Regular } else { EntryType::Directory });
        header.set_mode(entry.mode);
        header.set_uid(entry.owner);
        header.set_gid(entry.owner);
        header.set_mtime(epoch);
        header.set_size(bytes.len() as u64);
        archive.append_data(&mut header, &entry.path, bytes).map_err(failed)?;
    }
    archive.into_inner().map_err(failed)
}

/// Compressed, without a time and a name.
pub(super) fn gzip(bytes: &[u8]) -> Result<Vec<u8>, TaskError> {
    let mut packer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    packer.write_all(bytes).map_err(failed)?;
    packer.finish().map_err(failed)
}

fn failed(error: std::io::Error) -> TaskError {
    TaskError::failed("an archive", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_holds_what_it_was_given_and_nothing_of_now() {
        let private = Entry { mode: 0o700, owner: 65532, ..Entry::folder("data") };
        let entries = [private, Entry::program("bin/server", b"\x7fELF")];
        let packed = gzip(&tar(&entries, 1_700_000_000).unwrap()).unwrap();
        assert_eq!(packed, gzip(&tar(&entries, 1_700_000_000).unwrap()).unwrap());
        assert_eq!(packed[4..8], [0; 4], "gzip's time");
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()));
        let mut seen = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            let header = entry.header();
            let facts = (header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap());
            seen.push((entry.path().unwrap().to_string_lossy().into_owned(), facts, bytes));
        }
        assert_eq!(
            seen,
            [
                ("data".to_owned(), (0o700, 65532, 65532, 1_700_000_000), Vec::new()),
                ("bin/server".to_owned(), (0o755, 0, 0, 1_700_000_000), b"\x7fELF".to_vec()),
            ]
        );
    }
}

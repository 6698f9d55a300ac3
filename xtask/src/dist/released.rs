//! The folder with what is released, and the sums of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{digest, read, unwritten, write};
use crate::error::TaskError;

/// The sums of all other files.
pub(super) const SUMS: &str = "SHA256SUMS";

/// The folder, in which other files may lie as well.
pub(super) struct Released<'a> {
    folder: &'a Path,
    /// By the names of files.
    sums: BTreeMap<String, String>,
}

// === impl Released ===

impl<'a> Released<'a> {
    pub(super) fn new(folder: &'a Path) -> Result<Self, TaskError> {
        fs::create_dir_all(folder).map_err(unwritten(folder))?;
        Ok(Self { folder, sums: BTreeMap::new() })
    }

    /// Writes a file.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), TaskError> {
        self.sums.insert(name.to_owned(), digest(bytes));
        write(&self.folder.join(name), bytes)
    }

    /// Copies a program, and gives its bytes.
    pub(super) fn copy(&mut self, name: &str, program: &Path) -> Result<Vec<u8>, TaskError> {
        let bytes = read(program)?;
        self.sums.insert(name.to_owned(), digest(&bytes));
        let place = self.folder.join(name);
        fs::copy(program, &place).map_err(unwritten(&place))?;
        Ok(bytes)
    }

    /// An empty folder, whose files are named for their own sums.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, TaskError> {
        let folder = self.folder.join(name);
        if folder.is_dir() {
            fs::remove_dir_all(&folder).map_err(unwritten(&folder))?;
        }
        fs::create_dir(&folder).map_err(unwritten(&folder))?;
        Ok(folder)
    }

    /// Writes the sums, as `sha256sum` checks them.
    pub(super) fn finish(self) -> Result<(), TaskError> {
        let lines: String = self.sums.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        write(&self.folder.join(SUMS), lines.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_that_sha256sum_checks() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("somebody's"), "kept").unwrap();
        fs::write(place.path().join("program"), "abc").unwrap();
        let mut released = Released::new(place.path()).unwrap();
        assert_eq!(released.copy("b", &place.path().join("program")).unwrap(), b"abc");
        released.write("a", b"").unwrap();
        for _ in 0..2 {
            let layout = released.folder("layout").unwrap();
            assert_eq!(fs::read_dir(&layout).unwrap().count(), 0);
            fs::write(layout.join("old"), "").unwrap();
        }
        released.finish().unwrap();
        assert_eq!(
            fs::read_to_string(place.path().join(SUMS)).unwrap(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n"
        );
        assert_eq!(fs::read(place.path().join("somebody's")).unwrap(), b"kept");
    }
}

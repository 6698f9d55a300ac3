//! A file that appears whole or not at all, and that only its owner can read.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::error::AppError;

/// A file on its way; dropped before [`NewFile::keep`], nothing of it stays.
pub(crate) struct NewFile {
    path: PathBuf,
    /// Where it is written until it is whole.
    part: PathBuf,
    existing: Existing,
}

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and this advice is given.
    Stays(&'static str),
    /// The new one takes its place.
    IsReplaced,
}

// === impl NewFile ===

impl NewFile {
    /// Begins a file, and gives what to write to as well.
    pub(crate) fn begin(path: &Path, existing: Existing) -> Result<(Self, File), AppError> {
        let mut name = OsString::from(".");
        name.push(path.file_name().ok_or_else(|| failed(path, "this names no file"))?);
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        // Told before the work is done, and looked at again after it.
        if let Existing::Stays(advice) = existing
            && path.symlink_metadata().is_ok()
        {
            return Err(failed(path, taken(advice)));
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(|error| failed(path, error))?;
        Ok((Self { path: path.to_owned(), part, existing }, file))
    }

    /// Where it is written until it is whole.
    pub(crate) fn part(&self) -> &Path {
        &self.part
    }

    /// Puts the whole file in its place, once it is on disk.
    pub(crate) fn keep(self) -> Result<(), AppError> {
        let place = || {
            File::open(&self.part)?.sync_all()?;
            match self.existing {
                Existing::IsReplaced => fs::rename(&self.part, &self.path)?,
                Existing::Stays(advice) => self.take_free_name(advice)?,
            }
            let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        };
        place().map_err(|error| failed(&self.path, error))
    }

    /// A rename would replace a file that has come in between; a second name for the same file does not.
    fn take_free_name(&self, advice: &str) -> io::Result<()> {
        match fs::hard_link(&self.part, &self.path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(io::Error::new(ErrorKind::AlreadyExists, taken(advice)))
            }
            // Not every file system has second names.
            Err(_) if self.path.symlink_metadata().is_err() => fs::rename(&self.part, &self.path),
            linked => linked,
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Where it was renamed there is none any more.
        let _ = fs::remove_file(&self.part);
    }
}

fn taken(advice: &str) -> String {
    format!("there is a file of this name already; {advice}")
}

fn failed(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppError {
    AppError::failed(format!("could not write {}", path.display()), source)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const STAYS: Existing = Existing::Stays("name another one");

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn it_appears_whole_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let (new, mut file) = NewFile::begin(&path, STAYS).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!path.exists());
        new.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(folder.path()), ["a"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn given_up_it_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(NewFile::begin(&folder.path().join("a"), STAYS).unwrap());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let (late, _) = NewFile::begin(&path, STAYS).unwrap();
        fs::write(&path, "old").unwrap();
        // It came in between.
        assert!(late.keep().is_err());
        assert!(NewFile::begin(&path, STAYS).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let (new, mut file) = NewFile::begin(&path, Existing::IsReplaced).unwrap();
        file.write_all(b"new").unwrap();
        new.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a"]);
    }
}

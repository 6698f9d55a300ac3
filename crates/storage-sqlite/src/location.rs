//! Where a database is: a file or memory.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use rotator_storage_trait::{DatabaseUrl, StorageError, StorageErrorKind};
use sqlx::sqlite::SqliteConnectOptions;

const ACTION: &str = "open the SQLite database";

/// A database that a URL names.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// How to connect to it, before any pragma.
    pub(crate) options: SqliteConnectOptions,
    /// Whether it lives in this process only, in the one connection that is open.
    pub(crate) in_memory: bool,
}

// === impl Location ===

impl Location {
    /// Reads `sqlite:path`, `sqlite://path` or `sqlite::memory:`; `%`, `?` and `#` in a path are percent-encoded.
    pub(crate) fn parse(url: &DatabaseUrl) -> Result<Self, StorageError> {
        let unsupported = |source: String| StorageError::new(StorageErrorKind::Unsupported, ACTION).with_source(source);
        let rest = url.expose().strip_prefix("sqlite:").ok_or_else(|| unsupported("no sqlite: URL".to_owned()))?;
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            // SQLite would take it for a temporary database and forget everything.
            return Err(unsupported("the URL names no file".to_owned()));
        }
        let in_memory = path == ":memory:" || parameters.split('&').any(|parameter| parameter == "mode=memory");
        let options = url.expose().parse::<SqliteConnectOptions>().map_err(|error| unsupported(error.to_string()))?;
        Ok(Self { options, in_memory })
    }

    /// Makes the folder and the file where they are missing, readable by their owner only.
    pub(crate) fn create(&self) -> Result<(), StorageError> {
        if self.in_memory {
            return Ok(());
        }
        let failed = |error: io::Error| {
            let kind = match error.kind() {
                ErrorKind::PermissionDenied => StorageErrorKind::Denied,
                ErrorKind::ReadOnlyFilesystem => StorageErrorKind::ReadOnly,
                // Something else is where a folder must be.
                ErrorKind::AlreadyExists | ErrorKind::NotADirectory => StorageErrorKind::Refused,
                _ => StorageErrorKind::Unavailable,
            };
            StorageError::new(kind, ACTION).with_source(error)
        };
        let path = self.options.get_filename();
        match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => create_folder(folder).map_err(failed)?,
            _ => {}
        }
        create_file(path).map_err(failed)
    }
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn create_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Location, StorageError> {
        Location::parse(&DatabaseUrl::new(url))
    }

    #[test]
    fn reads_every_spelling_of_a_path() {
        for (url, path) in [
            ("sqlite:a.db", "a.db"),
            ("sqlite:./data/a.db", "./data/a.db"),
            ("sqlite://data/a.db", "data/a.db"),
            ("sqlite:///var/a.db", "/var/a.db"),
            ("sqlite:/var/a%20b%3F.db", "/var/a b?.db"),
            ("sqlite://a.db?mode=rwc", "a.db"),
        ] {
            let location = parse(url).unwrap();
            assert_eq!(location.options.get_filename(), Path::new(path), "{url}");
            assert!(!location.in_memory, "{url}");
        }
    }

    #[test]
    fn knows_memory() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite:x?mode=memory"] {
            assert!(parse(url).unwrap().in_memory, "{url}");
        }
    }

    #[test]
    fn refuses_what_names_no_database() {
        for url in ["sqlite:", "sqlite://", "sqlite://?mode=rwc", "sqlite:a.db?speed=high", "mysql://h/d", ""] {
            assert_eq!(parse(url).unwrap_err().kind(), &StorageErrorKind::Unsupported, "{url}");
        }
    }
}

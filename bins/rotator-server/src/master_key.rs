//! The master key: from the environment, else from a file in the data directory.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rotator_domain::MasterKey;

use crate::config::Config;
use crate::error::AppError;

const FILE_NAME: &str = "master.key";

/// Where the key's file lies when the environment does not hold the key.
pub(crate) fn path(config: &Config) -> PathBuf {
    config.data_dir.join(FILE_NAME)
}

/// The master key of a database that has one already.
pub(crate) fn existing(config: &Config) -> Result<MasterKey, AppError> {
    if let Some(setting) = &config.master_key {
        return Ok(setting.0.clone());
    }
    let path = path(config);
    read(&path)?.ok_or_else(|| {
        AppError::config("ROTATOR_MASTER_KEY", format!("is not set, and there is no {}", path.display()))
    })
}

/// The master key; without one anywhere a new one is made and written to its file.
pub(crate) fn load_or_create(config: &Config) -> Result<MasterKey, AppError> {
    if let Some(setting) = &config.master_key {
        return Ok(setting.0.clone());
    }
    let path = path(config);
    match read(&path)? {
        Some(key) => Ok(key),
        None => {
            let key = MasterKey::generate().map_err(|error| AppError::failed("could not make a master key", error))?;
            create(&path, &key)?;
            Ok(key)
        }
    }
}

/// Puts `key` in place of the one in the file. The old file stays until the new one is whole on disk.
pub(crate) fn replace(path: &Path, key: &MasterKey) -> Result<(), AppError> {
    let next = path.with_extension("next");
    match fs::remove_file(&next) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("replace", path, error)),
        _ => {}
    }
    create(&next, key)?;
    rename(&next, path)
}

/// Moves a key's file, in one step, over the one at `to`.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), AppError> {
    fs::rename(from, to).map_err(|error| failed("replace", to, error))
}

/// Reads a key's file; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<MasterKey>, AppError> {
    match fs::read_to_string(path) {
        Ok(text) => MasterKey::from_hex(&text).map(Some).map_err(|error| failed("read", path, error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// Writes a key to a new file that only its owner can read.
fn create(path: &Path, key: &MasterKey) -> Result<(), AppError> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        writeln!(file, "{}", key.to_hex().expose())?;
        file.sync_all()
    };
    write().map_err(|error: std::io::Error| failed("write", path, error))
}

fn failed(verb: &str, path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppError {
    AppError::failed(format!("could not {verb} the master key's file {}", path.display()), source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_file_which_only_the_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/master.key");
        let key = MasterKey::generate().unwrap();
        create(&path, &key).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().to_hex(), key.to_hex());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(create(&path, &key).is_err(), "an existing key is never written over");
    }

    #[test]
    fn replacing_leaves_the_new_key_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        create(&path, &MasterKey::generate().unwrap()).unwrap();
        let next = MasterKey::generate().unwrap();
        replace(&path, &next).unwrap();
        replace(&path, &next).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().to_hex(), next.to_hex());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_no_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, "half a ke").unwrap();
        assert!(read(&path).is_err());
        assert!(read(&folder.path().join("none")).unwrap().is_none());
    }
}

//! `import`: fills an empty database from a file that `export` has written.
//!
//! The file is read once, and everything goes into one transaction, which is committed only after the last piece has shown that
//! the file is whole. A pass over the file before that would prove the same, but take twice the time and not work for the standard
//! input. Nothing is opened before the passphrase has opened the first piece.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use rotator_admin_api::moving::{Import, MovingReport};
use rotator_domain::Vault;
use rotator_storage_trait::{Storage, StorageErrorKind};

use super::passphrase::{self, Asked};
use super::{STANDARD_STREAM, moved, say};
use crate::config::Config;
use crate::error::AppError;
use crate::{compose, master_key};

pub(super) async fn run(config: &Config, passphrase_file: Option<&Path>, file: &Path) -> Result<(), AppError> {
    let source: Box<dyn Read> = if file == Path::new(STANDARD_STREAM) {
        Box::new(std::io::stdin().lock())
    } else {
        let file = File::open(file).map_err(|error| failed(format!("{}: {error}", file.display())))?;
        Box::new(BufReader::new(file))
    };
    let passphrase = passphrase::read(passphrase_file, Asked::Once)?;
    let import = Import::open(source, &passphrase).map_err(failed)?;
    let storage = compose::open_storage(config).await?;
    let stored = store(config, storage.as_ref(), import).await;
    storage.close().await;
    say(&format!("Imported {}.", moved(&stored?)))
}

async fn store(
    config: &Config,
    storage: &dyn Storage,
    import: Import<Box<dyn Read>>,
) -> Result<MovingReport, AppError> {
    let filling = storage.fill().await.map_err(|error| match error.kind() {
        StorageErrorKind::NotEmpty => failed(
            "the database is not empty, and an import fills an empty one only: name another database, or delete everything from \
             this one with `rotator-server reset --yes`",
        ),
        _ => failed(error),
    })?;
    let vault = Vault::new(&master_key::load_or_create(config)?);
    import.store(filling, &vault).await.map_err(failed)
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AppError {
    AppError::failed("could not import, and nothing was changed", source)
}

//! `rekey`: seals everything under a new master key.
//!
//! The new key is on disk, in a file of its own, before anything is sealed under it, and takes the old one's place only
//! after the database has committed. Interrupted anywhere, the next run finds that file and finishes the work.

use std::path::Path;

use rotator_domain::{MasterKey, SystemClock, Vault};
use rotator_storage_trait::Storage;

use super::say;
use crate::config::Config;
use crate::error::AppError;
use crate::{compose, master_key};

pub(super) async fn run(config: &Config, new_key_file: Option<&Path>) -> Result<(), AppError> {
    let storage = compose::open_storage(config).await?;
    let done = exchange(config, storage.as_ref(), new_key_file).await;
    storage.close().await;
    say(&done?)
}

async fn exchange(config: &Config, storage: &dyn Storage, new_key_file: Option<&Path>) -> Result<String, AppError> {
    let path = master_key::path(config);
    let pending = path.with_extension("key.pending");
    let old = master_key::existing(config)?;
    let new = new_key(&pending, new_key_file)?;
    let (old, vault) = (Vault::new(&old), Vault::new(&new));
    let count = if !opens(storage, &old).await? && opens(storage, &vault).await? {
        None
    } else {
        master_key::replace(&pending, &new)?;
        let count = rotator_admin_api::rekey(storage, &old, &vault, &SystemClock).await;
        Some(count.map_err(|error| AppError::failed("could not seal everything anew", error))?)
    };
    let sealed = count.map_or("everything is".to_owned(), |count| format!("{count} values are"));
    if config.master_key.is_some() {
        return Ok(format!(
            "Done: {sealed} sealed under the new master key, which lies in {}. Put it into ROTATOR_MASTER_KEY before the \
             next start, then delete the file.",
            pending.display()
        ));
    }
    master_key::rename(&pending, &path)?;
    Ok(format!("Done: {sealed} sealed under the new master key in {}.", path.display()))
}

/// The key that was asked for, else the one that an interrupted run has left, else a new one.
fn new_key(pending: &Path, file: Option<&Path>) -> Result<MasterKey, AppError> {
    match file {
        Some(file) => master_key::read(file)?.ok_or_else(|| {
            AppError::failed("could not read the new master key", format!("there is no {}", file.display()))
        }),
        None => match master_key::read(pending)? {
            Some(key) => Ok(key),
            None => MasterKey::generate().map_err(|error| AppError::failed("could not make a master key", error)),
        },
    }
}

async fn opens(storage: &dyn Storage, vault: &Vault) -> Result<bool, AppError> {
    let opens = rotator_admin_api::bootstrap::opens(storage, vault).await;
    opens.map_err(|error| AppError::failed("could not read the database", error))
}

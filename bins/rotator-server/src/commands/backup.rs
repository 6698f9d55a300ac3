//! `backup`: a copy of the SQLite database, while the server runs.

use std::path::Path;

use super::say;
use crate::config::Config;
use crate::error::AppError;
use crate::new_file::{Existing, NewFile};
use crate::{backends, master_key};

pub(super) async fn run(config: &Config, file: &Path) -> Result<(), AppError> {
    let factory = backends::storage_factory(&config.database)?;
    let (new, _) = NewFile::begin(file, Existing::Stays("name another one"))?;
    let done = factory.back_up(&config.database, &config.database_options, new.part()).await;
    done.map_err(|error| AppError::failed("no backup was made", error))?;
    new.keep()?;
    let key = match &config.master_key {
        Some(_) => "ROTATOR_MASTER_KEY".to_owned(),
        None => format!("the master key in {}", master_key::path(config).display()),
    };
    say(&format!("Backed up into {}.", file.display()))?;
    say(&format!("It opens with {key} only: keep a copy of that as well, in another place."))
}

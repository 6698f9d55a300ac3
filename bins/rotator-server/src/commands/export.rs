//! `export`: everything into a file, sealed under a passphrase.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

use rotator_admin_api::moving::{self, MovingReport, Passphrase};
use rotator_domain::{SystemClock, Vault};

use super::passphrase::{self, Asked};
use super::{STANDARD_STREAM, moved, say, say_aside};
use crate::config::Config;
use crate::error::AppError;
use crate::new_file::{Existing, NewFile};
use crate::{compose, master_key};

pub(super) async fn run(
    config: &Config,
    passphrase_file: Option<&Path>,
    force: bool,
    file: &Path,
) -> Result<(), AppError> {
    let vault = Vault::new(&master_key::existing(config)?);
    if file == Path::new(STANDARD_STREAM) {
        let out = std::io::stdout();
        if out.is_terminal() {
            let advice = "the standard output is a terminal, and an export is no text; name a file";
            return Err(AppError::failed("could not export", advice));
        }
        let passphrase = passphrase::read(passphrase_file, Asked::Twice)?;
        let report = from(config, vault, passphrase, out.lock()).await?;
        return say_aside(&told(&report));
    }
    let existing = if force { Existing::IsReplaced } else { Existing::Stays("--force writes over it") };
    let (new, part) = NewFile::begin(file, existing)?;
    let passphrase = passphrase::read(passphrase_file, Asked::Twice)?;
    let report = from(config, vault, passphrase, BufWriter::new(part)).await?;
    new.keep()?;
    say(&told(&report))
}

/// Opens the database and exports it.
async fn from(
    config: &Config,
    vault: Vault,
    passphrase: Passphrase,
    out: impl Write,
) -> Result<MovingReport, AppError> {
    let storage = compose::open_storage(config).await?;
    let done = moving::export(storage.as_ref(), &vault, &passphrase, &SystemClock, out).await;
    storage.close().await;
    let (_, report) = done.map_err(|error| AppError::failed("could not export", error))?;
    Ok(report)
}

fn told(report: &MovingReport) -> String {
    format!("Exported {}. Only the passphrase opens the file: nobody can recover it.", moved(report))
}

//! `import-legacy`: takes over the predecessor's services and keys.

use std::path::Path;

use rotator_domain::SystemClock;

use super::say;
use crate::config::{self, Config};
use crate::error::AppError;
use crate::{backends, compose};

pub(super) async fn run(config: &Config, source: &Path) -> Result<(), AppError> {
    let legacy = config::legacy_database(source)?;
    // A URL may hold a password.
    let shown = match legacy.scheme() {
        "sqlite" => source.display().to_string(),
        scheme => format!("the predecessor's {scheme} database"),
    };
    let services = backends::storage_factory(&legacy)?
        .read_legacy(&legacy, &config.database_options)
        .await
        .map_err(|error| AppError::failed(format!("could not read {shown}"), error))?;
    let opened = compose::open(config).await?;
    let digest_key = &opened.bootstrapped.digest_key;
    let imported =
        rotator_admin_api::import_legacy(opened.storage.as_ref(), &opened.vault, digest_key, &SystemClock, services)
            .await;
    opened.storage.close().await;
    let report = imported.map_err(|error| AppError::failed("could not store what was read", error))?;
    for skipped in &report.skipped {
        say(&format!("skipped {}: {}", skipped.name, skipped.reason))?;
    }
    say(&format!(
        "{} services and {} keys taken over, {} double keys left out.",
        report.services, report.keys, report.duplicate_keys
    ))?;
    say("A running server sees them within a second.")
}

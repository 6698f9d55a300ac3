//! `import-legacy`: takes over the predecessor's services and keys.

use std::path::Path;

use percent_encoding::utf8_percent_encode;
use rotator_domain::SystemClock;
use rotator_storage_trait::{DatabaseUrl, StorageOptions};

use super::say;
use crate::config::{Config, IN_SQLITE_PATH};
use crate::error::AppError;
use crate::{backends, compose};

pub(super) async fn run(config: &Config, file: &Path) -> Result<(), AppError> {
    let path = file
        .to_str()
        .ok_or_else(|| AppError::failed("could not open the predecessor's file", "its name is no UTF-8"))?;
    let legacy = DatabaseUrl::new(format!("sqlite:{}", utf8_percent_encode(path, &IN_SQLITE_PATH)));
    let services = backends::storage_factory(&legacy)?
        .read_legacy(&legacy, &StorageOptions::default())
        .await
        .map_err(|error| AppError::failed(format!("could not read {}", file.display()), error))?;
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

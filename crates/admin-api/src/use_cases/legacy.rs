//! The predecessor's services and keys.

use rotator_domain::{Clock, DigestKey, FieldError, Invalid, Service, ServiceDraft, ServiceId, Vault};
use rotator_storage_trait::{LegacyService, Storage, StorageErrorKind};

use super::UseCaseError;
use super::audit::{DATABASE, Deed, audit_server};
use super::changes::Changes;
use super::keys::Sealer;
use crate::wire::NewKey;

/// What an import took over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// How many services.
    pub services: u64,
    /// How many keys.
    pub keys: u64,
    /// How many keys came twice in one service.
    pub duplicate_keys: u64,
    /// The services and keys that could not be taken over.
    pub skipped: Vec<SkippedService>,
}

/// Something that could not be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedService {
    /// The service's name; for a key, with the key's row.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Stores the predecessor's services with their keys. A service whose name or slug is taken is skipped with its keys; a key
/// that cannot be one is skipped alone.
///
/// # Errors
/// When the database fails; what was stored before stays, and a second run skips it.
pub async fn import_legacy(
    storage: &dyn Storage,
    vault: &Vault,
    digest_key: &DigestKey,
    clock: &dyn Clock,
    services: Vec<LegacyService>,
) -> Result<ImportReport, UseCaseError> {
    let mut report = ImportReport::default();
    let now = clock.now();
    for LegacyService { draft, keys } in services {
        let name = draft.name.clone();
        let service = match with_legacy_defaults(draft).into_service(ServiceId(0), now, now) {
            Ok(service) => service,
            Err(Invalid(errors)) => {
                report.skip(name, Invalid(errors).to_string());
                continue;
            }
        };
        let id = ServiceId(storage.reserve_ids(1).await.map_err(UseCaseError::Storage)?);
        match storage.insert_service(&Service { id, ..service }).await {
            Ok(()) => report.services += 1,
            Err(error) if matches!(error.kind(), StorageErrorKind::Conflict { .. }) => {
                report.skip(name, error.to_string());
                continue;
            }
            Err(error) => return Err(UseCaseError::Storage(error)),
        }
        let first = match u32::try_from(keys.len()) {
            Ok(0) => continue,
            Ok(count) => storage.reserve_ids(count).await.map_err(UseCaseError::Storage)?,
            Err(_) => return Err(FieldError::new("api_keys", "holds too many keys").into()),
        };
        let sealer = Sealer { vault: vault.clone(), digest_key: digest_key.clone(), service: id, now };
        let mut records = Vec::with_capacity(keys.len());
        for (id, key) in (first..).zip(keys) {
            let new = NewKey { is_active: key.is_active, ..NewKey::new(key.value.expose()) };
            match sealer.seal(rotator_domain::KeyId(id), new) {
                Ok(record) => records.push(record),
                Err(UseCaseError::Invalid(invalid)) => {
                    report.skip(format!("{name}, key {}", key.row), invalid.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        let duplicates = storage.insert_keys(&records).await.map_err(UseCaseError::Storage)?.len();
        report.keys += (records.len() - duplicates) as u64;
        report.duplicate_keys += duplicates as u64;
    }
    let changes =
        Changes::default().with("services", None, Some(report.services)).with("keys", None, Some(report.keys));
    let deed = Deed { action: "database.import_legacy", subject: DATABASE.to_owned(), detail: None, changes };
    audit_server(storage, now, deed).await.map_err(UseCaseError::Storage)?;
    Ok(report)
}

/// The predecessor's LLM services always put the key where their API wants it; its columns for the place hold what its
/// form had for generic services.
fn with_legacy_defaults(mut draft: ServiceDraft) -> ServiceDraft {
    if draft.config_type.eq_ignore_ascii_case("llm") {
        draft.api_key_location = None;
        draft.api_key_name = None;
    }
    draft
}

// === impl ImportReport ===

impl ImportReport {
    fn skip(&mut self, name: String, reason: String) {
        self.skipped.push(SkippedService { name, reason });
    }
}

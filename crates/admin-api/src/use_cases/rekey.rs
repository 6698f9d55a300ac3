//! A new master key.

use rotator_domain::{Clock, SealContext, SealError, Sealed, Vault};
use rotator_storage_trait::{SealedPlace, Storage, StorageError, StorageErrorKind};

use super::UseCaseError;
use super::audit::{DATABASE, Deed, audit_server};

/// Seals everything that `old` opens under `new`, in one transaction, and says how many values there were. The audit log says so
/// afterwards.
///
/// # Errors
/// When a value does not open, or the database fails; nothing has changed then.
pub async fn rekey(storage: &dyn Storage, old: &Vault, new: &Vault, clock: &dyn Clock) -> Result<u64, UseCaseError> {
    let reseal = |place: &SealedPlace, sealed: &Sealed| {
        exchange(place, sealed, old, new)
            .map_err(|error| StorageError::new(StorageErrorKind::Refused, "seal a value anew").with_source(error))
    };
    let count = storage.reseal_all(&reseal).await.map_err(UseCaseError::Storage)?;
    let deed = Deed { action: "database.rekey", subject: DATABASE.to_owned(), ..Deed::default() };
    audit_server(storage, clock.now(), deed).await.map_err(UseCaseError::Storage)?;
    Ok(count)
}

fn exchange(place: &SealedPlace, sealed: &Sealed, old: &Vault, new: &Vault) -> Result<Sealed, SealError> {
    let context = match place {
        SealedPlace::UpstreamKey(id) => SealContext::UpstreamKey(*id),
        SealedPlace::Setting(name) => SealContext::Setting(name),
        SealedPlace::Webhook(id) => SealContext::Webhook(*id),
    };
    new.seal_bytes(context, &old.open_bytes(context, sealed)?)
}

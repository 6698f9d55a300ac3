//! A new master key.

use rotator_domain::{SealContext, SealError, Sealed, Vault};
use rotator_storage_trait::{SealedPlace, Storage, StorageError, StorageErrorKind};

use super::UseCaseError;

/// Seals everything that `old` opens under `new`, in one transaction, and says how many values there were.
///
/// # Errors
/// When a value does not open, or the database fails; nothing has changed then.
pub async fn rekey(storage: &dyn Storage, old: &Vault, new: &Vault) -> Result<u64, UseCaseError> {
    let reseal = |place: &SealedPlace, sealed: &Sealed| {
        exchange(place, sealed, old, new)
            .map_err(|error| StorageError::new(StorageErrorKind::Refused, "seal a value anew").with_source(error))
    };
    storage.reseal_all(&reseal).await.map_err(UseCaseError::Storage)
}

fn exchange(place: &SealedPlace, sealed: &Sealed, old: &Vault, new: &Vault) -> Result<Sealed, SealError> {
    let context = match place {
        SealedPlace::UpstreamKey(id) => SealContext::UpstreamKey(*id),
        SealedPlace::Setting(name) => SealContext::Setting(name),
        SealedPlace::Webhook(id) => SealContext::Webhook(*id),
    };
    new.seal_bytes(context, &old.open_bytes(context, sealed)?)
}

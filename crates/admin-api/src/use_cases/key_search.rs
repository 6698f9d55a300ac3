//! Keys that a text is found in.
//!
//! Values rest sealed, and only what is shown of them may tell anything, so each is opened and masked to be looked at. That is done on
//! threads for such work, one page after the other; whoever goes away meanwhile ends it.

use std::sync::Arc;

use futures_util::TryStreamExt;
use rotator_domain::rotation::QuotaGroup;
use rotator_domain::{KeyId, SealContext, SealError, ServiceId, Vault};
use rotator_storage_trait::{SealedKey, sealed_pages};

use super::{UseCaseError, UseCases};

/// A text that is looked for.
#[derive(Clone)]
struct Search {
    vault: Vault,
    /// In lower case.
    text: Arc<str>,
}

/// How many keys are read at once.
const PAGE: usize = 5000;
/// How many pages are looked through while the next is read.
const AHEAD: usize = 2;

// === impl UseCases ===

impl UseCases<'_> {
    /// The ids of those keys, in order, in which the text is found, which is in lower case: of all keys of a pool or of `among`,
    /// which are in order.
    pub(super) async fn keys_that_say(
        &self,
        service: ServiceId,
        text: &str,
        among: Option<Vec<KeyId>>,
    ) -> Result<Vec<KeyId>, UseCaseError> {
        let search = Search { vault: self.context.vault.clone(), text: text.into() };
        let storage = self.context.storage.as_ref();
        if let Some(few) = among.as_ref().filter(|ids| ids.len() <= PAGE) {
            let records = storage.keys_among(service, few).await.map_err(UseCaseError::Storage)?;
            return search.through(records.into_iter().map(SealedKey::from).collect()).await;
        }
        let services = service..=service;
        let pages = sealed_pages(storage, &services, PAGE as u64).map_err(UseCaseError::Storage);
        let mut found = pages.map_ok(|keys| search.through(keys)).try_buffered(AHEAD).try_concat().await?;
        if let Some(ids) = among {
            found.retain(|id| ids.binary_search(id).is_ok());
        }
        Ok(found)
    }
}

// === impl Search ===

impl Search {
    /// The ids of those of these keys in which the text is found.
    async fn through(&self, keys: Vec<SealedKey>) -> Result<Vec<KeyId>, UseCaseError> {
        let own = self.clone();
        let look = move || {
            let found = keys.iter().filter_map(|key| match own.finds(key) {
                Ok(is_found) => is_found.then_some(Ok(key.id)),
                Err(error) => Some(Err(error.into())),
            });
            found.collect()
        };
        tokio::task::spawn_blocking(look).await.map_err(|_| UseCaseError::Interrupted)?
    }

    /// Whether the text is found in what is shown of a key.
    fn finds(&self, key: &SealedKey) -> Result<bool, SealError> {
        let holds = |shown: &str| shown.to_lowercase().contains(&*self.text);
        let group = key.policy.group.as_ref().is_some_and(|QuotaGroup(name)| holds(name));
        let label = key.label.as_ref().is_some_and(|label| holds(label.as_str()));
        let models = key.policy.models.iter().any(|model| holds(model.as_str()));
        if group || label || models || holds(&key.id.to_string()) {
            return Ok(true);
        }
        let value = self.vault.open(SealContext::UpstreamKey(key.id), &key.sealed)?;
        Ok(holds(&value.masked()))
    }
}

//! The memory of conversations in Redis, or here while it is away.

use async_trait::async_trait;
use rotator_cache_trait::{CacheError, ConversationStore, Place};

use super::{Fallback, Shared};

/// What was kept while Redis was away is found here later too, by this node. What is forgotten while it is away is forgotten
/// there when its time is over.
#[async_trait]
impl ConversationStore for Fallback {
    async fn remember(&self, place: Place, text: String) -> Result<(), CacheError> {
        let shared = &*self.shared;
        if !shared.is_away() {
            let kept = shared.remote.conversations.remember(place.clone(), text.clone());
            if let Some(kept) = shared.ask_within(large(shared), kept).await {
                // One that was kept here before is older.
                shared.local.conversations.forget(&place).await?;
                return kept;
            }
        }
        shared.local.conversations.remember(place, text).await
    }

    async fn recall(&self, place: &Place) -> Result<Option<String>, CacheError> {
        let shared = &*self.shared;
        match shared.ask_within(large(shared), shared.remote.conversations.recall(place)).await {
            Some(Ok(Some(text))) => Ok(Some(text)),
            Some(Err(error)) => Err(error),
            Some(Ok(None)) | None => shared.local.conversations.recall(place).await,
        }
    }

    async fn forget(&self, place: &Place) -> Result<bool, CacheError> {
        let shared = &*self.shared;
        let here = shared.local.conversations.forget(place).await?;
        let there = shared.ask(shared.remote.conversations.forget(place)).await.unwrap_or(Ok(false))?;
        Ok(here || there)
    }
}

/// Texts may be large.
fn large(shared: &Shared) -> std::time::Duration {
    shared.patience * 5
}

//! Changes on one node hold on all: each tells the others what it changed, and hears what they did.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rotator_admin_api::{ChangeError, ChangeListener};
use rotator_cache_trait::{Change, ChangeFeed};
use rotator_domain::ServiceId;

use crate::catalog_source::CatalogSource;

/// How long to wait for a storage that does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes up this node's changes, and tells the other nodes.
pub(crate) struct Announcer {
    pub(crate) source: Arc<CatalogSource>,
    pub(crate) feed: Arc<dyn ChangeFeed>,
}

// === impl Announcer ===

impl Announcer {
    /// Takes up what other nodes change; for ever.
    pub(crate) async fn follow(&self) {
        let mut changes = self.feed.changes();
        while let Some(change) = changes.next().await {
            while let Err(error) = self.take_up(change).await {
                tracing::warn!(error = %error, "a change of another node could not be taken up");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn take_up(&self, change: Change) -> Result<(), ChangeError> {
        match change {
            Change::Service(id) => self.source.service_changed(id).await,
            Change::ClientKeys => self.source.client_keys_changed().await,
            Change::Missed => self.source.load_all().await,
        }
    }

    async fn announce(&self, change: Change) {
        // This node's own change holds; the others hear of it when they next read everything.
        if let Err(error) = self.feed.announce_change(change).await {
            tracing::warn!(error = %error, "a change could not be told to the other nodes");
        }
    }
}

#[async_trait]
impl ChangeListener for Announcer {
    async fn service_changed(&self, id: ServiceId) -> Result<(), ChangeError> {
        self.source.service_changed(id).await?;
        self.announce(Change::Service(id)).await;
        Ok(())
    }

    async fn client_keys_changed(&self) -> Result<(), ChangeError> {
        self.source.client_keys_changed().await?;
        self.announce(Change::ClientKeys).await;
        Ok(())
    }
}

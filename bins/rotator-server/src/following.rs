//! Changes on one node hold on all, and what a command changes holds on the server that runs: each looks at the version of
//! what is stored, and where there is a feed tells the others at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rotator_admin_api::{ChangeError, ChangeListener};
use rotator_cache_trait::{Change, ChangeFeed};
use rotator_domain::ServiceId;
use tokio::time::MissedTickBehavior;

use crate::catalog_source::CatalogSource;

/// How often the version is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Takes up this node's changes and those of others.
pub(crate) struct Following {
    pub(crate) source: Arc<CatalogSource>,
    /// Where nodes tell one another of changes, sooner than a look would show them.
    pub(crate) feed: Option<Arc<dyn ChangeFeed>>,
}

// === impl Following ===

impl Following {
    /// Takes up what others change; for ever.
    pub(crate) async fn follow(&self) {
        tokio::join!(self.look(), self.listen());
    }

    /// Looks at the version. A storage that does not answer is told of once, and what was missed is taken up when it does again.
    async fn look(&self) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_away = false;
        loop {
            looks.tick().await;
            match (self.source.catch_up().await, is_away) {
                (Ok(()), false) | (Err(_), true) => {}
                (Ok(()), true) => {
                    is_away = false;
                    tracing::info!("changes are seen again, and those in between are taken up");
                }
                (Err(error), false) => {
                    is_away = true;
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(error = %error, cause, "changes of other nodes and commands cannot be seen");
                }
            }
        }
    }

    /// Takes up what is told.
    async fn listen(&self) {
        let Some(feed) = &self.feed else { return };
        let mut changes = feed.changes();
        while let Some(change) = changes.next().await {
            let taken_up = match change {
                Change::Service(id) => self.source.service_changed(id).await,
                Change::ClientKeys => self.source.client_keys_changed().await,
                Change::Prices => self.source.prices_changed().await,
                Change::Missed => self.source.load_all().await.map_err(ChangeError::new),
            };
            if let Err(error) = taken_up {
                // The next look tries again.
                tracing::debug!(error = %error, "a change of another node could not be taken up at once");
            }
        }
    }

    async fn announce(&self, change: Change) {
        let Some(feed) = &self.feed else { return };
        // This node's own change holds; the others see it when they next look.
        if let Err(error) = feed.announce_change(change).await {
            tracing::warn!(error = %error, "a change could not be told to the other nodes");
        }
    }
}

#[async_trait]
impl ChangeListener for Following {
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

    async fn prices_changed(&self) -> Result<(), ChangeError> {
        self.source.prices_changed().await?;
        self.announce(Change::Prices).await;
        Ok(())
    }
}

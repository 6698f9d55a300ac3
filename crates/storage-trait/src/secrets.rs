//! The server's own sealed settings, and the exchange of everything that is sealed.

use async_trait::async_trait;
use rotator_domain::{KeyId, Sealed, WebhookId};

use crate::StorageError;

/// Where a sealed value is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedPlace {
    /// The value of an upstream key.
    UpstreamKey(KeyId),
    /// A setting, by its name.
    Setting(String),
    /// The secret of a webhook, or the one before it.
    Webhook(WebhookId),
}

/// Seals one value anew; the error ends the whole exchange.
pub type ResealFn<'a> = dyn Fn(&SealedPlace, &Sealed) -> Result<Sealed, StorageError> + Send + Sync + 'a;

/// Stores sealed settings.
#[async_trait]
pub trait SecretRepository: Send + Sync {
    /// The setting with this name.
    async fn setting(&self, name: &str) -> Result<Option<Sealed>, StorageError>;

    /// Stores a setting unless there is one of this name, and gives the one that is stored then: of two nodes that start
    /// at once, both go on with the same value.
    async fn setting_or_insert(&self, name: &str, value: &Sealed) -> Result<Sealed, StorageError>;

    /// Passes every sealed value through `reseal` and stores the results, in one transaction; says how many there were.
    /// After an error nothing has changed.
    async fn reseal_all(&self, reseal: &ResealFn<'_>) -> Result<u64, StorageError>;
}

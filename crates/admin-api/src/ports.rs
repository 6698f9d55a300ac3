//! What the admin API needs of the rest of the server.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use rotator_domain::{KeyId, ServiceId, Timestamp, Verdict};

/// Makes what was written to the storage hold for the proxy.
#[async_trait]
pub trait ChangeListener: Send + Sync {
    /// A service or its keys were written or deleted. When this returns, the next proxied request sees the change.
    async fn service_changed(&self, id: ServiceId) -> Result<(), ChangeError>;

    /// A client key was written or deleted. When this returns, the next proxied request sees the change.
    async fn client_keys_changed(&self) -> Result<(), ChangeError>;

    /// A price was written or deleted. When this returns, it holds for requests that end from then on.
    async fn prices_changed(&self) -> Result<(), ChangeError>;
}

/// A change is stored, and the proxy could not be told.
#[derive(Debug, thiserror::Error)]
#[error("the change is stored, but the proxy could not take it up")]
pub struct ChangeError(#[source] Box<dyn StdError + Send + Sync>);

/// Tests keys at their upstream.
#[async_trait]
pub trait KeyProber: Send + Sync {
    /// Sends one real request with the key.
    async fn probe(&self, service: ServiceId, key: KeyId) -> Result<ProbeOutcome, ProbeError>;
}

/// What the upstream answered to a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeOutcome {
    /// Its status.
    pub status: u16,
    /// What it says about the key.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// The upstream gave no answer to a test.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ProbeError(String);

/// What is logged, changed while the server runs.
pub trait LogControl: Send + Sync {
    /// The level, or the directives, as they were told.
    fn level(&self) -> String;

    /// Logs at this level from now on.
    ///
    /// # Errors
    /// When it is none; everything stays as it is.
    fn set_level(&self, level: &str) -> Result<(), LogLevelError>;
}

/// Something is no level.
#[derive(Debug, thiserror::Error)]
#[error("must be error, warn, info, debug, trace or tracing directives")]
pub struct LogLevelError;

/// What goes through this node at the moment.
pub trait LiveTraffic: Send + Sync {
    /// The services that are served.
    fn services(&self) -> Vec<ServedService>;

    /// What was counted in the last seconds, of services and of the keys of `watched` ones. Whoever wants figures asks every
    /// second: nothing is counted when nobody has asked for some time.
    fn traffic(&self, watched: &[ServiceId]) -> Traffic;
}

/// A service as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedService {
    /// Its id.
    pub id: ServiceId,
    /// Its slug.
    pub slug: String,
    /// Whether the doors serve it.
    pub is_active: bool,
    /// How many enabled keys it has.
    pub keys: usize,
    /// Its requests in flight, where they are counted by themselves.
    pub in_flight: Option<u64>,
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Of services that had requests.
    pub services: HashMap<ServiceId, Rate>,
    /// Of keys of watched services that were used.
    pub keys: HashMap<(ServiceId, KeyId), KeyTraffic>,
}

/// Requests of the last seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// How many a second.
    pub requests: f64,
    /// Which share of them failed, 0 to 1.
    pub errors: f64,
}

/// What a key did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyTraffic {
    /// Requests a second.
    pub rate: f64,
    /// How many have failed since its service is watched.
    pub errors: u64,
    /// When it was last used.
    pub last_used: Timestamp,
}

// === impl ChangeError ===

impl ChangeError {
    /// The proxy could not be told because of `source`.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

// === impl ProbeError ===

impl ProbeError {
    /// There was no answer because of `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

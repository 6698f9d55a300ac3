//! What the admin API needs of the rest of the server.

use std::error::Error as StdError;
use std::time::Duration;

use async_trait::async_trait;
use rotator_domain::{KeyId, ServiceId, Verdict};

/// Makes what was written to the storage hold for the proxy.
#[async_trait]
pub trait ChangeListener: Send + Sync {
    /// A service or its keys were written or deleted. When this returns, the next proxied request sees the change.
    async fn service_changed(&self, id: ServiceId) -> Result<(), ChangeError>;

    /// A client key was written or deleted. When this returns, the next proxied request sees the change.
    async fn client_keys_changed(&self) -> Result<(), ChangeError>;
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

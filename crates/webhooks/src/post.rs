//! How messages leave.

use async_trait::async_trait;
use rotator_domain::TargetUrl;

/// Sends requests.
#[async_trait]
pub trait WebhookPost: Send + Sync {
    /// Sends a body of JSON with these headers, within a bounded time, and gives the status of the answer. Redirects are not
    /// followed, and what the answer says besides is not read.
    async fn post(&self, url: &TargetUrl, headers: &[(&'static str, String)], body: &str) -> Result<u16, PostError>;
}

/// There was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PostError(String);

// === impl PostError ===

impl PostError {
    /// There was none because of `reason`.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

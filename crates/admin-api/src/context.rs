//! What every use case works with.

use std::sync::Arc;
use std::time::Duration;

use rotator_cache_trait::{ClientMeters, Counters, NodeRegistry, RotationState};
use rotator_domain::{Clock, DigestKey, Secret, Vault};
use rotator_request_log::LogQueue;
use rotator_storage_trait::Storage;
use rotator_usage::SharedPrices;
use rotator_webhooks::Courier;
use tokio::sync::watch;

use crate::{ChangeListener, KeyProber, LiveTraffic, LogControl, TokenUses};

/// Everything that the admin API is built on.
pub struct AdminContext {
    /// Where everything is kept.
    pub storage: Arc<dyn Storage>,
    /// Seals and opens keys.
    pub vault: Vault,
    /// The key of all digests.
    pub digest_key: DigestKey,
    /// Counts failed logins.
    pub counters: Arc<dyn Counters>,
    /// Knows which keys are cooling.
    pub rotation: Arc<dyn RotationState>,
    /// Knows how the limits of client keys stand.
    pub meters: Arc<dyn ClientMeters>,
    /// Knows the nodes.
    pub nodes: Arc<dyn NodeRegistry>,
    /// Is told of every change.
    pub changes: Arc<dyn ChangeListener>,
    /// Tests keys.
    pub prober: Arc<dyn KeyProber>,
    /// Knows what is logged.
    pub logs: Arc<dyn LogControl>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Signs sessions.
    pub jwt_secret: Secret,
    /// How long a session lasts.
    pub session_ttl: Duration,
    /// The address under which clients reach the doors.
    pub public_base_url: Option<String>,
    /// What this build holds.
    pub features: Vec<String>,
    /// The longest request body, in bytes.
    pub body_limit: usize,
    /// When tokens were used; somebody stores it from time to time.
    pub token_uses: Arc<TokenUses>,
    /// The requests that wait to be logged.
    pub request_log: Arc<LogQueue>,
    /// Sends messages to webhooks.
    pub webhooks: Arc<Courier>,
    /// What models cost.
    pub prices: SharedPrices,
    /// Knows what goes through this node.
    pub live: Arc<dyn LiveTraffic>,
    /// Turns true when the server ends, so that answers end that would go on.
    pub is_ending: watch::Receiver<bool>,
}

impl std::fmt::Debug for AdminContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminContext")
    }
}

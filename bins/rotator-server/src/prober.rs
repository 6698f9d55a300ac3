//! Tests a key for the admin API over the proxy's own connections.

use async_trait::async_trait;
use rotator_admin_api::{KeyProber, ProbeError, ProbeOutcome};
use rotator_domain::{KeyId, ServiceId};
use rotator_proxy_core::Proxy;

/// Tests keys through the proxy.
pub(crate) struct ProxyProber(pub(crate) Proxy);

// === impl ProxyProber ===

#[async_trait]
impl KeyProber for ProxyProber {
    async fn probe(&self, service: ServiceId, key: KeyId) -> Result<ProbeOutcome, ProbeError> {
        let probe = self.0.probe(service, key).await.map_err(|error| ProbeError::new(error.to_string()))?;
        Ok(ProbeOutcome { status: probe.status.as_u16(), verdict: probe.verdict, took: probe.took })
    }
}

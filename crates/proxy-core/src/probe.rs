//! One cheap request that shows whether a key works.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use rotator_domain::{KeyId, MethodSet, ServiceId, Verdict};
use rotator_llm_adapters::join_path;
use tokio::time::Instant;

use crate::attempt::{self, Outgoing, SendFailure};
use crate::body::Replay;
use crate::catalog::Door;
use crate::{BoxError, Proxy};

/// What a probe showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The upstream's status.
    pub status: StatusCode,
    /// What it says about the key.
    pub verdict: Verdict,
    /// How long the head of the answer took.
    pub took: Duration,
}

/// Why a probe showed nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The service or the key is not in the catalog.
    #[error("the catalog does not hold this key")]
    UnknownKey,
    /// The upstream gave no answer.
    #[error("the upstream gave no answer: {0}")]
    NoAnswer(String),
    /// The rotation state does not answer.
    #[error("the rotation state does not answer")]
    NoRotation,
}

// === impl Proxy ===

impl Proxy {
    /// Sends one request with this key: the list of models to an LLM API, else the target itself. The key's state
    /// follows the answer as after any other request; a key that works ends its cooldown.
    ///
    /// # Errors
    /// When the key is unknown or the upstream gives no answer.
    pub async fn probe(&self, service: ServiceId, key: KeyId) -> Result<Probe, ProbeError> {
        let shared = &self.0;
        let catalog = shared.catalog.load();
        let entry = catalog.by_id(service).ok_or(ProbeError::UnknownKey)?;
        let material = entry.key(key).ok_or(ProbeError::UnknownKey)?;
        let base = entry.target.base_path.as_str();
        let (method, path) = match &entry.door {
            Door::Llm { adapter, .. } => (Method::GET, join_path(base, adapter.probe_path())),
            Door::Generic { methods } => (probe_method(methods), base.to_owned()),
        };
        let outgoing = Outgoing { method, headers: HeaderMap::new(), path, query: None, upgrade: None };
        let empty = http_body_util::Empty::new().map_err(|never| -> BoxError { match never {} }).boxed_unsync();
        let begun = Instant::now();
        let sent = attempt::send(shared, entry, &outgoing, &Replay::new(empty, 0, None), material).await;
        let took = begun.elapsed();
        if sent.is_err() {
            // Whatever it was, it was not the key.
            let put_off = shared.rotation.learn_probe(service, key, None, shared.clock.now()).await;
            put_off.map_err(|_| ProbeError::NoRotation)?;
        }
        let response = sent.map_err(|failure| match failure {
            SendFailure::BadPath => ProbeError::NoAnswer("the target's path makes no URL".to_owned()),
            SendFailure::Barred(_) => ProbeError::NoAnswer("the upstream has failed again and again".to_owned()),
            SendFailure::Send(error) => ProbeError::NoAnswer(error.to_string()),
        })?;
        let status = response.status();
        let now = shared.clock.now();
        let (_, reading) = attempt::read(entry, response, entry.idle_timeout(shared), now).await;
        let learned = shared.rotation.learn_probe(service, key, Some(&reading), now).await;
        attempt::told(entry, key, &reading, status.as_u16(), learned.map_err(|_| ProbeError::NoRotation)?);
        shared.waiting.of(service).wake();
        Ok(Probe { status, verdict: reading.verdict, took })
    }

    /// Tests every key of a service that is out of use and whose test is due, one after the other. Call it now and then for the
    /// services that [`RotationState::stirred`](rotator_cache_trait::RotationState::stirred) names, and when the tests are due that
    /// [`RotationState::checkpoints`](rotator_cache_trait::RotationState::checkpoints) tells of.
    pub async fn probe_due(&self, service: ServiceId) {
        let shared = &self.0;
        let due = match shared.rotation.due_probes(service, shared.clock.now()).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(service.id = %service, error = %error, "the keys that are to be tested could not be read");
                return;
            }
        };
        for key in due {
            match self.probe(service, key).await {
                Ok(probe) => {
                    tracing::info!(key.id = %key, verdict = probe.verdict.name(), "a key that was out of use was tested");
                }
                Err(error) => tracing::debug!(key.id = %key, error = %error, "a test of a key showed nothing"),
            }
        }
    }
}

/// The method that changes least among those that the service serves.
fn probe_method(methods: &MethodSet) -> Method {
    [Method::GET, Method::HEAD].into_iter().find(|method| methods.allows(method)).unwrap_or(Method::OPTIONS)
}

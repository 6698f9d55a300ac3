//! Testing keys at their upstreams.

use rotator_domain::{KeyId, ServiceId, Verdict};

use super::keys::{subject, subject_of_pool};
use super::{UseCaseError, UseCases};
use crate::AdminContext;
use crate::wire::ProbeReport;

// === impl UseCases ===

impl UseCases<'_> {
    /// Tests a key at its upstream.
    pub(crate) async fn test_key(&self, id: KeyId) -> Result<ProbeReport, UseCaseError> {
        let record = self.record(id).await?;
        self.audit("key.test", &subject(id), None).await?;
        Ok(probe(self.context, record.service_id, id).await)
    }

    /// The keys of a config that is about to be tested whole.
    pub(crate) async fn keys_to_test(&self, service: ServiceId) -> Result<Vec<KeyId>, UseCaseError> {
        self.service(service).await?;
        let mut keys = Vec::new();
        self.each_record(service, |record| {
            keys.push(record.id);
            Ok(())
        })
        .await?;
        self.audit("keys.test", &subject_of_pool(service), format!("{} keys", keys.len())).await?;
        Ok(keys)
    }
}

/// Sends one real request with a key.
pub(crate) async fn probe(context: &AdminContext, service: ServiceId, key: KeyId) -> ProbeReport {
    match context.prober.probe(service, key).await {
        Ok(outcome) => ProbeReport {
            ok: outcome.verdict == Verdict::Healthy,
            status: Some(outcome.status),
            verdict: outcome.verdict.name().to_owned(),
            latency_ms: u64::try_from(outcome.took.as_millis()).ok(),
            error: None,
        },
        Err(error) => ProbeReport {
            ok: false,
            status: None,
            verdict: "no_answer".to_owned(),
            latency_ms: None,
            error: Some(error.to_string()),
        },
    }
}

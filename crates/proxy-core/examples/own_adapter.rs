//! An adapter of one's own: a provider that speaks OpenAI's format, wants its key in a header of its own, and says in its own way what is
//! wrong with a key. `ServiceEntry::with_adapter` puts it in front of a service; in the server it is a row or a file of
//! `crates/llm-adapters`.
//!
//! ```sh
//! cargo run --package rotator-proxy-core --example own_adapter
//! curl http://127.0.0.1:8080/llm/house/models -H "Authorization: Bearer my-client-key"
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use rotator_cache_memory::MemoryRotation;
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::PoolKey;
use rotator_domain::{
    DigestKey, Format, KeyId, LimitScope, Reading, Secret, ServiceDraft, ServiceId, Timestamp, Verdict,
};
use rotator_llm_adapters::{Adapter, Answer, KeyHeader, plain_reading};
use rotator_proxy_core::{Catalog, CatalogHandle, ClientEntry, ClientKeyRing, Proxy, ServiceEntry};
use serde_json::Value;
use tokio::net::TcpListener;

/// The models of our own house.
#[derive(Debug)]
struct House;

/// How long a key rests that the house calls tired.
const REST: Duration = Duration::from_secs(20);

// === impl House ===

impl Adapter for House {
    fn name(&self) -> &'static str {
        "house"
    }

    fn format(&self) -> Format {
        Format::OpenAi
    }

    fn default_base_url(&self) -> Option<&'static str> {
        None
    }

    fn documentation(&self) -> &'static str {
        "https://models.house.example/docs"
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader { name: HeaderName::from_static("x-house-key"), prefix: "" }
    }

    fn probe_path(&self) -> &'static str {
        "models"
    }

    /// The house answers 403 for everything that is wrong with a key, and `code` says what. What it does not say, HTTP does.
    fn read(&self, answer: &Answer<'_>) -> Reading {
        let plain = plain_reading(answer);
        if answer.status != 403 {
            return plain;
        }
        let error: Value = serde_json::from_slice(answer.body).unwrap_or_default();
        let verdict = match error["code"].as_str() {
            Some("tired") => Verdict::CoolDown { after: Some(REST), scope: LimitScope::Key },
            Some("spent") => Verdict::OutOfQuota { after: None, scope: LimitScope::Key },
            Some("unknown") => Verdict::Dead,
            _ => plain.verdict,
        };
        Reading { verdict, ..plain }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = ServiceDraft {
        name: "House".to_owned(),
        slug: "house".to_owned(),
        config_type: "LLM".to_owned(),
        is_active: true,
        target_base_url: Some("https://models.house.example/v1".to_owned()),
        // Clients may speak any of the formats, whatever the house speaks.
        output_format: Some("auto".to_owned()),
        ..ServiceDraft::default()
    }
    .into_service(ServiceId(1), Timestamp::EPOCH, Timestamp::EPOCH)?;
    let rotation = Arc::new(MemoryRotation::default());
    let keys = vec![PoolKey::plain(KeyId(1)), PoolKey::plain(KeyId(2))];
    rotation.publish_pool(Pool { service_id: service.id, policy: service.policy.rotation.clone(), keys }).await?;
    let values = [(KeyId(1), Secret::new("house-first")), (KeyId(2), Secret::new("house-second"))];
    let entry = ServiceEntry::with_adapter(&service, &House, values)?;

    let digest_key = DigestKey::generate()?;
    let me = (digest_key.client_key(b"my-client-key"), ClientEntry::new(None, "me"));
    let catalog = CatalogHandle::new(Catalog::new([entry], ClientKeyRing::new(digest_key, [me])));
    let proxy = Proxy::builder(catalog, rotation).build()?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://127.0.0.1:8080/llm/house/...");
    axum::serve(listener, axum::Router::new().fallback_service(proxy)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn verdict(status: StatusCode, body: &str) -> Verdict {
        let headers = HeaderMap::new();
        House.read(&Answer { status, headers: &headers, body: body.as_bytes(), now: Timestamp::EPOCH }).verdict
    }

    #[test]
    fn the_house_says_in_its_own_way_what_is_wrong_with_a_key() {
        let refused = StatusCode::FORBIDDEN;
        let tired = Verdict::CoolDown { after: Some(REST), scope: LimitScope::Key };
        assert_eq!(verdict(refused, r#"{"code": "tired"}"#), tired);
        assert_eq!(verdict(refused, r#"{"code": "unknown"}"#), Verdict::Dead);
        assert_eq!(verdict(refused, "nonsense"), Verdict::Forbidden);
        assert_eq!(verdict(StatusCode::OK, r#"{"code": "unknown"}"#), Verdict::Healthy);
        assert_eq!(verdict(StatusCode::BAD_GATEWAY, ""), Verdict::UpstreamFault { after: None });
    }
}

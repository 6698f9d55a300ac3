//! A program that serves a pool of two keys with `rotator-proxy-core`, without a database and without an admin API.
//!
//! ```sh
//! cargo run --package rotator-proxy-core --example embed
//! curl http://127.0.0.1:8080/llm/openai/models -H "Authorization: Bearer my-client-key"
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::error::Error;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rotator_cache_memory::MemoryRotation;
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::PoolKey;
use rotator_domain::{DigestKey, KeyId, Secret, ServiceDraft, ServiceId, Timestamp};
use rotator_proxy_core::{Catalog, CatalogHandle, ClientEntry, ClientKeyRing, Proxy, ServiceEntry};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // One service, as the admin API would describe it.
    let service = ServiceDraft {
        name: "OpenAI".to_owned(),
        slug: "openai".to_owned(),
        config_type: "LLM".to_owned(),
        is_active: true,
        target_base_url: Some("https://api.openai.com/v1".to_owned()),
        ..ServiceDraft::default()
    }
    .into_service(ServiceId(1), Timestamp::EPOCH, Timestamp::EPOCH)?;

    // Its pool: the values for the proxy, the ids for the rotation.
    let keys = [(KeyId(1), Secret::new("sk-first")), (KeyId(2), Secret::new("sk-second"))];
    let rotation = Arc::new(MemoryRotation::default());
    let members = keys.iter().map(|(id, _)| PoolKey::plain(*id)).collect();
    rotation
        .publish_pool(Pool { service_id: service.id, policy: service.policy.rotation.clone(), keys: members })
        .await?;

    // Who may use it.
    let digest_key = DigestKey::generate()?;
    let client = (digest_key.client_key(b"my-client-key"), ClientEntry::new(None, "me"));
    let catalog = Catalog::new([ServiceEntry::new(&service, keys)?], ClientKeyRing::new(digest_key, [client]));

    let proxy = Proxy::builder(CatalogHandle::new(catalog), rotation).build()?;
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://127.0.0.1:8080/llm/openai/...");
    loop {
        let (stream, _) = listener.accept().await?;
        let proxy = proxy.clone();
        let service = service_fn(move |request| {
            let proxy = proxy.clone();
            async move { Ok::<_, std::convert::Infallible>(proxy.handle(request).await) }
        });
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            if let Err(error) = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await {
                println!("a connection ended early: {error}");
            }
        });
    }
}

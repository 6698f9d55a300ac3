//! The proxy within an axum application, beside the application's own routes: a pool for an HTTP API that wants its key in a query
//! parameter.
//!
//! ```sh
//! cargo run --package rotator-proxy-core --example axum
//! curl "http://127.0.0.1:8080/proxy/weather/forecast?city=Oslo" -H "X-Proxy-Key: my-client-key"
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use rotator_cache_memory::MemoryRotation;
use rotator_cache_trait::{Pool, RotationState};
use rotator_domain::rotation::PoolKey;
use rotator_domain::{DigestKey, KeyId, Secret, ServiceDraft, ServiceId, Timestamp};
use rotator_proxy_core::{Catalog, CatalogHandle, ClientAddress, ClientEntry, ClientKeyRing, Proxy, ServiceEntry};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let proxy = weather().await?;
    let routes = Router::new()
        .route("/", get(|| async { "The weather is behind /proxy/weather/.\n" }))
        // The path is not taken off: the proxy reads the door and the slug from it.
        .route_service("/proxy/{*rest}", proxy.clone())
        .layer(from_fn(tell_address));
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://127.0.0.1:8080/proxy/weather/...");
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async {
            // Without signals it runs until it is killed.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    proxy.close().await;
    Ok(())
}

/// Tells the proxy from where a request comes, for client keys that are bound to addresses.
async fn tell_address(ConnectInfo(remote): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(ClientAddress(remote.ip()));
    next.run(request).await
}

/// A proxy for one generic service with one key.
async fn weather() -> Result<Proxy, Box<dyn Error>> {
    let text = |text: &str| Some(text.to_owned());
    let draft = ServiceDraft {
        name: "Weather".to_owned(),
        slug: "weather".to_owned(),
        config_type: "GENERIC".to_owned(),
        is_active: true,
        target_url: text("https://api.weather.example/v2"),
        method: text("GET"),
        api_key_location: text("query"),
        api_key_name: text("appid"),
        ..ServiceDraft::default()
    };
    let service = draft.into_service(ServiceId(1), Timestamp::EPOCH, Timestamp::EPOCH)?;
    let key = KeyId(1);
    let rotation = MemoryRotation::default();
    let policy = service.policy.rotation.clone();
    rotation.publish_pool(Pool { service_id: service.id, policy, keys: vec![PoolKey::plain(key)] }).await?;
    let digest_key = DigestKey::generate()?;
    let me = (digest_key.client_key(b"my-client-key"), ClientEntry::new(None, "me"));
    let entry = ServiceEntry::new(&service, [(key, Secret::new("weather-key"))])?;
    let catalog = Catalog::new([entry], ClientKeyRing::new(digest_key, [me]));
    Ok(Proxy::builder(CatalogHandle::new(catalog), Arc::new(rotation)).build()?)
}

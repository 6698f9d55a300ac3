//! An embeddable reverse proxy that swaps a client's key for the next upstream key of a pool.
//!
//! Owns client authentication, the catalog snapshot, the attempt loop, the injection of keys, headers, bodies and the
//! connections to upstreams. [`Proxy`] is a [`tower::Service`]: hand it requests for `/proxy/...` and `/llm/...` from any
//! hyper or axum server.
//!
//! Never knows the admin API or a database: whoever embeds it fills the [`Catalog`] and picks a
//! [`RotationState`](rotator_cache_trait::RotationState). It has no global state, so that a process may hold any number of proxies;
//! it needs a Tokio runtime, and logs with `tracing`.
//!
//! ```
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::Empty;
//! use rotator_cache_memory::MemoryRotation;
//! use rotator_cache_trait::{Pool, RotationState};
//! use rotator_domain::rotation::PoolKey;
//! use rotator_domain::{DigestKey, KeyId, Secret, ServiceDraft, ServiceId, Timestamp};
//! use rotator_proxy_core::{Catalog, CatalogHandle, ClientEntry, ClientKeyRing, Proxy, ServiceEntry};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A service, its pool, and who may use it.
//! let draft = ServiceDraft {
//!     name: "OpenAI".to_owned(),
//!     slug: "openai".to_owned(),
//!     config_type: "LLM".to_owned(),
//!     is_active: true,
//!     target_base_url: Some("https://api.openai.com/v1".to_owned()),
//!     ..ServiceDraft::default()
//! };
//! let service = draft.into_service(ServiceId(1), Timestamp::EPOCH, Timestamp::EPOCH)?;
//! let rotation = Arc::new(MemoryRotation::default());
//! let (service_id, policy) = (service.id, service.policy.rotation.clone());
//! rotation.publish_pool(Pool { service_id, policy, keys: vec![PoolKey::plain(KeyId(1))] }).await?;
//! let digest_key = DigestKey::generate()?;
//! let me = (digest_key.client_key(b"my-client-key"), ClientEntry::new(None, "me"));
//! let entry = ServiceEntry::new(&service, [(KeyId(1), Secret::new("sk-upstream"))])?;
//! let catalog = CatalogHandle::new(Catalog::new([entry], ClientKeyRing::new(digest_key, [me])));
//!
//! // Cheap to clone, and a `tower::Service`.
//! let proxy = Proxy::builder(catalog, rotation).build()?;
//! let guess = Request::get("/llm/openai/models").header("authorization", "Bearer a-guess");
//! let answer = proxy.handle(guess.body(Empty::<Bytes>::new())?).await;
//! assert_eq!(answer.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/` of this crate hold whole programs: alone (`embed`), within an axum application (`axum`), with pools of one's own
//! (`own_catalog`), with a rotation state (`own_cache`) and with an adapter (`own_adapter`) of one's own. `docs/embedding.md` of the
//! repository tells more, and what a new version may change.

mod attempt;
mod body;
mod body_key;
mod catalog;
mod client_keys;
mod credentials;
mod demand;
mod door;
mod encoding;
mod error;
mod headers;
mod inject;
mod limit_headers;
mod log;
mod members;
mod observe;
mod post;
mod probe;
mod proxy;
mod query;
mod refusal;
mod request_id;
mod reserved;
mod route;
mod settings;
mod tally;
mod trace;
mod translate;
mod unpriced;
mod upgrade;
mod upstream;

pub use body::{BoxError, ProxyBody};
pub use catalog::{Catalog, CatalogHandle, ServiceEntry};
pub use client_keys::{ClientAddress, ClientEntry, ClientKeyRing};
pub use error::{BuildError, EntryError};
pub use log::{FinishedRequest, RequestLogger};
pub use observe::ProxyMetrics;
pub use post::PostError;
pub use probe::{Probe, ProbeError};
pub use proxy::{Proxy, ProxyBuilder};
pub use settings::ProxySettings;
pub use tally::RequestObserver;
pub use trace::{TRACE_TARGET, TraceContext};

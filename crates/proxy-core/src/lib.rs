//! An embeddable reverse proxy that swaps a client's key for the next upstream key of a pool.
//!
//! Owns client authentication, the catalog snapshot, the attempt loop, the injection of keys, headers, bodies and the
//! connections to upstreams. [`Proxy`] is a [`tower::Service`]: hand it requests for `/proxy/...` and `/llm/...` from any
//! hyper or axum server.
//!
//! Never knows the admin API or a database: whoever embeds it fills the [`Catalog`] and picks a
//! [`RotationState`](rotator_cache_trait::RotationState).

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

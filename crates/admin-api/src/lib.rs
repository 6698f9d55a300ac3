//! The admin API: what administrators and programs can do with the pools.
//!
//! Owns the [`wire`] types (alone without the feature `server`), the use cases, the HTTP routes and the OpenAPI document.
//! What it needs of the proxy it asks for through the traits [`ChangeListener`], [`KeyProber`],
//! [`LogControl`] and [`LiveTraffic`].
//!
//! Never proxies traffic.

#[cfg(feature = "server")]
pub mod bootstrap;
#[cfg(feature = "server")]
mod context;
#[cfg(feature = "server")]
mod http;
#[cfg(feature = "server")]
mod live;
#[cfg(feature = "server")]
mod password;
#[cfg(feature = "server")]
mod ports;
#[cfg(feature = "server")]
mod random;
#[cfg(feature = "server")]
mod session;
#[cfg(feature = "server")]
mod time;
#[cfg(feature = "server")]
mod token_uses;
#[cfg(feature = "server")]
mod use_cases;
pub mod wire;

#[cfg(feature = "server")]
pub use context::AdminContext;
#[cfg(feature = "server")]
pub use http::router;
#[cfg(feature = "server")]
pub use ports::{
    ChangeError, ChangeListener, KeyProber, KeyTraffic, LiveTraffic, LogControl, LogLevelError, ProbeError,
    ProbeOutcome, Rate, ServedService, Traffic,
};
#[cfg(feature = "server")]
pub use token_uses::TokenUses;
#[cfg(feature = "server")]
pub use use_cases::{ImportReport, SkippedService, UseCaseError, import_legacy, moving, rekey};

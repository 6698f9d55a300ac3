//! The bodies that travel through the proxy.

mod inspected;
mod metered;
mod pause;
mod pieces;
mod replay;
mod response;
mod upstream;
mod usage;

pub(crate) use inspected::Inspected;
pub(crate) use metered::MeteredBody;
pub(crate) use pause::Pause;
pub(crate) use pieces::Pieces;
pub(crate) use replay::{AttemptBody, Replay, Waiting};
pub use response::ProxyBody;
pub(crate) use upstream::UpstreamBody;
pub(crate) use usage::UsageMeter;

use std::error::Error as StdError;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// Any error that a body can end with.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A request's body as it comes from the client.
pub(crate) type InboundBody = UnsyncBoxBody<Bytes, BoxError>;

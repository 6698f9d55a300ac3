//! The bodies that travel through the proxy.

mod replay;
mod response;

pub(crate) use replay::{AttemptBody, Replay};
pub use response::ProxyBody;

use std::error::Error as StdError;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// Any error that a body can end with.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// A request's body as it comes from the client.
pub(crate) type InboundBody = UnsyncBoxBody<Bytes, BoxError>;

//! Anthropic's Messages.

mod error;
mod path;

use http::HeaderMap;
use rotator_domain::Format;

use crate::{ErrorReply, RenderedError, WireFormat};

/// Anthropic's Messages.
pub(crate) struct Anthropic;

// === impl Anthropic ===

impl WireFormat for Anthropic {
    fn format(&self) -> Format {
        Format::Anthropic
    }

    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError {
        error::render(reply)
    }

    fn owns_action(&self, action: &str) -> bool {
        path::owns(action)
    }

    fn is_spoken_by(&self, headers: &HeaderMap, _query: Option<&str>) -> bool {
        headers.contains_key("anthropic-version") || headers.contains_key("x-api-key")
    }
}

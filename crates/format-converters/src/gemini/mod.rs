//! Google's Gemini.

mod error;
mod path;

use http::HeaderMap;
use rotator_domain::Format;

use crate::{ErrorReply, RenderedError, WireFormat};

/// Google's Gemini.
pub(crate) struct Gemini;

// === impl Gemini ===

impl WireFormat for Gemini {
    fn format(&self) -> Format {
        Format::Gemini
    }

    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError {
        error::render(reply)
    }

    fn owns_action(&self, action: &str) -> bool {
        path::owns(action)
    }

    fn is_spoken_by(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        headers.contains_key("x-goog-api-key")
            || query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("key=")))
    }
}

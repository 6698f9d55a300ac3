//! OpenAI's Responses.

mod error;
mod path;

use rotator_domain::Format;

use crate::{ErrorReply, RenderedError, WireFormat};

/// OpenAI's Responses.
pub(crate) struct OpenAiResponses;

// === impl OpenAiResponses ===

impl WireFormat for OpenAiResponses {
    fn format(&self) -> Format {
        Format::OpenAiResponses
    }

    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError {
        error::render(reply)
    }

    fn owns_action(&self, action: &str) -> bool {
        path::owns(action)
    }
}

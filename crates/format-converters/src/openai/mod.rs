//! OpenAI's Chat Completions.

mod error;
mod path;

use rotator_domain::Format;

use crate::{ErrorReply, RenderedError, WireFormat};

/// OpenAI's Chat Completions.
pub(crate) struct OpenAi;

// === impl OpenAi ===

impl WireFormat for OpenAi {
    fn format(&self) -> Format {
        Format::OpenAi
    }

    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError {
        error::render(reply)
    }

    fn owns_action(&self, action: &str) -> bool {
        path::owns(action)
    }
}

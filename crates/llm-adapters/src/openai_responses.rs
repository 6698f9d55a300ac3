//! OpenAI's Responses API.

use rotator_domain::{Format, Reading};

use crate::{Adapter, Answer, KeyHeader, openai_errors};

/// OpenAI's Responses API, and servers that speak its format.
#[derive(Debug)]
pub(crate) struct OpenAiResponses;

// === impl OpenAiResponses ===

impl Adapter for OpenAiResponses {
    fn name(&self) -> &'static str {
        "openai_responses"
    }

    fn format(&self) -> Format {
        Format::OpenAiResponses
    }

    fn default_base_url(&self) -> Option<&'static str> {
        Some("https://api.openai.com/v1")
    }

    fn documentation(&self) -> &'static str {
        "https://platform.openai.com/docs/api-reference/responses"
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader { name: http::header::AUTHORIZATION, prefix: "Bearer " }
    }

    fn probe_path(&self) -> &'static str {
        "models"
    }

    fn read(&self, answer: &Answer<'_>) -> Reading {
        openai_errors::OPENAI.read(answer)
    }
}

//! Google's Gemini API.

use http::HeaderName;
use rotator_domain::Format;

use crate::{Adapter, KeyHeader};

/// Gemini, and servers that speak its format.
#[derive(Debug)]
pub(crate) struct Gemini;

// === impl Gemini ===

impl Adapter for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn format(&self) -> Format {
        Format::Gemini
    }

    fn default_base_url(&self) -> Option<&'static str> {
        Some("https://generativelanguage.googleapis.com")
    }

    fn documentation(&self) -> &'static str {
        "https://ai.google.dev/api"
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader { name: HeaderName::from_static("x-goog-api-key"), prefix: "" }
    }

    fn probe_path(&self) -> &'static str {
        "v1beta/models"
    }
}

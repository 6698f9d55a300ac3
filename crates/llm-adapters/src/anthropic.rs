//! Anthropic's Messages API.

use http::HeaderName;
use rotator_domain::Format;

use crate::{Adapter, KeyHeader};

/// Anthropic, and servers that speak its format.
#[derive(Debug)]
pub(crate) struct Anthropic;

// === impl Anthropic ===

impl Adapter for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn format(&self) -> Format {
        Format::Anthropic
    }

    fn default_base_url(&self) -> Option<&'static str> {
        Some("https://api.anthropic.com")
    }

    fn documentation(&self) -> &'static str {
        "https://docs.anthropic.com/en/api/overview"
    }

    fn key_header(&self) -> KeyHeader {
        KeyHeader { name: HeaderName::from_static("x-api-key"), prefix: "" }
    }

    fn probe_path(&self) -> &'static str {
        "v1/models"
    }
}

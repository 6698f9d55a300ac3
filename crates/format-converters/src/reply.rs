//! Errors before and after they are written in a format.

use bytes::Bytes;
use serde::Serialize;

/// What Anthropic answers when it is overloaded; the others' word for it is 503.
pub(crate) const OVERLOADED: u16 = 529;

/// An error to tell a client.
#[derive(Clone, Copy, Debug)]
pub struct ErrorReply<'a> {
    /// The HTTP status; 529 is overload in every format.
    pub status: u16,
    /// What went wrong, for a person.
    pub message: &'a str,
    /// A stable name for programs, where the format has a place for one.
    pub code: Option<&'a str>,
    /// Which field is to blame, where the format has a place for it.
    pub param: Option<&'a str>,
}

/// An error as a format writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedError {
    /// The HTTP status, which some formats change.
    pub status: u16,
    /// The body's media type.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

// === impl ErrorReply ===

impl ErrorReply<'_> {
    /// The status as every vendor but Anthropic tells it.
    pub(crate) fn common_status(&self) -> u16 {
        if self.status == OVERLOADED { 503 } else { self.status }
    }
}

// === impl RenderedError ===

impl RenderedError {
    /// A JSON body. The bodies of this crate hold strings and numbers only and always serialise.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Self { status, content_type: "application/json", body }
    }
}

//! What is kept of single requests, where a service asks for it.

mod pointer;

pub use pointer::{Pointer, PointerStep};

use std::net::IpAddr;

use crate::{EndedRequest, ServiceId, Timestamp};

/// What is kept of a service's requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// How much.
    pub detail: LogDetail,
    /// How much of a body, in bytes.
    pub body_limit: u32,
    /// What is left out of bodies.
    pub redact: Vec<Pointer>,
}

/// How much is kept of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LogDetail {
    /// Nothing.
    #[default]
    Off,
    /// What became of it.
    Metadata,
    /// Its body and the answer's as well.
    Bodies,
}

/// A request of a service that logs, without its bodies. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The service that was asked; that of `ended` is the one that served.
    pub asked: ServiceId,
    /// What became of it.
    pub ended: EndedRequest,
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// The few of its headers that are kept.
    pub headers: Vec<(String, String)>,
    /// The type of the answer's content.
    pub answer_type: Option<String>,
    /// The id of the trace that it is a part of (W3C Trace Context), in 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// What its client calls it.
    pub request_id: Option<String>,
    /// Where it came from.
    pub address: Option<IpAddr>,
}

/// A body, or the beginning of one, as it is logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoggedBody {
    /// What is kept of it.
    pub content: Vec<u8>,
    /// Whether there was more.
    pub is_cut: bool,
}

// === impl LogPolicy ===

impl LogPolicy {
    /// How much of a body is kept where nothing else is said.
    pub const USUAL_BODY_LIMIT: u32 = 64 * 1024;
    /// The most that may be kept of one.
    pub const LARGEST_BODY_LIMIT: u32 = 1024 * 1024;
}

impl Default for LogPolicy {
    fn default() -> Self {
        Self { detail: LogDetail::Off, body_limit: Self::USUAL_BODY_LIMIT, redact: Vec::new() }
    }
}

// === impl LogDetail ===

impl LogDetail {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Metadata, Self::Bodies];

    /// `off`, `metadata` or `bodies`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Metadata => "metadata",
            Self::Bodies => "bodies",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|detail| detail.name() == text)
    }
}

// === impl LoggedRequest ===

impl LoggedRequest {
    /// When its answer ended.
    #[must_use]
    pub fn ended_at(&self) -> Timestamp {
        self.ended.at.saturating_add(self.ended.duration)
    }
}

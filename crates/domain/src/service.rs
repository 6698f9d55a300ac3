//! One proxied API: where it is, how it is called, and what its clients may do.

mod draft;
mod methods;
mod placement;
mod slug;

pub use draft::{FallbackDraft, ServiceDraft};
pub use methods::MethodSet;
pub use placement::{KeyLocation, KeyPlacement};
pub use slug::Slug;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::rotation::{AttemptPolicy, RotationPolicy, WaitPolicy};
use crate::{Format, LogPolicy, OutputFormat, ServiceId, TargetUrl, Timestamp};

/// A service as it is stored and served; made from a [`ServiceDraft`], so every field is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// What the operator calls it; unique.
    pub name: String,
    /// Its place in the doors' paths; unique.
    pub slug: Slug,
    /// Whether the doors serve it.
    pub is_active: bool,
    /// What is particular to its kind.
    pub kind: ServiceKind,
    /// Where requests go.
    pub target: TargetUrl,
    /// Where the upstream key goes. Always present on a generic service; on an LLM service it overrides the adapter.
    pub key_placement: Option<KeyPlacement>,
    /// How it is served.
    pub policy: ServicePolicy,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is particular to the kind of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    /// Any HTTP API, behind `/proxy/{slug}`.
    Generic {
        /// The methods that clients may use.
        methods: MethodSet,
    },
    /// An LLM API, behind `/llm/{slug}`.
    Llm {
        /// The adapter's name; without one it is found by the target's host and the format.
        provider: Option<String>,
        /// The format that the upstream speaks.
        api_format: Format,
        /// The format that the clients speak.
        output_format: OutputFormat,
    },
}

/// How a service is served; what is `None` follows the server's own setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePolicy {
    /// How long the connection to the upstream may take.
    pub connect_timeout: Option<Duration>,
    /// How long the upstream may take to the first byte of its answer, counted from the end of the request.
    pub first_byte_timeout: Option<Duration>,
    /// How long the answer's body may pause.
    pub idle_timeout: Option<Duration>,
    /// Which HTTP version is spoken to the upstream.
    pub http_version: HttpVersion,
    /// How its keys take turns.
    pub rotation: RotationPolicy,
    /// How long and how often a request is tried.
    pub attempts: AttemptPolicy,
    /// How requests wait when no key can serve.
    pub waiting: WaitPolicy,
    /// Names that clients may use for models, and the real ones.
    pub model_aliases: BTreeMap<String, String>,
    /// The services that step in when this one cannot serve, in order.
    pub fallback: Vec<Fallback>,
    /// Whether answers tell which key served and after how many attempts.
    pub tells_rotation: bool,
    /// Whether a request is refused that would lose something on its way into the upstream's format.
    pub is_strict: bool,
    /// Whether a stream is asked to tell what it used where its client does not ask, in formats that tell it only then.
    pub asks_for_usage: bool,
    /// What is kept of its requests.
    pub log: LogPolicy,
}

/// A service that steps in for another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Its slug.
    pub slug: Slug,
    /// The other service's models, and what they are called here; a model that is not named keeps its name.
    pub models: BTreeMap<String, String>,
}

/// Which HTTP version is spoken to the upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// By ALPN over TLS, HTTP/1.1 in clear.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2, with prior knowledge in clear (h2c).
    Http2,
}

// === impl ServicePolicy ===

impl Default for ServicePolicy {
    fn default() -> Self {
        Self {
            connect_timeout: None,
            first_byte_timeout: None,
            idle_timeout: None,
            http_version: HttpVersion::default(),
            rotation: RotationPolicy::default(),
            attempts: AttemptPolicy::default(),
            waiting: WaitPolicy::default(),
            model_aliases: BTreeMap::new(),
            fallback: Vec::new(),
            tells_rotation: true,
            is_strict: false,
            asks_for_usage: true,
            log: LogPolicy::default(),
        }
    }
}

// === impl ServiceKind ===

impl ServiceKind {
    /// `GENERIC` or `LLM`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Generic { .. } => "GENERIC",
            Self::Llm { .. } => "LLM",
        }
    }
}

// === impl HttpVersion ===

impl HttpVersion {
    /// `auto`, `http1` or `http2`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Http1 => "http1",
            Self::Http2 => "http2",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Auto, Self::Http1, Self::Http2].into_iter().find(|version| version.name() == text)
    }
}

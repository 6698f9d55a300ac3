//! What holds for every service that does not say otherwise.

use std::time::Duration;

use rotator_format_converters::ModelTable;

/// Settings of a [`Proxy`](crate::Proxy).
#[derive(Clone, Debug)]
pub struct ProxySettings {
    /// How long the connection to an upstream may take, name look-up and TLS included.
    pub connect_timeout: Duration,
    /// How long an upstream may take to the head of its answer, counted from the last byte of the request.
    pub first_byte_timeout: Duration,
    /// How long an answer's body, or a request's, may pause between two pieces.
    pub idle_timeout: Duration,
    /// How much of a request body is kept for a retry, in bytes. A longer body streams through and is sent once, and cannot
    /// be converted.
    pub replay_limit: usize,
    /// The longest request body, in bytes; `None` sets no limit. A longer one is refused with 413.
    pub max_request_body: Option<u64>,
    /// What is known of models, where a format wants to be told what another one leaves to the vendor.
    pub models: ModelTable,
}

// === impl ProxySettings ===

impl Default for ProxySettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(300),
            replay_limit: 32 * 1024 * 1024,
            max_request_body: None,
            models: ModelTable::default(),
        }
    }
}

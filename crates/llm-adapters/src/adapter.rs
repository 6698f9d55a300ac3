//! What differs from provider to provider.

use std::fmt::Debug;

use http::{HeaderMap, HeaderName, StatusCode};
use rotator_domain::{Format, Reading, Timestamp};

use crate::dialect::Dialect;
use crate::event;

/// How one provider is called.
pub trait Adapter: Send + Sync + Debug {
    /// The name by which a service's `provider` picks it.
    fn name(&self) -> &'static str;

    /// The format that the provider speaks.
    fn format(&self) -> Format;

    /// The provider's public address; `None` for those that everybody runs elsewhere.
    fn default_base_url(&self) -> Option<&'static str>;

    /// The provider's page that says so, for the facts in this adapter.
    fn documentation(&self) -> &'static str;

    /// The header that carries the key.
    fn key_header(&self) -> KeyHeader;

    /// A cheap GET, relative to the base URL, that only a working key may do.
    fn probe_path(&self) -> &'static str;

    /// What an answer says about the key and its limits; by default what HTTP and the common headers say. Where the
    /// upstream does not tell otherwise, a limit concerns the model of the request, as it does at all large vendors.
    fn read(&self, answer: &Answer<'_>) -> Reading {
        Dialect::PLAIN.read(answer)
    }

    /// What an error says that came as the data of an event at the start of a stream, after the head said 200; `None`
    /// when the data is no error.
    fn read_event(&self, data: &[u8], now: Timestamp) -> Option<Reading> {
        let status = event::status(data)?;
        Some(self.read(&Answer { status, headers: &HeaderMap::new(), body: data, now }))
    }
}

/// A header that carries a key, and what stands before the key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHeader {
    /// The header's name.
    pub name: HeaderName,
    /// Such as `Bearer ` with its space; often nothing.
    pub prefix: &'static str,
}

/// How much of an error's body is worth passing in; a longer one is read by its head alone.
pub const BODY_LOOK: usize = 64 * 1024;

/// An upstream's answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The first part of an error's body, decompressed; empty when none was looked at.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

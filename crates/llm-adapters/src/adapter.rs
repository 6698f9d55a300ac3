//! What differs from provider to provider.

use std::fmt::Debug;

use http::{HeaderMap, HeaderName, StatusCode};
use rotator_domain::{Format, Timestamp, Verdict};

use crate::plain_verdict;

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

    /// What an answer says about the key; by default what HTTP itself says.
    fn verdict(&self, answer: &Answer<'_>) -> Verdict {
        plain_verdict(answer)
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

/// The head of an upstream's answer.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// When it came.
    pub now: Timestamp,
}

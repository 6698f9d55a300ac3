//! Where Redis is and how it is used.

use std::fmt;
use std::time::Duration;

/// The address of a Redis: `redis://` or, with TLS, `rediss://`, with user, password, port and the number of a database.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(String);

/// Whose clock counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeSource {
    /// Redis' own, so that nodes whose clocks differ agree. Times that callers pass and are given are translated.
    #[default]
    Redis,
    /// The caller's, which every call passes: for one node, and for tests, which set the time.
    Caller,
}

/// How Redis is used. It should not drop keys that have no expiry where it is short of memory (`maxmemory-policy` `noeviction` or
/// one of `volatile-*`): a pool that loses a part begins anew.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// Where it is.
    pub url: RedisUrl,
    /// What the names of all keys begin with; installations that share a Redis have different ones.
    pub prefix: String,
    /// Connections at the most.
    pub connections: usize,
    /// How long the making of a connection may take where nobody's request waits for it.
    pub connect_timeout: Duration,
    /// How long a command may take, a new connection included, before Redis counts as away.
    pub command_timeout: Duration,
    /// After how long without a sign of life a node counts as ended, and its leases are given back.
    pub node_silence: Duration,
    /// Whose clock counts.
    pub time: TimeSource,
    /// Certificates in PEM that are trusted in place of the system's.
    pub root_certificates: Option<Vec<u8>>,
}

// === impl RedisUrl ===

impl RedisUrl {
    /// Takes a URL; it is read when it is used.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may hold a password.
        f.write_str("RedisUrl(*****)")
    }
}

// === impl RedisOptions ===

impl RedisOptions {
    /// The usual ones for an address.
    #[must_use]
    pub fn new(url: RedisUrl) -> Self {
        Self {
            url,
            prefix: "rotator".to_owned(),
            connections: 16,
            connect_timeout: Duration::from_secs(2),
            command_timeout: Duration::from_millis(100),
            node_silence: Duration::from_secs(30),
            time: TimeSource::default(),
            root_certificates: None,
        }
    }
}

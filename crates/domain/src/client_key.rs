//! What a caller of this server shows, and what its holder may do.

mod draft;
mod network;
mod policy;

pub use draft::{BudgetDraft, ClientKeyDraft, ClientLimitsDraft};
pub use network::Network;
pub use policy::{Budget, ClientLimits, ClientPolicy, check_client_policy};

use crate::{ClientKeyId, Digest, Timestamp};

/// What every generated client key begins with, so that a leaked one is recognised.
pub const CLIENT_KEY_PREFIX: &str = "rk-";

/// How many characters of a client key are shown later.
const SHOWN: usize = CLIENT_KEY_PREFIX.len() + 4;

/// A client key as it is stored: its value is known to its owner only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientKey {
    /// Its id.
    pub id: ClientKeyId,
    /// What the operator calls it.
    pub name: String,
    /// The first characters of its value, by which its owner knows it; empty for one that was made before they were kept.
    pub prefix: String,
    /// The digest by which it is found.
    pub digest: Digest,
    /// The value before the last rotation, while it still opens the doors.
    pub previous: Option<PreviousDigest>,
    /// Whether it opens the doors.
    pub is_active: bool,
    /// From when on it does not open them any more; never when absent.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// What its holder may do.
    pub policy: ClientPolicy,
}

/// A value that a rotation has replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviousDigest {
    /// The digest by which it is found.
    pub digest: Digest,
    /// From when on it does not open the doors any more.
    pub until: Timestamp,
}

// === impl ClientKey ===

impl ClientKey {
    /// A key with this value's digest, which may do everything.
    #[must_use]
    pub fn new(id: ClientKeyId, name: String, value: &str, digest: Digest, created_at: Timestamp) -> Self {
        let prefix = client_key_prefix(value);
        let (previous, expires_at, policy) = (None, None, ClientPolicy::default());
        Self { id, name, prefix, digest, previous, is_active: true, expires_at, created_at, policy }
    }

    /// Gives it another value. The one that it had opens the doors until then; of an earlier one nothing is left.
    pub fn rotate(&mut self, value: &str, digest: Digest, until: Timestamp, now: Timestamp) {
        self.previous = (until > now).then_some(PreviousDigest { digest: self.digest, until });
        self.prefix = client_key_prefix(value);
        self.digest = digest;
    }
}

/// The part of a client key's value that is shown later.
fn client_key_prefix(value: &str) -> String {
    value.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_leaves_the_value_before_it_for_a_while() {
        let time = Timestamp::from_millis;
        let mut key = ClientKey::new(ClientKeyId(1), "n".to_owned(), "rk-abcdefgh", Digest([1; 32]), time(0));
        assert_eq!(key.prefix, "rk-abcd");
        key.rotate("rk-second", Digest([2; 32]), time(50), time(10));
        assert_eq!(key.previous, Some(PreviousDigest { digest: Digest([1; 32]), until: time(50) }));
        assert_eq!((key.prefix.as_str(), key.digest), ("rk-seco", Digest([2; 32])));
        key.rotate("rk-third", Digest([3; 32]), time(20), time(20));
        assert_eq!(key.previous, None);
    }
}

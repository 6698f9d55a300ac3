//! Which client keys open the doors.

use std::collections::HashMap;

use rotator_domain::{Digest, DigestKey};

/// The client keys that are valid now, as keyed digests.
///
/// A presented key is digested and looked up; the digest's key is secret, so neither the look-up nor the comparison of
/// digests (constant time) tells how much of a guess was right.
#[derive(Debug)]
pub struct ClientKeyRing {
    digest_key: DigestKey,
    names: HashMap<Digest, String>,
}

// === impl ClientKeyRing ===

impl ClientKeyRing {
    /// A ring of digests made by `digest_key`, each with the name of its owner.
    pub fn new(digest_key: DigestKey, keys: impl IntoIterator<Item = (Digest, String)>) -> Self {
        Self { digest_key, names: keys.into_iter().collect() }
    }

    /// The name of the owner of a presented key; `None` when the key is not valid.
    #[must_use]
    pub fn owner(&self, presented: &[u8]) -> Option<&str> {
        self.names.get(&self.digest(presented)).map(String::as_str)
    }

    /// What stands for a presented key, valid or not.
    pub(crate) fn digest(&self, presented: &[u8]) -> Digest {
        self.digest_key.client_key(presented)
    }
}

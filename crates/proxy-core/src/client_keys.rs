//! Which client keys open the doors.

use std::collections::HashMap;
use std::sync::Arc;

use rotator_domain::{ClientKeyId, Digest, DigestKey};

/// The client keys that are valid now, as keyed digests.
///
/// A presented key is digested and looked up; the digest's key is secret, so neither the look-up nor the comparison of
/// digests (constant time) tells how much of a guess was right.
#[derive(Debug)]
pub struct ClientKeyRing {
    digest_key: DigestKey,
    entries: HashMap<Digest, Arc<ClientEntry>>,
}

/// A client key that is valid, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientEntry {
    /// Its id; one that is in the settings and not in the storage has none.
    pub id: Option<ClientKeyId>,
    /// What its owner is called.
    pub name: String,
}

// === impl ClientKeyRing ===

impl ClientKeyRing {
    /// A ring of digests made by `digest_key`, each with what is known of the key.
    pub fn new(digest_key: DigestKey, keys: impl IntoIterator<Item = (Digest, ClientEntry)>) -> Self {
        let entries = keys.into_iter().map(|(digest, entry)| (digest, Arc::new(entry)));
        Self { digest_key, entries: entries.collect() }
    }

    /// What is known of a presented key; `None` when it is not valid.
    #[must_use]
    pub fn entry(&self, presented: &[u8]) -> Option<&Arc<ClientEntry>> {
        self.entries.get(&self.digest(presented))
    }

    /// What stands for a presented key, valid or not.
    pub(crate) fn digest(&self, presented: &[u8]) -> Digest {
        self.digest_key.client_key(presented)
    }
}

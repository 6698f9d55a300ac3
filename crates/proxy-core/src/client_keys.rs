//! Which client keys open the doors, and what their holders may do.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::HashMap;
use rotator_domain::metering::MeteredLimits;
use rotator_domain::{ClientKeyId, ClientLimits, ClientPolicy, Digest, DigestKey, Timestamp};

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
    expires_at: Option<Timestamp>,
    policy: ClientPolicy,
    /// What of the policy is counted, and for whom.
    metered: Option<(ClientKeyId, MeteredLimits)>,
}

/// From where a request comes. Who embeds the proxy puts it into the extensions of requests; without it a client key that is
/// bound to addresses is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

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
        self.find(presented).map(|(_, entry)| entry)
    }

    /// The same, and what stands for the key.
    pub(crate) fn find(&self, presented: &[u8]) -> Option<(Digest, &Arc<ClientEntry>)> {
        let digest = self.digest_key.client_key(presented);
        self.entries.get(&digest).map(|entry| (digest, entry))
    }

    /// What is known of the keys with these ids, each once, whatever values it has.
    pub(crate) fn of(&self, ids: &HashSet<ClientKeyId>) -> Vec<Arc<ClientEntry>> {
        let known = self.entries.values().filter_map(|entry| Some((entry.id.filter(|id| ids.contains(id))?, entry)));
        known.map(|(id, entry)| (id, Arc::clone(entry))).collect::<HashMap<_, _>>().into_values().collect()
    }
}

// === impl ClientEntry ===

impl ClientEntry {
    /// A key whose holder may do everything, for ever.
    pub fn new(id: Option<ClientKeyId>, name: impl Into<String>) -> Self {
        let (name, policy) = (name.into(), ClientPolicy::default());
        Self { id, name, expires_at: None, policy, metered: None }
    }

    /// Bound to a policy. What is used is counted by id: a key without one has no limits.
    #[must_use]
    pub fn with_policy(mut self, policy: ClientPolicy) -> Self {
        self.metered = self.id.zip(policy.limits.metered());
        self.policy = policy;
        self
    }

    /// Valid before this time.
    #[must_use]
    pub fn until(mut self, expires_at: Option<Timestamp>) -> Self {
        self.expires_at = expires_at;
        self
    }

    /// Whether its time is over.
    pub(crate) fn is_expired(&self, now: impl FnOnce() -> Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now() >= expires_at)
    }

    /// How much its holder may use.
    #[must_use]
    pub fn limits(&self) -> &ClientLimits {
        &self.policy.limits
    }

    /// What its holder may do.
    pub(crate) fn policy(&self) -> &ClientPolicy {
        &self.policy
    }

    /// What is counted, and for whom.
    pub(crate) fn metered(&self) -> Option<(ClientKeyId, &MeteredLimits)> {
        self.metered.as_ref().map(|(id, limits)| (*id, limits))
    }
}

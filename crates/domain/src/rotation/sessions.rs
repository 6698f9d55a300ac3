//! Which key a session has.

use std::collections::BTreeMap;

use crate::KeyId;
use foldhash::HashMap;

/// How many sessions of a service are remembered; those unused for longest are forgotten first.
const REMEMBERED: usize = 16_384;

/// The keys of sessions, by a hash of what tells a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions {
    keys: HashMap<u64, (KeyId, u64)>,
    by_use: BTreeMap<u64, u64>,
    next_use: u64,
}

// === impl Sessions ===

impl Sessions {
    pub(super) fn get(&self, session: u64) -> Option<KeyId> {
        self.keys.get(&session).map(|(key, _)| *key)
    }

    /// The session uses this key from now on.
    pub(super) fn put(&mut self, session: u64, key: KeyId) {
        if let Some((_, last_use)) = self.keys.insert(session, (key, self.next_use)) {
            self.by_use.remove(&last_use);
        }
        self.by_use.insert(self.next_use, session);
        self.next_use += 1;
        if self.keys.len() > REMEMBERED
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.keys.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sessions_unused_for_longest_are_forgotten_first() {
        let mut sessions = Sessions::default();
        for session in 0..REMEMBERED as u64 {
            sessions.put(session, KeyId(1));
        }
        sessions.put(0, KeyId(2));
        sessions.put(u64::MAX, KeyId(3));
        assert_eq!((sessions.get(0), sessions.get(1), sessions.get(u64::MAX)), (Some(KeyId(2)), None, Some(KeyId(3))));
        assert_eq!((sessions.keys.len(), sessions.by_use.len()), (REMEMBERED, REMEMBERED));
    }
}

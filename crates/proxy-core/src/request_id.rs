//! The id of a request, by which its lines in the log are found.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use rotator_domain::is_request_id;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a request is called: by its client, or else by this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(HeaderValue);

/// Makes ids that nobody else makes or foresees.
#[derive(Debug, Default)]
pub(crate) struct RequestIds {
    next: AtomicU64,
    /// Keyed hashes of the number, each with a random key of this process.
    halves: [RandomState; 2],
}

// === impl RequestIds ===

impl RequestIds {
    /// The id of a request with these headers: the client's own, where it is one that a log can hold.
    pub(crate) fn of(&self, headers: &HeaderMap) -> RequestId {
        let mut told = headers.get_all(X_REQUEST_ID).iter();
        match (told.next(), told.next()) {
            (Some(id), None) if is_request_id(id.as_bytes()) => RequestId(id.clone()),
            _ => self.make(),
        }
    }

    fn make(&self) -> RequestId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let [high, low] = [0, 1].map(|half: usize| self.halves.get(half).map_or(0, |half| half.hash_one(number)));
        let id = format!("{high:016x}{low:016x}");
        RequestId(HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("-")))
    }
}

// === impl RequestId ===

impl RequestId {
    /// Tells the client, unless the upstream has told an id of its own.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        headers.entry(X_REQUEST_ID).or_insert(self.0);
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(ids: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for id in ids {
            headers.append(X_REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
        }
        RequestIds::default().of(&headers).to_string()
    }

    #[test]
    fn a_clients_id_is_taken_if_a_log_can_hold_it() {
        for id in ["7", "Root=1-67891233-abcdef012345678912345678", "6f0f5b5e-8d3c-4b7e-9f55-0b5d7f1c2a3b"] {
            assert_eq!(told(&[id.as_bytes()]), id);
        }
        let long = "a".repeat(129);
        for ids in [&[&b""[..]][..], &[b"a b"], &[b"a}"], &[b"a\"b"], &[b"caf\xe9"], &[long.as_bytes()], &[b"a", b"b"]]
        {
            let made = told(ids);
            assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
        }
    }

    #[test]
    fn ids_are_made_once_and_an_upstreams_own_stays() {
        let ids = RequestIds::default();
        let mut headers = HeaderMap::new();
        let (one, other) = (ids.of(&headers), ids.of(&headers));
        assert_ne!(one, other);
        let expected = one.to_string();
        one.tell(&mut headers);
        other.tell(&mut headers);
        assert_eq!(headers.get_all(X_REQUEST_ID).iter().collect::<Vec<_>>(), [expected.as_str()]);
    }
}

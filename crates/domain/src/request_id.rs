//! What clients call their requests.

/// The longest id that is taken from a client.
const LONGEST: usize = 128;

/// Whether this can be the id of a request: nothing in it can be taken for something else in a log.
#[must_use]
pub fn is_request_id(id: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/+=@~".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_plain() {
        for good in [&b"r-7"[..], b"a/b+c=d@e~f:g.h_i", &[b'a'; LONGEST]] {
            assert!(is_request_id(good));
        }
        for bad in [&b""[..], b"a b", b"a\"b", b"\xc3\xa9", &[b'a'; LONGEST + 1]] {
            assert!(!is_request_id(bad));
        }
    }
}

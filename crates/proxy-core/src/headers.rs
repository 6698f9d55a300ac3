//! Which header fields go on to the other side.

use http::header::{
    CONNECTION, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use rotator_domain::{KeyId, Slug};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Takes off the fields that concern one connection only (RFC 9110, section 7.6.1), among them all that `Connection`
/// names. Every other field keeps all its values.
///
/// `TE: trailers` is put back where the sender had it: the proxy itself understands trailers and passes them on.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let wants_trailers = headers.get_all(TE).iter().any(|value| has_token(value, "trailers"));
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers.get_all(CONNECTION).iter().flat_map(tokens).collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in [
        CONNECTION,
        KEEP_ALIVE,
        PROXY_CONNECTION,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRANSFER_ENCODING,
        UPGRADE,
    ] {
        headers.remove(name);
    }
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Joins the pieces into which HTTP/2 may split a cookie; HTTP/1.1 knows one `Cookie` field only (RFC 9113, section
/// 8.2.3).
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let pieces: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if pieces.len() > 1
        && let Ok(whole) = HeaderValue::from_bytes(&pieces.join(&b"; "[..]))
    {
        headers.insert(COOKIE, whole);
    }
}

/// What protocol the sender wants to switch to, if `Connection: upgrade` stands beside `Upgrade`.
pub(crate) fn requested_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let asks = headers.get_all(CONNECTION).iter().any(|value| has_token(value, "upgrade"));
    asks.then(|| headers.get(UPGRADE).cloned()).flatten()
}

/// Puts the fields of an upgrade back after [`remove_hop_by_hop`].
pub(crate) fn restore_upgrade(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol);
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    value.as_bytes().split(|byte| *byte == b',').filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok())
}

fn has_token(value: &HeaderValue, wanted: &str) -> bool {
    value.as_bytes().split(|byte| *byte == b',').any(|token| {
        let name = token.split(|byte| *byte == b';').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(wanted.as_bytes())
    })
}

/// Tells whoever debugs which service and which key served, by id, and after how many attempts.
pub(crate) fn tell_rotation(headers: &mut HeaderMap, service: &Slug, key: KeyId, attempts: u32) {
    if let Ok(service) = HeaderValue::from_str(service.as_str()) {
        headers.insert(HeaderName::from_static("x-rotator-service"), service);
    }
    headers.insert(HeaderName::from_static("x-rotator-key"), HeaderValue::from(key.0));
    headers.insert(HeaderName::from_static("x-rotator-attempts"), HeaderValue::from(attempts));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    #[test]
    fn connection_fields_go_and_all_others_keep_every_value() {
        let mut headers = map(&[
            ("connection", "keep-alive, X-Private"),
            ("connection", "close"),
            ("x-private", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("te", "gzip"),
            ("trailer", "x-checksum"),
            ("user-agent", "curl/8"),
            ("accept", "a/b"),
            ("accept", "c/d"),
        ]);
        remove_hop_by_hop(&mut headers);
        let expected =
            map(&[("trailer", "x-checksum"), ("user-agent", "curl/8"), ("accept", "a/b"), ("accept", "c/d")]);
        assert_eq!(headers, expected);
    }

    #[test]
    fn the_wish_for_trailers_is_passed_on() {
        let mut headers = map(&[("te", "gzip;q=0.5, Trailers"), ("connection", "TE")]);
        remove_hop_by_hop(&mut headers);
        assert_eq!(headers, map(&[("te", "trailers")]));
    }

    #[test]
    fn an_upgrade_needs_both_fields() {
        assert_eq!(requested_upgrade(&map(&[("upgrade", "websocket")])), None);
        let headers = map(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(requested_upgrade(&headers).unwrap(), "websocket");
    }
}

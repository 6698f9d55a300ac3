//! A JSON object's members in order, their values unread: for a body in which one member changes and all else stays.

use bytes::Bytes;
use rotator_format_converters::RawMembers;

/// The object with another text for every member of this name; `None` where the body is no object or has no such member.
pub(crate) fn with_text(body: &[u8], name: &str, text: &str) -> Option<Bytes> {
    let mut members: RawMembers<'_> = serde_json::from_slice(body).ok()?;
    let value = serde_json::value::to_raw_value(text).ok()?;
    let mut own = members.0.iter_mut().filter(|(own, _)| own == name).peekable();
    own.peek()?;
    own.for_each(|(_, old)| *old = &value);
    serde_json::to_vec(&members).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_member_changes_and_all_else_stays_as_it_was() {
        let body = br#"{"n":1.10, "model" : "fast","z":{"model":"inner"}}"#;
        let changed = with_text(body, "model", "real \"1\"").unwrap();
        assert_eq!(changed, &br#"{"n":1.10,"model":"real \"1\"","z":{"model":"inner"}}"#[..]);
        for body in [&b"[]"[..], b"{}", b"", b"{\"model\":"] {
            assert!(with_text(body, "model", "x").is_none());
        }
    }
}

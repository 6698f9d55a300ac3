//! Takes keys out of what is logged.

use std::borrow::Cow;

use memchr::memmem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rotator_domain::Secret;

/// What stands in the place of a key.
const STARS: &[u8] = b"*****";
/// A shorter key, in bytes, is a part of ordinary words, and no secret.
const SHORTEST: usize = 4;

/// The keys of one request, in every spelling in which they are found.
pub(super) struct Scrub {
    /// The longest first: one key may begin with another.
    spellings: Vec<Vec<u8>>,
}

// === impl Scrub ===

impl Scrub {
    pub(super) fn new(secrets: &[Secret]) -> Self {
        let mut spellings: Vec<Vec<u8>> = secrets.iter().flat_map(spellings).collect();
        spellings.retain(|spelling| spelling.len() >= SHORTEST);
        spellings.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        spellings.dedup();
        Self { spellings }
    }

    /// The text without the keys.
    pub(super) fn text(&self, text: String) -> String {
        // Keys are whole characters, so it stays text; what cannot be told is not.
        String::from_utf8(self.bytes(text.into_bytes(), false)).unwrap_or_default()
    }

    /// The bytes without the keys, and without the beginning of one at the end of what was cut.
    pub(super) fn bytes(&self, mut bytes: Vec<u8>, is_cut: bool) -> Vec<u8> {
        for spelling in &self.spellings {
            if let Cow::Owned(replaced) = replaced(&bytes, spelling) {
                bytes = replaced;
            }
        }
        let beginnings = |spelling: &Vec<u8>| {
            (SHORTEST..spelling.len()).rev().find(|length| bytes.ends_with(spelling.get(..*length).unwrap_or_default()))
        };
        if is_cut && let Some(longest) = self.spellings.iter().filter_map(beginnings).max() {
            bytes.truncate(bytes.len() - longest);
            bytes.extend_from_slice(STARS);
        }
        bytes
    }
}

/// A key as it is, as it stands in a URL, and as JSON may write it.
fn spellings(secret: &Secret) -> [Vec<u8>; 4] {
    let plain = secret.expose();
    let encoded = utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string();
    // Most clients encode fewer characters: those that RFC 3986, section 2.3, calls unreserved stay.
    let usual = encoded.replace("%2D", "-").replace("%2E", ".").replace("%5F", "_").replace("%7E", "~");
    let escaped = plain.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/");
    [plain.into(), encoded.into_bytes(), usual.into_bytes(), escaped.into_bytes()]
}

fn replaced<'a>(bytes: &'a [u8], spelling: &[u8]) -> Cow<'a, [u8]> {
    let mut found = memmem::find_iter(bytes, spelling).peekable();
    if found.peek().is_none() {
        return Cow::Borrowed(bytes);
    }
    let (mut clean, mut rest) = (Vec::with_capacity(bytes.len()), 0);
    for at in found {
        clean.extend_from_slice(bytes.get(rest..at).unwrap_or_default());
        clean.extend_from_slice(STARS);
        rest = at + spelling.len();
    }
    clean.extend_from_slice(bytes.get(rest..).unwrap_or_default());
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(secrets: &[&str], text: &str, is_cut: bool) -> String {
        let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        String::from_utf8(Scrub::new(&secrets).bytes(text.as_bytes().to_vec(), is_cut)).unwrap()
    }

    #[test]
    fn keys_go_in_every_spelling() {
        let secret = "sk-a/b+c==";
        let text = r#"{"a":"sk-a/b+c==","b":"sk-a\/b+c==","u":"?k=sk%2Da%2Fb%2Bc%3D%3D&l=sk-a%2Fb%2Bc%3D%3D"}"#;
        assert_eq!(clean(&[secret], text, false), r#"{"a":"*****","b":"*****","u":"?k=*****&l=*****"}"#);
        assert_eq!(clean(&["sk-long", "sk-long-er"], "sk-long-er sk-long", false), "***** *****");
        assert_eq!(clean(&["abc", ""], "abc", false), "abc");
    }

    #[test]
    fn half_a_key_at_a_cut_goes_too() {
        assert_eq!(clean(&["sk-planted"], "key=sk-plan", true), "key=*****");
        assert_eq!(clean(&["sk-planted"], "key=sk-plan", false), "key=sk-plan");
        assert_eq!(clean(&["sk-planted"], "key=sk-planted", true), "key=*****");
        assert_eq!(clean(&["sk-planted"], "key=sk-", true), "key=sk-");
    }
}

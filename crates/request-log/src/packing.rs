//! Bodies as they are stored: packed where that pays (zlib, RFC 1950).

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rotator_domain::{LogPolicy, LoggedBody};
use rotator_storage_trait::StoredBody;

/// A shorter body is stored as it is, in bytes.
const SHORT: usize = 256;
/// More than any body is long, redaction included: what was stored by somebody else must not fill the memory.
const LONGEST: u64 = 4 * LogPolicy::LARGEST_BODY_LIMIT as u64;

/// The body as it is stored.
pub(crate) fn packed(body: LoggedBody) -> StoredBody {
    let LoggedBody { content, is_cut } = body;
    if content.len() >= SHORT
        && let Some(packed) = deflated(&content)
        && packed.len() < content.len()
    {
        return StoredBody { content: packed, is_packed: true, is_cut };
    }
    StoredBody { content, is_packed: false, is_cut }
}

/// The body as it was logged; as far as it can be read.
#[must_use]
pub fn unpacked(body: StoredBody) -> LoggedBody {
    let StoredBody { content, is_packed, is_cut } = body;
    if !is_packed {
        return LoggedBody { content, is_cut };
    }
    let mut whole = Vec::new();
    let is_read = ZlibDecoder::new(&content[..]).take(LONGEST).read_to_end(&mut whole).is_ok();
    LoggedBody { content: whole, is_cut: is_cut || !is_read }
}

fn deflated(content: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(content.len() / 2), Compression::fast());
    encoder.write_all(content).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_read_back_and_are_packed_only_where_that_pays() {
        let random: Vec<u8> = (0..2000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let text = br#"{"role":"user","content":"Hello"},"#.repeat(100);
        for (content, pays) in [(Vec::new(), false), (b"short".repeat(20), false), (text, true)] {
            let body = LoggedBody { content, is_cut: pays };
            let stored = packed(body.clone());
            assert_eq!((stored.is_packed, stored.is_cut), (pays, pays));
            assert!(stored.content.len() <= body.content.len());
            assert_eq!(unpacked(stored), body);
        }
        let stored = packed(LoggedBody { content: random.clone(), is_cut: false });
        assert!(stored.content.len() <= random.len());
        assert_eq!(unpacked(stored).content, random);
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        let mut stored = packed(LoggedBody { content: b"abcdefgh".repeat(1000), is_cut: false });
        stored.content.truncate(stored.content.len() - 8);
        let body = unpacked(stored);
        assert!(body.is_cut && b"abcdefgh".repeat(1000).starts_with(&body.content));
    }
}

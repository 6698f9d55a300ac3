//! What an answer says that it used, read from it as it passes.

use std::io::{Error, Write};

use rotator_domain::TokenUsage;
use rotator_format_converters::UsageReader;

use crate::encoding::{Encoding, Inflater};

/// How many times as long as its bytes a text may be. JSON and events rarely come near a tenth of it; what goes beyond is
/// made to cost time.
const MOST_INFLATED: u64 = 200;
/// How long a text may be in any case, in bytes.
const ALWAYS_INFLATED: u64 = 1024 * 1024;

/// Watches an answer pass, and undoes the compression of a copy where there is one.
pub(crate) struct UsageMeter {
    inflater: Inflater<Sink>,
    /// Whether it has given up: the bytes are not what their encoding says, or inflate beyond bounds.
    is_lost: bool,
}

/// Reads a text as it is inflated, without keeping it, for as long as there is room.
struct Sink {
    reader: UsageReader,
    room: u64,
}

// === impl UsageMeter ===

impl UsageMeter {
    /// A meter of bytes that are compressed so.
    pub(crate) fn new(reader: UsageReader, encoding: Encoding) -> Self {
        Self { inflater: Inflater::new(encoding, Sink { reader, room: ALWAYS_INFLATED }), is_lost: false }
    }

    /// A piece passes.
    pub(crate) fn see(&mut self, piece: &[u8]) {
        if !self.is_lost {
            let sink = self.inflater.sink();
            sink.room = sink.room.saturating_add((piece.len() as u64).saturating_mul(MOST_INFLATED));
            self.is_lost = self.inflater.push(piece).is_err();
        }
    }

    /// What the answer said, as far as it has come.
    pub(crate) fn used(&mut self) -> Option<TokenUsage> {
        self.inflater.sink().reader.usage().map(TokenUsage::from)
    }
}

impl std::fmt::Debug for UsageMeter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageMeter").field("is_lost", &self.is_lost).finish_non_exhaustive()
    }
}

// === impl Sink ===

impl Write for Sink {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.room =
            self.room.checked_sub(text.len() as u64).ok_or_else(|| Error::other("it inflates beyond bounds"))?;
        self.reader.push(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use rotator_domain::Format;
    use rotator_format_converters::wire_format;

    use super::*;

    const BODY: &[u8] = br#"{"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}}"#;
    const EVENT: &[u8] = b"data: {\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\n";

    fn total<'a>(encoding: Encoding, pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<u64> {
        let mut meter = UsageMeter::new(wire_format(Format::OpenAi).usage_reader(), encoding);
        pieces.into_iter().for_each(|piece| meter.see(piece));
        meter.used().map(|used| used.total())
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_answers_are_read_however_they_come() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(BODY).unwrap();
        for (encoding, bytes) in [
            (Encoding::Identity, BODY.to_vec()),
            (Encoding::Gzip, gzip(BODY)),
            (Encoding::Deflate, zlib.finish().unwrap()),
        ] {
            for size in [1, 7, 1000] {
                assert_eq!(total(encoding, bytes.chunks(size)), Some(6), "{encoding:?} by {size}");
            }
        }
    }

    #[test]
    fn an_event_counts_before_its_stream_has_ended() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(EVENT).unwrap();
        encoder.flush().unwrap();
        assert_eq!(total(Encoding::Gzip, [&encoder.get_ref()[..]]), Some(6));
    }

    #[test]
    fn what_inflates_beyond_bounds_is_given_up() {
        let padded = |spaces: usize| [&b"{\"a\":\""[..], &b" ".repeat(spaces), b"\",", &BODY[1..]].concat();
        assert_eq!(total(Encoding::Gzip, [&gzip(&padded(100_000))[..]]), Some(6));
        assert_eq!(total(Encoding::Gzip, [&gzip(&padded(10_000_000))[..]]), None);
        assert_eq!(total(Encoding::Gzip, [&b"no gzip"[..], b"at all"]), None);
    }
}

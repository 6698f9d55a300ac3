//! How bodies are compressed (RFC 9110, section 8.4.1), and undoing it.

use std::io::{Read, Write};

use brotli_decompressor::{Decompressor, DecompressorWriter};
use bytes::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// How much a brotli decoder writes at once, in bytes.
const BROTLI_BUFFER: usize = 4 * 1024;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
}

/// Undoes the compression of a stream, piece by piece: writes what each piece holds as soon as it can be told.
pub(crate) enum Inflater<W: Write> {
    Identity(W),
    Gzip(Box<write::MultiGzDecoder<W>>),
    Deflate(Box<write::ZlibDecoder<W>>),
    Brotli(Box<DecompressorWriter<W>>),
}

// === impl Encoding ===

impl Encoding {
    /// What the headers say; `None` where it is not known here.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        match encoding.as_deref() {
            None | Some(b"" | b"identity") => Some(Self::Identity),
            Some(b"gzip" | b"x-gzip") => Some(Self::Gzip),
            Some(b"deflate") => Some(Self::Deflate),
            Some(b"br") => Some(Self::Brotli),
            Some(_) => None,
        }
    }

    /// The text, as far as it can be read and up to `limit` bytes.
    pub(crate) fn beginning(self, bytes: Bytes, limit: usize) -> Bytes {
        self.read(bytes, limit).0
    }

    /// The text; `None` where it cannot be read. What is longer than `limit` bytes is cut off after one more.
    pub(crate) fn text(self, bytes: Bytes, limit: usize) -> Option<Bytes> {
        let (text, is_whole) = self.read(bytes, limit.saturating_add(1));
        is_whole.then_some(text)
    }

    /// No more than `limit` bytes of the text, and whether nothing was wrong with them.
    fn read(self, bytes: Bytes, limit: usize) -> (Bytes, bool) {
        let mut text = Vec::new();
        let most = limit as u64;
        let read = match self {
            Self::Identity => return (bytes, true),
            Self::Gzip => MultiGzDecoder::new(&bytes[..]).take(most).read_to_end(&mut text),
            Self::Deflate => ZlibDecoder::new(&bytes[..]).take(most).read_to_end(&mut text),
            Self::Brotli => Decompressor::new(&bytes[..], BROTLI_BUFFER).take(most).read_to_end(&mut text),
        };
        (text.into(), read.is_ok())
    }
}

// === impl Inflater ===

impl<W: Write> Inflater<W> {
    /// Undoes this compression, into `sink`.
    pub(crate) fn new(encoding: Encoding, sink: W) -> Self {
        match encoding {
            Encoding::Identity => Self::Identity(sink),
            Encoding::Gzip => Self::Gzip(Box::new(write::MultiGzDecoder::new(sink))),
            Encoding::Deflate => Self::Deflate(Box::new(write::ZlibDecoder::new(sink))),
            Encoding::Brotli => Self::Brotli(Box::new(DecompressorWriter::new(sink, BROTLI_BUFFER))),
        }
    }

    /// Takes a piece up, as far as it can be told yet.
    pub(crate) fn push(&mut self, piece: &[u8]) -> std::io::Result<()> {
        let decoder: &mut dyn Write = match self {
            Self::Identity(sink) => return sink.write_all(piece),
            Self::Gzip(decoder) => decoder,
            Self::Deflate(decoder) => decoder,
            Self::Brotli(decoder) => decoder,
        };
        decoder.write_all(piece)?;
        decoder.flush()
    }

    /// Where the text goes.
    pub(crate) fn sink(&mut self) -> &mut W {
        match self {
            Self::Identity(sink) => sink,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
        }
    }
}

impl Inflater<Vec<u8>> {
    /// The text of a piece.
    pub(crate) fn inflate(&mut self, piece: Bytes) -> std::io::Result<Bytes> {
        if let Self::Identity(_) = self {
            return Ok(piece);
        }
        self.push(&piece)?;
        Ok(std::mem::take(self.sink()).into())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    /// `{"usage":{"prompt_tokens":7}}` as the reference encoder writes it.
    const BROTLI: &[u8] = b"\x0b\x0e\x80{\"usage\":{\"prompt_tokens\":7}}\x03";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn encoding(name: &'static str) -> Option<Encoding> {
        Encoding::of(&HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(name))]))
    }

    #[test]
    fn compressed_texts_are_read_up_to_a_limit() {
        assert_eq!((encoding("GZIP"), encoding("identity")), (Some(Encoding::Gzip), Some(Encoding::Identity)));
        assert_eq!((encoding("br"), encoding("gzip, br"), encoding("zstd")), (Some(Encoding::Brotli), None, None));
        let text = |limit| Encoding::Gzip.text(gzip(b"text").into(), limit).unwrap();
        assert_eq!((text(4), text(3), text(1)), ("text".into(), "text".into(), "te".into()));
        assert_eq!(Encoding::Gzip.text(Bytes::from_static(b"text"), 9), None);
        assert_eq!(Encoding::Brotli.text(Bytes::from_static(BROTLI), 99).unwrap(), r#"{"usage":{"prompt_tokens":7}}"#);
        assert_eq!(Encoding::Brotli.text(Bytes::from_static(&[0xff; 9]), 9), None);
        let cut = Bytes::from(gzip(b"text")).slice(..15);
        assert!("text".as_bytes().starts_with(&Encoding::Gzip.beginning(cut, 9)));
        assert_eq!(Encoding::Gzip.beginning(gzip(&[0; 1_000_000]).into(), 10).len(), 10);
    }

    #[test]
    fn a_compressed_stream_is_read_piece_by_piece() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"first ").unwrap();
        zlib.flush().unwrap();
        let first = zlib.get_ref().len();
        zlib.write_all(b"second").unwrap();
        let bytes = zlib.finish().unwrap();
        let mut inflater = Inflater::new(Encoding::Deflate, Vec::new());
        assert_eq!(inflater.inflate(Bytes::copy_from_slice(&bytes[..first])).unwrap(), "first ");
        assert_eq!(inflater.inflate(Bytes::copy_from_slice(&bytes[first..])).unwrap(), "second");
        for (encoding, bytes, text) in [
            (Encoding::Gzip, gzip(b"bytewise"), "bytewise"),
            (Encoding::Brotli, BROTLI.to_vec(), r#"{"usage":{"prompt_tokens":7}}"#),
        ] {
            let mut inflater = Inflater::new(encoding, Vec::new());
            let read: Vec<u8> =
                bytes.iter().flat_map(|byte| inflater.inflate(Bytes::from(vec![*byte])).unwrap()).collect();
            assert_eq!(read, text.as_bytes());
        }
    }
}

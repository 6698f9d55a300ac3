//! Reading bodies whole, under a limit, and undoing their compression.

use std::io::{Read, Write};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::body::UpstreamBody;
use crate::refusal::Refusal;

/// The longest answer that is converted, in bytes, before and after decompression.
pub(super) const ANSWER_LIMIT: usize = 64 * 1024 * 1024;
/// How much of an upstream's error is read, in bytes.
pub(super) const ERROR_LIMIT: usize = 1024 * 1024;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Deflate,
}

/// Undoes the compression of a stream, piece by piece.
pub(super) enum Inflater {
    Identity,
    Gzip(Box<write::MultiGzDecoder<Vec<u8>>>),
    Deflate(Box<write::ZlibDecoder<Vec<u8>>>),
}

/// An answer's body, whole and decompressed.
pub(super) async fn answer(body: &mut UpstreamBody, headers: &HeaderMap, idle: Duration) -> Result<Bytes, Refusal> {
    let encoding = Encoding::of(headers).ok_or(Refusal::BadEncoding)?;
    if body.size_hint().lower() > ANSWER_LIMIT as u64 {
        return Err(Refusal::AnswerTooLong);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = timeout(idle, body.frame()).await.map_err(|_| Refusal::Timeout)? {
        let Ok(data) = frame.map_err(|_| Refusal::AnswerCutShort)?.into_data() else { continue };
        whole.extend_from_slice(&data);
        if whole.len() > ANSWER_LIMIT {
            return Err(Refusal::AnswerTooLong);
        }
    }
    encoding.decoded(whole.freeze(), ANSWER_LIMIT)
}

/// The first part of an error's body, decompressed: as much as there is, and as much as can be read.
pub(super) async fn error(body: &mut UpstreamBody, headers: &HeaderMap, idle: Duration) -> Bytes {
    let mut whole = BytesMut::new();
    while let Ok(Some(Ok(frame))) = timeout(idle, body.frame()).await {
        if let Some(data) = frame.data_ref() {
            let room = ERROR_LIMIT.saturating_sub(whole.len()).min(data.len());
            whole.extend_from_slice(data.get(..room).unwrap_or(data));
        }
        if whole.len() >= ERROR_LIMIT {
            break;
        }
    }
    let encoding = Encoding::of(headers);
    encoding.and_then(|encoding| encoding.decoded(whole.freeze(), ERROR_LIMIT).ok()).unwrap_or_default()
}

// === impl Encoding ===

impl Encoding {
    /// What the headers say; `None` where it is not known here.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes().to_ascii_lowercase());
        match encoding.as_deref() {
            None | Some(b"" | b"identity") => Some(Self::Identity),
            Some(b"gzip" | b"x-gzip") => Some(Self::Gzip),
            Some(b"deflate") => Some(Self::Deflate),
            Some(_) => None,
        }
    }

    /// The text, if it has no more than `limit` bytes.
    pub(super) fn decoded(self, bytes: Bytes, limit: usize) -> Result<Bytes, Refusal> {
        let mut text = Vec::new();
        let most = limit as u64 + 1;
        let read = match self {
            Self::Identity => return Ok(bytes),
            Self::Gzip => MultiGzDecoder::new(&bytes[..]).take(most).read_to_end(&mut text),
            Self::Deflate => ZlibDecoder::new(&bytes[..]).take(most).read_to_end(&mut text),
        };
        match read {
            Err(_) => Err(Refusal::BadEncoding),
            Ok(_) if text.len() > limit => Err(Refusal::AnswerTooLong),
            Ok(_) => Ok(text.into()),
        }
    }
}

// === impl Inflater ===

impl Inflater {
    pub(super) fn new(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Identity => Self::Identity,
            Encoding::Gzip => Self::Gzip(Box::new(write::MultiGzDecoder::new(Vec::new()))),
            Encoding::Deflate => Self::Deflate(Box::new(write::ZlibDecoder::new(Vec::new()))),
        }
    }

    /// The text of a piece, as far as it can be told yet.
    pub(super) fn inflate(&mut self, piece: Bytes) -> std::io::Result<Bytes> {
        let text = match self {
            Self::Identity => return Ok(piece),
            Self::Gzip(decoder) => {
                decoder.write_all(&piece)?;
                decoder.flush()?;
                std::mem::take(decoder.get_mut())
            }
            Self::Deflate(decoder) => {
                decoder.write_all(&piece)?;
                decoder.flush()?;
                std::mem::take(decoder.get_mut())
            }
        };
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn encoding(name: &'static str) -> Option<Encoding> {
        Encoding::of(&HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(name))]))
    }

    #[test]
    fn compressed_answers_are_read_and_bombs_are_not() {
        assert_eq!((encoding("GZIP"), encoding("identity")), (Some(Encoding::Gzip), Some(Encoding::Identity)));
        assert_eq!((encoding("br"), encoding("gzip, br")), (None, None));
        assert_eq!(Encoding::Gzip.decoded(gzip(b"text").into(), 4), Ok(Bytes::from_static(b"text")));
        assert_eq!(Encoding::Gzip.decoded(gzip(b"text").into(), 3), Err(Refusal::AnswerTooLong));
        assert_eq!(Encoding::Gzip.decoded(Bytes::from_static(b"text"), 9), Err(Refusal::BadEncoding));
    }

    #[test]
    fn a_compressed_stream_is_read_piece_by_piece() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"first ").unwrap();
        zlib.flush().unwrap();
        let first = zlib.get_ref().len();
        zlib.write_all(b"second").unwrap();
        let bytes = zlib.finish().unwrap();
        let mut inflater = Inflater::new(Encoding::Deflate);
        assert_eq!(inflater.inflate(Bytes::copy_from_slice(&bytes[..first])).unwrap(), "first ");
        assert_eq!(inflater.inflate(Bytes::copy_from_slice(&bytes[first..])).unwrap(), "second");
        let mut inflater = Inflater::new(Encoding::Gzip);
        let text: Vec<u8> =
            gzip(b"bytewise").iter().flat_map(|byte| inflater.inflate(Bytes::from(vec![*byte])).unwrap()).collect();
        assert_eq!(text, b"bytewise");
    }
}

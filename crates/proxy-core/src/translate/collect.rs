//! Reading bodies whole, under a limit.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::body::UpstreamBody;
use crate::encoding::Encoding;
use crate::refusal::Refusal;

/// The longest answer that is converted, in bytes, before and after decompression.
pub(super) const ANSWER_LIMIT: usize = 64 * 1024 * 1024;
/// How much of an upstream's error is read, in bytes.
pub(super) const ERROR_LIMIT: usize = 1024 * 1024;

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
    decoded(encoding, whole.freeze(), ANSWER_LIMIT)
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
    encoding.and_then(|encoding| decoded(encoding, whole.freeze(), ERROR_LIMIT).ok()).unwrap_or_default()
}

/// The text, if it has no more than `limit` bytes.
fn decoded(encoding: Encoding, bytes: Bytes, limit: usize) -> Result<Bytes, Refusal> {
    match encoding.text(bytes, limit) {
        None => Err(Refusal::BadEncoding),
        Some(text) if text.len() > limit => Err(Refusal::AnswerTooLong),
        Some(text) => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn compressed_answers_are_read_and_bombs_are_not() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"text").unwrap();
        let bytes = Bytes::from(encoder.finish().unwrap());
        assert_eq!(decoded(Encoding::Gzip, bytes.clone(), 4), Ok(Bytes::from_static(b"text")));
        assert_eq!(decoded(Encoding::Gzip, bytes, 3), Err(Refusal::AnswerTooLong));
        assert_eq!(decoded(Encoding::Gzip, Bytes::from_static(b"text"), 9), Err(Refusal::BadEncoding));
    }
}

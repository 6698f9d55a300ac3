//! What an answer says about the key: its head, and a bounded look into an error or the first event of a stream.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use rotator_domain::{Reading, Timestamp};
use rotator_format_converters::sse;
use rotator_llm_adapters::{Answer, BODY_LOOK, plain_reading};
use tokio::time::timeout;

use crate::body::UpstreamBody;
use crate::catalog::{Door, ServiceEntry};
use crate::encoding::Encoding;

/// How much of a stream's beginning is looked at for its first event, in bytes.
const EVENT_LOOK: usize = 16 * 1024;

/// Reads an answer's head and, where its door says more there, the beginning of its body.
pub(crate) async fn read(
    entry: &ServiceEntry,
    response: Response<Incoming>,
    idle: Duration,
    now: Timestamp,
) -> (Response<UpstreamBody>, Reading) {
    let mut response = response.map(UpstreamBody::from);
    let (status, headers) = (response.status(), response.headers().clone());
    let Door::Llm { adapter, .. } = &entry.door else {
        let reading = plain_reading(&Answer { status, headers: &headers, body: &[], now });
        return (response, reading);
    };
    if status.is_client_error() || status.is_server_error() {
        let looked = look(response.body_mut(), BODY_LOOK, idle, |_| false).await;
        let body = decompressed(&headers, looked);
        return (response, adapter.read(&Answer { status, headers: &headers, body: &body, now }));
    }
    let reading = adapter.read(&Answer { status, headers: &headers, body: &[], now });
    if status == StatusCode::OK && is_plain_event_stream(&headers) {
        let mut first = FirstData::default();
        look(response.body_mut(), EVENT_LOOK, idle, |piece| first.is_there_after(piece)).await;
        if let Some(error) = first.data.and_then(|data| adapter.read_event(data.as_bytes(), now)) {
            return (response, error);
        }
    }
    (response, reading)
}

/// The data of a stream's first event that has some.
struct FirstData {
    parser: sse::Parser,
    data: Option<String>,
}

impl Default for FirstData {
    fn default() -> Self {
        Self { parser: sse::Parser::new(EVENT_LOOK), data: None }
    }
}

impl FirstData {
    /// Takes more of the stream up.
    fn is_there_after(&mut self, piece: &[u8]) -> bool {
        let Self { parser, data } = self;
        let read = parser.push(piece, |event| {
            if data.is_none() && !event.data.is_empty() {
                *data = Some(event.data.into_owned());
            }
            Ok::<(), sse::TooLong>(())
        });
        data.is_some() || read.is_err()
    }
}

/// Reads ahead until so much is there, enough is there, the body ends or pauses for too long.
async fn look(
    body: &mut UpstreamBody,
    most: usize,
    idle: Duration,
    mut is_enough_with: impl FnMut(&[u8]) -> bool,
) -> BytesMut {
    let (mut looked, mut is_enough) = (BytesMut::new(), false);
    while looked.len() < most && !is_enough {
        // Where it ends or breaks, the client's side finds out by itself.
        let Ok(Some(Ok(frame))) = timeout(idle, body.rest().frame()).await else { break };
        if let Some(data) = frame.data_ref() {
            let room = most.saturating_sub(looked.len()).min(data.len());
            let piece = data.get(..room).unwrap_or(data);
            looked.extend_from_slice(piece);
            is_enough = is_enough_with(piece);
        }
        body.put_back(frame);
    }
    looked
}

/// The text of a compressed error, as far as it goes; an encoding that is not known here has none.
fn decompressed(headers: &HeaderMap, looked: BytesMut) -> Bytes {
    let encoding = Encoding::of(headers);
    encoding.map(|encoding| encoding.beginning(looked.freeze(), BODY_LOOK)).unwrap_or_default()
}

fn is_plain_event_stream(headers: &HeaderMap) -> bool {
    let is_stream = headers.get(CONTENT_TYPE).is_some_and(|value| {
        value.as_bytes().get(..17).is_some_and(|essence| essence.eq_ignore_ascii_case(b"text/event-stream"))
    });
    is_stream && !headers.contains_key(CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_first_whole_event_with_data_counts() {
        let first = |text: &str, size: usize| {
            let mut first = FirstData::default();
            text.as_bytes().chunks(size).any(|piece| first.is_there_after(piece)).then_some(first.data).flatten()
        };
        for size in [1, 7, 100] {
            let commented = ": ping\n\nevent: error\ndata: {\"a\":1}\n\ndata: 2\n\n";
            assert_eq!(first(commented, size).as_deref(), Some("{\"a\":1}"));
            assert_eq!(first("data:1\r\ndata: 2\r\n\r\n", size).as_deref(), Some("1\n2"));
            assert_eq!(first("event: ping\ndata:\n\rdata: 2\r\r", size).as_deref(), Some("2"));
            for text in ["data: 1", "data: 1\n", ": only\n\n", "event: x\n\n"] {
                assert_eq!(first(text, size), None, "{text:?}");
            }
        }
    }

    #[test]
    fn a_compressed_error_is_read_and_a_bomb_is_not() {
        let read = |encoding: &'static str, bytes: Vec<u8>| {
            let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(encoding))]);
            decompressed(&headers, BytesMut::from(&bytes[..]))
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"limited").unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"limited").unwrap();
        assert_eq!(read("gzip", gzip.finish().unwrap()), "limited");
        assert_eq!(read("Deflate", zlib.finish().unwrap()), "limited");
        assert_eq!(read("br", b"??".to_vec()), "");
        assert_eq!(read("gzip", b"no gzip".to_vec()), "");
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![0; 10_000_000]).unwrap();
        assert_eq!(read("gzip", bomb.finish().unwrap()).len(), BODY_LOOK);
    }
}

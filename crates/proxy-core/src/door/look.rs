//! A bounded look into an LLM request's JSON body, for a client key that stands there.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::HeaderMap;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full, StreamBody};
use tokio::time::timeout;

use super::relay::ClientBody;
use crate::body::{BoxError, InboundBody, Pieces};
use crate::body_key;
use crate::refusal::Refusal;
use crate::route::DoorName;

/// What the look found.
pub(crate) enum Looked {
    /// The whole body; `key` where one stood in it, and then the body is without it.
    Whole { body: Bytes, trailers: Option<HeaderMap>, key: Option<String> },
    /// The body is longer than the look may be; it streams on.
    TooLong(InboundBody),
}

/// Whether the body is looked into at all.
pub(crate) fn may_hold_key(door: DoorName, headers: &HeaderMap) -> bool {
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|value| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
    });
    door == DoorName::Llm && is_json
}

/// Reads up to `limit` bytes, between which the client may pause for `idle`. A client key in the body is taken out, whether or not the client shows one elsewhere.
pub(crate) async fn take_key(
    mut body: InboundBody,
    limit: usize,
    idle: Duration,
    is_client_key: impl Fn(&[u8]) -> bool,
) -> Result<Looked, Refusal> {
    if body.size_hint().lower() > limit as u64 {
        return Ok(Looked::TooLong(body));
    }
    let mut pieces = Pieces::default();
    let mut length = 0;
    let mut trailers = None;
    while let Some(frame) = timeout(idle, body.frame()).await.map_err(|_| Refusal::BodyStalled)? {
        match frame.map_err(|_| Refusal::BodyCutShort)?.into_data() {
            Ok(data) => {
                length += data.len();
                pieces.push(&data);
            }
            Err(other) => trailers = other.into_trailers().ok(),
        }
        if length > limit {
            return Ok(Looked::TooLong(resume(pieces.into_vec(), body)));
        }
    }
    let body = join(pieces.into_vec(), length);
    Ok(match body_key::take(&body, is_client_key) {
        Some(found) => Looked::Whole { body: found.body, trailers, key: Some(found.key) },
        None => Looked::Whole { body, trailers, key: None },
    })
}

/// A whole body of no more than `limit` bytes, with its trailers and without the client's key; the client may pause for
/// `idle`.
pub(crate) async fn read_whole(
    body: InboundBody,
    limit: usize,
    idle: Duration,
    client_key: &[u8],
) -> Result<(Bytes, Option<HeaderMap>), Refusal> {
    match take_key(body, limit, idle, |key| key == client_key).await? {
        Looked::Whole { body, trailers, .. } => Ok((body, trailers)),
        Looked::TooLong(_) => Err(Refusal::BodyTooLong),
    }
}

// === impl Looked ===

impl Looked {
    /// The key that stood in the body.
    pub(crate) fn key(&self) -> Option<Vec<u8>> {
        match self {
            Self::Whole { key, .. } => key.as_ref().map(|key| key.as_bytes().to_vec()),
            Self::TooLong(_) => None,
        }
    }

    /// The whole body, where it was read.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole { body, .. } => Some(body),
            Self::TooLong(_) => None,
        }
    }

    /// Whether the body was longer than the look.
    pub(crate) fn is_too_long(&self) -> bool {
        matches!(self, Self::TooLong(_))
    }

    /// The body to send on; its length is set right when a key was taken out.
    pub(crate) fn into_body(self, headers: &mut HeaderMap) -> ClientBody {
        match self {
            Self::TooLong(body) => ClientBody::Streaming(body),
            Self::Whole { body, trailers, key } => {
                if key.is_some() && headers.contains_key(CONTENT_LENGTH) {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
                }
                ClientBody::Whole(body, trailers)
            }
        }
    }
}

/// A body that was read whole, to be sent on.
pub(crate) fn whole_body(body: Bytes, trailers: Option<HeaderMap>) -> InboundBody {
    match trailers {
        None => Full::new(body).map_err(|never| match never {}).boxed_unsync(),
        // No length is told: a message of a known length cannot have trailers in HTTP/1.1.
        Some(trailers) => {
            let frames = [Ok::<_, BoxError>(Frame::data(body)), Ok(Frame::trailers(trailers))];
            StreamBody::new(stream::iter(frames)).boxed_unsync()
        }
    }
}

fn join(mut pieces: Vec<Bytes>, length: usize) -> Bytes {
    if pieces.len() == 1 {
        return pieces.remove(0);
    }
    let mut whole = BytesMut::with_capacity(length);
    for piece in pieces {
        whole.extend_from_slice(&piece);
    }
    whole.freeze()
}

/// What was read, and then the rest.
fn resume(pieces: Vec<Bytes>, rest: InboundBody) -> InboundBody {
    let read = stream::iter(pieces.into_iter().map(|piece| Ok::<_, BoxError>(Frame::data(piece))));
    let rest = stream::unfold(rest, |mut rest| async move { rest.frame().await.map(|frame| (frame, rest)) });
    StreamBody::new(futures_util::StreamExt::chain(read, rest)).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(1);

    fn body(pieces: &[&'static str]) -> InboundBody {
        let frames: Vec<Result<_, BoxError>> =
            pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames)).boxed_unsync()
    }

    fn sent(looked: Looked, headers: &mut HeaderMap) -> InboundBody {
        match looked.into_body(headers) {
            ClientBody::Whole(body, trailers) => whole_body(body, trailers),
            ClientBody::Streaming(body) => body,
        }
    }

    async fn text(body: InboundBody) -> String {
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_key_in_the_body_is_taken_out_and_the_length_follows() {
        let mut headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from(26))]);
        let looked =
            take_key(body(&[r#"{"api_key":"#, r#""rk-1","a":1}"#]), 100, IDLE, |key| key == b"rk-1").await.unwrap();
        assert_eq!(looked.key().unwrap(), b"rk-1");
        assert_eq!(text(sent(looked, &mut headers)).await, r#"{"a":1}"#);
        assert_eq!(headers[CONTENT_LENGTH], "7");
    }

    #[tokio::test]
    async fn a_member_that_is_not_the_clients_key_stays() {
        let original = r#"{"api_key":"something else"}"#;
        let looked = take_key(body(&[original]), 100, IDLE, |key| key == b"rk-1").await.unwrap();
        assert!(looked.key().is_none());
        assert_eq!(text(sent(looked, &mut HeaderMap::new())).await, original);
    }

    #[tokio::test]
    async fn a_longer_body_streams_on_whole() {
        let looked = take_key(body(&["abc", "def", "ghi"]), 5, IDLE, |_| true).await.unwrap();
        assert!(looked.is_too_long());
        assert_eq!(text(sent(looked, &mut HeaderMap::new())).await, "abcdefghi");
    }
}

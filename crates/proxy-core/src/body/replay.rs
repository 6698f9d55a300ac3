//! A request body that can be sent again.
//!
//! The body streams to the upstream as it arrives. What has passed is kept up to a limit; another attempt first gets
//! what was kept, then goes on where the last one stopped. Past the limit nothing is kept any more, and the body can be
//! sent once only.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::{BoxError, InboundBody};

/// A client's body and what of it has been read.
pub(crate) struct Replay(Arc<Mutex<State>>);

/// The body of one attempt. As soon as the next attempt has its own, this one ends with an error.
pub(crate) struct AttemptBody {
    state: Arc<Mutex<State>>,
    attempt: u32,
    cursor: Cursor,
}

/// How far one attempt has come.
struct Cursor {
    /// How many frames it has sent.
    sent: usize,
    /// How much of an exactly known length is still to come.
    remaining: Option<u64>,
    ended: bool,
}

struct State {
    source: Option<InboundBody>,
    kept: Vec<Frame<Bytes>>,
    kept_bytes: usize,
    limit: usize,
    length: Option<u64>,
    passed_bytes: u64,
    longest: Option<u64>,
    replayable: bool,
    too_long: bool,
    attempt: u32,
    last_progress: Instant,
}

/// Why an attempt's body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    /// Another attempt has taken over.
    #[error("another attempt has taken the body over")]
    Superseded,
    /// The client sent more than the longest body allowed.
    #[error("the request body is longer than allowed")]
    TooLong,
}

// === impl Replay ===

impl Replay {
    /// Takes a client's body. Up to `limit` bytes of it are kept; a body over `longest` bytes ends with an error.
    pub(crate) fn new(source: InboundBody, limit: usize, longest: Option<u64>) -> Self {
        let length = source.size_hint().exact();
        let replayable = length.is_none_or(|length| length <= limit as u64);
        Self(Arc::new(Mutex::new(State {
            source: Some(source),
            kept: Vec::new(),
            kept_bytes: 0,
            limit,
            length,
            passed_bytes: 0,
            longest,
            replayable,
            too_long: false,
            attempt: 0,
            last_progress: Instant::now(),
        })))
    }

    /// The body for the next attempt; ends the one before.
    pub(crate) fn attempt(&self) -> AttemptBody {
        let mut state = lock(&self.0);
        state.attempt += 1;
        state.last_progress = Instant::now();
        let ended = state.source.is_none() && state.kept.is_empty()
            || state.kept.is_empty() && state.source.as_ref().is_some_and(Body::is_end_stream);
        let cursor = Cursor { sent: 0, remaining: state.length, ended };
        AttemptBody { state: Arc::clone(&self.0), attempt: state.attempt, cursor }
    }

    /// Whether another attempt would send the whole body.
    pub(crate) fn is_replayable(&self) -> bool {
        lock(&self.0).replayable
    }

    /// Whether the client sent more than the longest body allowed.
    pub(crate) fn is_too_long(&self) -> bool {
        lock(&self.0).too_long
    }

    /// When the upstream last took a piece of the body.
    pub(crate) fn last_progress(&self) -> Instant {
        lock(&self.0).last_progress
    }
}

// === impl State ===

impl State {
    fn keep(&mut self, frame: &Frame<Bytes>) {
        if !self.replayable {
            return;
        }
        if let Some(data) = frame.data_ref() {
            self.kept_bytes += data.len();
            if self.kept_bytes > self.limit {
                self.replayable = false;
                self.kept = Vec::new();
                return;
            }
        }
        self.kept.push(copy(frame));
    }

    fn count(&mut self, frame: &Frame<Bytes>) -> Result<(), ReplayError> {
        self.passed_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        if self.longest.is_some_and(|longest| self.passed_bytes > longest) {
            self.too_long = true;
            self.replayable = false;
            return Err(ReplayError::TooLong);
        }
        Ok(())
    }
}

// === impl AttemptBody ===

impl Body for AttemptBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let mut state = lock(&this.state);
        if state.attempt != this.attempt {
            return Poll::Ready(Some(Err(ReplayError::Superseded.into())));
        }
        state.last_progress = Instant::now();
        let cursor = &mut this.cursor;
        if let Some(frame) = state.kept.get(cursor.sent) {
            let frame = copy(frame);
            cursor.pass(&frame);
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(source) = state.source.as_mut() else {
            cursor.ended = true;
            return Poll::Ready(None);
        };
        match std::task::ready!(Pin::new(source).poll_frame(cx)) {
            Some(Ok(frame)) => {
                state.count(&frame)?;
                state.keep(&frame);
                cursor.pass(&frame);
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                state.source = None;
                state.replayable = false;
                Poll::Ready(Some(Err(error)))
            }
            None => {
                state.source = None;
                cursor.ended = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cursor.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.cursor.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

// === impl Cursor ===

impl Cursor {
    fn pass(&mut self, frame: &Frame<Bytes>) {
        self.sent += 1;
        if let (Some(remaining), Some(data)) = (self.remaining.as_mut(), frame.data_ref()) {
            *remaining = remaining.saturating_sub(data.len() as u64);
        }
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A frame's own copy; the bytes themselves are shared.
fn copy(frame: &Frame<Bytes>) -> Frame<Bytes> {
    match (frame.data_ref(), frame.trailers_ref()) {
        (None, Some(trailers)) => Frame::trailers(trailers.clone()),
        (data, _) => Frame::data(data.cloned().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    fn source(pieces: &[&'static str]) -> InboundBody {
        let mut frames: Vec<Result<_, BoxError>> =
            pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("1"));
        frames.push(Ok(Frame::trailers(trailers)));
        StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
    }

    async fn text(body: AttemptBody) -> String {
        let collected = body.collect().await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-sum"], "1");
        String::from_utf8(collected.to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_second_attempt_sends_everything_wherever_the_first_one_stopped() {
        for read in 0..=3 {
            let replay = Replay::new(source(&["a", "b", "c"]), 3, None);
            let mut first = replay.attempt();
            for _ in 0..read {
                first.frame().await.unwrap().unwrap();
            }
            assert!(replay.is_replayable());
            assert_eq!(text(replay.attempt()).await, "abc");
            let error = first.frame().await.unwrap().unwrap_err();
            assert!(matches!(error.downcast_ref(), Some(ReplayError::Superseded)));
        }
    }

    #[tokio::test]
    async fn past_the_limit_the_body_streams_once() {
        let replay = Replay::new(source(&["ab", "cd"]), 3, None);
        assert_eq!(text(replay.attempt()).await, "abcd");
        assert!(!replay.is_replayable());
        assert_eq!(lock(&replay.0).kept.len(), 0);
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_long_is_never_kept() {
        let body = http_body_util::Full::new(Bytes::from_static(b"abcd")).map_err(|never| match never {});
        let replay = Replay::new(body.boxed_unsync(), 3, None);
        assert!(!replay.is_replayable());
        assert_eq!(replay.attempt().size_hint().exact(), Some(4));
    }

    #[tokio::test]
    async fn a_body_over_the_longest_allowed_ends_with_an_error() {
        let replay = Replay::new(source(&["ab", "cd"]), 10, Some(3));
        assert!(replay.attempt().collect().await.is_err());
        assert!(replay.is_too_long() && !replay.is_replayable());
    }

    #[tokio::test]
    async fn an_empty_body_is_over_before_it_begins() {
        let empty = http_body_util::Empty::new().map_err(|never| match never {});
        let replay = Replay::new(empty.boxed_unsync(), 3, None);
        assert!(replay.attempt().is_end_stream());
        assert!(replay.is_replayable());
    }
}

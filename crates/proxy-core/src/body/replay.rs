//! A request body that can be sent again.
//!
//! The body streams to the upstream as it arrives. What has passed is kept up to a limit; another attempt first gets
//! what was kept, then goes on where the last one stopped. Past the limit nothing is kept any more, and the body can be
//! sent once only.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::{BoxError, InboundBody, Pieces};

/// A client's body and what of it has been read.
pub(crate) struct Replay(Arc<Mutex<State>>);

/// The body of one attempt. As soon as the next attempt has its own, this one ends with an error.
pub(crate) struct AttemptBody {
    state: Arc<Mutex<State>>,
    attempt: u32,
    cursor: Cursor,
}

/// Who holds a request up, and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Waiting {
    /// The client has not sent the rest of its body.
    ForClient(Instant),
    /// The upstream has not taken the rest of the body, or has not answered it.
    ForUpstream(Instant),
}

/// How far one attempt has come.
struct Cursor {
    /// How many of the kept pieces it has sent.
    sent: usize,
    /// Whether it has sent the kept trailers.
    sent_trailers: bool,
    /// How much of an exactly known length is still to come.
    remaining: Option<u64>,
    ended: bool,
}

/// What is done to trailers before they are sent on.
type Cleaning = Box<dyn Fn(&mut HeaderMap) + Send>;

struct State {
    cleaning: Option<Cleaning>,
    source: Option<InboundBody>,
    kept: Pieces,
    kept_trailers: Option<HeaderMap>,
    kept_bytes: usize,
    limit: usize,
    length: Option<u64>,
    passed_bytes: u64,
    longest: Option<u64>,
    replayable: bool,
    too_long: bool,
    attempt: u32,
    last_progress: Instant,
    /// Since when the upstream could take more than the client has sent.
    client_pauses_since: Option<Instant>,
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
            cleaning: None,
            source: Some(source),
            kept: Pieces::default(),
            kept_trailers: None,
            kept_bytes: 0,
            limit,
            length,
            passed_bytes: 0,
            longest,
            replayable,
            too_long: false,
            attempt: 0,
            last_progress: Instant::now(),
            client_pauses_since: None,
        })))
    }

    /// Does this to the trailers before they are sent on.
    pub(crate) fn cleaning(self, clean: impl Fn(&mut HeaderMap) + Send + 'static) -> Self {
        lock(&self.0).cleaning = Some(Box::new(clean));
        self
    }

    /// The body for the next attempt; ends the one before.
    pub(crate) fn attempt(&self) -> AttemptBody {
        let mut state = lock(&self.0);
        state.attempt += 1;
        state.last_progress = Instant::now();
        state.client_pauses_since = None;
        state.kept.seal();
        let is_new = state.kept.sealed().is_empty() && state.kept_trailers.is_none();
        let ended = is_new && state.source.as_ref().is_none_or(Body::is_end_stream);
        let cursor = Cursor { sent: 0, sent_trailers: false, remaining: state.length, ended };
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

    /// Who holds the request up now.
    pub(crate) fn waiting(&self) -> Waiting {
        let state = lock(&self.0);
        state.client_pauses_since.map_or(Waiting::ForUpstream(state.last_progress), Waiting::ForClient)
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
                self.kept = Pieces::default();
                return;
            }
            self.kept.push(data);
        }
        self.kept_trailers = frame.trailers_ref().cloned();
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
        if let Some(frame) = cursor.next_kept(&state) {
            return Poll::Ready(Some(Ok(frame)));
        }
        let Some(source) = state.source.as_mut() else {
            cursor.ended = true;
            return Poll::Ready(None);
        };
        let Poll::Ready(frame) = Pin::new(source).poll_frame(cx) else {
            state.client_pauses_since.get_or_insert_with(Instant::now);
            return Poll::Pending;
        };
        state.client_pauses_since = None;
        match frame {
            Some(Ok(mut frame)) => {
                if let (Some(trailers), Some(clean)) = (frame.trailers_mut(), &state.cleaning) {
                    clean(trailers);
                }
                state.count(&frame)?;
                state.keep(&frame);
                cursor.count(&frame);
                (cursor.sent, cursor.sent_trailers) = (state.kept.sealed().len(), frame.is_trailers());
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
    /// The next frame of those that an earlier attempt has read.
    fn next_kept(&mut self, state: &State) -> Option<Frame<Bytes>> {
        if let Some(data) = state.kept.sealed().get(self.sent) {
            self.sent += 1;
            let frame = Frame::data(data.clone());
            self.count(&frame);
            return Some(frame);
        }
        let trailers = state.kept_trailers.as_ref().filter(|_| !self.sent_trailers)?;
        self.sent_trailers = true;
        Some(Frame::trailers(trailers.clone()))
    }

    fn count(&mut self, frame: &Frame<Bytes>) {
        if let (Some(remaining), Some(data)) = (self.remaining.as_mut(), frame.data_ref()) {
            *remaining = remaining.saturating_sub(data.len() as u64);
        }
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
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
        assert!(lock(&replay.0).kept.sealed().is_empty());
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

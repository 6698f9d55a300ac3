//! Bodies that the upstream sends.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};

use crate::server::{Presence, State};

/// What the upstream answers with.
pub(crate) type MockBody = UnsyncBoxBody<Bytes, io::Error>;

/// A body in one piece.
pub(crate) fn full(body: impl Into<Bytes>) -> MockBody {
    Full::new(body.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// A body of these frames.
pub(crate) fn frames(frames: impl futures_util::Stream<Item = io::Result<Frame<Bytes>>> + Send + 'static) -> MockBody {
    StreamBody::new(frames).boxed_unsync()
}

/// Counts a body that the client did not take to its end.
pub(crate) struct Watched {
    inner: MockBody,
    state: Arc<State>,
    has_ended: bool,
    _presence: Presence,
}

// === impl Watched ===

impl Watched {
    pub(crate) fn new(inner: MockBody, state: Arc<State>, presence: Presence) -> Self {
        let has_ended = inner.is_end_stream();
        Self { inner, state, has_ended, _presence: presence }
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if !matches!(polled, Poll::Ready(Some(Ok(_))) | Poll::Pending) || self.inner.is_end_stream() {
            self.has_ended = true;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.has_ended {
            self.state.count_abandoned();
        }
    }
}

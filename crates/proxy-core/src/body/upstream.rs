//! The body of an upstream's answer, of which a first part may have been read already.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// What was read ahead, and then the rest.
#[derive(Debug)]
pub(crate) struct UpstreamBody {
    ahead: VecDeque<Frame<Bytes>>,
    ahead_bytes: u64,
    rest: Incoming,
}

// === impl UpstreamBody ===

impl UpstreamBody {
    /// Keeps a frame that was read ahead, to be given first.
    pub(crate) fn put_back(&mut self, frame: Frame<Bytes>) {
        self.ahead_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        self.ahead.push_back(frame);
    }

    /// The rest, to read ahead from.
    pub(crate) fn rest(&mut self) -> &mut Incoming {
        &mut self.rest
    }
}

impl From<Incoming> for UpstreamBody {
    fn from(rest: Incoming) -> Self {
        Self { ahead: VecDeque::new(), ahead_bytes: 0, rest }
    }
}

impl Body for UpstreamBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(frame) = self.ahead.pop_front() {
            self.ahead_bytes -= frame.data_ref().map_or(0, |data| data.len() as u64);
            return Poll::Ready(Some(Ok(frame)));
        }
        Pin::new(&mut self.rest).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(self.ahead_bytes));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(self.ahead_bytes));
        }
        hint
    }
}

//! A body whose data somebody sees as it passes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

pin_project_lite::pin_project! {
    /// A body that passes as it is, and of which `see` is shown the data.
    pub(crate) struct Inspected<B, F> {
        #[pin]
        body: B,
        see: F,
    }
}

// === impl Inspected ===

impl<B, F: FnMut(&Bytes)> Inspected<B, F> {
    pub(crate) fn new(body: B, see: F) -> Self {
        Self { body, see }
    }
}

impl<B: Body<Data = Bytes>, F: FnMut(&Bytes)> Body for Inspected<B, F> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let polled = this.body.poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            (this.see)(data);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

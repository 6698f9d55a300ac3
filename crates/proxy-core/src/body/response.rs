//! The body of an answer to the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use rotator_domain::{End, TokenUsage};
use tracing::Span;

use super::{BoxError, MeteredBody, Pause};
use crate::attempt::Held;
use crate::tally::Tally;
use crate::translate::TranslatedBody;

pin_project_lite::pin_project! {
    /// The body of an answer: the upstream's, passed on frame by frame, or the proxy's own.
    pub struct ProxyBody {
        #[pin]
        kind: Kind,
        // What is told of the request once the answer has ended.
        tally: Option<Box<Tally>>,
        // The key's lease, given back when the body is gone.
        held: Option<Held>,
        // What is logged of the request belongs to this.
        span: Span,
    }

    impl PinnedDrop for ProxyBody {
        fn drop(this: Pin<&mut Self>) {
            // Who knows that nothing more comes need not ask for it; anybody else has gone away.
            let end = this.kind.is_end_stream().then_some(End::Whole);
            let mut this = this.project();
            let _within = this.span.enter();
            tell(this.tally, this.held, this.kind.as_mut().used(), end);
        }
    }
}

pin_project_lite::pin_project! {
    #[project = KindProjection]
    enum Kind {
        Own { #[pin] body: Full<Bytes> },
        Upstream {
            #[pin]
            body: MeteredBody,
            pause: Pause,
        },
        // It holds much, and most answers are none.
        Translated { body: Box<TranslatedBody> },
    }
}

// === impl ProxyBody ===

impl ProxyBody {
    /// A body of the proxy's own.
    pub(crate) fn own(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Own { body: Full::new(body.into()) }, None)
    }

    /// An upstream's body that may pause for `idle` at the most. The lease is given back with it, and with what the answer
    /// says that it used.
    pub(crate) fn upstream(body: MeteredBody, idle: Duration, held: Held) -> Self {
        Self::new(Kind::Upstream { body, pause: Pause::new(idle) }, Some(held))
    }

    /// An upstream's stream in the client's format. The lease is given back with it, and with what it says that it used.
    pub(crate) fn translated(body: TranslatedBody, held: Held) -> Self {
        Self::new(Kind::Translated { body: Box::new(body) }, Some(held))
    }

    fn new(kind: Kind, held: Option<Held>) -> Self {
        Self { kind, tally: None, held, span: Span::none() }
    }

    /// Logs as a part of the request.
    pub(crate) fn within(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    /// Tells of the request once the answer has ended.
    pub(crate) fn tallied(mut self, tally: Box<Tally>) -> Self {
        self.tally = Some(tally);
        self
    }
}

impl Body for ProxyBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut this = self.project();
        let _within = this.span.enter();
        let polled = match this.kind.as_mut().project() {
            KindProjection::Own { body } => body.poll_frame(cx).map_err(|never| match never {}),
            KindProjection::Upstream { mut body, pause } => match body.as_mut().poll_frame(cx) {
                Poll::Ready(frame) => {
                    pause.end();
                    Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
                }
                Poll::Pending if body.has_brought() => {
                    pause.end();
                    pause.poll(cx).map(|error| Some(Err(error.into())))
                }
                Poll::Pending => pause.poll(cx).map(|error| Some(Err(error.into()))),
            },
            KindProjection::Translated { body } => body.poll(cx).map(|data| data.map(|data| Ok(Frame::data(data)))),
        };
        if let (Poll::Ready(Some(Ok(frame))), Some(tally)) = (&polled, this.tally.as_mut())
            && let Some(data) = frame.data_ref()
        {
            tally.passed(data);
        }
        // Told before the last byte is on its way, and not when the client's connection lets go of the body.
        let end = match &polled {
            // Who knows that nothing more comes need not ask for it.
            Poll::Ready(Some(Ok(_))) => this.kind.is_end_stream().then_some(End::Whole),
            Poll::Ready(Some(Err(_))) => Some(End::Broken),
            Poll::Ready(None) if this.kind.is_broken() => Some(End::Broken),
            Poll::Ready(None) => Some(End::Whole),
            Poll::Pending => None,
        };
        match end {
            Some(_) => tell(this.tally, this.held, this.kind.as_mut().used(), end),
            None if polled.is_pending() => this.held.iter_mut().for_each(Held::goes_on),
            None => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.kind.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Own { body } => body.size_hint(),
            Kind::Upstream { body, .. } => body.size_hint(),
            Kind::Translated { .. } => SizeHint::default(),
        }
    }
}

// === impl Kind ===

impl Kind {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own { body } => body.is_end_stream(),
            Self::Upstream { body, .. } => body.is_end_stream(),
            Self::Translated { .. } => false,
        }
    }

    /// Whether what ended was not the whole answer, although the client's format has words for that.
    fn is_broken(&self) -> bool {
        matches!(self, Self::Translated { body } if body.is_broken())
    }

    /// What the answer says that it used, as far as it has come.
    fn used(self: Pin<&mut Self>) -> Option<TokenUsage> {
        match self.project() {
            KindProjection::Own { .. } => None,
            KindProjection::Upstream { mut body, .. } => body.used(),
            KindProjection::Translated { body } => body.used(),
        }
    }
}

/// The answer has ended, or nobody wants the rest of it: gives the lease back with what was used, and tells of the request.
fn tell(tally: &mut Option<Box<Tally>>, held: &mut Option<Held>, used: Option<TokenUsage>, end: Option<End>) {
    if let (Some(held), Some(used)) = (held.as_mut(), used) {
        held.used(used);
    }
    drop(held.take());
    let Some(mut tally) = tally.take() else { return };
    if let Some(used) = used {
        tally.used(used);
    }
    if let Some(end) = end {
        tally.end(end);
    }
}

impl std::fmt::Debug for ProxyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyBody")
    }
}

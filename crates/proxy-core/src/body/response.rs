//! The body of an answer to the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use rotator_domain::End;

use super::usage::UsageMeter;
use super::{BoxError, Pause, UpstreamBody};
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
        // Reads how many tokens were used, where the answer may say so.
        usage: Option<UsageMeter>,
    }

    impl PinnedDrop for ProxyBody {
        fn drop(this: Pin<&mut Self>) {
            // Whoever knows that nothing more comes need not ask for it.
            let is_whole = this.kind.is_end_stream();
            let this = this.project();
            if is_whole {
                end(this.tally, this.held, this.usage, None, End::Whole);
            }
        }
    }
}

pin_project_lite::pin_project! {
    #[project = KindProjection]
    enum Kind {
        Own { #[pin] body: Full<Bytes> },
        Upstream {
            #[pin]
            body: UpstreamBody,
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
        Self { kind: Kind::Own { body: Full::new(body.into()) }, tally: None, held: None, usage: None }
    }

    /// An upstream's body that may pause for `idle` at the most. The lease is given back with it, and with what the answer
    /// says that it used, if it is one that `says_usage`.
    pub(crate) fn upstream(body: UpstreamBody, idle: Duration, held: Held, says_usage: bool) -> Self {
        let usage = says_usage.then(UsageMeter::default);
        let kind = Kind::Upstream { body, pause: Pause::new(idle) };
        Self { kind, tally: None, held: Some(held), usage }
    }

    /// An upstream's stream in the client's format. The lease is given back with it, and with what it says that it used.
    pub(crate) fn translated(body: TranslatedBody, held: Held) -> Self {
        Self { kind: Kind::Translated { body: Box::new(body) }, tally: None, held: Some(held), usage: None }
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
        let mut used = None;
        let polled = match this.kind.as_mut().project() {
            KindProjection::Own { body } => body.poll_frame(cx).map_err(|never| match never {}),
            KindProjection::Upstream { body, pause } => match body.poll_frame(cx) {
                Poll::Ready(frame) => {
                    pause.end();
                    Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
                }
                Poll::Pending => pause.poll(cx).map(|error| Some(Err(error.into()))),
            },
            KindProjection::Translated { body } => {
                let polled = body.poll(cx);
                used = body.used();
                polled.map(|data| data.map(|data| Ok(Frame::data(data))))
            }
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    if let Some(usage) = this.usage {
                        usage.see(data);
                    }
                    if let Some(tally) = this.tally {
                        tally.passed(data.len());
                    }
                }
                // Told before the last byte is on its way, and not when the client's connection lets go of the body.
                if this.kind.is_end_stream() {
                    end(this.tally, this.held, this.usage, used, End::Whole);
                }
            }
            Poll::Ready(Some(Err(_))) => end(this.tally, this.held, this.usage, used, End::Broken),
            Poll::Ready(None) => end(this.tally, this.held, this.usage, used, End::Whole),
            Poll::Pending => {}
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
}

/// The answer has ended: gives the lease back with what was used, and tells of the request.
fn end(
    tally: &mut Option<Box<Tally>>,
    held: &mut Option<Held>,
    meter: &mut Option<UsageMeter>,
    used: Option<u64>,
    end: End,
) {
    let used = used.or_else(|| meter.take()?.total());
    if let (Some(tally), Some(used)) = (tally.as_mut(), used) {
        tally.used_in_all(used);
    }
    if let Some(mut held) = held.take()
        && let Some(used) = used
    {
        held.used(used);
    }
    if let Some(tally) = tally.take() {
        tally.end(end);
    }
}

impl std::fmt::Debug for ProxyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyBody")
    }
}

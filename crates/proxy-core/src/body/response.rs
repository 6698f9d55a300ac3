//! The body of an answer to the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::usage::UsageMeter;
use super::{BoxError, Pause, UpstreamBody};
use crate::attempt::Held;
use crate::observe::InFlight;
use crate::translate::TranslatedBody;

pin_project_lite::pin_project! {
    /// The body of an answer: the upstream's, passed on frame by frame, or the proxy's own.
    pub struct ProxyBody {
        #[pin]
        kind: Kind,
        // Counts the request as in flight until the body is gone.
        in_flight: Option<InFlight>,
        // The key's lease, given back when the body is gone.
        held: Option<Held>,
        // Reads how many tokens were used, where the answer may say so.
        usage: Option<UsageMeter>,
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
        Self { kind: Kind::Own { body: Full::new(body.into()) }, in_flight: None, held: None, usage: None }
    }

    /// An upstream's body that may pause for `idle` at the most. The lease is given back with it, and with what the answer
    /// says that it used, if it is one that `says_usage`.
    pub(crate) fn upstream(body: UpstreamBody, idle: Duration, held: Held, says_usage: bool) -> Self {
        let usage = says_usage.then(UsageMeter::default);
        let kind = Kind::Upstream { body, pause: Pause::new(idle) };
        Self { kind, in_flight: None, held: Some(held), usage }
    }

    /// An upstream's stream in the client's format. The lease is given back with it, and with what it says that it used.
    pub(crate) fn translated(body: TranslatedBody, held: Held) -> Self {
        Self { kind: Kind::Translated { body: Box::new(body) }, in_flight: None, held: Some(held), usage: None }
    }

    /// Holds `guard` until the body is gone.
    pub(crate) fn holding(mut self, guard: InFlight) -> Self {
        self.in_flight = Some(guard);
        self
    }
}

impl Body for ProxyBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.project();
        let mut used = None;
        let polled = match this.kind.project() {
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
                if let (Some(usage), Some(data)) = (this.usage, frame.data_ref()) {
                    usage.see(data);
                }
            }
            // Given back as soon as the answer is whole, not when the client's connection lets go of it.
            Poll::Ready(_) => give_back(this.held, used.or_else(|| this.usage.take()?.total())),
            Poll::Pending => this.held.iter_mut().for_each(Held::goes_on),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Own { body } => body.is_end_stream(),
            Kind::Upstream { body, .. } => body.is_end_stream(),
            Kind::Translated { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Own { body } => body.size_hint(),
            Kind::Upstream { body, .. } => body.size_hint(),
            Kind::Translated { .. } => SizeHint::default(),
        }
    }
}

/// Gives the lease back, with what was used.
fn give_back(held: &mut Option<Held>, used: Option<u64>) {
    if let Some(mut held) = held.take()
        && let Some(used) = used
    {
        held.used(used);
    }
}

impl std::fmt::Debug for ProxyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyBody")
    }
}

//! The body of an answer to the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use tokio::time::{Instant, Sleep};

use super::usage::UsageMeter;
use super::{BoxError, UpstreamBody};
use crate::attempt::Held;
use crate::observe::InFlight;

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
            idle: Duration,
            // Made when the upstream first pauses, so that an answer in one piece costs no timer.
            pause: Option<Pin<Box<Sleep>>>,
            // Whether the timer runs for the pause of now; time in which the client takes nothing is no pause.
            is_pausing: bool,
        },
    }
}

/// The upstream paused for too long in the middle of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the upstream sent nothing for {} ms", .0.as_millis())]
pub(crate) struct IdleTimeout(Duration);

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
        let kind = Kind::Upstream { body, idle, pause: None, is_pausing: false };
        Self { kind, in_flight: None, held: Some(held), usage }
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
        let polled = match this.kind.project() {
            KindProjection::Own { body } => body.poll_frame(cx).map_err(|never| match never {}),
            KindProjection::Upstream { body, idle, pause, is_pausing } => match body.poll_frame(cx) {
                Poll::Ready(frame) => {
                    *is_pausing = false;
                    Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
                }
                Poll::Pending => {
                    let sleep = pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(*idle)));
                    if !std::mem::replace(is_pausing, true) {
                        sleep.as_mut().reset(Instant::now() + *idle);
                    }
                    std::task::ready!(sleep.as_mut().poll(cx));
                    Poll::Ready(Some(Err(IdleTimeout(*idle).into())))
                }
            },
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(usage), Some(data)) = (this.usage, frame.data_ref()) {
                    usage.see(data);
                }
            }
            // Given back as soon as the answer is whole, not when the client's connection lets go of it.
            Poll::Ready(_) => give_back(this.held, this.usage),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Own { body } => body.is_end_stream(),
            Kind::Upstream { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Own { body } => body.size_hint(),
            Kind::Upstream { body, .. } => body.size_hint(),
        }
    }
}

/// Gives the lease back, with what was used.
fn give_back(held: &mut Option<Held>, usage: &mut Option<UsageMeter>) {
    if let Some(mut held) = held.take()
        && let Some(used) = usage.take().and_then(|usage| usage.total())
    {
        held.used(used);
    }
}

impl std::fmt::Debug for ProxyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyBody")
    }
}

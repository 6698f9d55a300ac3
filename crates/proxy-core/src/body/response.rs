//! The body of an answer to the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::BoxError;
use crate::observe::InFlight;

pin_project_lite::pin_project! {
    /// The body of an answer: the upstream's, passed on frame by frame, or the proxy's own.
    pub struct ProxyBody {
        #[pin]
        kind: Kind,
        // Counts the request as in flight until the body is gone.
        in_flight: Option<InFlight>,
    }
}

pin_project_lite::pin_project! {
    #[project = KindProjection]
    enum Kind {
        Own { #[pin] body: Full<Bytes> },
        Upstream {
            #[pin]
            body: Incoming,
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
        Self { kind: Kind::Own { body: Full::new(body.into()) }, in_flight: None }
    }

    /// An upstream's body that may pause for `idle` at the most.
    pub(crate) fn upstream(body: Incoming, idle: Duration) -> Self {
        Self { kind: Kind::Upstream { body, idle, pause: None, is_pausing: false }, in_flight: None }
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
        match self.project().kind.project() {
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
        }
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

impl std::fmt::Debug for ProxyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyBody")
    }
}

//! An upstream's body that is read for its usage as it passes.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use rotator_domain::TokenUsage;
use rotator_format_converters::UnaskedUsage;

use super::UpstreamBody;
use super::usage::UsageMeter;

/// An upstream's body as it goes to the client: as it came, but for the usage that the client did not ask for.
pub(crate) struct MeteredBody {
    upstream: UpstreamBody,
    meter: Option<UsageMeter>,
    unasked: Option<UnaskedUsage>,
    /// What comes after the last data.
    last: Option<Frame<Bytes>>,
    has_brought: bool,
}

// === impl MeteredBody ===

impl MeteredBody {
    /// A body that `meter` reads, where there is one, and from which `unasked` takes.
    pub(crate) fn new(upstream: UpstreamBody, meter: Option<UsageMeter>, unasked: Option<UnaskedUsage>) -> Self {
        Self { upstream, meter, unasked, last: None, has_brought: false }
    }

    /// What the answer says that it used, as far as it has come.
    pub(crate) fn used(&mut self) -> Option<TokenUsage> {
        self.meter.as_mut()?.used()
    }

    /// Whether the upstream has sent anything since this was asked last, be it nothing for the client.
    pub(crate) fn has_brought(&mut self) -> bool {
        std::mem::take(&mut self.has_brought)
    }
}

impl Body for MeteredBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Self { upstream, meter, unasked, last, has_brought } = &mut *self;
        if let Some(last) = last.take() {
            return Poll::Ready(Some(Ok(last)));
        }
        loop {
            let polled = Pin::new(&mut *upstream).poll_frame(cx);
            let Poll::Ready(brought) = polled else { return Poll::Pending };
            *has_brought = true;
            if let (Some(meter), Some(Ok(frame))) = (meter.as_mut(), &brought)
                && let Some(data) = frame.data_ref()
            {
                meter.see(data);
            }
            let Some(taking) = unasked.as_mut() else { return Poll::Ready(brought) };
            let frame = match brought {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let mut left = BytesMut::new();
                        taking.pass(&data, &mut left);
                        if left.is_empty() {
                            continue;
                        }
                        return Poll::Ready(Some(Ok(Frame::data(left.freeze()))));
                    }
                    Err(frame) => Some(frame),
                },
                None => None,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            };
            let mut held = BytesMut::new();
            taking.end(&mut held);
            *unasked = None;
            if held.is_empty() {
                return Poll::Ready(frame.map(Ok));
            }
            *last = frame;
            return Poll::Ready(Some(Ok(Frame::data(held.freeze()))));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.unasked.is_none() && self.last.is_none() && self.upstream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.unasked.is_none() && self.last.is_none() { self.upstream.size_hint() } else { SizeHint::default() }
    }
}

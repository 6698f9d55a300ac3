//! A stream of an upstream as it becomes one of the client's format, piece by piece.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http_body::Body;
use rotator_domain::TokenUsage;
use rotator_format_converters::StreamTranslator;

use super::memory::Remembering;
use crate::body::{Pause, UpstreamBody};
use crate::encoding::Inflater;

/// How many frames after the end of an answer are looked at.
const MOST_DRAINED: usize = 4;

/// The client's stream. Nothing is held back but for the very end, which waits until the answer is remembered: the client's
/// next request may go on from it.
pub(crate) struct TranslatedBody {
    upstream: Option<UpstreamBody>,
    pause: Pause,
    inflater: Inflater<Vec<u8>>,
    translator: StreamTranslator,
    remembering: Option<Remembering>,
    /// What remembers the answer, and what the client gets then.
    last: Option<(BoxFuture<'static, ()>, Bytes)>,
}

/// What a poll of the upstream brought.
enum Brought {
    Data(Bytes),
    Nothing,
    End,
    Fault(String),
}

// === impl TranslatedBody ===

impl TranslatedBody {
    pub(super) fn new(
        upstream: UpstreamBody,
        idle: Duration,
        inflater: Inflater<Vec<u8>>,
        translator: StreamTranslator,
        remembering: Option<Remembering>,
    ) -> Self {
        let pause = Pause::new(idle);
        Self { upstream: Some(upstream), pause, inflater, translator, remembering, last: None }
    }

    /// The next piece for the client.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some((remembering, _)) = &mut self.last {
                ready!(remembering.as_mut().poll(cx));
                let last = self.last.take().map(|(_, bytes)| bytes).filter(|bytes| !bytes.is_empty());
                if last.is_some() {
                    return Poll::Ready(last);
                }
            }
            if self.translator.is_over() {
                self.drain(cx);
                return Poll::Ready(None);
            }
            let brought = ready!(self.bring(cx));
            let mut out = BytesMut::new();
            match brought {
                Brought::Nothing => {}
                Brought::Data(data) => match self.inflater.inflate(data) {
                    Ok(text) => self.translator.push(&text, &mut out),
                    Err(_) => self.translator.break_off("the upstream's answer cannot be decompressed", &mut out),
                },
                Brought::End => self.translator.finish(&mut out),
                Brought::Fault(message) => {
                    tracing::debug!(fault = %message, "an answer broke off");
                    self.translator.break_off(&message, &mut out);
                }
            }
            if self.translator.is_over() {
                self.last = Some((self.remember(), out.freeze()));
            } else if !out.is_empty() {
                return Poll::Ready(Some(out.freeze()));
            }
        }
    }

    /// How many tokens the answer says that it used.
    pub(crate) fn used(&self) -> Option<TokenUsage> {
        self.translator.seen().response().usage.map(TokenUsage::from)
    }

    /// Whether it ended with an error.
    pub(crate) fn is_broken(&self) -> bool {
        self.translator.seen().error().is_some()
    }

    fn bring(&mut self, cx: &mut Context<'_>) -> Poll<Brought> {
        let Some(upstream) = &mut self.upstream else { return Poll::Ready(Brought::End) };
        let Poll::Ready(frame) = Pin::new(upstream).poll_frame(cx) else {
            return self.pause.poll(cx).map(|error| Brought::Fault(error.to_string()));
        };
        self.pause.end();
        Poll::Ready(match frame {
            // Trailers speak of bytes that the client never sees.
            Some(Ok(frame)) => frame.into_data().map_or(Brought::Nothing, Brought::Data),
            Some(Err(_)) => Brought::Fault("the upstream broke the connection in the middle of its answer".to_owned()),
            None => Brought::End,
        })
    }

    /// Remembers the answer, if it is whole.
    fn remember(&mut self) -> BoxFuture<'static, ()> {
        let whole = self.remembering.take().and_then(|remembering| {
            let response = self.translator.seen().clone().into_whole()?;
            Some(remembering.keep(response))
        });
        async move {
            if let Some(keeping) = whole {
                keeping.await;
            }
        }
        .boxed()
    }

    /// Takes what has come already, so that a connection whose answer is at its end can serve again.
    fn drain(&mut self, cx: &mut Context<'_>) {
        if let Some(mut upstream) = self.upstream.take() {
            for _ in 0..MOST_DRAINED {
                if !matches!(Pin::new(&mut upstream).poll_frame(cx), Poll::Ready(Some(Ok(_)))) {
                    break;
                }
            }
        }
    }
}

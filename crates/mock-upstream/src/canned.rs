//! Answers that a test writes.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body::Frame;
use serde_json::Value;

use crate::body::{MockBody, frames};
use crate::server::State;

/// An answer as a test wrote it.
#[derive(Clone, Debug)]
pub struct Canned {
    status: u16,
    headers: Vec<(&'static str, String)>,
    pieces: Vec<Bytes>,
    /// Whether each piece but the first waits until it is released.
    waits: bool,
    ending: Ending,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Whole,
    Cut,
    Stall,
}

// === impl Canned ===

impl Canned {
    /// A JSON answer.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::of(vec![Bytes::from(body.to_string())], "application/json")
    }

    /// A stream of these events.
    pub fn events<T: Into<Bytes>>(events: impl IntoIterator<Item = T>) -> Self {
        Self::of(events.into_iter().map(Into::into).collect(), "text/event-stream")
    }

    fn of(pieces: Vec<Bytes>, content_type: &str) -> Self {
        let headers = vec![(CONTENT_TYPE.as_str(), content_type.to_owned())];
        Self { status: 200, headers, pieces, waits: false, ending: Ending::Whole }
    }

    /// With another status.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Each event but the first waits until it is released.
    #[must_use]
    pub const fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// The connection breaks after the last piece.
    #[must_use]
    pub const fn cut(mut self) -> Self {
        self.ending = Ending::Cut;
        self
    }

    /// Nothing more comes after the last piece, and the answer does not end.
    #[must_use]
    pub const fn stalled(mut self) -> Self {
        self.ending = Ending::Stall;
        self
    }

    pub(crate) fn response(self, state: &Arc<State>) -> io::Result<Response<MockBody>> {
        let Self { status, headers, pieces, waits, ending } = self;
        let begun = (pieces.into_iter(), true, Arc::clone(state));
        let body = stream::unfold(begun, move |(mut pieces, is_first, state)| async move {
            let Some(piece) = pieces.next() else {
                return match ending {
                    Ending::Whole => None,
                    Ending::Stall => std::future::pending().await,
                    Ending::Cut => {
                        // What was sent before goes out first: an error drops all that waits to be written.
                        tokio::task::yield_now().await;
                        Some((Err(io::Error::other("cut on purpose")), (pieces, false, state)))
                    }
                };
            };
            if waits && !is_first {
                state.events.acquire().await.ok()?.forget();
            }
            Some((Ok(Frame::data(piece)), (pieces, false, state)))
        });
        let mut response = Response::new(frames(body));
        *response.status_mut() = StatusCode::from_u16(status).map_err(io::Error::other)?;
        for (name, value) in headers {
            let name = HeaderName::from_static(name);
            response.headers_mut().append(name, HeaderValue::from_str(&value).map_err(io::Error::other)?);
        }
        Ok(response)
    }
}

//! A plain HTTP client that changes nothing of what a test writes.

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

pub(crate) type TestBody = UnsyncBoxBody<Bytes, std::io::Error>;

/// Sends requests over its own pool of connections.
#[derive(Clone)]
pub(crate) struct TestClient(Client<HttpConnector, TestBody>);

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) body: Bytes,
}

pub(crate) fn full(body: impl Into<Bytes>) -> TestBody {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A body of unknown length with trailers after it.
pub(crate) fn with_trailers(body: impl Into<Bytes>, trailers: &[(&'static str, &'static str)]) -> TestBody {
    let trailers =
        trailers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let frames = [Ok(Frame::data(body.into())), Ok(Frame::trailers(trailers.collect()))];
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

// === impl TestClient ===

impl TestClient {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Speaks HTTP/2 with prior knowledge.
    pub(crate) fn http2() -> Self {
        Self(Client::builder(TokioExecutor::new()).http2_only(true).build_http())
    }

    /// Sends a request and gives the answer as soon as its head is there.
    pub(crate) async fn head(&self, request: Request<TestBody>) -> Response<Incoming> {
        self.0.request(request).await.unwrap()
    }

    /// Sends a request to a server that may go away, and gives the answer's status if all of it came.
    pub(crate) async fn try_send(self, request: Request<TestBody>) -> Option<StatusCode> {
        let answer = self.0.request(request).await.ok()?;
        let status = answer.status();
        answer.into_body().collect().await.ok()?;
        Some(status)
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) async fn send(&self, request: Request<TestBody>) -> Answer {
        let (parts, body) = self.head(request).await.into_parts();
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned();
        Answer { status: parts.status, headers: parts.headers, trailers, body: collected.to_bytes() }
    }
}

// === impl Answer ===

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

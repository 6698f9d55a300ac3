//! Messages of the server's own, over the connections that requests take.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use rotator_domain::{HttpVersion, TargetUrl};

use crate::Proxy;
use crate::body::{BoxError, Replay};
use crate::upstream::SendError;

/// How much of an answer is read, so that its connection can be used again. What it says does not matter.
const ANSWER: usize = 16 * 1024;

/// Why a message was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The address makes no URL of HTTP's.
    #[error("the address makes no URL")]
    BadUrl,
    /// It never left.
    #[error("no connection")]
    NotSent,
    /// It left, and the connection broke.
    #[error("the connection broke")]
    Broken,
    /// There was no answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
}

// === impl Proxy ===

impl Proxy {
    /// Posts a message to somebody who is no upstream, and gives the status of the answer. Redirects are not followed; the
    /// answer's body is passed over, and a long one ends the connection.
    ///
    /// # Errors
    /// When there is no answer within `limit`.
    pub async fn post(
        &self,
        url: &TargetUrl,
        headers: HeaderMap,
        body: Bytes,
        limit: Duration,
    ) -> Result<StatusCode, PostError> {
        let shared = &self.0;
        let uri = Uri::try_from(url.as_str()).map_err(|_| PostError::BadUrl)?;
        let body = Full::new(body).map_err(|never| -> BoxError { match never {} }).boxed_unsync();
        let mut request = Request::new(Replay::new(body, 0, None).attempt());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let exchange = async {
            let connect = shared.settings.connect_timeout.min(limit);
            let answer = shared.upstreams.send(request, HttpVersion::Auto, connect).await?;
            let status = answer.status();
            // However it ends, the status has been told.
            drop(Limited::new(answer.into_body(), ANSWER).collect().await);
            Ok(status)
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(answered) => answered.map_err(|error: SendError| PostError::from(&error)),
            Err(_) => Err(PostError::Timeout(limit)),
        }
    }
}

// === impl PostError ===

impl From<&SendError> for PostError {
    fn from(error: &SendError) -> Self {
        match error {
            SendError::NotSent(_) => Self::NotSent,
            SendError::Timeout(limit) | SendError::ClientStalled(limit) => Self::Timeout(*limit),
            SendError::Broken(_) | SendError::ClientBody(_) => Self::Broken,
        }
    }
}

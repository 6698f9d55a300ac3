//! One connection, one request at a time.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::target::Asked;

/// A connection that is made when it is needed.
pub(crate) struct Link {
    asked: Arc<Asked>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

// === impl Link ===

impl Link {
    pub(crate) const fn new(asked: Arc<Asked>) -> Self {
        Self { asked, sender: None }
    }

    /// Asks, and takes the answer to its end; whether it is a success.
    pub(crate) async fn exchange(&mut self) -> bool {
        let Ok(response) = self.ask().await else { return false };
        let is_success = response.status().is_success();
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            if frame.is_err() {
                return false;
            }
        }
        is_success
    }

    /// Asks, and gives the answer as soon as its head is there.
    pub(crate) async fn ask(&mut self) -> io::Result<Response<Incoming>> {
        let mut sender = self.connected().await?;
        let mut request = Request::new(Full::new(self.asked.body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.asked.path.clone().into();
        *request.headers_mut() = self.asked.headers.clone();
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        self.sender = Some(sender);
        Ok(response)
    }

    /// The connection as it is, or a new one where it has been closed.
    async fn connected(&mut self) -> io::Result<SendRequest<Full<Bytes>>> {
        if let Some(mut sender) = self.sender.take()
            && sender.ready().await.is_ok()
        {
            return Ok(sender);
        }
        let stream = TcpStream::connect((self.asked.host.as_str(), self.asked.port)).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // It ends with its sender; what goes wrong is told to whoever waits for the answer.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }
}

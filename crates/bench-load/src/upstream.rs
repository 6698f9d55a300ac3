//! The upstream: does as little as an HTTP server can, so that the proxies before it are what is measured.
//!
//! `POST /v1/chat/completions` is OpenAI's, whole or streamed; a path that ends with `events` streams (`count`, and `every` so many
//! milliseconds); everything else is answered with `bytes` bytes of JSON.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Interval, interval};

use crate::events::event;
use crate::target::json_of;

type UpstreamBody = UnsyncBoxBody<Bytes, Infallible>;

/// What an answer has where nothing is said.
const SMALL: usize = 64;
/// Events of a stream where nothing is said, and of every streamed chat.
const EVENTS: u64 = 1000;
const CHAT: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1767225600,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"Hello from the upstream."},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}"#;
const PIECE: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":"bench","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}"#;
const LAST: &str = r#"{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1767225600,"model":"bench","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1000,"total_tokens":1003}}"#;

/// Serves until it is ended.
pub(crate) async fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listens on http://{}", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream))),
            // The system has no file descriptor left, for now.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream) {
    // Without it a small event may wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    // How a connection ends is its client's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<UpstreamBody>, hyper::Error> {
    let (parts, mut body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if path.ends_with("/chat/completions") {
        let asked = body.collect().await?.to_bytes();
        return Ok(if streams(&asked) { chat_events() } else { json(Bytes::from_static(CHAT.as_bytes())) });
    }
    while let Some(frame) = body.frame().await {
        frame?;
    }
    if path.ends_with("events") {
        let every = number(query, "every").map(Duration::from_millis);
        return Ok(event_stream(numbered(number(query, "count").unwrap_or(EVENTS), every)));
    }
    let bytes = number(query, "bytes").and_then(|bytes| usize::try_from(bytes).ok());
    Ok(json(json_of(bytes.unwrap_or(SMALL))))
}

/// Whether a chat is to be streamed.
fn streams(asked: &[u8]) -> bool {
    const SAYS_SO: &[u8] = b"\"stream\":true";
    asked.windows(SAYS_SO.len()).any(|window| window == SAYS_SO)
}

fn number(query: &str, name: &str) -> Option<u64> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse().ok())
}

/// So many events, each written alone; at once, or one at each tick.
fn numbered(count: u64, every: Option<Duration>) -> impl Stream<Item = Bytes> + Send {
    let ticks = every.filter(|every| !every.is_zero()).map(interval);
    stream::unfold((0, ticks), move |(number, mut ticks)| async move {
        if number == count {
            return None;
        }
        pause(ticks.as_mut()).await;
        Some((event(number), (number + 1, ticks)))
    })
}

/// A chat of a thousand pieces, each written alone.
fn chat_events() -> Response<UpstreamBody> {
    event_stream(stream::unfold(0, |number| async move {
        pause(None).await;
        let event = match number {
            EVENTS => Bytes::from(format!("data: {LAST}\n\ndata: [DONE]\n\n")),
            0..EVENTS => Bytes::from(format!("data: {PIECE}\n\n")),
            _ => return None,
        };
        Some((event, number + 1))
    }))
}

/// Waits for the tick, or lets the connection write what it has: else it would gather many events for one write.
async fn pause(ticks: Option<&mut Interval>) {
    match ticks {
        Some(ticks) => drop(ticks.tick().await),
        None => tokio::task::yield_now().await,
    }
}

fn event_stream(events: impl Stream<Item = Bytes> + Send + 'static) -> Response<UpstreamBody> {
    let frames = futures_util::StreamExt::map(events, |event| Ok(Frame::data(event)));
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

fn json(body: Bytes) -> Response<UpstreamBody> {
    let mut response = Response::new(Full::new(body).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_chat_is_streamed_where_that_is_asked_for() {
        assert!(streams(br#"{"model":"bench","stream":true}"#));
        assert!(!streams(br#"{"model":"bench","stream":false}"#));
        assert_eq!((number("a=1&every=1000", "every"), number("every=x", "every")), (Some(1000), None));
    }

    #[tokio::test]
    async fn a_streamed_chat_is_a_thousand_pieces_and_an_end() {
        let body = chat_events().into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        let events: Vec<&str> =
            text.split_terminator("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
        assert_eq!((events.len(), events.last()), (1002, Some(&"[DONE]")));
        let last: Value = serde_json::from_str(events[1000]).unwrap();
        assert_eq!(last["usage"]["completion_tokens"], 1000);
        assert!(serde_json::from_str::<Value>(CHAT).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn slow_events_come_one_at_each_tick() {
        let begun = tokio::time::Instant::now();
        let events: Vec<Bytes> = numbered(3, Some(Duration::from_secs(1))).collect().await;
        assert_eq!((events.len(), begun.elapsed()), (3, Duration::from_secs(2)));
    }
}

//! The paths, many of which misbehave on purpose.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, SET_COOKIE, TRAILER};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;

use crate::body::{MockBody, frames, full};
use crate::key::{Treatment, presented};
use crate::ledger::{self, Ledger, Told};
use crate::record::{KEPT, Recorded};
use crate::server::{Presence, State};
use crate::{llm, websocket};

/// `x` compressed with gzip.
const GZIP: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 0, 0, 131, 22, 220, 140, 1, 0, 0, 0];
/// The pieces in which long bodies are sent.
const PIECE: usize = 64 * 1024;

/// Answers a request; an error ends the connection without an answer.
pub(crate) async fn answer(
    state: &Arc<State>,
    request: Request<Incoming>,
) -> io::Result<(Response<MockBody>, Presence)> {
    let key = presented(request.headers(), request.uri());
    let number = ledger::number(request.headers());
    let (Treatment { refusal, told }, presence) = state.arrive(&key, number);
    let treated = treated(state, key, refusal, request).await;
    state.book(number, || {
        let answer = treated.as_ref().ok();
        let told = answer.and_then(|answer| answer.extensions().get::<Told>()).copied();
        Ledger::answered(answer.map(Response::status), told)
    });
    let mut response = treated?;
    for (name, value) in told {
        response.headers_mut().insert(name, HeaderValue::from_str(&value).map_err(io::Error::other)?);
    }
    Ok((response, presence))
}

async fn treated(
    state: &Arc<State>,
    key: String,
    refusal: Option<Response<MockBody>>,
    mut request: Request<Incoming>,
) -> io::Result<Response<MockBody>> {
    if request.uri().path().ends_with("/ws") && refusal.is_none() {
        state.record(Recorded::new(key, &request_parts(&request)));
        return Ok(websocket::accept(Arc::clone(state), &mut request));
    }
    let (parts, mut body) = request.into_parts();
    let mut recorded = Recorded::new(key, &parts);
    if parts.uri.path().ends_with("/early-refusal") {
        state.record(recorded);
        return Ok(status(StatusCode::TOO_MANY_REQUESTS));
    }
    while let Some(frame) = body.frame().await {
        match frame.map_err(io::Error::other)?.into_data() {
            Ok(data) => {
                let room = KEPT.saturating_sub(recorded.body.len()).min(data.len());
                recorded.body.extend_from_slice(&data[..room]);
                recorded.body_length += data.len() as u64;
            }
            Err(other) => recorded.trailers = other.into_trailers().ok(),
        }
    }
    state.record(recorded.clone());
    if let Some(refusal) = refusal {
        return Ok(refusal);
    }
    route(state, parts.uri.path(), parts.uri.query().unwrap_or_default(), recorded).await
}

async fn route(state: &Arc<State>, path: &str, query: &str, request: Recorded) -> io::Result<Response<MockBody>> {
    let number = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).find_map(|(_, value)| value.parse::<u64>().ok())
    };
    let last = path.rsplit('/').next().unwrap_or_default();
    if let Some(canned) = state.canned(path) {
        return canned.response(state);
    }
    if let Some(response) = llm::answer(path, query, &request) {
        return Ok(response);
    }
    Ok(match last {
        "slow" => {
            tokio::time::sleep(Duration::from_millis(number("ms").unwrap_or(0))).await;
            Response::new(full(""))
        }
        "hang" => std::future::pending().await,
        "close" => return Err(io::Error::other("closed on purpose")),
        "sse" => sse(Arc::clone(state), number("n"), number("end")),
        "download" => download(number("bytes").unwrap_or(0), None),
        "stall" => download(number("bytes").unwrap_or(0), Some(Tail::Stall)),
        "cut" => download(number("bytes").unwrap_or(0), Some(Tail::Cut)),
        "upload" => Response::new(full(request.body_length.to_string())),
        "gzip" => with(GZIP, &[(CONTENT_ENCODING, "gzip")]),
        "headers" => {
            let mut response = with("", &[(SET_COOKIE, "a=1"), (SET_COOKIE, "b=2"), (CONTENT_TYPE, "text/plain")]);
            let latin1 = HeaderValue::from_bytes(b"caf\xe9").map_err(io::Error::other)?;
            response.headers_mut().insert("x-latin1", latin1);
            response.headers_mut().insert("connection", HeaderValue::from_static("x-private"));
            response.headers_mut().insert("x-private", HeaderValue::from_static("1"));
            response
        }
        "trailers" => trailers(request.trailers),
        "redirect" => {
            let mut response = with("", &[(LOCATION, "https://elsewhere.example/")]);
            *response.status_mut() = StatusCode::FOUND;
            response
        }
        code if path.contains("/status/") => {
            status(code.parse().ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::BAD_REQUEST))
        }
        _ => Response::new(full(
            json!({"method": request.method.as_str(), "path": request.path_and_query, "body": String::from_utf8_lossy(&request.body)})
                .to_string(),
        )),
    })
}

/// How a download that does not end well goes on.
#[derive(Clone, Copy)]
enum Tail {
    Stall,
    Cut,
}

/// So many bytes in pieces, none of them held; then the tail.
fn download(bytes: u64, tail: Option<Tail>) -> Response<MockBody> {
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let body = stream::unfold((bytes, piece), move |(left, piece)| async move {
        if left == 0 {
            return match tail {
                None => None,
                Some(Tail::Stall) => std::future::pending().await,
                Some(Tail::Cut) => {
                    // What was sent before goes out first: an error drops all that waits to be written.
                    tokio::task::yield_now().await;
                    Some((Err(io::Error::other("cut on purpose")), (0, piece)))
                }
            };
        }
        let size = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        Some((Ok(Frame::data(piece.slice(..size))), (left - size as u64, piece)))
    });
    let mut response = Response::new(frames(body));
    if tail.is_none() {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    response
}

/// `count` events freely; or the first at once and each further one when it is released, without end or up to `end`.
fn sse(state: Arc<State>, count: Option<u64>, end: Option<u64>) -> Response<MockBody> {
    let events = stream::unfold((0_u64, state), move |(sent, state)| async move {
        if count.or(end) == Some(sent) {
            return None;
        }
        if count.is_none() && sent > 0 {
            state.events.acquire().await.ok()?.forget();
        }
        let event = Frame::data(Bytes::from(format!("data: {{\"event\":{sent}}}\n\n")));
        Some((Ok(event), (sent + 1, state)))
    });
    let mut response = Response::new(frames(events));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response
}

/// A body and then trailers: those of the request, and one more.
fn trailers(request: Option<HeaderMap>) -> Response<MockBody> {
    let mut trailers = request.unwrap_or_default();
    trailers.insert("x-upstream-trailer", HeaderValue::from_static("1"));
    let names: Vec<&str> = trailers.keys().map(HeaderName::as_str).collect();
    let names = HeaderValue::from_str(&names.join(", "));
    let body = stream::iter([Ok(Frame::data(Bytes::from_static(b"body"))), Ok(Frame::trailers(trailers))]);
    let mut response = Response::new(frames(body));
    if let Ok(names) = names {
        response.headers_mut().insert(TRAILER, names);
    }
    response
}

fn status(status: StatusCode) -> Response<MockBody> {
    let mut response = Response::new(full(""));
    *response.status_mut() = status;
    response
}

fn with(body: impl Into<Bytes>, headers: &[(HeaderName, &'static str)]) -> Response<MockBody> {
    let mut response = Response::new(full(body));
    for (name, value) in headers {
        response.headers_mut().append(name, HeaderValue::from_static(value));
    }
    response
}

fn request_parts(request: &Request<Incoming>) -> http::request::Parts {
    let mut copy = Request::new(());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    copy.into_parts().0
}

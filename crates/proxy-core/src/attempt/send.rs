//! One attempt: the request with its key, to the head of the answer.

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use hyper::body::Incoming;
use rotator_domain::{HttpVersion, Timestamp};
use tokio::time::Instant;

use crate::body::{AttemptBody, Replay, Waiting};
use crate::catalog::ServiceEntry;
use crate::inject::KeyMaterial;
use crate::proxy::Shared;
use crate::query;
use crate::upstream::SendError;

/// A request without its key and its body.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// The path on the target, percent-encoding as the client wrote it.
    pub(crate) path: String,
    /// The client's query, its key taken out.
    pub(crate) query: Option<String>,
    /// The protocol to switch to, where the client asks for one.
    pub(crate) upgrade: Option<HeaderValue>,
}

/// Why an attempt brought no answer.
#[derive(Debug)]
pub(crate) enum SendFailure {
    /// Path and query do not make a URL.
    BadPath,
    /// The upstream has failed too often; it is left alone until then.
    Barred(Timestamp),
    /// Sending failed.
    Send(SendError),
}

/// Sends one attempt and waits for the head of the answer.
pub(crate) async fn send(
    shared: &Shared,
    entry: &ServiceEntry,
    outgoing: &Outgoing,
    replay: &Replay,
    material: &KeyMaterial,
) -> Result<Response<Incoming>, SendFailure> {
    let request = request(entry, outgoing, material, replay.attempt()).ok_or(SendFailure::BadPath)?;
    let passed = shared.breakers.pass(&entry.target.authority, shared.clock.now()).map_err(SendFailure::Barred)?;
    let result = until_head(shared, entry, outgoing, replay, request).await;
    match &result {
        Ok(_) => passed.succeed(),
        Err(SendError::NotSent(_) | SendError::Broken(_) | SendError::Timeout(_)) => passed.fail(shared.clock.now()),
        // What the client does says nothing about the upstream.
        Err(SendError::ClientStalled(_) | SendError::ClientBody(_)) => drop(passed),
    }
    result.map_err(SendFailure::Send)
}

async fn until_head(
    shared: &Shared,
    entry: &ServiceEntry,
    outgoing: &Outgoing,
    replay: &Replay,
    request: Request<AttemptBody>,
) -> Result<Response<Incoming>, SendError> {
    // Only HTTP/1.1 has the Upgrade header.
    let version = if outgoing.upgrade.is_some() { HttpVersion::Http1 } else { entry.policy.http_version };
    let connect_timeout = entry.policy.connect_timeout.unwrap_or(shared.settings.connect_timeout);
    let limit = entry.policy.first_byte_timeout.unwrap_or(shared.settings.first_byte_timeout);
    let mut sending = std::pin::pin!(shared.upstreams.send(request, version, connect_timeout));
    let idle = entry.idle_timeout(shared);
    let look_again = limit.min(idle);
    let mut deadline = std::pin::pin!(tokio::time::sleep(look_again));
    loop {
        tokio::select! {
            biased;
            result = &mut sending => return result,
            () = &mut deadline => {
                // The upstream's time runs from the last byte of the request, however long the client takes to send it.
                let (due, error) = match replay.waiting() {
                    Waiting::ForUpstream(since) => (since + limit, SendError::Timeout(limit)),
                    Waiting::ForClient(since) => (since + idle, SendError::ClientStalled(idle)),
                };
                let now = Instant::now();
                if due <= now {
                    return Err(error);
                }
                // Whoever is waited for may have changed by then.
                deadline.as_mut().reset(due.min(now + look_again));
            }
        }
    }
}

fn request(
    entry: &ServiceEntry,
    outgoing: &Outgoing,
    material: &KeyMaterial,
    body: AttemptBody,
) -> Option<Request<AttemptBody>> {
    let mut headers = outgoing.headers.clone();
    material.write_header(&entry.injection, &mut headers);
    let own_query = outgoing.query.as_deref().map(|text| entry.injection.without_clients_own(text));
    let target = &entry.target;
    let query = query::join([target.base_query.as_deref(), own_query.as_deref(), material.query()]);
    let path_and_query = match query {
        Some(query) => PathAndQuery::try_from(format!("{}?{query}", outgoing.path)),
        None => PathAndQuery::try_from(outgoing.path.as_str()),
    };
    let uri = Uri::builder()
        .scheme(target.scheme.clone())
        .authority(target.authority.clone())
        .path_and_query(path_and_query.ok()?)
        .build()
        .ok()?;
    let mut request = Request::new(body);
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Some(request)
}

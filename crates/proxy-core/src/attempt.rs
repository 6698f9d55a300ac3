//! The attempt loop: key after key, until one serves or none is left.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use hyper::body::Incoming;
use rotator_cache_trait::{CacheError, KeyCooldown, Pick, PickRequest};
use rotator_domain::{CooldownReason, HttpVersion, KeyId, Timestamp, Verdict};
use rotator_llm_adapters::{Answer, plain_verdict};
use tokio::time::Instant;

use crate::body::{AttemptBody, Replay};
use crate::catalog::{Door, ServiceEntry};
use crate::inject::KeyMaterial;
use crate::proxy::Shared;
use crate::query;
use crate::refusal::Refusal;
use crate::upstream::SendError;

/// How many connections in a row may fail before the upstream counts as unreachable: the keys are not to blame.
const CONNECTIONS_TRIED: usize = 3;

/// A request without its key and its body.
#[derive(Debug)]
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

/// What the attempts so far have shown.
#[derive(Default)]
struct Course {
    tried: Vec<KeyId>,
    failed_connections: usize,
    /// An answer that refuses this request (403); it goes to the client when no key does better.
    forbidden: Option<Response<Incoming>>,
}

/// Sends the request with one key after the other, each once, and gives the answer that goes to the client.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    entry: &ServiceEntry,
    outgoing: &Outgoing,
    replay: &Replay,
) -> Result<Response<Incoming>, Refusal> {
    let mut course = Course::default();
    loop {
        let now = shared.clock.now();
        let request = PickRequest { service_id: entry.id(), tried: &course.tried, now };
        let key = match shared.rotation.pick(request).await.map_err(no_rotation)? {
            Pick::Key(key) => key,
            Pick::None { retry_at } => return course.end(retry_at, now),
        };
        course.tried.push(key);
        // The pool may be newer than this request's catalog for a moment.
        let Some(material) = entry.key(key) else { continue };
        match send(shared, entry, outgoing, replay, material).await {
            Ok(response) => {
                let verdict = learn(shared, entry, key, &response).await?;
                let replayable = replay.is_replayable();
                match verdict {
                    Verdict::Refused if replayable => {}
                    Verdict::Refused => return Err(Refusal::NoUsableKey),
                    Verdict::Forbidden if replayable => course.forbidden = Some(response),
                    verdict if verdict.is_refusal() && replayable => {}
                    _ => return Ok(response),
                }
            }
            Err(error) => course.failed(shared, entry, key, replay, error)?,
        }
    }
}

/// Reads what an answer says about the key and tells the rotation.
pub(crate) async fn learn(
    shared: &Shared,
    entry: &ServiceEntry,
    key: KeyId,
    response: &Response<Incoming>,
) -> Result<Verdict, Refusal> {
    let now = shared.clock.now();
    let answer = Answer { status: response.status(), headers: response.headers(), now };
    let verdict = match &entry.door {
        Door::Llm { adapter, .. } => adapter.verdict(&answer),
        Door::Generic { .. } => plain_verdict(&answer),
    };
    let settings = &shared.settings;
    let (outcome, pause) = match verdict {
        Verdict::Healthy => ("healthy", None),
        Verdict::CoolDown { after } => {
            ("limited", Some((after.unwrap_or(settings.default_cooldown), CooldownReason::Limited)))
        }
        Verdict::Refused => ("refused", Some((settings.refused_cooldown, CooldownReason::Refused))),
        Verdict::Forbidden => ("forbidden", None),
        Verdict::UpstreamFault => ("upstream_fault", None),
        Verdict::ClientFault => ("client_fault", None),
    };
    shared.metrics.attempted(entry.slug().as_str(), outcome);
    if let Some((pause, reason)) = pause {
        tracing::info!(
            service.slug = %entry.slug(),
            key.id = %key,
            upstream.status = response.status().as_u16(),
            cooldown.ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            "a key was {outcome} and is left alone for a while"
        );
        let cooldown = KeyCooldown { key, until: now.saturating_add(pause), reason };
        shared.rotation.cool_down(entry.id(), cooldown).await.map_err(no_rotation)?;
    }
    Ok(verdict)
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
    // Only HTTP/1.1 has the Upgrade header.
    let version = if outgoing.upgrade.is_some() { HttpVersion::Http1 } else { entry.http_version };
    let connect_timeout = entry.connect_timeout.unwrap_or(shared.settings.connect_timeout);
    let limit = entry.first_byte_timeout.unwrap_or(shared.settings.first_byte_timeout);
    let mut sending = std::pin::pin!(shared.upstreams.send(request, version, connect_timeout));
    let mut deadline = std::pin::pin!(tokio::time::sleep(limit));
    loop {
        tokio::select! {
            biased;
            result = &mut sending => return result.map_err(SendFailure::Send),
            () = &mut deadline => {
                // The time runs from the last byte of the request, however long that takes to send.
                let due = replay.last_progress() + limit;
                if due <= Instant::now() {
                    return Err(SendFailure::Send(SendError::Timeout(limit)));
                }
                deadline.as_mut().reset(due);
            }
        }
    }
}

/// Why an attempt brought no answer.
pub(crate) enum SendFailure {
    /// Path and query do not make a URL.
    BadPath,
    /// Sending failed.
    Send(SendError),
}

// === impl Course ===

impl Course {
    /// Decides whether an attempt without an answer may be followed by another one.
    fn failed(
        &mut self,
        shared: &Shared,
        entry: &ServiceEntry,
        key: KeyId,
        replay: &Replay,
        failure: SendFailure,
    ) -> Result<(), Refusal> {
        let SendFailure::Send(error) = failure else {
            return Err(Refusal::BadPath);
        };
        let (outcome, refusal) = match &error {
            SendError::NotSent(_) => ("not_sent", Refusal::Unreachable),
            SendError::Broken(_) => ("broken", Refusal::Broken),
            SendError::Timeout(_) => ("timeout", Refusal::Timeout),
            SendError::ClientBody(_) if replay.is_too_long() => ("client_body", Refusal::BodyTooLong),
            SendError::ClientBody(_) => ("client_body", Refusal::BodyCutShort),
        };
        shared.metrics.attempted(entry.slug().as_str(), outcome);
        tracing::warn!(
            service.slug = %entry.slug(),
            key.id = %key,
            error = %error,
            cause = error_chain(&error),
            "an attempt brought no answer"
        );
        self.failed_connections += 1;
        let again = matches!(error, SendError::NotSent(_))
            && replay.is_replayable()
            && self.failed_connections < CONNECTIONS_TRIED;
        if again { Ok(()) } else { Err(refusal) }
    }

    /// The answer when no key is left to try.
    fn end(self, retry_at: Option<Timestamp>, now: Timestamp) -> Result<Response<Incoming>, Refusal> {
        match (retry_at, self.forbidden) {
            (Some(retry_at), _) => Err(Refusal::Cooling(retry_at.saturating_since(now))),
            (None, Some(response)) => Ok(response),
            (None, None) if self.failed_connections > 0 => Err(Refusal::Unreachable),
            (None, None) => Err(Refusal::NoUsableKey),
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

fn no_rotation(error: CacheError) -> Refusal {
    tracing::error!(error = %error, cause = error_chain(&error), "the rotation state does not answer");
    Refusal::NoRotation
}

/// The causes below an error, outermost first.
fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

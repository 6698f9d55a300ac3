//! From an admitted request to an answer: the service that was asked, and then those that step in for it, each in its format.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rotator_domain::Format;
use rotator_format_converters::{Operation, operation, wire_format};
use rotator_llm_adapters::join_path;

use super::look;
use crate::attempt::{self, Outgoing, Served};
use crate::body::{InboundBody, ProxyBody, Replay};
use crate::catalog::{Catalog, Door, ServiceEntry};
use crate::demand::{Demand, model_in_path};
use crate::log::Capture;
use crate::proxy::Shared;
use crate::refusal::Refusal;
use crate::route::DoorName;
use crate::tally::Tally;
use crate::translate::{Prepared, Sent, Translation, Translator};
use crate::{credentials, members};

/// A request that may be served.
pub(super) struct Admitted<'a> {
    pub(super) door: DoorName,
    /// The path after the slug.
    pub(super) rest: &'a str,
    pub(super) demand: Demand,
    /// Without the path, which depends on who serves it.
    pub(super) outgoing: Outgoing,
    pub(super) body: ClientBody,
    pub(super) client_key: Vec<u8>,
    /// What converts it, for an LLM's client.
    pub(super) translator: Option<Translator<'a>>,
}

/// What became of a request.
pub(super) enum Relayed<'a> {
    /// A service answered, in its own format or in one that is still to be converted. `is_unasked` where its stream tells what
    /// was used only because the proxy asked for it.
    Served { served: Served, entry: &'a Arc<ServiceEntry>, translation: Option<Translation>, is_unasked: bool },
    /// It was answered without an upstream.
    Answered(Response<ProxyBody>),
}

/// A client's body.
pub(super) enum ClientBody {
    /// Read whole, with its trailers.
    Whole(Bytes, Option<HeaderMap>),
    /// On its way.
    Streaming(InboundBody),
}

// === impl ClientBody ===

impl ClientBody {
    /// The same, of which the beginning is kept.
    pub(super) fn watched(self, capture: &Capture) -> Self {
        match self {
            Self::Whole(body, trailers) => {
                capture.push(&body);
                Self::Whole(body, trailers)
            }
            Self::Streaming(body) => Self::Streaming(capture.watch(body).boxed_unsync()),
        }
    }
}

/// Who serves it, and under which names they know the models.
struct Candidate<'a> {
    entry: &'a Arc<ServiceEntry>,
    models: Option<&'a BTreeMap<String, String>>,
}

/// Serves the request with its service and, where that cannot, with the first of its fallbacks that can.
pub(super) async fn relay<'a>(
    shared: &Arc<Shared>,
    catalog: &'a Catalog,
    entry: &'a Arc<ServiceEntry>,
    request: Admitted<'_>,
    tally: &mut Tally,
) -> Result<Relayed<'a>, Refusal> {
    let Admitted { door, rest, mut demand, mut outgoing, body, client_key, mut translator } = request;
    let wanted = demand.model.take();
    let mut source = Source::new(shared, door, body, client_key);
    // What the service itself says is what its client asked for.
    let mut first = None;
    for Candidate { entry: candidate, models } in candidates(catalog, entry) {
        if let Some(translator) = &mut translator
            && translator.is_needed_for(format_of(candidate), source.whole()).await
        {
            let name_of = |wanted: &str| name_at(entry, candidate, models, wanted).to_owned();
            let sent = async {
                let is_new = source.whole().is_none();
                let body = source.read_whole(candidate.idle_timeout(shared)).await?;
                if is_new {
                    demand = demand.clone().with_llm(rest, Some(&body));
                }
                translator.prepare(candidate, &name_of, &outgoing.headers, &body, &demand).await
            };
            let prepared = match sent.await {
                Ok(Sent::Upstream(prepared)) => *prepared,
                Ok(Sent::Answered(response)) => return Ok(Relayed::Answered(*response)),
                // What a fallback cannot say is no reason to tell the client about.
                Err(refusal) => match first {
                    None => return Err(refusal),
                    Some(_) => continue,
                },
            };
            let Prepared { outgoing, body, demand, translation } = prepared;
            let replay = Replay::new(look::whole_body(body, None), usize::MAX, None);
            match attempt::run(shared, candidate, &demand, &outgoing, &replay, tally).await {
                Ok(served) => {
                    let translation = Some(translation);
                    return Ok(Relayed::Served { served, entry: candidate, translation, is_unasked: false });
                }
                Err(error) if error.lets_another_serve(&demand, candidate) => first.get_or_insert(error),
                Err(error) => return Err(error),
            };
            continue;
        }
        let own = wanted.as_deref().map(|wanted| name_at(entry, candidate, models, wanted));
        let is_renamed = own != wanted.as_deref();
        let rest = own.filter(|_| is_renamed).map_or(Cow::Borrowed(rest), |own| renamed_path(rest, own));
        outgoing.path = path_on(candidate, &rest);
        let asks = may_ask_usage(candidate, &outgoing.method, &rest);
        let (replay, is_unasked) = source.replay(&mut outgoing.headers, own.filter(|_| is_renamed), asks);
        let outgoing = if is_unasked { Cow::Owned(readable(&outgoing)) } else { Cow::Borrowed(&outgoing) };
        demand.model = own.map(str::to_owned);
        match attempt::run(shared, candidate, &demand, &outgoing, &replay, tally).await {
            Ok(served) => return Ok(Relayed::Served { served, entry: candidate, translation: None, is_unasked }),
            Err(error) if error.lets_another_serve(&demand, candidate) && replay.is_replayable() => {
                tracing::debug!(service.slug = %candidate.slug(), refusal = error.code(), "a service could not serve");
                first.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
        source.used(replay);
    }
    Err(first.unwrap_or(Refusal::NoUsableKey))
}

/// The service itself, and then its fallbacks that are there, active and behind the same door.
fn candidates<'a>(catalog: &'a Catalog, entry: &'a Arc<ServiceEntry>) -> impl Iterator<Item = Candidate<'a>> {
    let fallbacks = entry.policy.fallback.iter().filter_map(|fallback| {
        let other = catalog.by_slug(fallback.slug.as_str()).filter(|other| other.is_active())?;
        let fits = matches!(
            (&entry.door, &other.door),
            (Door::Generic { .. }, Door::Generic { .. }) | (Door::Llm { .. }, Door::Llm { .. })
        );
        fits.then_some(Candidate { entry: other, models: Some(&fallback.models) })
    });
    std::iter::once(Candidate { entry, models: None }).chain(fallbacks)
}

/// What a service's upstream speaks. Behind the generic door nobody asks.
fn format_of(entry: &ServiceEntry) -> Format {
    entry.format().unwrap_or(Format::OpenAi)
}

/// What the wanted model is called where it is served.
fn name_at<'a>(
    asked: &'a ServiceEntry,
    serving: &'a ServiceEntry,
    models: Option<&'a BTreeMap<String, String>>,
    wanted: &'a str,
) -> &'a str {
    let alias =
        |entry: &'a ServiceEntry, name: &'a str| entry.policy.model_aliases.get(name).map_or(name, String::as_str);
    let Some(models) = models else {
        return alias(asked, wanted);
    };
    // By the name that the client used, or by the one that stands for it at the service that was asked.
    let mapped = models.get(wanted).or_else(|| models.get(alias(asked, wanted)));
    alias(serving, mapped.map_or(wanted, String::as_str))
}

/// Whether a request for this path may ask for the usage of its stream, in the service's own format.
fn may_ask_usage(entry: &ServiceEntry, method: &Method, rest: &str) -> Option<Format> {
    let format = entry.format().filter(|_| entry.policy.asks_for_usage)?;
    matches!(operation(format, method, rest, None), Operation::Converse(_)).then_some(format)
}

/// The request for an answer of which something is taken out here: it must not be compressed.
fn readable(outgoing: &Outgoing) -> Outgoing {
    let mut outgoing = outgoing.clone();
    if outgoing.headers.contains_key(ACCEPT_ENCODING) {
        outgoing.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    outgoing
}

/// The path on a service's target.
fn path_on(entry: &ServiceEntry, rest: &str) -> String {
    let base = entry.target.base_path.as_str();
    match &entry.door {
        Door::Llm { .. } => join_path(base, rest),
        Door::Generic { .. } if rest.is_empty() => base.to_owned(),
        Door::Generic { .. } => format!("{}{rest}", base.trim_end_matches('/')),
    }
}

/// The path with another model in it, where it names one.
fn renamed_path<'a>(rest: &'a str, name: &str) -> Cow<'a, str> {
    match (model_in_path(rest), rest.rsplit_once("/models/")) {
        (Some(_), Some((before, model_and_action))) => {
            let action = action_of(model_and_action);
            let name = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
            // Dots and hyphens are common in names and need no encoding (RFC 3986, section 2.3).
            let name = name.replace("%2D", "-").replace("%2E", ".").replace("%5F", "_");
            Cow::Owned(format!("{before}/models/{name}:{action}"))
        }
        _ => Cow::Borrowed(rest),
    }
}

/// What stands behind the colon after a model, which some clients encode.
fn action_of(model_and_action: &str) -> &str {
    let encoded = || {
        let at = ["%3A", "%3a"].into_iter().filter_map(|colon| model_and_action.rfind(colon)).max()?;
        model_and_action.get(at + 3..)
    };
    let plain = model_and_action.split_once(':').map(|(_, action)| action);
    plain.or_else(encoded).unwrap_or_default()
}

/// Where the body of each candidate's request comes from.
struct Source<'a> {
    shared: &'a Shared,
    door: DoorName,
    body: Option<ClientBody>,
    streamed: Option<Replay>,
    client_key: Vec<u8>,
}

// === impl Source ===

impl<'a> Source<'a> {
    fn new(shared: &'a Shared, door: DoorName, body: ClientBody, client_key: Vec<u8>) -> Self {
        Self { shared, door, body: Some(body), streamed: None, client_key }
    }

    /// The body for the next candidate, with another model where one is named; a length that was told follows. Where a
    /// format is given, the body asks for the usage of its stream as that format has it, if the client's did not: then that is
    /// told as well.
    fn replay(&mut self, headers: &mut HeaderMap, model: Option<&str>, asks: Option<Format>) -> (Replay, bool) {
        if let Some(replay) = self.streamed.take() {
            return (replay, false);
        }
        let mut is_unasked = false;
        let body = match self.body.take() {
            Some(ClientBody::Whole(body, trailers)) => {
                let mut sent =
                    model.and_then(|model| members::with_text(&body, "model", model)).unwrap_or_else(|| body.clone());
                if let Some(asking) = asks.and_then(|format| self.asking(format, &sent)) {
                    (sent, is_unasked) = (asking, true);
                }
                if headers.contains_key(CONTENT_LENGTH) {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from(sent.len()));
                }
                let inbound = look::whole_body(sent, trailers.clone());
                self.body = Some(ClientBody::Whole(body, trailers));
                inbound
            }
            Some(ClientBody::Streaming(body)) => body,
            None => look::whole_body(Bytes::new(), None),
        };
        let (door, client_key) = (self.door, self.client_key.clone());
        let settings = &self.shared.settings;
        let replay = Replay::new(body, settings.replay_limit, settings.max_request_body)
            .cleaning(move |trailers| credentials::remove_from_headers(door, trailers, &client_key));
        (replay, is_unasked)
    }

    /// The body that asks for the usage as well, if it is none too long to be sent, and sent again.
    fn asking(&self, format: Format, body: &[u8]) -> Option<Bytes> {
        let settings = &self.shared.settings;
        let longest = settings.max_request_body.unwrap_or(u64::MAX).min(settings.replay_limit as u64);
        wire_format(format).asking_usage(body).filter(|asking| asking.len() as u64 <= longest)
    }

    /// The whole body, where it was read.
    fn whole(&self) -> Option<&[u8]> {
        match &self.body {
            Some(ClientBody::Whole(body, _)) => Some(body),
            _ => None,
        }
    }

    /// The whole body, read now where it was not, with pauses of `idle` at the most.
    async fn read_whole(&mut self, idle: Duration) -> Result<Bytes, Refusal> {
        let (body, trailers) = match self.body.take() {
            Some(ClientBody::Streaming(body)) => {
                look::read_whole(body, self.shared.settings.replay_limit, idle, &self.client_key).await?
            }
            Some(ClientBody::Whole(body, trailers)) => (body, trailers),
            // It has been streamed to another upstream.
            None if self.streamed.is_some() => return Err(Refusal::BodyTooLong),
            None => (Bytes::new(), None),
        };
        if self.shared.settings.max_request_body.is_some_and(|longest| body.len() as u64 > longest) {
            return Err(Refusal::BodyTooLong);
        }
        self.body = Some(ClientBody::Whole(body.clone(), trailers));
        Ok(body)
    }

    /// A body that streams is kept for the next candidate.
    fn used(&mut self, replay: Replay) {
        if self.body.is_none() {
            self.streamed = Some(replay);
        }
    }
}

//! A client's request as each upstream gets it.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response};
use rotator_domain::Format;
use rotator_format_converters::ir::{CountedTokens, Opaque, Request};
use rotator_format_converters::{Ids, Losses, Operation, Telling, UpstreamCall, Writing, is_understood, wire_format};

use super::answer::{Task, Translation};
use super::estimate;
use super::headers;
use super::memory::{Remembering, What};
use super::models::with_aliases;
use super::naming::Naming;
use super::path::path_on;
use super::question::{Client, Conversing, Question};
use crate::attempt::Outgoing;
use crate::body::ProxyBody;
use crate::catalog::{Door, ServiceEntry};
use crate::demand::Demand;
use crate::refusal::Refusal;

/// Turns a client's request into those of other formats.
pub(crate) struct Translator<'a> {
    client: Client<'a>,
    question: Option<Question>,
}

/// What becomes of a request.
pub(crate) enum Sent {
    /// It goes to the upstream.
    Upstream(Box<Prepared>),
    /// It is answered here.
    Answered(Box<Response<ProxyBody>>),
}

/// A request for an upstream.
pub(crate) struct Prepared {
    pub(crate) outgoing: Outgoing,
    pub(crate) body: Bytes,
    pub(crate) demand: Demand,
    pub(crate) translation: Translation,
}

/// The one that serves, as the request is written for it.
struct Target<'a> {
    format: Format,
    /// What the wanted model is called there.
    name_of: &'a (dyn Fn(&str) -> String + Sync),
    /// Whether it may be asked to tell what a stream used.
    asks_for_usage: bool,
}

/// What was written.
struct Written {
    call: UpstreamCall,
    model: Option<String>,
    dropped: Vec<String>,
}

// === impl Translator ===

impl<'a> Translator<'a> {
    pub(crate) const fn new(client: Client<'a>) -> Self {
        Self { client, question: None }
    }

    /// Whether an upstream cannot take the request as it stands: because it speaks another format, or because the request
    /// goes on with what another upstream said in its place.
    pub(crate) async fn is_needed_for(&self, upstream: Format, body: Option<&[u8]>) -> bool {
        let client = &self.client;
        if !is_understood(client.path, client.format, upstream) {
            return true;
        }
        if client.is_kept_here(upstream) && matches!(client.operation(), Operation::Converse(_)) {
            return true;
        }
        let Some(body) = body.filter(|_| client.format == upstream) else { return false };
        let may_go_on = || upstream == Format::OpenAiResponses && !client.service.policy.fallback.is_empty();
        let is_enveloped = Opaque::is_enveloped_in(body);
        if (is_enveloped || may_go_on()) && matches!(client.operation(), Operation::Converse(_)) {
            return is_enveloped || client.goes_on_from_here(body).await;
        }
        false
    }

    /// The request for one upstream.
    pub(crate) async fn prepare(
        &mut self,
        entry: &Arc<ServiceEntry>,
        name_of: &(dyn Fn(&str) -> String + Sync),
        client_headers: &HeaderMap,
        body: &Bytes,
        demand: &Demand,
    ) -> Result<Sent, Refusal> {
        let Door::Llm { adapter, .. } = &entry.door else { return Err(Refusal::NoUsableKey) };
        let target = Target { format: adapter.format(), name_of, asks_for_usage: entry.policy.asks_for_usage };
        let client = &self.client;
        let question = match &mut self.question {
            Some(question) => question,
            unread => unread.insert(Question::read(client, client_headers, body).await?),
        };
        let mut demand = demand.clone();
        let (written, task) = match question {
            Question::Converse(conversing) => {
                let (written, own) = converse(client, conversing, &target)?;
                demand.session = conversing.session.or(demand.session);
                demand.is_pinned = is_key_bound(&own, target.format);
                (written, answering(client, conversing, target.format, demand.session))
            }
            Question::Count(conversing) => {
                let estimate = estimate::tokens(&conversing.full);
                let Some((written, own)) = count(client, conversing, &target)? else {
                    return Ok(Sent::Answered(Box::new(estimated(client.format, estimate))));
                };
                demand.is_pinned = is_key_bound(&own, target.format);
                (written, Task::Count { estimate })
            }
            Question::Embed(request) => {
                let model = (target.name_of)(&request.model);
                let mut own = request.clone();
                own.model.clone_from(&model);
                let mut writing = writing(client);
                let written = wire_format(target.format).write_embedding(&own, &mut writing);
                let Some(call) = written.map_err(Refusal::Invalid)? else {
                    return Err(Refusal::NoEmbeddings { upstream: target.format });
                };
                let dropped = lost(client, &writing)?;
                (Written { call, model: Some(model), dropped }, Task::Embed(request.clone()))
            }
            Question::ListModels => {
                if let Some(page) = client.shared.model_lists.get(entry) {
                    let page = with_aliases(&page, &entry.policy.model_aliases);
                    return Ok(Sent::Answered(Box::new(json(wire_format(client.format).write_models(&page)))));
                }
                (asking_models(target.format, None), Task::ListModels(Arc::clone(entry)))
            }
            Question::ShowModel(name) => {
                let own = (target.name_of)(name);
                (asking_models(target.format, Some(own)), Task::ShowModel(name.clone()))
            }
            Question::Other => {
                let endpoint = format!("{} {}", client.method, client.path);
                return Err(Refusal::OtherFormat { endpoint, client: client.format, upstream: target.format });
            }
        };
        let Written { call, model, dropped } = written;
        demand.model = model;
        let UpstreamCall { method, path, query, headers: own_headers, body } = call;
        let outgoing = Outgoing {
            method,
            headers: headers::for_upstream(client_headers, target.format, &own_headers, body.len()),
            path: path_on(*adapter, &entry.target.base_path, &path),
            query,
            upgrade: None,
        };
        let translation = Translation { client: client.format, upstream: target.format, task, dropped };
        Ok(Sent::Upstream(Box::new(Prepared { outgoing, body, demand, translation })))
    }
}

/// Writes a request for an answer.
fn converse(client: &Client<'_>, conversing: &Conversing, target: &Target<'_>) -> Result<(Written, Request), Refusal> {
    let own = own_request(client, conversing, target)?;
    let mut writing = writing(client);
    let call = wire_format(target.format).write_request(&own, &mut writing).map_err(Refusal::Invalid)?;
    let written = Written { call, model: Some(own.model.clone()), dropped: lost(client, &writing)? };
    Ok((written, own))
}

/// Writes a request for a count of tokens, where the upstream counts.
fn count(
    client: &Client<'_>,
    conversing: &Conversing,
    target: &Target<'_>,
) -> Result<Option<(Written, Request)>, Refusal> {
    let own = own_request(client, conversing, target)?;
    let mut writing = writing(client);
    let call = wire_format(target.format).write_count(&own, &mut writing).map_err(Refusal::Invalid)?;
    let Some(call) = call else { return Ok(None) };
    Ok(Some((Written { call, model: Some(own.model.clone()), dropped: lost(client, &writing)? }, own)))
}

/// The request with what the model is called there, and without what was done here.
fn own_request(client: &Client<'_>, conversing: &Conversing, target: &Target<'_>) -> Result<Request, Refusal> {
    conversing.check_state(target.format)?;
    let mut own = Request::clone(&conversing.full);
    own.model = (target.name_of)(&own.model);
    // What was used is counted here, whether or not the client wants to know.
    own.include_usage = own.stream && target.asks_for_usage;
    if client.format == Format::OpenAiResponses && target.format != Format::OpenAiResponses {
        own.state.store = None;
        own.state.background = None;
    }
    Ok(own)
}

/// What is to be done with the answer.
fn answering(client: &Client<'_>, conversing: &Conversing, upstream: Format, session: Option<u64>) -> Task {
    let mut ids = Ids::new(seed());
    let has_own_memory = client.format == upstream && !client.is_kept_here(upstream);
    let response_id = (client.format == Format::OpenAiResponses && !has_own_memory).then(|| ids.mint("resp_"));
    let what = match (&response_id, client.format) {
        _ if has_own_memory => None,
        (Some(id), _) if conversing.told.state.store != Some(false) => Some(What::Conversation {
            id: id.clone(),
            session,
            request: Arc::clone(&conversing.full),
            instructions: conversing.instructions,
        }),
        (_, Format::OpenAi) => Some(What::Calls),
        _ => None,
    };
    let remembering = what.zip(client.memory()).map(|(what, memory)| Remembering { memory, what });
    let telling = Telling {
        request: Arc::clone(&conversing.told),
        asked: conversing.asked.clone(),
        ids: Ids::new(seed()),
        now: client.shared.clock.now().as_millis() / 1000,
        losses: Losses::default(),
    };
    Task::Converse { telling: Box::new(telling), naming: Naming::new(client.format, response_id, ids), remembering }
}

/// What could not be said; a strict service has none of it.
fn lost(client: &Client<'_>, writing: &Writing<'_>) -> Result<Vec<String>, Refusal> {
    let names = writing.losses.names();
    if client.service.policy.is_strict && !names.is_empty() {
        return Err(Refusal::Lost(names.to_vec()));
    }
    Ok(names.to_vec())
}

fn writing<'a>(client: &Client<'a>) -> Writing<'a> {
    Writing { models: &client.shared.settings.models, losses: Losses::default() }
}

fn asking_models(upstream: Format, model: Option<String>) -> Written {
    let call = wire_format(upstream).models_call(model.as_deref());
    Written { call, model: None, dropped: Vec::new() }
}

/// Whether only the organisation of one key can have the request's reasoning read again
/// (<https://platform.openai.com/docs/guides/reasoning>, "Encrypted reasoning items").
fn is_key_bound(request: &Request, upstream: Format) -> bool {
    let mut opaque = request.parts().filter_map(|part| part.opaque.as_ref());
    upstream == Format::OpenAiResponses && opaque.any(|opaque| opaque.is_of(upstream))
}

/// The answer with an estimate, marked as one.
pub(super) fn estimated(client: Format, tokens: u64) -> Response<ProxyBody> {
    let counted = CountedTokens { input: tokens, is_estimate: true };
    let mut response = json(wire_format(client).write_counted(counted));
    headers::tell_estimate(response.headers_mut());
    response
}

fn json(body: Bytes) -> Response<ProxyBody> {
    let mut response = Response::new(ProxyBody::own(body));
    headers::for_client(response.headers_mut(), "application/json");
    response
}

/// A number that no other answer has.
fn seed() -> u128 {
    let half = |salt: u8| u128::from(RandomState::new().hash_one(salt));
    half(0) << 64 | half(1)
}

#[cfg(test)]
mod tests {
    use rotator_format_converters::ir::{Part, Role, Turn};

    use super::*;

    #[test]
    fn only_what_the_upstreams_vendor_sealed_pins_a_request() {
        let sealed = |issuer| Part { opaque: Some(Opaque::new(issuer, "s".into())), ..Part::text("t") };
        let (responses, gemini) = (Format::OpenAiResponses, Format::Gemini);
        for (issuer, upstream, expected) in [
            (responses, responses, true),
            (gemini, responses, false),
            (responses, gemini, false),
            (gemini, gemini, false),
        ] {
            let mut request = Request::new(Format::Anthropic, "m".into());
            request.turns = vec![Turn::new(Role::Assistant, vec![Part::text("a"), sealed(issuer)])];
            assert_eq!(is_key_bound(&request, upstream), expected, "{issuer} {upstream}");
        }
    }

    #[test]
    fn no_two_answers_have_the_same_seed() {
        assert_ne!(seed(), seed());
    }
}

//! An upstream's answer as the client gets it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use rotator_domain::Format;
use rotator_format_converters::ir::{self, ApiError, CountedTokens, EmbeddingRequest, Model};
use rotator_format_converters::{ErrorReply, StreamTranslator, StreamWriter, Telling, events_of, wire_format};

use super::collect;
use super::headers;
use super::memory::Remembering;
use super::models::with_aliases;
use super::naming::{Naming, NamingReader};
use super::prepare::estimated;
use super::stream::TranslatedBody;
use crate::attempt::Served;
use crate::body::{MeteredBody, ProxyBody, UpstreamBody};
use crate::catalog::ServiceEntry;
use crate::encoding::{Encoding, Inflater};
use crate::proxy::Shared;
use crate::refusal::Refusal;
use crate::tally::Tally;

/// Turns one answer into the client's format.
pub(crate) struct Translation {
    pub(super) client: Format,
    pub(super) upstream: Format,
    pub(super) task: Task,
    /// What the request could not say.
    pub(super) dropped: Vec<String>,
}

/// What was asked for.
pub(super) enum Task {
    Converse {
        telling: Box<Telling>,
        naming: Naming,
        remembering: Option<Remembering>,
    },
    Count {
        /// For an upstream that does not count after all.
        estimate: u64,
    },
    Embed(EmbeddingRequest),
    /// The list of models of this service.
    ListModels(Arc<ServiceEntry>),
    /// What is told of a model of this name.
    ShowModel(String),
}

/// Writes nothing: for the reading alone.
struct Silent;

// === impl Translation ===

impl Translation {
    /// The answer for the client; the lease goes back when it is whole.
    pub(crate) async fn answer(
        self,
        shared: &Shared,
        entry: &ServiceEntry,
        served: Served,
        tally: &mut Tally,
    ) -> Result<Response<ProxyBody>, Refusal> {
        let Served { response, mut held, attempts } = served;
        let (mut parts, mut body) = response.into_parts();
        let content = parts.headers.clone();
        crate::headers::remove_hop_by_hop(&mut parts.headers);
        if entry.policy.tells_rotation {
            crate::headers::tell_rotation(&mut parts.headers, entry.slug(), held.lease().key, attempts);
        }
        parts.extensions.clear();
        parts.version = http::Version::default();
        let idle = entry.idle_timeout(shared);
        let status = parts.status;
        if status.is_client_error() || status.is_server_error() {
            if let Task::Count { estimate } = self.task
                && matches!(status.as_u16(), 404 | 405 | 501)
            {
                return Ok(estimated(self.client, estimate));
            }
            let text = collect::error(&mut body, &content, idle).await;
            let error = wire_format(self.upstream).read_error(status.as_u16(), &text);
            return Ok(told(self.client, parts, &error));
        }
        if !status.is_success() {
            return Ok(Response::from_parts(
                parts,
                ProxyBody::upstream(MeteredBody::new(body, None, None), idle, held),
            ));
        }
        headers::tell_dropped(&mut parts.headers, self.dropped.iter());
        let (client, upstream) = (wire_format(self.client), wire_format(self.upstream));
        match self.task {
            Task::Converse { telling, naming, remembering } => {
                let reader = Box::new(NamingReader::new(upstream.stream_reader(), naming.clone()));
                let is_stream = is_stream(&content, telling.request.stream);
                if is_stream && telling.request.stream {
                    let encoding = Encoding::of(&content).ok_or(Refusal::BadEncoding)?;
                    let translator = StreamTranslator::new(reader, client.stream_writer(*telling));
                    headers::for_client(&mut parts.headers, translator.content_type());
                    let inflater = Inflater::new(encoding, Vec::new());
                    let body = TranslatedBody::new(body, idle, inflater, translator, remembering);
                    return Ok(Response::from_parts(parts, ProxyBody::translated(body, held)));
                }
                let text = collect::answer(&mut body, &content, idle).await?;
                let answer = if is_stream {
                    accumulated(StreamTranslator::new(reader, Box::new(Silent)), &text)
                } else {
                    let mut answer = upstream.read_response(&text).map_err(senseless)?;
                    let mut naming = naming;
                    naming.name(&mut answer);
                    Ok(answer)
                };
                let answer = match answer {
                    Ok(answer) if answer.error.is_none() => answer,
                    Ok(ir::Response { error, .. }) => return Ok(told(self.client, parts, &error.unwrap_or_default())),
                    Err(error) => return Ok(told(self.client, parts, &error)),
                };
                if let Some(used) = answer.usage {
                    held.used(used.into());
                    tally.used(used.into());
                }
                drop((held, body));
                let written = write(self.client, &answer, *telling, &self.dropped, &mut parts);
                if let Some(remembering) = remembering {
                    remembering.keep(answer).await;
                }
                Ok(Response::from_parts(parts, ProxyBody::own(written)))
            }
            Task::Count { .. } => {
                let counted = upstream.read_count(&read(&mut body, &content, &mut parts, idle).await?);
                let counted: CountedTokens = counted.map_err(senseless)?;
                if counted.is_estimate {
                    headers::tell_estimate(&mut parts.headers);
                }
                Ok(Response::from_parts(parts, ProxyBody::own(client.write_counted(counted))))
            }
            Task::Embed(request) => {
                let text = read(&mut body, &content, &mut parts, idle).await?;
                let answer = upstream.read_embedded(&text).map_err(senseless)?;
                if let Some(used) = answer.usage {
                    held.used(used.into());
                    tally.used(used.into());
                }
                let written = client.write_embedded(&answer, &request).map_err(senseless)?;
                Ok(Response::from_parts(parts, ProxyBody::own(written)))
            }
            Task::ListModels(service) => {
                let text = read(&mut body, &content, &mut parts, idle).await?;
                let page = Arc::new(upstream.read_models(&text).map_err(senseless)?);
                shared.model_lists.put(&service, Arc::clone(&page));
                let page = with_aliases(&page, &service.policy.model_aliases);
                Ok(Response::from_parts(parts, ProxyBody::own(client.write_models(&page))))
            }
            Task::ShowModel(name) => {
                let text = read(&mut body, &content, &mut parts, idle).await?;
                let model = Model { id: name, ..upstream.read_model(&text).map_err(senseless)? };
                Ok(Response::from_parts(parts, ProxyBody::own(client.write_model(&model))))
            }
        }
    }
}

/// Writes a whole answer, in pieces where the client asked for them.
fn write(client: Format, answer: &ir::Response, mut telling: Telling, dropped: &[String], parts: &mut Parts) -> Bytes {
    let wire = wire_format(client);
    if telling.request.stream {
        let mut writer = wire.stream_writer(telling);
        let mut out = BytesMut::new();
        for event in events_of(answer) {
            writer.write(event, &mut out);
        }
        headers::for_client(&mut parts.headers, writer.content_type());
        return out.freeze();
    }
    let body = wire.write_response(answer, &mut telling);
    headers::for_client(&mut parts.headers, "application/json");
    headers::tell_dropped(&mut parts.headers, dropped.iter().chain(telling.losses.names()));
    body
}

/// The body of an answer that is JSON on both sides.
async fn read(
    body: &mut UpstreamBody,
    content: &HeaderMap,
    parts: &mut Parts,
    idle: std::time::Duration,
) -> Result<Bytes, Refusal> {
    headers::for_client(&mut parts.headers, "application/json");
    collect::answer(body, content, idle).await
}

/// The answer that a stream tells.
fn accumulated(mut translator: StreamTranslator, text: &[u8]) -> Result<ir::Response, ApiError> {
    let mut nothing = BytesMut::new();
    translator.push(text, &mut nothing);
    if !translator.is_over() {
        translator.finish(&mut nothing);
    }
    let seen = translator.seen();
    let broken = || ApiError { status: 502, ..ApiError::default() };
    seen.clone().into_whole().ok_or_else(|| seen.error().cloned().unwrap_or_else(broken))
}

/// An error in the client's format, with the upstream's other fields, `Retry-After` among them.
fn told(client: Format, mut parts: Parts, error: &ApiError) -> Response<ProxyBody> {
    // An error that came with a good status, or with none that is one, is the upstream's.
    let status = if error.status >= 400 { error.status } else { 502 };
    let (code, param) = (error.code.as_deref(), error.param.as_deref());
    let reply = ErrorReply { status, message: &error.message, code, param };
    let rendered = wire_format(client).error(&reply);
    parts.status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::BAD_GATEWAY);
    headers::for_client(&mut parts.headers, rendered.content_type);
    Response::from_parts(parts, ProxyBody::own(rendered.body))
}

/// Whether an answer comes in events. Some upstreams forget to say so.
fn is_stream(headers: &HeaderMap, is_wanted: bool) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_ascii_lowercase());
    let begins = |name: &[u8]| media_type.as_ref().is_some_and(|media_type| media_type.starts_with(name));
    begins(b"text/event-stream") || (is_wanted && !begins(b"application/json"))
}

fn senseless(error: rotator_format_converters::Invalid) -> Refusal {
    Refusal::BadAnswer(error.to_string())
}

// === impl Silent ===

impl StreamWriter for Silent {
    fn write(&mut self, _event: ir::Event, _out: &mut BytesMut) {}
}

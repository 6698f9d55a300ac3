//! What a format can do: read and write requests, answers, streams and errors.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use rotator_domain::Format;

use crate::ir::{
    ApiError, CountedTokens, EmbeddingRequest, EmbeddingResponse, Event, Model, ModelPage, Request, Response,
};
use crate::{ErrorReply, Ids, Invalid, Losses, ModelTable, RenderedError, UsageReader, sse};

/// A wire format.
///
/// Reading is strict with requests, whose author can mend them, and lenient with answers, whose reader may understand more
/// than this crate does. Writing never fails silently: what the format cannot say is an [`Invalid`] where it changes the
/// meaning, and else named in the [`Losses`].
pub trait WireFormat: Send + Sync {
    /// Which format it is.
    fn format(&self) -> Format;

    /// Whether an action (the path below the service, its version segment taken off) belongs to this format alone.
    fn owns_action(&self, action: &str) -> bool;

    /// Whether a request for something that several formats have, such as the list of models, comes from a client of
    /// this format. By default it does not.
    fn is_spoken_by(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let _ = (headers, query);
        false
    }

    /// What a request asks for. `action` is the path below the service, its version segment taken off, still encoded.
    fn operation(&self, method: &Method, action: &str, query: Option<&str>) -> Operation;

    /// Writes an error as this format's vendor does.
    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError;

    /// Reads an error that the vendor answered with this status. What makes no sense is told as it stands.
    fn read_error(&self, status: u16, body: &[u8]) -> ApiError;

    /// Reads a request for an answer, or for a count of its tokens.
    ///
    /// # Errors
    ///
    /// The place of what is missing or makes no sense.
    fn read_request(&self, asked: &Asked, body: &[u8]) -> Result<Request, Invalid>;

    /// Writes a request for an answer.
    ///
    /// # Errors
    ///
    /// What the format cannot say although the answer's meaning depends on it.
    fn write_request(&self, request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid>;

    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// The answer is not one of this format.
    fn read_response(&self, body: &[u8]) -> Result<Response, Invalid>;

    /// Writes an answer.
    fn write_response(&self, response: &Response, telling: &mut Telling) -> Bytes;

    /// Reads an answer that comes in pieces.
    fn stream_reader(&self) -> Box<dyn StreamReader>;

    /// Writes an answer in pieces.
    fn stream_writer(&self, telling: Telling) -> Box<dyn StreamWriter>;

    /// Reads what an answer used, whatever endpoint it is of, whole or in pieces.
    fn usage_reader(&self) -> UsageReader;

    /// A request's body that also asks for the usage of its stream; `None` where nothing is to be asked for, which is so by
    /// default. [`UnaskedUsage`](crate::UnaskedUsage) takes out of the answer what comes of it.
    fn asking_usage(&self, body: &[u8]) -> Option<Bytes> {
        let _ = body;
        None
    }

    /// Writes a request for the number of a prompt's tokens; `None` where the format has none.
    ///
    /// # Errors
    ///
    /// As [`WireFormat::write_request`].
    fn write_count(&self, request: &Request, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid>;

    /// Reads a count of tokens.
    ///
    /// # Errors
    ///
    /// The answer is not one of this format.
    fn read_count(&self, body: &[u8]) -> Result<CountedTokens, Invalid>;

    /// Writes a count of tokens.
    fn write_counted(&self, counted: CountedTokens) -> Bytes;

    /// The request for the list of models, or for one of them.
    fn models_call(&self, model: Option<&str>) -> UpstreamCall;

    /// Reads a list of models.
    ///
    /// # Errors
    ///
    /// The answer is not one of this format.
    fn read_models(&self, body: &[u8]) -> Result<ModelPage, Invalid>;

    /// Reads what is told of one model.
    ///
    /// # Errors
    ///
    /// The answer is not one of this format.
    fn read_model(&self, body: &[u8]) -> Result<Model, Invalid>;

    /// Writes a list of models.
    fn write_models(&self, page: &ModelPage) -> Bytes;

    /// Writes what is told of one model.
    fn write_model(&self, model: &Model) -> Bytes;

    /// Reads a request for embeddings.
    ///
    /// # Errors
    ///
    /// The place of what is missing or makes no sense.
    fn read_embedding(&self, asked: &Asked, body: &[u8]) -> Result<EmbeddingRequest, Invalid>;

    /// Writes a request for embeddings; `None` where the format has none.
    ///
    /// # Errors
    ///
    /// What the format cannot say although the answer's meaning depends on it.
    fn write_embedding(
        &self,
        request: &EmbeddingRequest,
        writing: &mut Writing<'_>,
    ) -> Result<Option<UpstreamCall>, Invalid>;

    /// Reads embeddings.
    ///
    /// # Errors
    ///
    /// The answer is not one of this format.
    fn read_embedded(&self, body: &[u8]) -> Result<EmbeddingResponse, Invalid>;

    /// Writes embeddings that were asked for with `request`.
    ///
    /// # Errors
    ///
    /// The numbers are not such as this format writes.
    fn write_embedded(&self, response: &EmbeddingResponse, request: &EmbeddingRequest) -> Result<Bytes, Invalid>;
}

/// Reads the events of a stream.
pub trait StreamReader: Send {
    /// Takes the next event up.
    ///
    /// # Errors
    ///
    /// The event is not one of this format; the stream cannot go on.
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid>;

    /// The upstream sends nothing more: closes what is open and gives [`Event::End`] where the stream was whole by this
    /// format's rules, else [`Event::Error`].
    fn finish(&mut self, events: &mut Vec<Event>);
}

/// Writes the events of a stream. [`Event::End`] and [`Event::Error`] end it; what comes after is not written.
pub trait StreamWriter: Send {
    /// Writes an event, or keeps it until there is something to write.
    fn write(&mut self, event: Event, out: &mut BytesMut);

    /// The stream's media type.
    fn content_type(&self) -> &'static str {
        "text/event-stream"
    }
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// An answer.
    Converse(Asked),
    /// The number of a prompt's tokens.
    CountTokens(Asked),
    /// Embeddings.
    Embed(Asked),
    /// The list of models.
    ListModels,
    /// What is told of this model.
    ShowModel(String),
    /// Something that only this format has.
    Other,
}

/// What the path and the query say of a request, where the format says it there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The model.
    pub model: Option<String>,
    /// Whether the answer is to come in pieces.
    pub stream: Option<bool>,
    /// Whether the pieces are to be the items of one JSON list (Gemini without `alt=sse`), not events.
    pub as_list: bool,
    /// Whether several are asked for at once.
    pub is_batch: bool,
}

/// What writing a request needs, and what it leaves behind.
#[derive(Debug)]
pub struct Writing<'a> {
    /// What is known of models.
    pub models: &'a ModelTable,
    /// What could not be said.
    pub losses: Losses,
}

/// What writing an answer needs, and what it leaves behind.
#[derive(Clone, Debug)]
pub struct Telling {
    /// What the client asked for.
    pub request: Arc<Request>,
    /// How it asked.
    pub asked: Asked,
    /// Where ids come from that the upstream did not give.
    pub ids: Ids,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// What could not be said.
    pub losses: Losses,
}

/// A request as the upstream wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamCall {
    /// The method.
    pub method: Method,
    /// The path on the upstream, with the vendor's version segment.
    pub path: String,
    /// The query.
    pub query: Option<String>,
    /// Headers that the format wants.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body, JSON; empty for `GET`.
    pub body: Bytes,
}

// === impl UpstreamCall ===

impl UpstreamCall {
    /// A JSON body to a path.
    pub(crate) fn post(path: impl Into<String>, body: &impl serde::Serialize) -> Result<Self, Invalid> {
        let body = serde_json::to_vec(body).map_err(|error| Invalid::new(error.to_string()))?;
        let (path, headers) = (path.into(), Vec::new());
        Ok(Self { method: Method::POST, path, query: None, headers, body: body.into() })
    }

    /// A path without a body.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: None, headers: Vec::new(), body: Bytes::new() }
    }
}

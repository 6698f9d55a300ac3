//! What a client asks, read once for all upstreams that may serve it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use rotator_domain::{Digest, Format};
use rotator_format_converters::ir::{EmbeddingRequest, Request};
use rotator_format_converters::{Asked, Operation, operation, wire_format};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::memory::Memory;
use crate::catalog::ServiceEntry;
use crate::encoding::Encoding;
use crate::proxy::Shared;
use crate::refusal::Refusal;

/// Who asks, and where.
pub(crate) struct Client<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    /// The service that it named.
    pub(crate) service: &'a ServiceEntry,
    /// What it speaks.
    pub(crate) format: Format,
    /// The digest of its key.
    pub(crate) digest: Digest,
    pub(crate) method: &'a Method,
    /// The path after the slug.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

/// What a client asks.
pub(super) enum Question {
    Converse(Conversing),
    Count(Conversing),
    Embed(EmbeddingRequest),
    ListModels,
    ShowModel(String),
    /// Something that only its format has.
    Other,
}

/// A request for an answer, or for a count of its tokens.
pub(super) struct Conversing {
    pub(super) asked: Asked,
    /// As the client wrote it.
    pub(super) told: Arc<Request>,
    /// With all that is remembered of the conversation.
    pub(super) full: Arc<Request>,
    /// How many turns at the beginning are instructions of this request only.
    pub(super) instructions: usize,
    /// What tells the session of a remembered conversation.
    pub(super) session: Option<u64>,
}

/// What of a request to OpenAI's Responses is looked at before it is read.
#[derive(Default, Deserialize)]
struct Head<'a> {
    #[serde(default, borrow)]
    instructions: Option<&'a RawValue>,
    #[serde(default)]
    previous_response_id: Option<String>,
}

// === impl Client ===

impl Client<'_> {
    /// What the client asks for.
    pub(super) fn operation(&self) -> Operation {
        operation(self.format, self.method, self.path, self.query)
    }

    /// Whether the answers of an upstream that keeps conversations itself are remembered here all the same: it steps in for a
    /// service that does not, and which is asked first when the conversation goes on.
    pub(super) fn is_kept_here(&self, upstream: Format) -> bool {
        upstream == Format::OpenAiResponses && self.format == upstream && self.service.format() != Some(upstream)
    }

    /// What is remembered for it, if this proxy remembers anything.
    pub(super) fn memory(&self) -> Option<Memory> {
        let store = Arc::clone(self.shared.conversations.as_ref()?);
        Some(Memory { store, service_id: self.service.id(), client: self.digest })
    }

    /// Whether it goes on from an answer that is remembered here.
    pub(super) async fn goes_on_from_here(&self, body: &[u8]) -> bool {
        let Some(previous) = Head::of(body).previous_response_id else { return false };
        let Some(memory) = self.memory() else { return false };
        memory.conversation(&previous).await.is_ok_and(|found| found.is_some())
    }
}

// === impl Question ===

impl Question {
    /// Reads what a client asks.
    pub(super) async fn read(client: &Client<'_>, headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal> {
        let wire = wire_format(client.format);
        let limit = client.shared.settings.replay_limit;
        let text = || match Encoding::of(headers).and_then(|encoding| encoding.text(body.clone(), limit)) {
            Some(text) if text.len() > limit => Err(Refusal::BodyTooLong),
            Some(text) => Ok(text),
            None => Err(Refusal::BodyEncoding),
        };
        Ok(match client.operation() {
            Operation::Converse(asked) => Self::Converse(Conversing::read(client, asked, &text()?).await?),
            Operation::CountTokens(asked) => Self::Count(Conversing::read(client, asked, &text()?).await?),
            Operation::Embed(asked) => Self::Embed(wire.read_embedding(&asked, &text()?).map_err(Refusal::Invalid)?),
            Operation::ListModels => Self::ListModels,
            Operation::ShowModel(name) => Self::ShowModel(name),
            Operation::Other => Self::Other,
        })
    }
}

// === impl Conversing ===

impl Conversing {
    async fn read(client: &Client<'_>, asked: Asked, body: &[u8]) -> Result<Self, Refusal> {
        let mut request = wire_format(client.format).read_request(&asked, body).map_err(Refusal::Invalid)?;
        request.name_calls();
        let told = Arc::new(request);
        let mut conversing = Self { asked, full: Arc::clone(&told), told, instructions: 0, session: None };
        match client.format {
            Format::OpenAiResponses => conversing.recall(client, &Head::of(body)).await?,
            Format::OpenAi => {
                if let Some(memory) = client.memory() {
                    memory.restore(Arc::make_mut(&mut conversing.full)).await;
                }
            }
            Format::Anthropic | Format::Gemini => {}
        }
        Ok(conversing)
    }

    /// Puts the turns before the ones that the request shows, if it goes on from an answer that is remembered.
    async fn recall(&mut self, client: &Client<'_>, head: &Head<'_>) -> Result<(), Refusal> {
        self.instructions = usize::from(head.instructions.is_some_and(|text| !matches!(text.get(), "null" | "\"\"")));
        let Some(previous) = &self.told.state.previous_response_id else { return Ok(()) };
        let Some(memory) = client.memory() else { return Ok(()) };
        if let Some(conversation) = memory.conversation(previous).await? {
            let full = Arc::make_mut(&mut self.full);
            let at = self.instructions.min(full.turns.len());
            full.turns.splice(at..at, conversation.turns);
            full.state.previous_response_id = None;
            self.session = conversation.session;
        }
        Ok(())
    }

    /// Refuses what only an upstream of OpenAI's Responses, which keeps conversations itself, can do.
    pub(super) fn check_state(&self, upstream: Format) -> Result<(), Refusal> {
        let state = &self.full.state;
        if upstream == Format::OpenAiResponses {
            return Ok(());
        }
        if let Some(id) = &state.previous_response_id {
            return Err(Refusal::UnknownResponse(id.clone()));
        }
        if state.conversation.is_some() {
            return Err(Refusal::NoState { field: "conversation", upstream });
        }
        if state.background == Some(true) {
            return Err(Refusal::NoState { field: "background", upstream });
        }
        Ok(())
    }
}

// === impl Head ===

impl<'a> Head<'a> {
    /// A body that makes no sense says nothing: who reads it whole tells what is wrong.
    fn of(body: &'a [u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

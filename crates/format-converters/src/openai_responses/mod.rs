//! OpenAI's Responses.

mod embeddings;
mod error;
mod item;
mod media;
mod models;
mod path;
mod request;
mod response;
mod stream;
mod tokens;
mod wire;

use bytes::Bytes;
use http::Method;
use rotator_domain::Format;

use crate::ir::{ApiError, CountedTokens, EmbeddingRequest, EmbeddingResponse, Model, ModelPage, Request, Response};
use crate::{
    Asked, ErrorReply, Invalid, Operation, RenderedError, StreamReader, StreamWriter, Telling, UpstreamCall,
    UsageReader, WireFormat, Writing,
};

/// OpenAI's Responses.
pub(crate) struct OpenAiResponses;

// === impl OpenAiResponses ===

impl WireFormat for OpenAiResponses {
    fn format(&self) -> Format {
        Format::OpenAiResponses
    }

    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError {
        error::render(reply)
    }

    fn owns_action(&self, action: &str) -> bool {
        path::owns(action)
    }

    fn operation(&self, method: &Method, action: &str, query: Option<&str>) -> Operation {
        path::operation(method, action, query)
    }

    fn read_error(&self, status: u16, body: &[u8]) -> ApiError {
        error::read(status, body)
    }

    fn read_request(&self, asked: &Asked, body: &[u8]) -> Result<Request, Invalid> {
        request::read(asked, body)
    }

    fn write_request(&self, request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
        request::write(request, writing)
    }

    fn read_response(&self, body: &[u8]) -> Result<Response, Invalid> {
        response::read(body)
    }

    fn write_response(&self, response: &Response, telling: &mut Telling) -> Bytes {
        response::write(response, telling)
    }

    fn stream_reader(&self) -> Box<dyn StreamReader> {
        Box::new(stream::Reader::default())
    }

    fn stream_writer(&self, telling: Telling) -> Box<dyn StreamWriter> {
        Box::new(stream::Writer::new(telling))
    }

    fn usage_reader(&self) -> UsageReader {
        response::usage_reader()
    }

    fn write_count(&self, request: &Request, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
        tokens::write(request, writing)
    }

    fn read_count(&self, body: &[u8]) -> Result<CountedTokens, Invalid> {
        tokens::read_counted(body)
    }

    fn write_counted(&self, counted: CountedTokens) -> Bytes {
        tokens::write_counted(counted)
    }

    fn models_call(&self, model: Option<&str>) -> UpstreamCall {
        models::call(model)
    }

    fn read_models(&self, body: &[u8]) -> Result<ModelPage, Invalid> {
        models::read_page(body)
    }

    fn read_model(&self, body: &[u8]) -> Result<Model, Invalid> {
        models::read(body)
    }

    fn write_models(&self, page: &ModelPage) -> Bytes {
        models::write_page(page)
    }

    fn write_model(&self, model: &Model) -> Bytes {
        models::write(model)
    }

    fn read_embedding(&self, asked: &Asked, body: &[u8]) -> Result<EmbeddingRequest, Invalid> {
        embeddings::read(asked, body)
    }

    fn write_embedding(
        &self,
        request: &EmbeddingRequest,
        writing: &mut Writing<'_>,
    ) -> Result<Option<UpstreamCall>, Invalid> {
        embeddings::write(request, writing)
    }

    fn read_embedded(&self, body: &[u8]) -> Result<EmbeddingResponse, Invalid> {
        embeddings::read_embedded(body)
    }

    fn write_embedded(&self, response: &EmbeddingResponse, request: &EmbeddingRequest) -> Result<Bytes, Invalid> {
        embeddings::write_embedded(response, request)
    }
}

//! Google's Gemini.

mod arguments;
mod embeddings;
mod error;
mod media;
mod models;
mod part;
mod path;
mod request;
mod response;
mod schema;
mod stream;
mod tokens;
mod wire;

use bytes::Bytes;
use http::{HeaderMap, Method};
use rotator_domain::Format;

use crate::ir::{ApiError, CountedTokens, EmbeddingRequest, EmbeddingResponse, Model, ModelPage, Request, Response};
use crate::{
    Asked, ErrorReply, Invalid, Operation, RenderedError, StreamReader, StreamWriter, Telling, UpstreamCall,
    UsageReader, WireFormat, Writing,
};

/// Google's Gemini.
pub(crate) struct Gemini;

// === impl Gemini ===

impl WireFormat for Gemini {
    fn format(&self) -> Format {
        Format::Gemini
    }

    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError {
        error::render(reply)
    }

    fn owns_action(&self, action: &str) -> bool {
        path::owns(action)
    }

    fn is_spoken_by(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        headers.contains_key("x-goog-api-key")
            || query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("key=")))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::BytesMut;
    use proptest::prelude::*;

    use super::*;
    use crate::{Ids, Losses, ModelTable, StreamTranslator, events_of};

    fn telling(request: Request) -> Telling {
        Telling {
            request: Arc::new(request),
            asked: Asked::default(),
            ids: Ids::new(7),
            now: 0,
            losses: Losses::default(),
        }
    }

    /// JSON of the vendor's words in any places.
    fn words() -> impl Strategy<Value = String> {
        let names = prop::sample::select(vec![
            "contents",
            "parts",
            "text",
            "thought",
            "thoughtSignature",
            "functionCall",
            "functionResponse",
            "name",
            "id",
            "args",
            "response",
            "partialArgs",
            "jsonPath",
            "stringValue",
            "willContinue",
            "candidates",
            "content",
            "role",
            "finishReason",
            "index",
            "usageMetadata",
            "promptTokenCount",
            "error",
            "inlineData",
            "data",
            "tools",
            "model",
            "generationConfig",
            "groundingMetadata",
            "groundingChunks",
            "web",
            "uri",
            "executableCode",
            "requests",
        ]);
        let leaf = prop::sample::select(vec![
            "null",
            "true",
            "5",
            "-1",
            "1e999",
            r#""""#,
            r#""model""#,
            r#""$.a[1]""#,
            r#""EqQB""#,
            r#""STOP""#,
            "{}",
            "[]",
        ]);
        leaf.prop_map(str::to_owned).prop_recursive(7, 60, 5, move |inner| {
            let member = (names.clone(), inner.clone()).prop_map(|(name, value)| format!(r#""{name}":{value}"#));
            let object = prop::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(",")));
            prop_oneof![3 => object, 1 => prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(",")))]
        })
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_makes_trouble(body in words(), chunk in 1_usize..40) {
            let asked = Asked { model: Some("gemini-3-pro".into()), ..Asked::default() };
            let models = ModelTable::default();
            let mut writing = Writing { models: &models, losses: Losses::default() };
            if let Ok(request) = Gemini.read_request(&asked, body.as_bytes())
                && let Ok(call) = Gemini.write_request(&request, &mut writing)
            {
                prop_assert!(Gemini.read_request(&asked, &call.body).is_ok());
            }
            let request = Request::new(Format::Gemini, "m".into());
            if let Ok(response) = Gemini.read_response(body.as_bytes()) {
                prop_assert!(Gemini.read_response(&Gemini.write_response(&response, &mut telling(request.clone()))).is_ok());
                let mut writer = Gemini.stream_writer(telling(request.clone()));
                let mut out = BytesMut::new();
                events_of(&response).into_iter().for_each(|event| writer.write(event, &mut out));
            }
            let stream = format!("data: {body}\r\n\r\ndata: {body}\n\n");
            let mut translator = StreamTranslator::new(Gemini.stream_reader(), Gemini.stream_writer(telling(request)));
            let mut out = BytesMut::new();
            stream.as_bytes().chunks(chunk).for_each(|piece| translator.push(piece, &mut out));
            translator.finish(&mut out);
            let is_framed = out.starts_with(b"data: {") && out.ends_with(b"}\r\n\r\n");
            prop_assert!(translator.is_over() && is_framed);
            Gemini.read_error(500, body.as_bytes());
            let _ = (Gemini.read_models(body.as_bytes()), Gemini.read_count(body.as_bytes()));
            let _ = Gemini.read_embedding(&Asked { is_batch: true, ..asked }, body.as_bytes());
            let _ = Gemini.read_embedded(body.as_bytes());
        }
    }
}

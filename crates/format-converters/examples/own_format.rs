//! A format of one's own: what it is to implement `WireFormat`. This one, `line`, has a request with a prompt, an answer with a text, and a
//! stream of texts; what it has no form of its own for (errors, models, counts, embeddings) it takes from OpenAI's. In the server it is
//! a folder of `src` with a row in `registry.rs`, and a variant of `domain::Format`.
//!
//! ```sh
//! cargo run --package rotator-format-converters --example own_format
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::Method;
use rotator_domain::Format;
use rotator_format_converters::ir::{
    ApiError, BlockId, BlockKind, Choice, CountedTokens, Delta, EmbeddingRequest, EmbeddingResponse, Event, Model,
    ModelPage, Part, PartKind, Request, Response, Role, Stop, StopReason, Turn,
};
use rotator_format_converters::sse;
use rotator_format_converters::{
    Asked, ErrorReply, Ids, Invalid, Losses, ModelTable, Operation, RenderedError, StreamReader, StreamTranslator,
    StreamWriter, Telling, UpstreamCall, UsageReader, WireFormat, Writing, wire_format,
};
use serde::Deserialize;
use serde_json::json;

struct Line;

/// `{"model": "...", "prompt": "..."}`
#[derive(Deserialize)]
struct Prompt {
    model: String,
    prompt: String,
    #[serde(default)]
    stream: bool,
}

/// `{"text": "..."}`, and in streams `{"end": true}` at last.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    text: String,
    #[serde(default)]
    end: bool,
}

#[derive(Default)]
struct LineReader {
    has_begun: bool,
    has_ended: bool,
}

/// There is one block, for there is one text.
const BLOCK: BlockId = BlockId(0);

fn main() -> Result<(), Invalid> {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let prompt = br#"{"model": "claude-sonnet-4-5", "prompt": "Hello", "stream": true}"#;
    let request = Line.read_request(&Asked::default(), prompt)?;
    let call = wire_format(Format::Anthropic).write_request(&request, &mut writing)?;
    println!("POST {}\n{}\n", call.path, String::from_utf8_lossy(&call.body));

    let telling = telling(request);
    let mut translator =
        StreamTranslator::new(Box::new(LineReader::default()), wire_format(Format::Gemini).stream_writer(telling));
    let mut out = BytesMut::new();
    translator.push(b"data: {\"text\": \"Good \"}\n\ndata: {\"text\": \"day\"}\n\ndata: {\"end\": true}\n\n", &mut out);
    translator.finish(&mut out);
    println!("{}", String::from_utf8_lossy(&out));
    Ok(())
}

fn telling(request: Request) -> Telling {
    let (asked, losses) = (Asked::default(), Losses::default());
    Telling { request: Arc::new(request), asked, ids: Ids::new(1), now: 0, losses }
}

fn plain(text: String) -> Part {
    Part { kind: PartKind::Text { text, citations: Vec::new() }, cache: None, opaque: None }
}

/// All texts of some parts; what is no text is named.
fn texts(parts: &[Part], losses: &mut Losses) -> String {
    let text = |part: &Part| match &part.kind {
        PartKind::Text { text, .. } => Some(text.clone()),
        _ => {
            losses.drop("parts");
            None
        }
    };
    parts.iter().filter_map(text).collect()
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Invalid> {
    serde_json::from_slice(body).map_err(|error| Invalid::new(error.to_string()))
}

fn event(body: &serde_json::Value) -> String {
    format!("data: {body}\n\n")
}

fn openai() -> &'static dyn WireFormat {
    wire_format(Format::OpenAi)
}

// === impl Line ===

impl WireFormat for Line {
    /// A variant of its own, once it is in the server.
    fn format(&self) -> Format {
        Format::OpenAi
    }

    fn owns_action(&self, action: &str) -> bool {
        action == "line"
    }

    fn operation(&self, method: &Method, action: &str, query: Option<&str>) -> Operation {
        match (method, action) {
            (&Method::POST, "line") => Operation::Converse(Asked::default()),
            _ => openai().operation(method, action, query),
        }
    }

    fn read_request(&self, _: &Asked, body: &[u8]) -> Result<Request, Invalid> {
        let Prompt { model, prompt, stream } = read(body)?;
        let turn = Turn { role: Role::User, parts: vec![plain(prompt)], name: None };
        Ok(Request { stream, turns: vec![turn], ..Request::new(self.format(), model) })
    }

    fn write_request(&self, request: &Request, writing: &mut Writing<'_>) -> Result<UpstreamCall, Invalid> {
        // What the meaning depends on is refused; what it does not depend on is named.
        let [turn] = request.turns.as_slice() else {
            return Err(Invalid::new("a prompt has one turn").at("messages"));
        };
        writing.losses.drop_if(!request.tools.is_empty(), "tools");
        let prompt = texts(&turn.parts, &mut writing.losses);
        let body = json!({"model": request.model, "prompt": prompt, "stream": request.stream}).to_string();
        let (path, headers) = ("v1/line".to_owned(), Vec::new());
        Ok(UpstreamCall { method: Method::POST, path, query: None, headers, body: body.into() })
    }

    fn read_response(&self, body: &[u8]) -> Result<Response, Invalid> {
        let Said { text, .. } = read(body)?;
        let choice = Choice { parts: vec![plain(text)], stop: Some(Stop::of(StopReason::End)), log_probs: None };
        Ok(Response { choices: vec![choice], ..Response::default() })
    }

    fn write_response(&self, response: &Response, telling: &mut Telling) -> Bytes {
        let parts = response.choices.first().map(|choice| choice.parts.as_slice()).unwrap_or_default();
        json!({"text": texts(parts, &mut telling.losses)}).to_string().into()
    }

    fn stream_reader(&self) -> Box<dyn StreamReader> {
        Box::<LineReader>::default()
    }

    fn stream_writer(&self, _: Telling) -> Box<dyn StreamWriter> {
        Box::new(Self)
    }

    fn error(&self, reply: &ErrorReply<'_>) -> RenderedError {
        openai().error(reply)
    }

    fn read_error(&self, status: u16, body: &[u8]) -> ApiError {
        openai().read_error(status, body)
    }

    fn usage_reader(&self) -> UsageReader {
        openai().usage_reader()
    }

    fn write_count(&self, request: &Request, writing: &mut Writing<'_>) -> Result<Option<UpstreamCall>, Invalid> {
        openai().write_count(request, writing)
    }

    fn read_count(&self, body: &[u8]) -> Result<CountedTokens, Invalid> {
        openai().read_count(body)
    }

    fn write_counted(&self, counted: CountedTokens) -> Bytes {
        openai().write_counted(counted)
    }

    fn models_call(&self, model: Option<&str>) -> UpstreamCall {
        openai().models_call(model)
    }

    fn read_models(&self, body: &[u8]) -> Result<ModelPage, Invalid> {
        openai().read_models(body)
    }

    fn read_model(&self, body: &[u8]) -> Result<Model, Invalid> {
        openai().read_model(body)
    }

    fn write_models(&self, page: &ModelPage) -> Bytes {
        openai().write_models(page)
    }

    fn write_model(&self, model: &Model) -> Bytes {
        openai().write_model(model)
    }

    fn read_embedding(&self, asked: &Asked, body: &[u8]) -> Result<EmbeddingRequest, Invalid> {
        openai().read_embedding(asked, body)
    }

    fn write_embedding(
        &self,
        request: &EmbeddingRequest,
        writing: &mut Writing<'_>,
    ) -> Result<Option<UpstreamCall>, Invalid> {
        openai().write_embedding(request, writing)
    }

    fn read_embedded(&self, body: &[u8]) -> Result<EmbeddingResponse, Invalid> {
        openai().read_embedded(body)
    }

    fn write_embedded(&self, response: &EmbeddingResponse, request: &EmbeddingRequest) -> Result<Bytes, Invalid> {
        openai().write_embedded(response, request)
    }
}

impl StreamWriter for Line {
    fn write(&mut self, told: Event, out: &mut BytesMut) {
        let written = match told {
            Event::Delta { delta: Delta::Text(text), .. } => event(&json!({"text": text})),
            Event::Error(error) => event(&json!({"error": error.message})),
            Event::End => event(&json!({"end": true})),
            _ => return,
        };
        out.extend_from_slice(written.as_bytes());
    }
}

// === impl LineReader ===

impl StreamReader for LineReader {
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let Said { text, end } = read(event.data.as_bytes())?;
        if !self.has_begun {
            self.has_begun = true;
            events.push(Event::Start { id: String::new(), model: String::new(), created: None });
            events.push(Event::Open { block: BLOCK, choice: 0, kind: BlockKind::Text });
        }
        if !text.is_empty() {
            events.push(Event::Delta { block: BLOCK, delta: Delta::Text(text) });
        }
        self.has_ended |= end;
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if !self.has_ended {
            // It must never look like success.
            events.push(Event::Error(ApiError {
                status: 502,
                message: "the stream stopped short".into(),
                ..ApiError::default()
            }));
            return;
        }
        events.push(Event::Close { block: BLOCK });
        events.push(Event::Stop { choice: 0, stop: Stop::of(StopReason::End) });
        events.push(Event::End);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &[u8] = br#"{"model": "m", "prompt": "Hello"}"#;

    fn through(reader: Box<dyn StreamReader>, writer: Box<dyn StreamWriter>, stream: &[u8]) -> String {
        let (mut translator, mut out) = (StreamTranslator::new(reader, writer), BytesMut::new());
        translator.push(stream, &mut out);
        translator.finish(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn every_format_and_this_one_tell_each_other_the_same() {
        let models = ModelTable::default();
        for format in Format::ALL {
            let other = wire_format(format);
            let mut writing = Writing { models: &models, losses: Losses::default() };
            let request = Line.read_request(&Asked::default(), PROMPT).unwrap();
            let call = other.write_request(&request, &mut writing).unwrap();
            let asked = Asked { model: Some("m".to_owned()), ..Asked::default() };
            let back = other.read_request(&asked, &call.body).unwrap();
            let call = Line.write_request(&back, &mut writing).unwrap();
            assert!(writing.losses.names().is_empty(), "{format}");
            assert_eq!(Line.read_request(&Asked::default(), &call.body).unwrap().turns, request.turns, "{format}");

            let answer = Line.read_response(br#"{"text": "Good day"}"#).unwrap();
            let body = other.write_response(&answer, &mut telling(request));
            let answer = other.read_response(&body).unwrap();
            let body = Line.write_response(&answer, &mut telling(back));
            assert_eq!(&body[..], br#"{"text":"Good day"}"#, "{format}");
        }
    }

    #[test]
    fn a_stream_that_stops_short_is_an_error_in_every_format() {
        let (whole, short) =
            ("data: {\"text\":\"Good day\"}\n\ndata: {\"end\":true}\n\n", b"data: {\"text\": \"Good\"}\n\n");
        for format in Format::ALL {
            let request = || telling(Line.read_request(&Asked::default(), PROMPT).unwrap());
            let other = wire_format(format);
            let told = through(Line.stream_reader(), other.stream_writer(request()), whole.as_bytes());
            let back = through(other.stream_reader(), Line.stream_writer(request()), told.as_bytes());
            assert_eq!(back, whole, "{format}: {told}");
            let told = through(Line.stream_reader(), other.stream_writer(request()), short);
            let back = through(other.stream_reader(), Line.stream_writer(request()), told.as_bytes());
            assert!(back.contains("stopped short") && !back.contains("end"), "{format}: {back}");
        }
    }
}

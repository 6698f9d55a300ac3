//! Converts answers, streams and requests from one format to another: JSON lines in, JSON lines out.
//!
//! A line in is `{"id", "kind": "response" | "stream" | "request", "source", "target", "body", "chunk"}`, where the formats go by
//! their names (`openai`, `openai_responses`, `anthropic`, `gemini`), `body` is a text and `chunk` says in how many bytes at a
//! time a stream comes (all at once where it is not there). A line out is `{"id", "ok", "out", "dropped"}` or
//! `{"id", "ok", "error"}`.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::io::{BufRead, Error};
use std::sync::Arc;

use bytes::BytesMut;
use rotator_domain::Format;
use rotator_format_converters::{
    Asked, Ids, Invalid, Losses, ModelTable, StreamTranslator, Telling, WireFormat, Writing, ir, wire_format,
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Job {
    id: String,
    kind: Kind,
    source: String,
    target: String,
    #[serde(default)]
    model: Option<String>,
    body: String,
    #[serde(default)]
    chunk: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Response,
    Stream,
    Request,
}

#[derive(Serialize)]
struct Done<'a> {
    id: &'a str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<String>,
}

fn main() -> Result<(), Error> {
    for line in std::io::stdin().lock().lines() {
        let job: Job = serde_json::from_str(&line?)?;
        let (out, error, dropped) = match convert(&job) {
            Ok((out, losses)) => (Some(out), None, losses.names().to_vec()),
            Err(error) => (None, Some(error.to_string()), Vec::new()),
        };
        println!("{}", serde_json::to_string(&Done { id: &job.id, ok: out.is_some(), out, error, dropped })?);
    }
    Ok(())
}

fn convert(job: &Job) -> Result<(String, Losses), Invalid> {
    let (source, target) = (named(&job.source)?, named(&job.target)?);
    let model = job.model.clone();
    match job.kind {
        Kind::Request => {
            let asked = Asked { model, ..Asked::default() };
            let request = source.read_request(&asked, job.body.as_bytes())?;
            let models = ModelTable::default();
            let mut writing = Writing { models: &models, losses: Losses::default() };
            let call = target.write_request(&request, &mut writing)?;
            Ok((String::from_utf8_lossy(&call.body).into_owned(), writing.losses))
        }
        Kind::Response => {
            let response = source.read_response(job.body.as_bytes())?;
            let mut telling = telling(target.format(), model);
            let body = target.write_response(&response, &mut telling);
            Ok((String::from_utf8_lossy(&body).into_owned(), telling.losses))
        }
        Kind::Stream => {
            let writer = target.stream_writer(telling(target.format(), model));
            let mut translator = StreamTranslator::new(source.stream_reader(), writer);
            let mut out = BytesMut::new();
            let body = job.body.as_bytes();
            for piece in body.chunks(job.chunk.unwrap_or(body.len()).max(1)) {
                translator.push(piece, &mut out);
            }
            translator.finish(&mut out);
            Ok((String::from_utf8_lossy(&out).into_owned(), Losses::default()))
        }
    }
}

fn named(name: &str) -> Result<&'static dyn WireFormat, Invalid> {
    let found = Format::ALL.into_iter().find(|format| format.name() == name);
    found.map(wire_format).ok_or_else(|| Invalid::new(format!("{name} is no format")))
}

/// As if a client had asked for a stream with usage in the plainest way.
fn telling(format: Format, model: Option<String>) -> Telling {
    let mut request = ir::Request::new(format, model.unwrap_or_default());
    request.include_usage = true;
    Telling { request: Arc::new(request), asked: Asked::default(), ids: Ids::new(1), now: 0, losses: Losses::default() }
}

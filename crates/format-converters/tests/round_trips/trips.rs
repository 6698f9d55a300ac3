//! From one format to another and back.

use std::sync::Arc;

use bytes::BytesMut;
use rotator_domain::Format;
use rotator_format_converters::ir::{Request, Response};
use rotator_format_converters::{
    Accumulator, Asked, Ids, Invalid, Losses, ModelTable, StreamReader, StreamTranslator, StreamWriter, Telling,
    Writing, events_of, sse, wire_format,
};

/// The formats, in the order of the table of abilities.
pub(crate) const FORMATS: [Format; 4] = [Format::OpenAi, Format::OpenAiResponses, Format::Anthropic, Format::Gemini];

/// What was said in A, and what was left of it after it was told in B and back.
pub(crate) struct Trip {
    pub(crate) before: Request,
    pub(crate) after: Request,
    pub(crate) losses: Vec<String>,
    /// Why B cannot be told of it.
    pub(crate) refused: Option<Invalid>,
    bodies: Vec<String>,
}

/// Each thing that was made up for a format A, with A and each other format.
pub(crate) fn pairs<T>(made_up: &[T; 4]) -> impl Iterator<Item = (&T, (Format, Format))> {
    let of = |(one, a): (_, Format)| FORMATS.into_iter().filter(move |b| *b != a).map(move |b| (one, (a, b)));
    made_up.iter().zip(FORMATS).flat_map(of)
}

/// Writes a request: the body, and what is lost.
pub(crate) fn written(request: &Request, format: Format) -> Result<(String, Losses), Invalid> {
    let models = ModelTable::default();
    let mut writing = Writing { models: &models, losses: Losses::default() };
    let call = wire_format(format).write_request(request, &mut writing)?;
    Ok((String::from_utf8(call.body.into()).unwrap(), writing.losses))
}

/// Reads a request to a model.
pub(crate) fn read(body: &str, model: &str, format: Format) -> Request {
    let asked = Asked { model: Some(model.to_owned()), ..Asked::default() };
    wire_format(format).read_request(&asked, body.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{body}"))
}

impl Trip {
    /// `None` where A itself refuses what was made up.
    pub(crate) fn of_request(request: &Request, a: Format, b: Format) -> Option<Self> {
        let model = &request.model;
        let (first, _) = written(request, a).ok()?;
        let before = read(&first, model, a);
        let mut trip =
            Self { before: before.clone(), after: before, losses: Vec::new(), refused: None, bodies: vec![first] };
        for format in [b, a] {
            match written(&trip.after, format) {
                Err(error) => {
                    trip.refused = Some(error);
                    break;
                }
                Ok((body, losses)) => {
                    trip.after = read(&body, model, format);
                    trip.losses.extend(losses.names().iter().cloned());
                    trip.bodies.push(body);
                }
            }
        }
        Some(trip)
    }

    /// The bodies, for a message.
    pub(crate) fn shown(&self) -> String {
        self.bodies.join("\n")
    }
}

/// How an answer is told to a client of this format.
pub(crate) fn telling(format: Format) -> Telling {
    let mut request = Request::new(format, "m".into());
    request.include_usage = true;
    Telling { request: Arc::new(request), asked: Asked::default(), ids: Ids::new(1), now: 9, losses: Losses::default() }
}

/// Writes an answer.
pub(crate) fn answered(response: &Response, format: Format) -> Vec<u8> {
    wire_format(format).write_response(response, &mut telling(format)).to_vec()
}

/// What an answer says in A, and what it says after it was told in B and back.
pub(crate) fn of_answer(response: &Response, a: Format, b: Format) -> (Response, Response) {
    let told = |response: &Response, format: Format| {
        let body = answered(response, format);
        let read = wire_format(format).read_response(&body);
        read.unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&body)))
    };
    let before = told(response, a);
    let after = told(&told(&before, b), a);
    (before, after)
}

/// The same with streams.
pub(crate) fn of_stream(response: &Response, a: Format, b: Format) -> (Response, Response) {
    let first = streamed(response, a);
    let second = translated(&first, a, b);
    let third = translated(&second, b, a);
    (collected(&first, a), collected(&third, a))
}

/// Writes an answer as a stream.
pub(crate) fn streamed(response: &Response, format: Format) -> Vec<u8> {
    let mut out = BytesMut::new();
    let mut writer = writer(format);
    events_of(response).into_iter().for_each(|event| writer.write(event, &mut out));
    out.to_vec()
}

fn translated(stream: &[u8], from: Format, to: Format) -> Vec<u8> {
    let mut out = BytesMut::new();
    let mut translator = StreamTranslator::new(reader(from), writer(to));
    stream.chunks(97).for_each(|piece| translator.push(piece, &mut out));
    translator.finish(&mut out);
    out.to_vec()
}

fn collected(stream: &[u8], format: Format) -> Response {
    let (mut reader, mut events) = (reader(format), Vec::new());
    let mut parser = sse::Parser::new(usize::MAX);
    parser.push(stream, |event| reader.read(&event, &mut events)).unwrap();
    reader.finish(&mut events);
    let mut accumulator = Accumulator::default();
    events.iter().for_each(|event| accumulator.add(event));
    accumulator.into_whole().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(stream)))
}

fn reader(format: Format) -> Box<dyn StreamReader> {
    wire_format(format).stream_reader()
}

fn writer(format: Format) -> Box<dyn StreamWriter> {
    wire_format(format).stream_writer(telling(format))
}

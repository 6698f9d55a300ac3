//! A stream of one format as it becomes a stream of another.

use bytes::BytesMut;

use crate::ir::{ApiError, Event};
use crate::{Accumulator, Invalid, StreamReader, StreamWriter, sse};

/// The most bytes of one event of an upstream.
const EVENT_LIMIT: usize = 64 * 1024 * 1024;

/// The status of an upstream's answer that makes no sense.
const BAD_GATEWAY: u16 = 502;

/// Translates a stream, piece by piece.
pub struct StreamTranslator {
    parser: sse::Parser,
    reader: Box<dyn StreamReader>,
    writer: Box<dyn StreamWriter>,
    seen: Accumulator,
    events: Vec<Event>,
    is_over: bool,
}

// === impl StreamTranslator ===

impl StreamTranslator {
    /// From what `reader` reads to what `writer` writes.
    #[must_use]
    pub fn new(reader: Box<dyn StreamReader>, writer: Box<dyn StreamWriter>) -> Self {
        let (parser, seen) = (sse::Parser::new(EVENT_LIMIT), Accumulator::default());
        Self { parser, reader, writer, seen, events: Vec::new(), is_over: false }
    }

    /// Takes more of the upstream's bytes up and writes what follows from them.
    pub fn push(&mut self, bytes: &[u8], out: &mut BytesMut) {
        let Self { parser, reader, writer, seen, events, is_over } = self;
        if *is_over {
            return;
        }
        let read = parser.push(bytes, |event| {
            let read = reader.read(&event, events);
            tell(events, writer.as_mut(), seen, is_over, out);
            read
        });
        if let Err(error) = read {
            self.fail(&error, out);
        }
    }

    /// The upstream sends nothing more. Where its stream was not whole, the client is told so.
    pub fn finish(&mut self, out: &mut BytesMut) {
        let Self { reader, writer, seen, events, is_over, .. } = self;
        reader.finish(events);
        tell(events, writer.as_mut(), seen, is_over, out);
        if !self.is_over {
            self.break_off("the upstream's answer stopped short", out);
        }
    }

    /// The upstream broke off.
    pub fn break_off(&mut self, message: &str, out: &mut BytesMut) {
        self.events.push(Event::Error(ApiError {
            status: BAD_GATEWAY,
            message: message.to_owned(),
            ..ApiError::default()
        }));
        tell(&mut self.events, self.writer.as_mut(), &mut self.seen, &mut self.is_over, out);
    }

    /// What the client's stream is.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        self.writer.content_type()
    }

    /// What was said so far.
    #[must_use]
    pub fn seen(&self) -> &Accumulator {
        &self.seen
    }

    /// Whether the client's stream has its end, be it an error.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    fn fail(&mut self, error: &Invalid, out: &mut BytesMut) {
        self.break_off(&format!("the upstream's answer makes no sense: {error}"), out);
    }
}

impl std::fmt::Debug for StreamTranslator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamTranslator").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

/// Writes what was read, up to the end of the stream.
fn tell(
    events: &mut Vec<Event>,
    writer: &mut dyn StreamWriter,
    seen: &mut Accumulator,
    is_over: &mut bool,
    out: &mut BytesMut,
) {
    for event in events.drain(..) {
        if *is_over {
            continue;
        }
        *is_over = matches!(event, Event::End | Event::Error(_));
        seen.add(&event);
        writer.write(event, out);
    }
}

impl From<sse::TooLong> for Invalid {
    fn from(error: sse::TooLong) -> Self {
        Self::new(error.to_string())
    }
}

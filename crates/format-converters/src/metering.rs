//! What an answer used, read from its bytes as they pass.
//!
//! Whole answers and streams alike, cut anywhere. Nothing is kept of them but what tells the usage, so memory is bounded
//! whatever passes.

mod scanner;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::value::RawValue;

use self::scanner::Scanner;
use crate::ir::Usage;
use crate::json::{Kind, Object, kind};
use crate::sse::Lines;

/// Where a document tells what was used: the name of a member, or those of a member and of one within it.
pub(crate) type Place = &'static [&'static str];

/// Takes up what was used, as one format tells it.
pub(crate) trait Counter: Send {
    /// Takes up what a document tells.
    fn add(&mut self, usage: &RawValue);

    /// What was used, by all that was told; `None` where nothing was.
    fn known(&self) -> Option<Usage>;
}

/// Reads what an answer used: of one JSON document, of a list of them, or of server-sent events.
pub struct UsageReader {
    counter: Box<dyn Counter>,
    scanner: Scanner,
    body: Body,
}

/// What the bytes are, by the first one that means something.
enum Body {
    Unknown,
    Json,
    Events(Events),
}

/// Server-sent events, of which only the data are read, and these without being put together.
#[derive(Default)]
struct Events {
    lines: Lines,
    line: Line,
    /// Whether data of this event have been read.
    has_data: bool,
}

/// What a line of events is.
#[derive(Clone, Copy)]
enum Line {
    /// So many bytes of the field's name have come.
    Field(usize),
    Data,
    Other,
}

/// How a line of data begins.
const DATA: &[u8] = b"data:";
/// What the names of all members hold that tell what was used.
static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("usage"));
/// How such a name may be spelled with escapes.
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u00"));

/// The member at the first of these places that is an object.
pub(crate) fn find<'a>(object: &Object<'a>, places: &[Place]) -> Option<&'a RawValue> {
    let member = |object: &Object<'a>, name: &str| object.raw(name).filter(|raw| kind(raw) == Kind::Object);
    places.iter().find_map(|place| match place {
        [name] => member(object, name),
        [outer, name] => member(&Object::read_leniently(member(object, outer)?).ok()?, name),
        _ => None,
    })
}

/// Whether a document may tell what was used at all.
pub(crate) fn may_tell(document: &[u8]) -> bool {
    NAME.find(document).is_some() || ESCAPE.find(document).is_some()
}

// === impl UsageReader ===

impl UsageReader {
    /// A reader of documents that tell what was used at these places, the one before the other.
    pub(crate) fn new(places: &'static [Place], counter: Box<dyn Counter>) -> Self {
        Self { counter, scanner: Scanner::new(places), body: Body::Unknown }
    }

    /// Takes more of the answer up.
    pub fn push(&mut self, mut bytes: &[u8]) {
        let Self { counter, scanner, body } = self;
        if let Body::Unknown = body {
            // White space, and the mark of the byte order, which is three bytes that begin nothing else.
            let is_nothing = |byte: &u8| byte.is_ascii_whitespace() || "\u{feff}".as_bytes().contains(byte);
            let Some(begin) = bytes.iter().position(|byte| !is_nothing(byte)) else { return };
            bytes = bytes.get(begin..).unwrap_or_default();
            *body =
                if matches!(bytes.first(), Some(b'{' | b'[')) { Body::Json } else { Body::Events(Events::default()) };
        }
        match body {
            Body::Events(events) => events.push(bytes, scanner, counter.as_mut()),
            _ => scanner.push(bytes, counter.as_mut()),
        }
    }

    /// What was used, as far as the answer has come; `None` where it does not say.
    pub fn usage(&mut self) -> Option<Usage> {
        self.scanner.end(self.counter.as_mut());
        self.counter.known()
    }
}

impl std::fmt::Debug for UsageReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsageReader").finish_non_exhaustive()
    }
}

// === impl Line ===

impl Default for Line {
    fn default() -> Self {
        Self::Field(0)
    }
}

// === impl Events ===

impl Events {
    fn push(&mut self, mut bytes: &[u8], scanner: &mut Scanner, counter: &mut dyn Counter) {
        while let Some(line) = self.lines.take(&mut bytes) {
            let mut text = line.text;
            if let Line::Field(0) = self.line
                && text.is_empty()
                && line.is_whole
            {
                scanner.end(counter);
                self.has_data = false;
                continue;
            }
            let is_new = matches!(self.line, Line::Field(0));
            if let Line::Field(seen) = self.line {
                let (wanted, length) = (DATA.get(seen..).unwrap_or_default(), text.len());
                self.line = match text.strip_prefix(wanted) {
                    Some(data) => {
                        text = data;
                        Line::Data
                    }
                    None if wanted.starts_with(text) => Line::Field(seen + length),
                    None => Line::Other,
                };
            }
            if let Line::Data = self.line {
                // The empty line that follows shows that this is all of the event's data.
                let is_all = is_new && line.is_whole && !self.has_data && matches!(bytes.first(), Some(b'\n' | b'\r'));
                if !is_all || may_tell(text) {
                    self.has_data = true;
                    scanner.push(text, counter);
                }
            }
            if line.is_whole {
                self.line = Line::default();
            }
        }
    }
}

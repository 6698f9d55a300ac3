//! Server-sent events (WHATWG HTML, section 9.2.6), as they come.
//!
//! Bytes may be cut anywhere. Each byte is looked at once, so one large event costs no more than many small ones of the same
//! size.

use std::borrow::Cow;

use memchr::memchr2;

/// Bytes of a line or of data that are worth being moved rather than copied, and given back after use.
const LONG: usize = 64 * 1024;
/// How a line of data begins.
const DATA: [&[u8]; 2] = [b"data: ", b"data:"];

/// One event. An event without data is given too where it has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its name; empty where it has none.
    pub name: Cow<'a, str>,
    /// Its data, lines joined by line feeds.
    pub data: Cow<'a, str>,
}

/// Finds the events in a stream of bytes.
#[derive(Debug)]
pub struct Parser {
    /// Of the line that is not whole yet.
    line: Vec<u8>,
    name: String,
    data: String,
    has_data: bool,
    lines: Lines,
    is_first_line: bool,
    /// The most bytes of one event.
    limit: usize,
}

/// Finds where lines end: at a line feed, a carriage return, or both.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Whether the last byte was a carriage return, whose line feed may follow.
    after_return: bool,
}

/// A line, or what there is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a [u8],
    /// Whether it ends here.
    pub(crate) is_whole: bool,
    /// How many bytes it takes, with those that end it.
    pub(crate) length: usize,
}

/// An event is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {0} bytes")]
pub struct TooLong(pub usize);

// === impl Parser ===

impl Parser {
    /// A parser of a stream whose events have no more than `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            line: Vec::new(),
            name: String::new(),
            data: String::new(),
            has_data: false,
            lines: Lines { after_return: false },
            is_first_line: true,
            limit,
        }
    }

    /// Takes more bytes up and hands out each event that is whole.
    ///
    /// # Errors
    ///
    /// An event is too long, or `each` failed.
    pub fn push<E: From<TooLong>>(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(line) = self.lines.take(&mut bytes) {
            self.check(line.text.len())?;
            if !line.is_whole {
                self.line.extend_from_slice(line.text);
            } else if self.line.is_empty() {
                self.line_ended(line.text, &mut each)?;
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line.text);
                self.line = self.own_line_ended(whole, &mut each)?;
            }
        }
        Ok(())
    }

    /// Whether something has begun that is not a whole event.
    #[must_use]
    pub fn is_within_event(&self) -> bool {
        self.has_data || !self.line.is_empty()
    }

    fn check(&self, more: usize) -> Result<(), TooLong> {
        let length = self.line.len() + self.data.len() + more;
        if length > self.limit { Err(TooLong(self.limit)) } else { Ok(()) }
    }

    /// A line that was put together ends. A long one that is all of an event's data becomes it without a copy. Gives a
    /// place for the next line.
    fn own_line_ended<E>(
        &mut self,
        mut line: Vec<u8>,
        each: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        if line.len() > LONG
            && !self.has_data
            && let Some(begin) = DATA.iter().find(|begin| line.starts_with(begin)).map(|begin| begin.len())
        {
            line.drain(..begin);
            self.is_first_line = false;
            self.has_data = true;
            self.data =
                String::from_utf8(line).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
            return Ok(Vec::new());
        }
        self.line_ended(&line, each)?;
        line.clear();
        Ok(line)
    }

    fn line_ended<E>(&mut self, line: &[u8], each: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        let is_first = std::mem::replace(&mut self.is_first_line, false);
        let line = if is_first { line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line) } else { line };
        if line.is_empty() {
            return self.event_ended(each);
        }
        let colon = memchr::memchr(b':', line).unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(&value);
            }
            b"event" => self.name = value.into_owned(),
            // A comment, an id, a time to wait, or something unknown.
            _ => {}
        }
        Ok(())
    }

    fn event_ended<E>(&mut self, each: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        let is_there = std::mem::replace(&mut self.has_data, false) || !self.name.is_empty();
        let ended = if is_there {
            each(Event { name: Cow::Borrowed(&self.name), data: Cow::Borrowed(&self.data) })
        } else {
            Ok(())
        };
        self.name.clear();
        self.data.clear();
        // What one long event took is not held for the short ones after it.
        self.data.shrink_to(LONG);
        ended
    }
}

// === impl Line ===

impl Line<'_> {
    /// Whether it is but the line feed of a line that has ended with a carriage return.
    pub(crate) const fn is_rest_of_break(&self) -> bool {
        self.text.is_empty() && !self.is_whole
    }
}

// === impl Lines ===

impl Lines {
    /// Takes the next line off the bytes; `None` where there are no more. The line feed of a line whose carriage return came
    /// last is given by itself, as an empty part of a line.
    pub(crate) fn take<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Line<'a>> {
        let all = *bytes;
        let first = all.first()?;
        if std::mem::take(&mut self.after_return) && *first == b'\n' {
            *bytes = all.get(1..).unwrap_or_default();
            return Some(Line { text: &[], is_whole: false, length: 1 });
        }
        let Some(end) = memchr2(b'\n', b'\r', all) else {
            *bytes = &[];
            return Some(Line { text: all, is_whole: false, length: all.len() });
        };
        let (text, rest) = all.split_at(end);
        *bytes = match rest {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => rest,
        };
        self.after_return = rest == b"\r";
        Some(Line { text, is_whole: true, length: all.len() - bytes.len() })
    }
}

/// Writes an event: its name, where it has one, and its data, which holds no line breaks (JSON does not).
pub fn write(out: &mut bytes::BytesMut, name: Option<&str>, data: &str) {
    use bytes::BufMut;

    if let Some(name) = name {
        for piece in ["event: ", name, "\n"] {
            out.put_slice(piece.as_bytes());
        }
    }
    for piece in ["data: ", data, "\n\n"] {
        out.put_slice(piece.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut parser = Parser::new(1 << 20);
        let mut events = Vec::new();
        for piece in pieces {
            let each = |event: Event<'_>| {
                events.push((event.name.into_owned(), event.data.into_owned()));
                Ok::<(), TooLong>(())
            };
            parser.push(piece, each).unwrap();
        }
        events
    }

    fn pair(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let text = "\u{feff}: hello\nevent: a\ndata: 1\ndata:2\nid: 5\n\ndata\n\r\ndata:  3\r\n\r\nevent: b\n\ndata: 4\rdata: 5\r\r";
        let expected = [pair("a", "1\n2"), pair("", ""), pair("", " 3"), pair("b", ""), pair("", "4\n5")];
        assert_eq!(parse(&[text.as_bytes()]), expected);
    }

    #[test]
    fn an_event_that_is_not_whole_is_none() {
        let mut parser = Parser::new(100);
        parser.push(b"data: 1\n", |_| Err(TooLong(0))).unwrap();
        assert!(parser.is_within_event());
        assert_eq!(parser.push(&[b'x'; 100], |_| Ok(())), Err(TooLong(100)));
    }

    proptest! {
        #[test]
        fn how_bytes_are_cut_changes_nothing(
            lines in prop::collection::vec("(data: ?[a-zé]{0,5}|event: x|:c|)(\n|\r\n|\r)", 0..30),
            cuts in prop::collection::vec(0_usize..20, 0..60),
        ) {
            let text = lines.concat().into_bytes();
            let (mut pieces, mut rest) = (Vec::new(), &text[..]);
            for cut in cuts {
                let (piece, more) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = more;
            }
            pieces.push(rest);
            prop_assert_eq!(parse(&pieces), parse(&[&text]));
        }
    }
}

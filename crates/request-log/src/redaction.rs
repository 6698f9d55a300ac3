//! Leaves out of bodies what their service does not want to be kept.
//!
//! Bodies are read as JSON from their beginning, so that those that were cut off lose the same as whole ones: where a value
//! begins it is known whether it stays. From the place on where a body is no JSON nothing of it is kept.

use std::borrow::Cow;

use rotator_domain::{LoggedBody, Pointer};

/// What stands in the place of what was left out.
const REDACTED: &[u8] = b"\"[redacted]\"";
/// How a stream of Chat Completions ends; it is no JSON.
const DONE: &[u8] = b"[DONE]";
/// How lines of a stream of events begin that hold nothing of an answer (WHATWG HTML, section 9.2.6).
const PASSING_FIELDS: [&[u8]; 3] = [b"event:", b"id:", b"retry:"];

/// The body without what the pointers lead to.
pub(crate) fn redacted(body: LoggedBody, pointers: &[Pointer]) -> LoggedBody {
    let LoggedBody { content, is_cut } = body;
    if pointers.is_empty() || content.is_empty() {
        return LoggedBody { content, is_cut };
    }
    let (content, is_whole) = match content.trim_ascii_start().first() {
        Some(b'd' | b'e' | b'i' | b'r' | b':') => events(&content, pointers),
        _ => documents(&content, pointers),
    };
    LoggedBody { content, is_cut: is_cut || !is_whole }
}

/// A stream of events: each one's data is a document of its own.
fn events(stream: &[u8], pointers: &[Pointer]) -> (Vec<u8>, bool) {
    let (mut out, mut is_whole) = (Vec::with_capacity(stream.len()), true);
    for line in stream.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let end = line.get(text.len()..).unwrap_or_default();
        if let Some(data) = text.strip_prefix(b"data:") {
            out.extend_from_slice(b"data:");
            if data.starts_with(b" ") {
                out.push(b' ');
            }
            let data = data.trim_ascii_start();
            if data == DONE {
                out.extend_from_slice(DONE);
            } else {
                let (kept, is_read) = documents(data, pointers);
                out.extend_from_slice(&kept);
                is_whole &= is_read;
            }
        } else if text.is_empty() || PASSING_FIELDS.iter().any(|field| text.starts_with(field)) {
            out.extend_from_slice(text);
        } else {
            // A comment, or no event at all.
            is_whole &= text.starts_with(b":");
            out.push(b':');
        }
        out.extend_from_slice(end);
    }
    (out, is_whole)
}

/// One document, or several after one another (lines of JSON). Tells as well whether all of the text was read.
fn documents(text: &[u8], pointers: &[Pointer]) -> (Vec<u8>, bool) {
    let mut reading = Reading { text, at: 0, pointers, out: Vec::with_capacity(text.len()) };
    loop {
        reading.space(false);
        if reading.at == text.len() {
            return (reading.out, true);
        }
        match reading.document() {
            Ok(()) => {}
            Err(Stop::AtEnd) => return (reading.out, true),
            Err(Stop::Malformed) => return (reading.out, false),
        }
    }
}

/// Why a document was not read to its end.
enum Stop {
    /// The text has ended.
    AtEnd,
    /// It is no JSON.
    Malformed,
}

/// A text that is copied as it is read.
struct Reading<'t> {
    text: &'t [u8],
    at: usize,
    pointers: &'t [Pointer],
    out: Vec<u8>,
}

/// An object or an array that is being read.
struct Container {
    is_object: bool,
    is_first: bool,
    /// The next element's index.
    index: usize,
    /// The pointers that lead here, a bit each.
    leading: u128,
    /// Whether it is left out.
    is_hidden: bool,
}

// === impl Reading ===

impl Reading<'_> {
    /// Copies one document, however deep.
    fn document(&mut self) -> Result<(), Stop> {
        let mut open: Vec<Container> = Vec::new();
        let (mut leading, mut is_hidden) = (u128::MAX, false);
        loop {
            self.space(is_hidden);
            match self.peek()? {
                bracket @ (b'{' | b'[') => {
                    self.copy(1, is_hidden);
                    let is_object = bracket == b'{';
                    open.push(Container { is_object, is_first: true, index: 0, leading, is_hidden });
                }
                b'"' => self.string(is_hidden).map(drop)?,
                _ => self.scalar(is_hidden)?,
            }
            // What comes next is a value again, or the end.
            loop {
                let depth = open.len();
                let Some(container) = open.last_mut() else { return Ok(()) };
                self.space(container.is_hidden);
                let closing = if container.is_object { b'}' } else { b']' };
                match self.peek()? {
                    byte if byte == closing => {
                        self.copy(1, container.is_hidden);
                        open.pop();
                        continue;
                    }
                    b',' if !container.is_first => self.copy(1, container.is_hidden),
                    _ if container.is_first => {}
                    _ => return Err(Stop::Malformed),
                }
                container.is_first = false;
                let name = self.name(container)?;
                leading = self.led_into(container.leading, depth, &name);
                is_hidden = container.is_hidden;
                if !is_hidden && self.ends_here(leading, depth) {
                    self.out.extend_from_slice(REDACTED);
                    is_hidden = true;
                }
                break;
            }
        }
    }

    /// The name of the member that begins here, or the element's index; empty where no pointer leads to either.
    fn name(&mut self, container: &mut Container) -> Result<String, Stop> {
        if !container.is_object {
            let index = container.index;
            container.index += 1;
            return Ok(if container.leading == 0 { String::new() } else { index.to_string() });
        }
        self.space(container.is_hidden);
        if self.peek()? != b'"' {
            return Err(Stop::Malformed);
        }
        let written = self.string(container.is_hidden)?;
        let name = if container.leading == 0 { Cow::Borrowed("") } else { decoded(written)? };
        let name = name.into_owned();
        self.space(container.is_hidden);
        match self.peek()? {
            b':' => self.copy(1, container.is_hidden),
            _ => return Err(Stop::Malformed),
        }
        Ok(name)
    }

    /// The pointers that lead from a container at this depth into what has this name.
    fn led_into(&self, leading: u128, depth: usize, name: &str) -> u128 {
        if leading == 0 {
            return 0;
        }
        let leads = |pointer: &Pointer| pointer.steps().get(depth - 1).is_some_and(|step| step.leads_into(name));
        self.bits().filter(|(bit, pointer)| leading & bit != 0 && leads(pointer)).fold(0, |all, (bit, _)| all | bit)
    }

    /// Whether one of the pointers that lead here leads no farther.
    fn ends_here(&self, leading: u128, depth: usize) -> bool {
        leading != 0 && self.bits().any(|(bit, pointer)| leading & bit != 0 && pointer.steps().len() == depth)
    }

    /// The pointers, each with its bit. A service has at most 100 of them.
    fn bits(&self) -> impl Iterator<Item = (u128, &Pointer)> {
        (0..u128::BITS).map(|at| 1 << at).zip(self.pointers)
    }

    fn peek(&self) -> Result<u8, Stop> {
        self.text.get(self.at).copied().ok_or(Stop::AtEnd)
    }

    /// Passes so many bytes, and copies them unless they are hidden.
    fn copy(&mut self, count: usize, is_hidden: bool) {
        let end = (self.at + count).min(self.text.len());
        if !is_hidden {
            self.out.extend_from_slice(self.text.get(self.at..end).unwrap_or_default());
        }
        self.at = end;
    }

    fn space(&mut self, is_hidden: bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.copy(rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count(), is_hidden);
    }

    /// Passes a string, and gives it as it is written, with its quotes.
    fn string(&mut self, is_hidden: bool) -> Result<&[u8], Stop> {
        let begin = self.at;
        let mut is_escaped = false;
        let rest = self.text.get(begin + 1..).unwrap_or_default();
        let end = rest.iter().position(|byte| {
            let ends = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            ends
        });
        self.copy(end.map_or(rest.len() + 1, |end| end + 2), is_hidden);
        if end.is_none() {
            return Err(Stop::AtEnd);
        }
        Ok(self.text.get(begin..self.at).unwrap_or_default())
    }

    /// Passes a number, a truth value or null.
    fn scalar(&mut self, is_hidden: bool) -> Result<(), Stop> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = rest.iter().take_while(is_part).count();
        let word = rest.get(..length).unwrap_or_default();
        let is_number = matches!(word.first(), Some(b'-' | b'0'..=b'9'))
            && word.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let is_word = |known: &[u8]| known == word || (length == rest.len() && known.starts_with(word));
        let is_known = length > 0 && (is_word(b"true") || is_word(b"false") || is_word(b"null"));
        if !is_number && !is_known {
            return Err(Stop::Malformed);
        }
        self.copy(length, is_hidden);
        Ok(())
    }
}

/// The text of a string that is written with its quotes.
fn decoded(written: &[u8]) -> Result<Cow<'_, str>, Stop> {
    let inner = written.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or_default();
    if inner.contains(&b'\\') {
        return serde_json::from_slice::<String>(written).map(Cow::Owned).map_err(|_| Stop::Malformed);
    }
    std::str::from_utf8(inner).map(Cow::Borrowed).map_err(|_| Stop::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rotator_domain::PointerStep;
    use serde_json::Value;

    use super::*;

    fn pointers(texts: &[&str]) -> Vec<Pointer> {
        texts.iter().map(|text| Pointer::parse(text).unwrap()).collect()
    }

    fn redact(text: &str, at: &[&str]) -> (String, bool) {
        let body = LoggedBody { content: text.as_bytes().to_vec(), is_cut: false };
        let LoggedBody { content, is_cut } = redacted(body, &pointers(at));
        (String::from_utf8(content).unwrap(), is_cut)
    }

    #[test]
    fn what_pointers_lead_to_is_left_out_and_all_else_stays_as_it_is() {
        let text = r#" { "model" : "m", "messages": [ {"role":"user","content":"one"}, {"content":[{"text":"two"}]} ], "n": 1.5e3 } "#;
        let expected = r#" { "model" : "m", "messages": [ {"role":"user","content":"[redacted]"}, {"content":"[redacted]"} ], "n": 1.5e3 } "#;
        assert_eq!(redact(text, &["/messages/*/content", "/nothing"]), (expected.to_owned(), false));
        let one =
            r#" { "model" : "m", "messages": [ {"role":"user","content":"one"},"[redacted]" ], "n":"[redacted]" } "#;
        assert_eq!(redact(text, &["/messages/1", "/n"]), (one.to_owned(), false));
        assert_eq!(redact(text, &[]).0, text);
        assert_eq!(
            redact(r#"{"a/b":1,"\u0061":2,"a":3,"~":4}"#, &["/a~1b", "/a", "/~0"]).0.matches("[redacted]").count(),
            4
        );
        assert_eq!(redact("[[1,2],[3,4]]", &["/*/1"]).0, r#"[[1,"[redacted]"],[3,"[redacted]"]]"#);
        assert_eq!(redact("{\"a\":1}\n{\"a\":2}\n", &["/a"]).0, "{\"a\":\"[redacted]\"}\n{\"a\":\"[redacted]\"}\n");
    }

    #[test]
    fn each_event_of_a_stream_is_a_document() {
        let stream = "event: x\nid: 1\n: secret comment\ndata: {\"a\":\"secret\",\"b\":1}\r\n\r\ndata:{\"a\":2}\n\ndata: [DONE]\n\n";
        let expected = "event: x\nid: 1\n:\ndata: {\"a\":\"[redacted]\",\"b\":1}\r\n\r\ndata:{\"a\":\"[redacted]\"}\n\ndata: [DONE]\n\n";
        assert_eq!(redact(stream, &["/a"]), (expected.to_owned(), false));
        // A document over several lines, and what is none.
        assert_eq!(redact("data: secret\nsecret\n", &["/a"]), ("data: \n:\n".to_owned(), true));
        let split = redact("data: {\"a\":\ndata: \"secret\"}\n", &["/a"]);
        assert_eq!(split, ("data: {\"a\":\"[redacted]\"\ndata: \"secret\"\n".to_owned(), true));
    }

    #[test]
    fn nothing_is_kept_from_where_a_body_is_no_json() {
        for (text, kept) in [
            ("name=secret&a=secret", ""),
            ("<secret/>", ""),
            ("{\"b\":1 secret}", "{\"b\":1 "),
            ("{\"b\":1,secret", "{\"b\":1,"),
            ("{\"b\":secret}", "{\"b\":"),
            ("{b: secret}", "{"),
            ("[1}secret", "[1"),
            ("{\"\\x\":\"secret\"}", "{\"\\x\""),
            ("12secret", ""),
        ] {
            assert_eq!(redact(text, &["/a"]), (kept.to_owned(), true), "{text}");
        }
    }

    #[test]
    fn depth_takes_no_stack() {
        let deep = "[".repeat(1_000_000);
        assert_eq!(redact(&deep, &["/0/0"]).0, "[[\"[redacted]\"");
        assert_eq!(redact(&deep, &["/1"]).0, deep);
    }

    /// What the pointers lead to in a document that was read whole.
    fn without(value: &mut Value, steps: &[PointerStep]) {
        let Some((first, rest)) = steps.split_first() else { return };
        let into = |name: &str, child: &mut Value| {
            if first.leads_into(name) {
                match rest {
                    [] => *child = Value::from("[redacted]"),
                    rest => without(child, rest),
                }
            }
        };
        match value {
            Value::Object(members) => members.iter_mut().for_each(|(name, child)| into(name, child)),
            Value::Array(all) => all.iter_mut().enumerate().for_each(|(at, child)| into(&at.to_string(), child)),
            _ => {}
        }
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![Just("a"), Just("b\""), Just("c/~"), Just("0"), Just("")].prop_map(str::to_owned)
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(name(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn pointer() -> impl Strategy<Value = Pointer> {
        let step = prop_oneof![Just("*".to_owned()), name()];
        let text = proptest::collection::vec(step, 1..4).prop_map(|steps| {
            let written = |step: &String| format!("/{}", step.replace('~', "~0").replace('/', "~1"));
            steps.iter().map(written).collect::<String>()
        });
        text.prop_map(|text| Pointer::parse(&text).unwrap())
    }

    proptest! {
        #[test]
        fn it_does_what_reading_the_whole_document_would(value in json(), at in proptest::collection::vec(pointer(), 1..4), pretty: bool) {
            let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
            let (kept, is_whole) = documents(&text, &at);
            let mut expected = value;
            // One after the other, as if nothing had been left out before: what is left out has no members.
            at.iter().for_each(|pointer| without(&mut expected, pointer.steps()));
            prop_assert!(is_whole);
            prop_assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), expected);
            // Of what was cut off, no more is kept than of the whole.
            for length in 0..text.len() {
                let (part, is_whole) = documents(&text[..length], &at);
                prop_assert!(is_whole);
                prop_assert!(kept.starts_with(&part), "{} of {}", String::from_utf8_lossy(&part), String::from_utf8_lossy(&kept));
            }
        }

        #[test]
        fn no_bytes_make_it_fail(bytes: Vec<u8>, at in proptest::collection::vec(pointer(), 1..4)) {
            let kept = redacted(LoggedBody { content: bytes.clone(), is_cut: false }, &at).content;
            prop_assert!(kept.len() <= bytes.len() * 12 + 12);
        }
    }
}

//! Asking for the usage of a stream whose client did not, and taking it out of the stream again
//! (<https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options>).

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memmem::Finder;
use serde_json::value::RawValue;

use crate::RawMembers;
use crate::json::{self, Kind};
use crate::members::place;
use crate::metering::may_tell;
use crate::sse::Lines;

/// The most bytes of an event that are held until it is whole. What tells the usage is far shorter.
const MOST_HELD: usize = 64 * 1024;
/// Looks for what every request for a stream holds.
static STREAM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"stream\""));
/// What asks for it.
const OPTIONS: &str = r#"{"include_usage":true}"#;

/// Takes out of a stream what is there only because its usage was asked for: the last chunk, which has no choices, and the
/// `"usage":null` of all others. Every other byte stays, as soon as the event that it belongs to is whole.
#[derive(Debug, Default)]
pub struct UnaskedUsage {
    lines: Lines,
    /// The event that is not whole yet.
    held: Vec<u8>,
    /// How long the line is that is not whole yet.
    line: usize,
    /// Whether the event is too long to be held.
    is_passing: bool,
    /// Whether the event before was taken out.
    is_taken: bool,
}

/// A request's body that asks for the usage of its stream; `None` where it does already, wants no stream or makes no sense.
/// Every other byte stays.
pub(super) fn asking(body: &[u8]) -> Option<Bytes> {
    STREAM.find(body)?;
    let text = std::str::from_utf8(body).ok()?;
    let members: RawMembers<'_> = serde_json::from_str(text).ok()?;
    if members.last("stream")?.get() != "true" {
        return None;
    }
    let Some(options) = members.last("stream_options") else {
        let end = text.trim_end().len().checked_sub(1)?;
        return replaced(text, end..end, &format!(r#","stream_options":{OPTIONS}"#));
    };
    let options_place = place(options.get(), text)?;
    if options.get() == "null" {
        return replaced(text, options_place, OPTIONS);
    }
    let inner: RawMembers<'_> = serde_json::from_str(options.get()).ok()?;
    match inner.last("include_usage") {
        None => {
            let (begin, comma) = (options_place.start + 1, if inner.0.is_empty() { "" } else { "," });
            replaced(text, begin..begin, &format!(r#""include_usage":true{comma}"#))
        }
        Some(own) if matches!(own.get(), "false" | "null") => replaced(text, place(own.get(), text)?, "true"),
        Some(_) => None,
    }
}

fn replaced(text: &str, place: Range<usize>, new: &str) -> Option<Bytes> {
    let (before, after) = (text.get(..place.start)?, text.get(place.end..)?);
    Some([before, new, after].concat().into())
}

// === impl UnaskedUsage ===

impl UnaskedUsage {
    /// Takes more of the stream up, and gives what is for the client.
    pub fn pass(&mut self, mut bytes: &[u8], out: &mut BytesMut) {
        loop {
            let all = bytes;
            let Some(line) = self.lines.take(&mut bytes) else { return };
            let piece = all.get(..line.length).unwrap_or_default();
            if line.is_rest_of_break() && self.held.is_empty() {
                // It belongs to the event before.
                if !self.is_taken {
                    out.put_slice(piece);
                }
                continue;
            }
            if self.is_passing {
                out.put_slice(piece);
            } else {
                self.held.extend_from_slice(piece);
            }
            self.line += line.text.len();
            if line.is_whole && std::mem::take(&mut self.line) == 0 {
                self.event_ended(out);
            } else if self.held.len() > MOST_HELD {
                (self.is_passing, self.is_taken) = (true, false);
                self.end(out);
            }
        }
    }

    /// The stream ends: gives what was held.
    pub fn end(&mut self, out: &mut BytesMut) {
        out.put_slice(&self.held);
        self.held = Vec::new();
    }

    fn event_ended(&mut self, out: &mut BytesMut) {
        self.is_taken = false;
        if !std::mem::take(&mut self.is_passing) {
            match left(&self.held) {
                Left::All => out.put_slice(&self.held),
                Left::Nothing => self.is_taken = true,
                Left::Without(place) => {
                    out.put_slice(self.held.get(..place.start).unwrap_or_default());
                    out.put_slice(self.held.get(place.end..).unwrap_or_default());
                }
            }
        }
        self.held.clear();
    }
}

/// What is left of an event.
enum Left {
    All,
    Nothing,
    /// All but these bytes.
    Without(Range<usize>),
}

fn left(event: &[u8]) -> Left {
    if !may_tell(event) {
        return Left::All;
    }
    let (mut rest, mut lines) = (event, Lines::default());
    let mut datas = Vec::new();
    while let Some(line) = lines.take(&mut rest) {
        datas.extend(line.text.strip_prefix(b"data:").and_then(|data| std::str::from_utf8(data).ok()));
    }
    let (data, is_one) = match datas.as_slice() {
        [data] => (Cow::Borrowed(*data), true),
        datas => (Cow::Owned(datas.join("\n")), false),
    };
    let Ok(members) = serde_json::from_str::<RawMembers<'_>>(&data) else { return Left::All };
    let Some(usage) = members.last("usage") else { return Left::All };
    let is_empty = |raw: &RawValue| json::list(raw).is_ok_and(|list| list.is_empty());
    if json::kind(usage) == Kind::Object && members.last("choices").is_some_and(is_empty) {
        return Left::Nothing;
    }
    let offset = data.as_ptr().addr().checked_sub(event.as_ptr().addr()).filter(|_| is_one);
    match (json::kind(usage), offset) {
        (Kind::Null, Some(offset)) => null_member(&members, &data)
            .map_or(Left::All, |place| Left::Without(place.start + offset..place.end + offset)),
        _ => Left::All,
    }
}

/// Where the member stands that says that there is no usage, with the comma that goes with it.
fn null_member(members: &RawMembers<'_>, data: &str) -> Option<Range<usize>> {
    let (name, value) = members.0.iter().find(|(name, _)| name == "usage")?;
    // A name with escapes stands elsewhere.
    let Cow::Borrowed(name) = name else { return None };
    let (begin, end) = (place(name, data)?.start.checked_sub(1)?, place(value.get(), data)?.end);
    let before = data.get(..begin)?.trim_end();
    if before.ends_with(',') {
        return Some(before.len() - 1..end);
    }
    let after = data.get(end..)?;
    let comma = after.trim_start().strip_prefix(',').map_or(0, |rest| after.len() - rest.len());
    Some(begin..end + comma)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(stream: &str, size: usize) -> String {
        let (mut filter, mut out) = (UnaskedUsage::default(), BytesMut::new());
        stream.as_bytes().chunks(size).for_each(|piece| filter.pass(piece, &mut out));
        filter.end(&mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn usage_is_asked_for_and_every_other_byte_stays() {
        let cases = [
            (r#"{"stream":true}"#, Some(r#"{"stream":true,"stream_options":{"include_usage":true}}"#)),
            (
                " { \"n\":1.10, \"stream\" : true ,\"x\":\"\\u00e9\" } \n",
                Some(
                    " { \"n\":1.10, \"stream\" : true ,\"x\":\"\\u00e9\" ,\"stream_options\":{\"include_usage\":true}} \n",
                ),
            ),
            (
                r#"{"stream_options":null,"stream":true}"#,
                Some(r#"{"stream_options":{"include_usage":true},"stream":true}"#),
            ),
            (
                r#"{"stream_options": { }, "stream":true}"#,
                Some(r#"{"stream_options": {"include_usage":true }, "stream":true}"#),
            ),
            (
                r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#,
                Some(r#"{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}}"#),
            ),
            (
                r#"{"stream":true,"stream_options":{"include_usage": false }}"#,
                Some(r#"{"stream":true,"stream_options":{"include_usage": true }}"#),
            ),
            (r#"{"stream":true,"stream_options":{"include_usage":true}}"#, None),
            (r#"{"stream":true,"stream_options":{"include_usage":1}}"#, None),
            (r#"{"stream":true,"stream_options":5}"#, None),
            (r#"{"stream":true,"stream":false}"#, None),
            (r#"{"stream":"true"}"#, None),
            (r#"{"messages":[{"stream":true}]}"#, None),
            (r#"[{"stream":true}]"#, None),
            (r#"{"stream":true"#, None),
            ("", None),
        ];
        for (body, expected) in cases {
            assert_eq!(asking(body.as_bytes()).as_deref(), expected.map(str::as_bytes), "{body}");
        }
    }

    #[test]
    fn what_was_not_asked_for_is_taken_out() {
        for end in ["\n", "\r\n", "\r"] {
            let with = [
                ": comment",
                "",
                r#"data: {"choices":[{"delta":{"content":"\"usage\":null,"}}],"usage":null}"#,
                "",
                r#"id: 1"#,
                r#"data: {"usage" : null , "choices":[{"delta":{}}]}"#,
                "",
                r#"data: {"choices":[],"prompt_filter_results":[],"usage":null,"x":1}"#,
                "",
                r#"data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#,
                "",
                r#"data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
                "",
                "data: [DONE]",
                "",
                "data: cut",
            ];
            let without = [
                ": comment",
                "",
                r#"data: {"choices":[{"delta":{"content":"\"usage\":null,"}}]}"#,
                "",
                r#"id: 1"#,
                r#"data: { "choices":[{"delta":{}}]}"#,
                "",
                r#"data: {"choices":[],"prompt_filter_results":[],"x":1}"#,
                "",
                r#"data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#,
                "",
                "data: [DONE]",
                "",
                "data: cut",
            ];
            for size in [1, 7, 1000] {
                assert_eq!(passed(&with.join(end), size), without.join(end), "{end:?} by {size}");
            }
        }
    }

    #[test]
    fn usage_on_several_lines_is_taken_out_and_what_is_no_json_stays() {
        let lines = "data: {\"choices\":[],\ndata: \"usage\":{}}\n\ndata: usage\n\nusage\n\ndata: {\"a\":\ndata: {\"usage\":null}}\n\n";
        let expected = "data: usage\n\nusage\n\ndata: {\"a\":\ndata: {\"usage\":null}}\n\n";
        assert_eq!(passed(lines, 3), expected);
    }

    #[test]
    fn a_long_event_passes_as_it_comes() {
        let (mut filter, mut out) = (UnaskedUsage::default(), BytesMut::new());
        let event = format!("data: {{\"usage\":null,\"x\":\"{}\"}}\n\n", "y".repeat(2 * MOST_HELD));
        let (first, rest) = event.split_at(event.len() - 10);
        filter.pass(first.as_bytes(), &mut out);
        assert_eq!(out.len(), first.len());
        filter.pass(rest.as_bytes(), &mut out);
        filter.pass(b"data: {\"choices\":[],\"usage\":{}}\n\n", &mut out);
        assert_eq!(out, event);
    }
}

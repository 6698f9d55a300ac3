//! Reading streams.

use std::collections::BTreeMap;

use super::super::error;
use super::super::part::{citation, native, opaque_of_data, opaque_of_signature};
use super::super::response::{ReadUsage, read_stop};
use crate::ir::{ApiError, BlockId, BlockKind, Delta, Event, Part, PartKind};
use crate::json::{Json, Kind, Object, document, kind};
use crate::members::Members;
use crate::{Invalid, StreamReader, sse};

/// The status of an upstream that breaks off.
const BAD_GATEWAY: u16 = 502;
/// What some relays end a stream with, after OpenAI's fashion.
const DONE: &str = "[DONE]";

/// Reads a stream. What it does not know it passes over.
#[derive(Debug, Default)]
pub(in super::super) struct Reader {
    usage: ReadUsage,
    /// The blocks that are open, by the upstream's index.
    blocks: BTreeMap<u64, Block>,
    next_block: u32,
    has_started: bool,
    has_stopped: bool,
    is_over: bool,
}

#[derive(Debug)]
struct Block {
    id: BlockId,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text,
    Thinking,
    Call {
        /// What the block was opened with: the input where no piece of it follows.
        input: Option<String>,
        has_input: bool,
    },
    /// A block that is told when it is whole.
    Native {
        name: String,
        members: Members,
        /// What was added to texts, by the member's name.
        texts: BTreeMap<String, String>,
        /// What took a member's place.
        others: BTreeMap<String, Json>,
        input: String,
    },
}

// === impl Reader ===

impl Reader {
    fn start(&mut self, message: Option<&Object<'_>>, events: &mut Vec<Event>) {
        // A second beginning, as some relays send when they begin anew, says nothing new.
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        let text = |name| message.and_then(|message| message.text(name).ok().flatten()).unwrap_or_default();
        events.push(Event::Start { id: text("id"), model: text("model"), created: None });
    }

    fn add_usage(&mut self, object: &Object<'_>, events: &mut Vec<Event>) {
        if let Ok(Some(usage)) = object.object("usage") {
            self.usage.add(&usage);
            events.extend(self.usage.known().map(Event::Usage));
        }
    }

    fn open(&mut self, index: u64, object: &Object<'_>, events: &mut Vec<Event>) {
        let Some(raw) = object.raw("content_block") else { return };
        let Ok(block) = Object::read_leniently(raw) else { return };
        self.start(None, events);
        self.close(index, events);
        let text = |name| block.text(name).ok().flatten().unwrap_or_default();
        let id = BlockId(self.next_block);
        self.next_block = self.next_block.saturating_add(1);
        let mut deltas = Vec::new();
        let more = |text: String| (!text.is_empty()).then_some(Delta::Text(text));
        let name = text("type");
        let (content, kind) = match name.as_str() {
            "text" => {
                deltas.extend(more(text("text")));
                deltas.extend(block.each("citations", citation).unwrap_or_default().into_iter().map(Delta::Citation));
                (Content::Text, Some(BlockKind::Text))
            }
            "thinking" => {
                deltas.extend(more(text("thinking")));
                deltas.extend(opaque_of_signature(&text("signature")).map(Delta::Opaque));
                (Content::Thinking, Some(BlockKind::Reasoning { is_summary: false, id: None }))
            }
            "redacted_thinking" => {
                deltas.push(Delta::Opaque(opaque_of_data(&text("data"))));
                (Content::Thinking, Some(BlockKind::Reasoning { is_summary: false, id: None }))
            }
            "tool_use" => {
                let is_filled = |raw: &&_| kind(raw) == Kind::Object && !is_empty_object(raw.get());
                let input = block.raw("input").filter(is_filled).map(|raw| raw.get().to_owned());
                let kind = BlockKind::ToolCall { id: text("id"), name: text("name"), is_custom: false };
                (Content::Call { input, has_input: false }, Some(kind))
            }
            _ => {
                let (texts, others) = (BTreeMap::new(), BTreeMap::new());
                (Content::Native { name, members: Members(block.rest(&[])), texts, others, input: String::new() }, None)
            }
        };
        if let Some(kind) = kind {
            events.push(Event::Open { block: id, choice: 0, kind });
        }
        events.extend(deltas.into_iter().map(|delta| Event::Delta { block: id, delta }));
        self.blocks.insert(index, Block { id, content });
    }

    fn extend(&mut self, index: u64, object: &Object<'_>, events: &mut Vec<Event>) {
        let Some(block) = self.blocks.get_mut(&index) else { return };
        let Ok(Some(delta)) = object.object("delta") else { return };
        let r#type = delta.text("type").ok().flatten().unwrap_or_default();
        let text = |name| delta.text(name).ok().flatten().filter(|text: &String| !text.is_empty());
        let told = match (&mut block.content, r#type.as_str()) {
            (Content::Text, "text_delta") => text("text").map(Delta::Text),
            (Content::Text, "citations_delta") => delta.with("citation", citation).ok().flatten().map(Delta::Citation),
            (Content::Thinking, "thinking_delta") => text("thinking").map(Delta::Text),
            (Content::Thinking, "signature_delta") => {
                text("signature").and_then(|signature| opaque_of_signature(&signature)).map(Delta::Opaque)
            }
            (Content::Call { has_input, .. }, "input_json_delta") => {
                let more = text("partial_json");
                *has_input |= more.is_some();
                more.map(Delta::Input)
            }
            (Content::Native { input, .. }, "input_json_delta") => {
                input.push_str(&text("partial_json").unwrap_or_default());
                None
            }
            (Content::Native { texts, others, .. }, _) => {
                for (name, json) in delta.rest(&["type"]) {
                    match crate::json::text(json.raw()) {
                        Ok(more) => texts.entry(name).or_default().push_str(&more),
                        Err(_) => drop(others.insert(name, json)),
                    }
                }
                None
            }
            _ => None,
        };
        events.extend(told.map(|delta| Event::Delta { block: block.id, delta }));
    }

    fn close(&mut self, index: u64, events: &mut Vec<Event>) {
        let Some(Block { id, content }) = self.blocks.remove(&index) else { return };
        match content {
            Content::Text | Content::Thinking | Content::Call { has_input: true, .. } => {}
            Content::Call { input, has_input: false } => {
                let delta = Delta::Input(input.unwrap_or_else(|| "{}".to_owned()));
                events.push(Event::Delta { block: id, delta });
            }
            Content::Native { name, members, texts, others, input } => {
                let json = whole(members, texts, others, &input);
                let part = Part::new(PartKind::Native(native(name, json)));
                events.push(Event::Open { block: id, choice: 0, kind: BlockKind::Whole(Box::new(part)) });
            }
        }
        events.push(Event::Close { block: id });
    }

    fn close_all(&mut self, events: &mut Vec<Event>) {
        let open: Vec<u64> = self.blocks.keys().copied().collect();
        for index in open {
            self.close(index, events);
        }
    }

    fn stop(&mut self, object: &Object<'_>, events: &mut Vec<Event>) {
        self.start(None, events);
        self.add_usage(object, events);
        let stop = object.object("delta").ok().flatten().as_ref().and_then(read_stop);
        if let Some(stop) = stop.filter(|_| !self.has_stopped) {
            self.close_all(events);
            self.has_stopped = true;
            events.push(Event::Stop { choice: 0, stop });
        }
    }

    fn end(&mut self, event: Event, events: &mut Vec<Event>) {
        self.is_over = true;
        events.push(event);
    }
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        if self.is_over || event.data.is_empty() || event.data == DONE {
            return Ok(());
        }
        let object = Object::read_leniently(document(event.data.as_bytes())?)?;
        let r#type = object.text("type")?.unwrap_or_else(|| event.name.clone().into_owned());
        let index = object.count("index")?.unwrap_or_default();
        match r#type.as_str() {
            "message_start" => {
                let message = object.object("message")?;
                self.start(message.as_ref(), events);
                if let Some(message) = message {
                    self.add_usage(&message, events);
                }
            }
            "content_block_start" => self.open(index, &object, events),
            "content_block_delta" => self.extend(index, &object, events),
            "content_block_stop" => self.close(index, events),
            "message_delta" => self.stop(&object, events),
            "message_stop" => {
                self.start(None, events);
                self.close_all(events);
                self.end(Event::End, events);
            }
            "ping" if self.has_started => events.push(Event::Ping),
            "error" => {
                let unclear = || error::read(BAD_GATEWAY, event.data.as_bytes());
                let error = error::told(&object).unwrap_or_else(unclear);
                self.end(Event::Error(error), events);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.is_over {
            return;
        }
        // An answer whose reason to stop was told lacks nothing.
        if self.has_stopped {
            return self.end(Event::End, events);
        }
        let message = "the upstream's answer stopped short".to_owned();
        self.end(Event::Error(ApiError { status: BAD_GATEWAY, message, ..ApiError::default() }), events);
    }
}

fn is_empty_object(text: &str) -> bool {
    text.chars().all(|letter| letter.is_whitespace() || letter == '{' || letter == '}')
}

/// A block as it would have come in one piece.
fn whole(mut members: Members, texts: BTreeMap<String, String>, others: BTreeMap<String, Json>, input: &str) -> Json {
    for (name, json) in others {
        members.set(&name, json);
    }
    if let Some(input) = Json::from_text(input) {
        members.set("input", input);
    }
    for (name, more) in texts {
        let before = members.get(&name).and_then(|json| crate::json::text(json.raw()).ok()).unwrap_or_default();
        if let Ok(json) = Json::of(&format!("{before}{more}")) {
            members.set(&name, json);
        }
    }
    members.into_json().unwrap_or_else(Json::empty_object)
}

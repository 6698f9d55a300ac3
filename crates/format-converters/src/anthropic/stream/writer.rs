//! Writing streams: one block open at a time, their indices from 0 on, `usage` in both places, and `event:` before each `data:`.
//! Without any of these the vendor's SDKs fail.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;

use super::super::part::text;
use super::super::response::{PartTeller, citation, reasoning, stop_reason, usage};
use super::super::{error, wire};
use super::block::{Block, Form};
use crate::carriers::carrier;
use crate::ir::{Attachment, BlockId, BlockKind, Delta, Event, Opaque, PartKind, Reasoning, Stop, Usage};
use crate::json::Json;
use crate::{StreamWriter, Telling, sse};

/// What free text is wrapped in, as the arguments of a function.
const CUSTOM_INPUT: (&str, &str) = ("{\"input\":\"", "\"}");

/// Writes a stream.
#[derive(Debug)]
pub(in super::super) struct Writer {
    telling: Telling,
    state: State,
    usage: Option<Usage>,
    stop: Option<Stop>,
    has_calls: bool,
    blocks: BTreeMap<BlockId, Block>,
    /// The order of the open blocks; the first one is being written.
    queue: VecDeque<BlockId>,
    index: u32,
}

#[derive(Debug)]
enum State {
    /// Nothing came yet.
    Silent,
    /// The beginning waits for the next event, which may say what was used.
    Begun { id: String, model: String },
    /// The beginning is written.
    Told,
    /// All is written.
    Over,
}

// === impl Writer ===

impl Writer {
    pub(in super::super) fn new(telling: Telling) -> Self {
        Self {
            telling,
            state: State::Silent,
            usage: None,
            stop: None,
            has_calls: false,
            blocks: BTreeMap::new(),
            queue: VecDeque::new(),
            index: 0,
        }
    }

    fn tell_start(&mut self, out: &mut BytesMut) {
        let (id, model) = match std::mem::replace(&mut self.state, State::Told) {
            State::Silent => (String::new(), String::new()),
            State::Begun { id, model } => (id, model),
            state @ (State::Told | State::Over) => {
                self.state = state;
                return;
            }
        };
        let id = self.telling.ids.or_mint(&id, super::super::response::MESSAGE_ID);
        let message = wire::Answer {
            id: &id,
            r#type: "message",
            role: "assistant",
            model: if model.is_empty() { &self.telling.request.model } else { &model },
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: wire::Usage { output_tokens: 0, output_tokens_details: None, ..usage(self.usage.as_ref()) },
        };
        emit(&wire::Event::MessageStart { message }, out);
    }

    fn open(&mut self, id: BlockId, kind: BlockKind, out: &mut BytesMut) {
        self.has_calls |= matches!(kind, BlockKind::ToolCall { .. });
        self.blocks.insert(id, Block::new(kind));
        self.queue.push_back(id);
        if self.queue.len() == 1 {
            self.begin_first(out);
        }
    }

    /// Begins the block that is the first one now.
    fn begin_first(&mut self, out: &mut BytesMut) {
        let Some(mut block) = self.queue.front().and_then(|id| self.blocks.remove(id)) else { return };
        match &block.form {
            Form::Text => self.start_block(text(""), out),
            Form::Whole(part) => {
                let Telling { ids, losses, .. } = &mut self.telling;
                if let Some(written) = (PartTeller { ids, losses }).part(part) {
                    let index = self.index;
                    emit(&wire::Event::ContentBlockStart { index, content_block: written }, out);
                    self.stop_block(out);
                }
            }
            Form::Reasoning { .. } | Form::Call { .. } => {}
        }
        for delta in std::mem::take(&mut block.waiting) {
            self.tell_delta(&mut block, delta, out);
        }
        if let Some(id) = self.queue.front() {
            self.blocks.insert(*id, block);
        }
    }

    fn delta(&mut self, id: BlockId, delta: Delta, out: &mut BytesMut) {
        let Some(mut block) = self.blocks.remove(&id) else { return };
        if block.is_closed {
            // Nothing comes after the end of a block.
        } else if self.queue.front() == Some(&id) {
            self.tell_delta(&mut block, delta, out);
        } else {
            block.waiting.push(delta);
        }
        self.blocks.insert(id, block);
    }

    fn close(&mut self, id: BlockId, out: &mut BytesMut) {
        let Some(block) = self.blocks.get_mut(&id) else { return };
        block.is_closed = true;
        while let Some(first) = self.queue.front().copied() {
            if !self.blocks.get(&first).is_some_and(|block| block.is_closed) {
                break;
            }
            self.end_first(out);
        }
    }

    /// Ends the first block and begins the next.
    fn end_first(&mut self, out: &mut BytesMut) {
        if let Some(block) = self.queue.pop_front().and_then(|id| self.blocks.remove(&id)) {
            self.tell_end(block, out);
        }
        self.begin_first(out);
    }

    fn tell_delta(&mut self, block: &mut Block, delta: Delta, out: &mut BytesMut) {
        match (&mut block.form, delta) {
            (Form::Call { has_begun: false, .. }, Delta::Opaque(opaque)) => {
                self.tell_carrier(&opaque, Attachment::Next, out);
            }
            (_, Delta::Opaque(opaque)) => block.opaque = Some(opaque),
            (Form::Text, Delta::Text(text)) if !text.is_empty() => {
                self.extend_block(wire::Delta::Text { text: &text }, out);
            }
            (Form::Text, Delta::Citation(told)) => {
                if let Some(citation) = citation(&told) {
                    self.extend_block(wire::Delta::Citations { citation }, out);
                }
            }
            (Form::Reasoning { has_begun, is_between_sections }, Delta::Text(text)) if !text.is_empty() => {
                if !std::mem::replace(has_begun, true) {
                    self.start_thinking(out);
                }
                let is_next = std::mem::replace(is_between_sections, false);
                let thinking = if is_next { format!("{}{text}", Reasoning::SECTION_BREAK) } else { text };
                self.extend_block(wire::Delta::Thinking { thinking: &thinking }, out);
            }
            (Form::Reasoning { has_begun, is_between_sections }, Delta::Section) => *is_between_sections = *has_begun,
            (Form::Call { .. }, Delta::Input(more)) if !more.is_empty() => self.tell_input(block, &more, out),
            _ => {}
        }
    }

    fn tell_input(&mut self, block: &mut Block, more: &str, out: &mut BytesMut) {
        self.start_call(block, out);
        let Form::Call { is_custom, has_input, .. } = &mut block.form else { return };
        let mut json = Cow::Borrowed(more);
        if *is_custom {
            let quoted = serde_json::to_string(more).unwrap_or_default();
            let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
            let before = if *has_input { "" } else { CUSTOM_INPUT.0 };
            json = Cow::Owned(format!("{before}{inner}"));
        }
        *has_input = true;
        self.extend_block(wire::Delta::InputJson { partial_json: &json }, out);
    }

    fn tell_end(&mut self, mut block: Block, out: &mut BytesMut) {
        self.start_call(&mut block, out);
        match &block.form {
            Form::Text => self.stop_block(out),
            Form::Reasoning { has_begun, .. } => return self.tell_end_of_reasoning(*has_begun, block.opaque, out),
            Form::Call { is_custom, has_input, .. } => {
                let rest = match (is_custom, has_input) {
                    (true, true) => Some(CUSTOM_INPUT.1),
                    (true, false) => Some("{\"input\":\"\"}"),
                    (false, false) => Some(""),
                    (false, true) => None,
                };
                if let Some(partial_json) = rest {
                    self.extend_block(wire::Delta::InputJson { partial_json }, out);
                }
                self.stop_block(out);
            }
            Form::Whole(_) => {}
        }
        if let Some(opaque) = block.opaque {
            self.tell_carrier(&opaque, Attachment::Previous, out);
        }
    }

    fn tell_end_of_reasoning(&mut self, has_begun: bool, opaque: Option<Opaque>, out: &mut BytesMut) {
        if !has_begun {
            return self.tell_hidden(opaque.as_ref(), out);
        }
        let shown = Reasoning { sections: vec!["-".to_owned()], is_summary: false };
        if let Some(wire::Content::Thinking { signature, .. }) = reasoning(&shown, opaque.as_ref())
            && !signature.is_empty()
        {
            self.extend_block(wire::Delta::Signature { signature: &signature }, out);
        }
        self.stop_block(out);
    }

    /// Tells reasoning whose text is not shown.
    fn tell_hidden(&mut self, opaque: Option<&Opaque>, out: &mut BytesMut) {
        match reasoning(&Reasoning::default(), opaque) {
            Some(wire::Content::Thinking { signature, .. }) => {
                self.start_thinking(out);
                self.extend_block(wire::Delta::Signature { signature: &signature }, out);
                self.stop_block(out);
            }
            Some(content) => {
                self.start_block(wire::Block::Known(content), out);
                self.stop_block(out);
            }
            None => {}
        }
    }

    /// Tells an opaque text of a part that has no slot for one.
    fn tell_carrier(&mut self, opaque: &Opaque, attachment: Attachment, out: &mut BytesMut) {
        let part = carrier(opaque, attachment);
        if let PartKind::Reasoning(_) = part.kind {
            self.tell_hidden(part.opaque.as_ref(), out);
        }
    }

    fn start_thinking(&mut self, out: &mut BytesMut) {
        let content = wire::Content::Thinking { thinking: String::new(), signature: String::new() };
        self.start_block(wire::Block::Known(content), out);
    }

    /// Begins a call, where the block is one that has not begun.
    fn start_call(&mut self, block: &mut Block, out: &mut BytesMut) {
        let Form::Call { id, name, has_begun, .. } = &mut block.form else { return };
        if std::mem::replace(has_begun, true) {
            return;
        }
        let id = self.telling.ids.or_mint(id, super::super::response::CALL_ID);
        let (id, input) = (id.into(), Json::empty_object());
        let content = wire::Content::ToolUse { id, name, input, cache_control: None };
        self.start_block(wire::Block::Known(content), out);
    }

    fn start_block(&self, content_block: wire::Block<'_>, out: &mut BytesMut) {
        emit(&wire::Event::ContentBlockStart { index: self.index, content_block }, out);
    }

    fn extend_block(&self, delta: wire::Delta<'_>, out: &mut BytesMut) {
        emit(&wire::Event::ContentBlockDelta { index: self.index, delta }, out);
    }

    fn stop_block(&mut self, out: &mut BytesMut) {
        emit(&wire::Event::ContentBlockStop { index: self.index }, out);
        self.index = self.index.saturating_add(1);
    }

    fn end(&mut self, out: &mut BytesMut) {
        while !self.queue.is_empty() {
            self.end_first(out);
        }
        let (stop_reason, stop_sequence) = stop_reason(self.stop.as_ref(), self.has_calls);
        let delta = wire::Ending { stop_reason, stop_sequence };
        emit(&wire::Event::MessageDelta { delta, usage: usage(self.usage.as_ref()) }, out);
        emit(&wire::Event::MessageStop, out);
        self.state = State::Over;
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: Event, out: &mut BytesMut) {
        match (&self.state, event) {
            (State::Over, _) | (State::Silent, Event::Ping) => {}
            (State::Silent, Event::Start { id, model, .. }) => self.state = State::Begun { id, model },
            (_, Event::Start { .. }) => {}
            (_, Event::Error(error)) => {
                let body = error::body(error.status, &error.message);
                sse::write(out, Some("error"), &String::from_utf8_lossy(&body));
                self.state = State::Over;
            }
            (_, Event::Stop { choice, stop }) => {
                if choice == 0 {
                    self.stop = Some(stop);
                }
            }
            (_, Event::Usage(told)) => {
                self.usage = Some(told);
                self.tell_start(out);
            }
            (_, event) => {
                self.tell_start(out);
                match event {
                    Event::Open { block, choice: 0, kind } => self.open(block, kind, out),
                    Event::Delta { block, delta } => self.delta(block, delta, out),
                    Event::Close { block } => self.close(block, out),
                    Event::Ping => emit(&wire::Event::Ping, out),
                    Event::End => self.end(out),
                    _ => {}
                }
            }
        }
    }
}

fn emit(event: &wire::Event<'_>, out: &mut BytesMut) {
    let json = serde_json::to_string(event).unwrap_or_default();
    sse::write(out, Some(event.name()), &json);
}

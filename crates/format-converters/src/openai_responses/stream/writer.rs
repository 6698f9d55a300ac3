//! Writing streams: created, in progress, then items one beside the other, then the whole answer. An item begins before anything
//! is said of it, its parts too; ids stay the same throughout; each item is told whole at its end. Without any of these the
//! vendor's SDKs fail.

use std::collections::BTreeMap;

use bytes::{BufMut, BytesMut};

use super::block::{Block, Form, Message};
use super::event::{Body, Emitter};
use super::items::annotation;
use super::response::{Answer, Echo, Ending, response_id, whole_item};
use crate::ir::{ApiError, Attachment, BlockId, BlockKind, Delta, Event, Stop, Usage};
use crate::json::Json;
use crate::{StreamWriter, Telling, custom_tools};

mod call;
mod reasoning;
mod text;

/// Writes a stream.
#[derive(Debug)]
pub(in super::super) struct Writer {
    telling: Telling,
    echo: Echo,
    state: State,
    emitter: Emitter,
    blocks: BTreeMap<BlockId, Block>,
    /// A call that waits for the next event, which may be what has to be written before it.
    waiting: Option<BlockId>,
    /// A message whose parts so far are whole; the next text may be another one.
    idle: Option<Message>,
    /// The items that are whole, by their index.
    output: BTreeMap<u32, Json>,
    next_index: u32,
    usage: Option<Usage>,
    stop: Option<Stop>,
}

#[derive(Debug)]
enum State {
    /// Nothing came yet.
    Silent,
    /// The beginning is written.
    Told { id: String, model: String, created: i64 },
    /// All is written.
    Over,
}

// === impl Writer ===

impl Writer {
    pub(in super::super) fn new(telling: Telling) -> Self {
        Self {
            echo: Echo::of(&telling.request),
            telling,
            state: State::Silent,
            emitter: Emitter::default(),
            blocks: BTreeMap::new(),
            waiting: None,
            idle: None,
            output: BTreeMap::new(),
            next_index: 0,
            usage: None,
            stop: None,
        }
    }

    fn start(&mut self, id: &str, model: String, created: Option<i64>, out: &mut BytesMut) {
        let id = response_id(id, &mut self.telling);
        self.state = State::Told { id, model, created: created.unwrap_or(self.telling.now) };
        self.tell_state(Some("response.created"), Ending::None, out);
        self.tell_state(Some("response.in_progress"), Ending::None, out);
    }

    /// Tells how far the answer has come, by the event that is named or the one that goes with its status.
    fn tell_state(&mut self, name: Option<&str>, ending: Ending<'_>, out: &mut BytesMut) {
        let State::Told { id, model, created } = &self.state else { return };
        let is_begin = matches!(ending, Ending::None);
        let output = if is_begin { Vec::new() } else { self.output.values().collect() };
        let response = Answer::of(id, self.telling.now, &self.echo)
            .told_by(model, Some(*created), None, &self.telling.request.model)
            .with(output, self.usage.as_ref().filter(|_| !is_begin))
            .ended(ending, self.telling.now);
        let by_status = format!("response.{}", response.status());
        self.emitter.emit(name.unwrap_or(&by_status), &Body::Lifecycle { response }, out);
    }

    fn open(&mut self, id: BlockId, kind: BlockKind, out: &mut BytesMut) {
        let request = &self.telling.request;
        let block = Block::new(kind, |name| custom_tools::is_declared(request, name));
        match &block.form {
            Form::Call(_) => self.waiting = Some(id),
            Form::Whole(part) => {
                if let Some(item) = whole_item(part, &mut self.telling) {
                    self.whole(item, out);
                }
            }
            Form::Text(_) | Form::Reasoning(_) => {}
        }
        self.blocks.insert(id, block);
    }

    /// Begins the call that waits, unless the event tells what comes before it.
    fn resolve(&mut self, event: &Event, out: &mut BytesMut) -> bool {
        let Some(id) = self.waiting.take() else { return false };
        let is_own = |block: BlockId| block == id;
        let is_told = match event {
            Event::Delta { block, delta: Delta::Opaque(opaque) } if is_own(*block) => {
                self.carrier(opaque, Attachment::Next, out);
                true
            }
            _ => false,
        };
        if let Some(mut block) = self.blocks.remove(&id) {
            if let Form::Call(call) = &mut block.form {
                self.start_call(call, out);
            }
            self.blocks.insert(id, block);
        }
        is_told
    }

    fn delta(&mut self, id: BlockId, delta: Delta, out: &mut BytesMut) {
        let Some(mut block) = self.blocks.remove(&id) else { return };
        match (&mut block.form, delta) {
            (_, Delta::Opaque(opaque)) => block.opaque = Some(opaque),
            (Form::Text(text), Delta::Text(more)) if !more.is_empty() => self.extend_text(text, &more, out),
            (Form::Text(text), Delta::Citation(citation)) if !text.is_refusal => {
                match annotation(&citation, &text.text) {
                    Some(annotation) => self.annotate(text, annotation, out),
                    None => self.telling.losses.drop("annotations"),
                }
            }
            (Form::Text(text), Delta::LogProbs(list)) if !text.is_refusal => self.log_probs(text, &list, out),
            (Form::Reasoning(thoughts), Delta::Text(more)) if !more.is_empty() => self.think(thoughts, &more, out),
            (Form::Reasoning(thoughts), Delta::Section) => self.end_section(thoughts, out),
            (Form::Call(call), Delta::Input(more)) if !more.is_empty() => self.extend_call(call, &more, out),
            _ => {}
        }
        self.blocks.insert(id, block);
    }

    fn close(&mut self, id: BlockId, out: &mut BytesMut) {
        let Some(Block { form, opaque }) = self.blocks.remove(&id) else { return };
        match form {
            Form::Text(text) => {
                if opaque.is_none() && text.place.is_none() {
                    return;
                }
                self.end_text(text, out);
                if let Some(opaque) = opaque {
                    self.carrier(&opaque, Attachment::Previous, out);
                }
            }
            Form::Reasoning(thoughts) => self.end_reasoning(thoughts, opaque.as_ref(), out),
            Form::Call(call) => {
                self.end_call(call, out);
                if let Some(opaque) = opaque {
                    self.carrier(&opaque, Attachment::Previous, out);
                }
            }
            Form::Whole(_) => {}
        }
    }

    /// The place and id of a new item; the message before it is whole now.
    fn start_item(&mut self, prefix: &str, out: &mut BytesMut) -> (u32, String) {
        self.end_idle(out);
        let index = self.next_index;
        self.next_index = index.saturating_add(1);
        (index, self.telling.ids.mint(prefix))
    }

    fn end_item(&mut self, index: u32, item: Json, out: &mut BytesMut) {
        self.emit("response.output_item.done", &Body::Item { output_index: index, item: &item }, out);
        self.output.insert(index, item);
    }

    /// Tells an item that came whole.
    fn whole(&mut self, item: Json, out: &mut BytesMut) {
        let (index, _) = self.start_item("", out);
        self.emit("response.output_item.added", &Body::Item { output_index: index, item: &item }, out);
        self.end_item(index, item, out);
    }

    fn emit(&mut self, name: &str, body: &Body<'_>, out: &mut BytesMut) {
        self.emitter.emit(name, body, out);
    }

    fn end(&mut self, out: &mut BytesMut) {
        while let Some(id) = self.blocks.keys().next().copied() {
            self.close(id, out);
        }
        self.end_idle(out);
        let stop = self.stop.take();
        self.tell_state(None, Ending::Stop(stop.as_ref()), out);
        self.state = State::Over;
    }

    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        self.tell_state(None, Ending::Error(error), out);
        self.state = State::Over;
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: Event, out: &mut BytesMut) {
        match (&self.state, &event) {
            (State::Over, _) => return,
            // A comment, which keeps the connection alive.
            (_, Event::Ping) => return out.put_slice(b": ping\n\n"),
            (State::Silent, Event::Start { id, model, created }) => {
                return self.start(id, model.clone(), *created, out);
            }
            (State::Silent, _) => self.start("", String::new(), None, out),
            (State::Told { .. }, _) => {}
        }
        if self.resolve(&event, out) {
            return;
        }
        match event {
            Event::Open { block, choice: 0, kind } => self.open(block, kind, out),
            Event::Open { .. } => self.telling.losses.drop("n"),
            Event::Delta { block, delta } => self.delta(block, delta, out),
            Event::Close { block } => self.close(block, out),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { choice: 0, stop } => self.stop = Some(stop),
            Event::Error(error) => self.fail(&error, out),
            Event::End => self.end(out),
            Event::Stop { .. } | Event::Start { .. } | Event::Ping => {}
        }
    }
}

fn to_json(value: &impl serde::Serialize) -> Json {
    Json::of(value).unwrap_or_else(|_| Json::empty_object())
}

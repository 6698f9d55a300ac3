//! An item while it comes in pieces.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::items::{Items, citation, reasoning_text};
use super::response::log_probs;
use crate::Invalid;
use crate::ir::{BlockId, BlockKind, Citation, Delta, Event, ToolCall};
use crate::json::{Json, Object, list};

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts and refusals.
    Message,
    /// Reasoning.
    Reasoning,
    /// A call of a client's tool.
    Call {
        /// Whether it is called with free text.
        is_custom: bool,
    },
    /// What only this format has.
    Native,
}

/// Numbers for the blocks, and what is known of them all.
#[derive(Debug, Default)]
pub(super) struct Feed {
    next: u32,
    has_calls: bool,
}

/// An item while it comes.
#[derive(Debug)]
pub(super) struct Item {
    /// What it is.
    pub(super) kind: Kind,
    /// Its id; empty where the upstream gave none.
    pub(super) id: String,
    /// The id of the call that it is.
    pub(super) call_id: String,
    /// Whether it came whole.
    pub(super) is_done: bool,
    /// The parts of a message by their index; what is not a message has one at most.
    pieces: BTreeMap<u64, Piece>,
    /// Whether reasoning comes as a summary.
    is_summary: bool,
    /// The section of reasoning that came last.
    section: u64,
}

/// A part while it comes.
#[derive(Debug)]
struct Piece {
    block: BlockId,
    /// How many bytes of its text came.
    sent: usize,
    /// How many citations came.
    citations: usize,
    has_log_probs: bool,
    is_closed: bool,
}

// === impl Kind ===

impl Kind {
    /// What an event of this name (without `response.`) is about; `None` where it says nothing that is needed.
    pub(super) fn of_event(name: &str) -> Option<Self> {
        let (subject, verb) = name.rsplit_once('.')?;
        let kind = match subject {
            "output_text" | "refusal" | "content_part" | "output_text.annotation" => Self::Message,
            "reasoning_summary_text" | "reasoning_text" | "reasoning_summary" | "reasoning" => Self::Reasoning,
            "function_call_arguments" => Self::Call { is_custom: false },
            "custom_tool_call_input" => Self::Call { is_custom: true },
            _ => return None,
        };
        // That a part begins says nothing: it does with its first text.
        let is_needed = matches!(verb, "delta" | "done") || subject == "output_text.annotation";
        is_needed.then_some(kind)
    }
}

// === impl Feed ===

impl Feed {
    /// Whether a client's tool was called.
    pub(super) const fn has_calls(&self) -> bool {
        self.has_calls
    }

    fn open(&mut self, kind: BlockKind, events: &mut Vec<Event>) -> Piece {
        let block = BlockId(self.next);
        self.next = self.next.saturating_add(1);
        self.has_calls |= matches!(kind, BlockKind::ToolCall { .. });
        events.push(Event::Open { block, choice: 0, kind });
        Piece { block, sent: 0, citations: 0, has_log_probs: false, is_closed: false }
    }
}

// === impl Item ===

impl Item {
    /// An item of which nothing came yet.
    pub(super) const fn new(kind: Kind, id: String) -> Self {
        let pieces = BTreeMap::new();
        Self { kind, id, call_id: String::new(), is_done: false, pieces, is_summary: false, section: 0 }
    }

    /// The item that begins as `object`.
    pub(super) fn of(object: &Object<'_>) -> Result<Self, Invalid> {
        let kind = match object.text("type")?.as_deref() {
            Some("message") => Kind::Message,
            Some("reasoning") => Kind::Reasoning,
            Some("function_call") => Kind::Call { is_custom: false },
            Some("custom_tool_call") => Kind::Call { is_custom: true },
            _ => Kind::Native,
        };
        Ok(Self::new(kind, object.text("id")?.unwrap_or_default()))
    }

    /// The item begins.
    pub(super) fn begin(
        &mut self,
        object: &Object<'_>,
        feed: &mut Feed,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        if let Kind::Call { is_custom } = self.kind {
            let call = Items::OfAnswer.call(object, is_custom)?;
            // A call whose tool is not known yet begins later.
            if !call.name.is_empty() {
                self.open_call(&call, is_custom, feed, events);
                self.fill(0, call.input.as_str(), events);
            }
        }
        Ok(())
    }

    /// Another event tells of the item.
    pub(super) fn goes_on(
        &mut self,
        name: &str,
        event: &Object<'_>,
        feed: &mut Feed,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        if self.is_done {
            return Ok(());
        }
        let text = |name| Ok::<_, Invalid>(event.text(name)?.unwrap_or_default());
        let index = event.count("content_index")?.unwrap_or_default();
        match (self.kind, name) {
            (Kind::Message, "output_text.delta") => {
                self.text(index, &text("delta")?, false, feed, events);
                self.log_probs(index, event, events);
            }
            (Kind::Message, "refusal.delta") => self.text(index, &text("delta")?, true, feed, events),
            (Kind::Message, "output_text.done") => {
                self.whole_text(index, &text("text")?, false, feed, events);
                self.log_probs_once(index, event, events);
            }
            (Kind::Message, "refusal.done") => self.whole_text(index, &text("refusal")?, true, feed, events),
            (Kind::Message, "output_text.annotation.added") => {
                if let Some(citation) = event.raw("annotation").and_then(citation) {
                    self.cite(index, citation, feed, events);
                }
            }
            (Kind::Message, "content_part.done") => {
                if let Some(part) = event.object("part")? {
                    self.whole_part(index, &part, feed, events)?;
                }
            }
            (Kind::Reasoning, _) => self.reasoning(name, event, feed, events)?,
            (Kind::Call { .. }, "function_call_arguments.delta" | "custom_tool_call_input.delta") => {
                self.input(&text("delta")?, events);
            }
            (Kind::Call { .. }, "function_call_arguments.done") => self.fill(0, &text("arguments")?, events),
            (Kind::Call { .. }, "custom_tool_call_input.done") => self.fill(0, &text("input")?, events),
            _ => {}
        }
        Ok(())
    }

    /// The item came whole: what was not told in pieces is told now.
    pub(super) fn end(
        &mut self,
        object: &Object<'_>,
        raw: &RawValue,
        feed: &mut Feed,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        if std::mem::replace(&mut self.is_done, true) {
            return Ok(());
        }
        match self.kind {
            Kind::Message => {
                let content = object.with("content", list)?.unwrap_or_default();
                for (index, part) in (0_u64..).zip(content) {
                    if let Ok(part) = Object::read_leniently(part) {
                        self.whole_part(index, &part, feed, events)?;
                    }
                }
            }
            Kind::Reasoning => self.whole_reasoning(object, feed, events)?,
            Kind::Call { is_custom } => {
                let call = Items::OfAnswer.call(object, is_custom)?;
                self.open_call(&call, is_custom, feed, events);
                self.fill(0, call.input.as_str(), events);
            }
            Kind::Native => {
                let name = object.text("type")?.unwrap_or_default();
                let drawing = if name == "image_generation_call" { Items::drawing(object)? } else { None };
                let part = drawing.unwrap_or_else(|| Items::native(&name, raw));
                self.open(0, BlockKind::Whole(Box::new(part)), feed, events);
            }
        }
        self.close(events);
        Ok(())
    }

    /// Closes what is open.
    pub(super) fn close(&mut self, events: &mut Vec<Event>) {
        for piece in self.pieces.values_mut() {
            piece.close(events);
        }
    }

    fn open(&mut self, index: u64, kind: BlockKind, feed: &mut Feed, events: &mut Vec<Event>) -> &mut Piece {
        self.pieces.entry(index).or_insert_with(|| feed.open(kind, events))
    }

    fn open_reasoning(&mut self, is_summary: bool, feed: &mut Feed, events: &mut Vec<Event>) -> &mut Piece {
        let id = Some(self.id.clone()).filter(|id| !id.is_empty());
        self.open(0, BlockKind::Reasoning { is_summary, id }, feed, events)
    }

    fn open_call(&mut self, call: &ToolCall, is_custom: bool, feed: &mut Feed, events: &mut Vec<Event>) {
        self.call_id.clone_from(&call.id);
        let (id, name) = (call.id.clone(), call.name.clone());
        self.open(0, BlockKind::ToolCall { id, name, is_custom }, feed, events);
    }

    fn text(&mut self, index: u64, more: &str, is_refusal: bool, feed: &mut Feed, events: &mut Vec<Event>) {
        if !more.is_empty() {
            let kind = if is_refusal { BlockKind::Refusal } else { BlockKind::Text };
            self.open(index, kind, feed, events).extend(more, Delta::Text, events);
        }
    }

    fn whole_text(&mut self, index: u64, whole: &str, is_refusal: bool, feed: &mut Feed, events: &mut Vec<Event>) {
        let sent = self.pieces.get(&index).map_or(0, |piece| piece.sent);
        self.text(index, whole.get(sent..).unwrap_or_default(), is_refusal, feed, events);
    }

    fn whole_part(
        &mut self,
        index: u64,
        part: &Object<'_>,
        feed: &mut Feed,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        match part.text("type")?.as_deref() {
            Some("output_text" | "text") => {
                self.whole_text(index, &part.text("text")?.unwrap_or_default(), false, feed, events);
                self.log_probs_once(index, part, events);
                let told = self.pieces.get(&index).map_or(0, |piece| piece.citations);
                let citations = part.each("annotations", |raw| Ok(citation(raw)))?;
                for citation in citations.into_iter().skip(told).flatten() {
                    self.cite(index, citation, feed, events);
                }
            }
            Some("refusal") => {
                self.whole_text(index, &part.text("refusal")?.unwrap_or_default(), true, feed, events);
            }
            _ => {}
        }
        if let Some(piece) = self.pieces.get_mut(&index) {
            piece.close(events);
        }
        Ok(())
    }

    fn cite(&mut self, index: u64, citation: Citation, feed: &mut Feed, events: &mut Vec<Event>) {
        let piece = self.open(index, BlockKind::Text, feed, events);
        if !piece.is_closed {
            piece.citations += 1;
            events.push(Event::Delta { block: piece.block, delta: Delta::Citation(citation) });
        }
    }

    fn log_probs(&mut self, index: u64, object: &Object<'_>, events: &mut Vec<Event>) {
        let Some(piece) = self.pieces.get_mut(&index).filter(|piece| !piece.is_closed) else { return };
        if let Some(items) = log_probs(object).and_then(|items| Json::from_text(&format!("[{items}]"))) {
            piece.has_log_probs = true;
            events.push(Event::Delta { block: piece.block, delta: Delta::LogProbs(items) });
        }
    }

    fn log_probs_once(&mut self, index: u64, object: &Object<'_>, events: &mut Vec<Event>) {
        if self.pieces.get(&index).is_some_and(|piece| !piece.has_log_probs) {
            self.log_probs(index, object, events);
        }
    }

    fn input(&mut self, more: &str, events: &mut Vec<Event>) {
        if let Some(piece) = self.pieces.get_mut(&0) {
            piece.extend(more, Delta::Input, events);
        }
    }

    /// What of a call's input was not told.
    fn fill(&mut self, index: u64, whole: &str, events: &mut Vec<Event>) {
        if let Some(piece) = self.pieces.get_mut(&index) {
            piece.extend(whole.get(piece.sent..).unwrap_or_default(), Delta::Input, events);
        }
    }

    /// A piece of reasoning goes on, as its summary or as it is: whichever came first.
    fn reasoning(
        &mut self,
        name: &str,
        event: &Object<'_>,
        feed: &mut Feed,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        let is_summary = name.starts_with("reasoning_summary");
        let index = event.count(if is_summary { "summary_index" } else { "content_index" })?;
        let index = index.unwrap_or(self.section);
        if name.ends_with(".delta") {
            let more = event.text("delta")?.unwrap_or_default();
            self.thought(index, &more, is_summary, feed, events);
        } else if let Some(whole) = event.text("text")? {
            self.whole_thought(index, &whole, is_summary, feed, events);
        }
        Ok(())
    }

    fn thought(&mut self, index: u64, more: &str, is_summary: bool, feed: &mut Feed, events: &mut Vec<Event>) {
        let has_begun = !self.pieces.is_empty();
        if more.is_empty() || (has_begun && (self.is_summary != is_summary || index < self.section)) {
            return;
        }
        self.is_summary = is_summary;
        let is_next = has_begun && index > std::mem::replace(&mut self.section, index);
        let piece = self.open_reasoning(is_summary, feed, events);
        if is_next && !piece.is_closed {
            piece.sent = 0;
            events.push(Event::Delta { block: piece.block, delta: Delta::Section });
        }
        piece.extend(more, Delta::Text, events);
    }

    fn whole_thought(&mut self, index: u64, whole: &str, is_summary: bool, feed: &mut Feed, events: &mut Vec<Event>) {
        let is_this = index == self.section;
        let sent = self.pieces.get(&0).filter(|_| is_this).map_or(0, |piece| piece.sent);
        self.thought(index, whole.get(sent..).unwrap_or_default(), is_summary, feed, events);
    }

    fn whole_reasoning(
        &mut self,
        object: &Object<'_>,
        feed: &mut Feed,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        let whole = reasoning_text(object, Items::OfAnswer)?;
        for (index, text) in (0_u64..).zip(&whole.sections) {
            self.whole_thought(index, text, whole.is_summary, feed, events);
        }
        if let Some(opaque) = Items::opaque(object)? {
            let is_summary = whole.is_summary;
            let piece = self.open_reasoning(is_summary, feed, events);
            if !piece.is_closed {
                events.push(Event::Delta { block: piece.block, delta: Delta::Opaque(opaque) });
            }
        }
        Ok(())
    }
}

// === impl Piece ===

impl Piece {
    fn extend(&mut self, more: &str, delta: impl FnOnce(String) -> Delta, events: &mut Vec<Event>) {
        if !more.is_empty() && !self.is_closed {
            self.sent += more.len();
            events.push(Event::Delta { block: self.block, delta: delta(more.to_owned()) });
        }
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.is_closed, true) {
            events.push(Event::Close { block: self.block });
        }
    }
}

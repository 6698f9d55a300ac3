//! Calls of tools that come in pieces, and whose piece is whose.
//!
//! The vendor gives each call an index, the id and the name once, and then its arguments. Those who speak its format leave the
//! index out, give all calls the index 0, repeat id and name with each piece, or give an id of its own to each piece.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::super::call::{arguments, extra};
use crate::ir::{BlockId, BlockKind, Delta, Event, Opaque};
use crate::json::{self, Object};

/// The calls of one answer.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// The last call of each index and of each id.
    by_index: HashMap<u64, usize>,
    by_id: HashMap<String, usize>,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    is_custom: bool,
    /// The block, once the call's name is known.
    block: Option<BlockId>,
    /// What came before the name.
    early: String,
    opaque: Option<Opaque>,
    progress: Progress,
}

/// How far arguments have come, told without keeping them.
#[derive(Debug, Default)]
struct Progress {
    depth: u32,
    has_begun: bool,
    is_in_text: bool,
    is_escaped: bool,
}

/// One piece of a call.
struct Piece {
    index: Option<u64>,
    id: String,
    name: String,
    input: String,
    is_custom: bool,
    opaque: Option<Opaque>,
}

// === impl Calls ===

impl Calls {
    /// Whether there is any.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Takes a piece of a call up.
    pub(super) fn read(&mut self, raw: &RawValue, choice: u32, next: &mut u32, events: &mut Vec<Event>) {
        if let Some(piece) = Piece::read(raw) {
            self.take(piece, choice, next, events);
        }
    }

    /// Takes a piece of a call up such as were written before there were tools.
    pub(super) fn read_legacy(&mut self, raw: &RawValue, choice: u32, next: &mut u32, events: &mut Vec<Event>) {
        let Ok(function) = Object::read_leniently(raw) else { return };
        let name = function.text("name").ok().flatten().unwrap_or_default();
        let input = arguments(&function).unwrap_or_default();
        let (id, is_custom) = (String::new(), false);
        self.take(Piece { index: Some(0), id, name, input, is_custom, opaque: None }, choice, next, events);
    }

    /// Closes all of them.
    pub(super) fn close(&mut self, choice: u32, next: &mut u32, events: &mut Vec<Event>) {
        for call in &mut self.calls {
            if call.block.is_none() && !(call.id.is_empty() && call.early.is_empty()) {
                call.open(choice, next, events);
            }
            events.extend(call.block.map(|block| Event::Close { block }));
        }
    }

    fn take(&mut self, piece: Piece, choice: u32, next: &mut u32, events: &mut Vec<Event>) {
        let place = self.place_of(&piece);
        let known = self.calls.len();
        let place = place.unwrap_or(known);
        if place == known {
            let is_nothing = piece.id.is_empty() && piece.name.is_empty() && piece.input.is_empty();
            if is_nothing {
                return;
            }
            self.calls.push(Call { index: piece.index, is_custom: piece.is_custom, ..Call::default() });
            self.by_index.extend(piece.index.map(|index| (index, place)));
        }
        let Some(call) = self.calls.get_mut(place) else { return };
        if call.id.is_empty() && !piece.id.is_empty() {
            self.by_id.insert(piece.id.clone(), place);
            call.id = piece.id;
        }
        if call.name.is_empty() {
            call.name = piece.name;
        }
        let is_opened = call.block.is_none() && !call.name.is_empty();
        if is_opened {
            call.opaque = piece.opaque;
            call.open(choice, next, events);
        } else if let Some(opaque) = piece.opaque {
            match call.block {
                Some(block) => events.push(Event::Delta { block, delta: Delta::Opaque(opaque) }),
                None => call.opaque = Some(opaque),
            }
        }
        call.progress.take(&piece.input);
        match call.block {
            Some(_) if piece.input.is_empty() => {}
            Some(block) => events.push(Event::Delta { block, delta: Delta::Input(piece.input) }),
            None => call.early.push_str(&piece.input),
        }
    }

    /// The call that a piece belongs to; `None` where it begins one.
    fn place_of(&self, piece: &Piece) -> Option<usize> {
        let near = match piece.index {
            Some(index) => self.by_index.get(&index).copied(),
            None => self.calls.len().checked_sub(1),
        };
        if !piece.id.is_empty() {
            if near.and_then(|near| self.calls.get(near)).is_some_and(|call| call.id == piece.id) {
                return near;
            }
            // Some give all calls of one tool the same id, and only the index tells them apart.
            let is_there = |call: &Call| call.index.zip(piece.index).is_none_or(|(own, index)| own == index);
            let known = self.by_id.get(&piece.id).copied();
            if known.and_then(|known| self.calls.get(known)).is_some_and(is_there) {
                return known;
            }
            let call = self.calls.get(near?)?;
            let is_same = if call.id.is_empty() {
                // The id comes after the name.
                piece.name.is_empty() || call.name.is_empty() || call.name == piece.name
            } else {
                // A new id without a name goes on at its index; with one it begins a call.
                piece.name.is_empty() && piece.index.is_some()
            };
            return near.filter(|_| is_same);
        }
        if piece.name.is_empty() {
            return near;
        }
        // A name alone: repeated with each piece, or of another call without an id, which begins where the last is whole.
        let call = self.calls.get(near?)?;
        let goes_on = || piece.input.is_empty() || !call.progress.is_whole();
        let is_same = call.name.is_empty() || call.name == piece.name && goes_on();
        near.filter(|_| is_same)
    }
}

// === impl Call ===

impl Call {
    fn open(&mut self, choice: u32, next: &mut u32, events: &mut Vec<Event>) {
        let block = BlockId(*next);
        *next = next.saturating_add(1);
        self.block = Some(block);
        let (id, name) = (self.id.clone(), self.name.clone());
        events.push(Event::Open { block, choice, kind: BlockKind::ToolCall { id, name, is_custom: self.is_custom } });
        events.extend(self.opaque.take().map(|opaque| Event::Delta { block, delta: Delta::Opaque(opaque) }));
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            events.push(Event::Delta { block, delta: Delta::Input(early) });
        }
    }
}

// === impl Progress ===

impl Progress {
    fn take(&mut self, input: &str) {
        for byte in input.bytes() {
            if self.is_in_text {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.is_in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'{' | b'[' => {
                    self.depth = self.depth.saturating_add(1);
                    self.has_begun = true;
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                b'"' => self.is_in_text = true,
                _ => {}
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.has_begun && self.depth == 0
    }
}

// === impl Piece ===

impl Piece {
    fn read(raw: &RawValue) -> Option<Self> {
        let object = Object::read_leniently(raw).ok()?;
        let text = |object: &Object<'_>, name| object.text(name).ok().flatten();
        let held = |name| object.object(name).ok().flatten();
        let index = object.raw("index").and_then(|raw| json::parse(raw, "a whole number").ok());
        let id = text(&object, "id").unwrap_or_default();
        let opaque = extra(&object);
        let (name, input, is_custom) = if let Some(custom) = held("custom") {
            (text(&custom, "name"), text(&custom, "input"), true)
        } else if let Some(function) = held("function") {
            (text(&function, "name"), arguments(&function), false)
        } else {
            (None, None, text(&object, "type").as_deref() == Some("custom"))
        };
        let (name, input) = (name.unwrap_or_default(), input.unwrap_or_default());
        Some(Self { index, id, name, input, is_custom, opaque })
    }
}

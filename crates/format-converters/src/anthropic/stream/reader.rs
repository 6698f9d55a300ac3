//! Reads streams.

use std::collections::BTreeMap;

use super::super::blocks::{Strictness, citation, part};
use super::super::error::told;
use super::super::response::Counts;
use super::super::wire::stop_reason;
use crate::ir::{ApiError, BlockId, BlockKind, Delta, Event, Opaque, Part, PartKind, Stop};
use crate::json::{self, Json, Object};
use crate::members::Members;
use crate::{Invalid, StreamReader, sse};
use rotator_domain::Format;

/// The state of a stream.
#[derive(Debug, Default)]
pub(in super::super) struct Reader {
    has_started: bool,
    is_over: bool,
    next: u32,
    open: BTreeMap<u64, Open>,
    counts: Counts,
    stop: Option<Stop>,
}

#[derive(Debug)]
struct Open {
    block: BlockId,
    /// Comes whole at its end.
    native: Option<(Part, Json)>,
    /// The input that the block began with, as long as no piece of it came.
    input: Option<String>,
    pieces: String,
}

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        if self.is_over || event.data.trim().is_empty() {
            return Ok(());
        }
        let object = Object::read_leniently(json::document(event.data.as_bytes())?)?;
        let name = object.text("type")?.unwrap_or_else(|| event.name.clone().into_owned());
        let index = object.count("index")?.unwrap_or_default();
        match name.as_str() {
            "message_start" => self.start(&object, events)?,
            "content_block_start" => self.open(index, &object, events)?,
            "content_block_delta" => self.delta(index, &object, events)?,
            "content_block_stop" => self.close(index, events),
            "message_delta" => {
                if let Some(usage) = object.object("usage")? {
                    events.push(Event::Usage(self.counts.updated(&usage)));
                }
                if let Some(delta) = object.object("delta")? {
                    self.stopped(&delta)?;
                }
            }
            "message_stop" => self.end(events),
            "ping" => events.push(Event::Ping),
            "error" => {
                self.is_over = true;
                events.push(Event::Error(told(&object).unwrap_or_default()));
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.is_over {
            return;
        }
        if self.stop.is_some() {
            return self.end(events);
        }
        self.is_over = true;
        let message = "the upstream's answer stopped short".to_owned();
        events.push(Event::Error(ApiError { status: 502, message, ..ApiError::default() }));
    }
}

impl Reader {
    fn start(&mut self, object: &Object<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let Some(message) = object.object("message")?.filter(|_| !self.has_started) else { return Ok(()) };
        self.has_started = true;
        let id = message.text("id")?.unwrap_or_default();
        events.push(Event::Start { id, model: message.text("model")?.unwrap_or_default(), created: None });
        if let Some(usage) = message.object("usage")? {
            events.push(Event::Usage(self.counts.updated(&usage)));
        }
        self.stopped(&message)?;
        let blocks = message.with("content", json::list)?.unwrap_or_default();
        for raw in blocks {
            self.open_block(u64::MAX, raw, events)?;
            self.close(u64::MAX, events);
        }
        Ok(())
    }

    fn stopped(&mut self, object: &Object<'_>) -> Result<(), Invalid> {
        if let Some(name) = object.text("stop_reason")? {
            self.stop = Some(Stop { reason: stop_reason(&name), sequence: object.text("stop_sequence")? });
        }
        Ok(())
    }

    fn open(&mut self, index: u64, object: &Object<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        match object.raw("content_block") {
            Some(raw) => self.open_block(index, raw, events),
            None => Ok(()),
        }
    }

    fn open_block(
        &mut self,
        index: u64,
        raw: &serde_json::value::RawValue,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        self.close(index, events);
        let part = part(raw, Strictness::Answer)?;
        let block = BlockId(self.next);
        self.next = self.next.saturating_add(1);
        let mut open = Open { block, native: None, input: None, pieces: String::new() };
        let (kind, mut deltas) = match &part.kind {
            PartKind::Text { text, citations } => {
                let mut deltas = vec![Delta::Text(text.clone())];
                deltas.extend(citations.iter().cloned().map(Delta::Citation));
                (BlockKind::Text, deltas)
            }
            PartKind::Reasoning(reasoning) => {
                let deltas = reasoning.sections.iter().cloned().map(Delta::Text).collect();
                (BlockKind::Reasoning { is_summary: false }, deltas)
            }
            PartKind::ToolCall(call) => {
                open.input = Some(call.input.as_str().to_owned());
                (BlockKind::ToolCall { id: call.id.clone(), name: call.name.clone(), is_custom: false }, Vec::new())
            }
            _ => {
                open.native = Some((part, Json::from(raw)));
                self.open.insert(index, open);
                return Ok(());
            }
        };
        deltas.retain(|delta| !matches!(delta, Delta::Text(text) if text.is_empty()));
        deltas.extend(part.opaque.map(Delta::Opaque));
        events.push(Event::Open { block, choice: 0, kind });
        events.extend(deltas.into_iter().map(|delta| Event::Delta { block, delta }));
        self.open.insert(index, open);
        Ok(())
    }

    fn delta(&mut self, index: u64, object: &Object<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let (Some(open), Some(delta)) = (self.open.get_mut(&index), object.object("delta")?) else { return Ok(()) };
        let text = |name: &str| Ok::<_, Invalid>(delta.text(name)?.filter(|text| !text.is_empty()));
        let piece = match delta.text("type")?.unwrap_or_default().as_str() {
            "text_delta" => text("text")?.map(Delta::Text),
            "thinking_delta" => text("thinking")?.map(Delta::Text),
            "signature_delta" => text("signature")?.map(|s| Delta::Opaque(Opaque::from_slot(Format::Anthropic, &s))),
            "citations_delta" => delta.raw("citation").map(|raw| Delta::Citation(citation(raw))),
            "input_json_delta" => match text("partial_json")? {
                Some(piece) if open.native.is_some() => {
                    open.pieces.push_str(&piece);
                    None
                }
                Some(piece) => {
                    open.input = None;
                    Some(Delta::Input(piece))
                }
                None => None,
            },
            _ => {
                if let Some((_, json)) = &mut open.native {
                    let mut members = Members::of(json);
                    delta.rest(&["type"]).into_iter().for_each(|(name, value)| members.set(&name, value));
                    *json = members.into_json().unwrap_or_else(|| json.clone());
                }
                None
            }
        };
        let is_native = open.native.is_some();
        let block = open.block;
        events.extend(piece.filter(|_| !is_native).map(|delta| Event::Delta { block, delta }));
        Ok(())
    }

    fn close(&mut self, index: u64, events: &mut Vec<Event>) {
        let Some(open) = self.open.remove(&index) else { return };
        let block = open.block;
        if let Some((mut part, json)) = open.native {
            let mut members = Members::of(&json);
            if let Some(input) = Json::from_text(&open.pieces) {
                members.set("input", input);
            }
            if let PartKind::Native(native) = &mut part.kind {
                native.json = members.into_json().unwrap_or(json);
            }
            events.push(Event::Open { block, choice: 0, kind: BlockKind::Whole(Box::new(part)) });
        } else if let Some(input) = open.input {
            events.push(Event::Delta { block, delta: Delta::Input(input) });
        }
        events.push(Event::Close { block });
    }

    fn end(&mut self, events: &mut Vec<Event>) {
        self.is_over = true;
        while let Some(index) = self.open.keys().next().copied() {
            self.close(index, events);
        }
        events.extend(self.stop.take().map(|stop| Event::Stop { choice: 0, stop }));
        events.push(Event::End);
    }
}

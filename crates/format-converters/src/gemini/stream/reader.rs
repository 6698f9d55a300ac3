//! Reading answers in pieces.
//!
//! Neighbouring pieces of one kind are one block. A call whose arguments come in pieces is told when it is whole. Citations
//! are repeated and grow: they are told when their text is whole.

use std::collections::BTreeMap;

use rotator_domain::Format;
use serde_json::value::RawValue;

use crate::gemini::arguments::Arguments;
use crate::gemini::response::{Counts, Source, blocked, cited, is_answer, read_log_probs, sources, stop};
use crate::gemini::wire::Manner;
use crate::gemini::{error, part};
use crate::ir::{ApiError, BlockId, BlockKind, Delta, Event, Opaque, Part, PartKind, Stop, Usage};
use crate::json::{self, Kind as JsonKind, Object};
use crate::{Invalid, StreamReader, sse};

/// The status of an upstream's answer that makes no sense.
const BAD_GATEWAY: u16 = 502;
/// The most answers of one stream.
const MOST_CHOICES: u32 = 128;

/// Reads the pieces of an answer.
#[derive(Debug, Default)]
pub(in crate::gemini) struct Reader {
    is_started: bool,
    is_over: bool,
    blocks: u32,
    choices: BTreeMap<u32, Choice>,
    counts: Counts,
    usage: Option<Usage>,
    blocked: Option<Stop>,
}

/// One of several answers so far.
#[derive(Debug, Default)]
struct Choice {
    number: u32,
    open: Option<Open>,
    has_call: bool,
    finish_reason: Option<String>,
    /// How many bytes of text came in blocks that are closed.
    told: usize,
    sources: Vec<Source>,
}

/// The block that is open.
#[derive(Debug)]
struct Open {
    block: BlockId,
    kind: Kind,
    is_signed: bool,
}

#[derive(Debug)]
enum Kind {
    /// With what was said, in which citations have their places.
    Text(String),
    Thought,
    Call(Arguments),
}

// === impl Reader ===

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let data = event.data.trim();
        // Some relays end the stream as OpenAI does.
        if data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let raw = json::document(data.as_bytes())?;
        if json::kind(raw) == JsonKind::List {
            return json::each(raw, |raw| self.piece(raw, events)).map(drop);
        }
        self.piece(raw, events)
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        for choice in self.choices.values_mut() {
            choice.close(events);
        }
        let has_ended = self.choices.values().any(|choice| choice.finish_reason.is_some());
        match &self.blocked {
            Some(stop) if !has_ended => events.push(Event::Stop { choice: 0, stop: stop.clone() }),
            _ if has_ended => {
                events.extend(self.choices.values().map(|choice| {
                    let finish_reason = choice.finish_reason.as_deref().unwrap_or_default();
                    Event::Stop { choice: choice.number, stop: stop(finish_reason, choice.has_call) }
                }));
            }
            _ => {
                let message = "the upstream's answer stopped short".to_owned();
                events.push(Event::Error(ApiError { status: BAD_GATEWAY, message, ..ApiError::default() }));
                return;
            }
        }
        events.push(Event::End);
    }
}

impl Reader {
    fn piece(&mut self, raw: &RawValue, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let object = Manner::Lenient.object(raw)?;
        if self.is_over {
            return Ok(());
        }
        if let Some(told) = object.raw("error").and_then(error::told) {
            self.is_over = true;
            events.push(Event::Error(told));
            return Ok(());
        }
        if !is_answer(&object) {
            return Ok(());
        }
        if !std::mem::replace(&mut self.is_started, true) {
            let id = object.text("responseId")?.unwrap_or_default();
            let model = object.text("modelVersion")?.unwrap_or_default();
            events.push(Event::Start { id, model, created: None });
        }
        for (place, raw) in object.with("candidates", json::list)?.unwrap_or_default().into_iter().enumerate() {
            if let Ok(candidate) = Manner::Lenient.object(raw) {
                self.candidate(place, &candidate, events)?;
            }
        }
        self.blocked = blocked(&object)?.or(self.blocked.take());
        let usage = object.raw("usageMetadata").and_then(|raw| self.counts.take(raw));
        if usage.is_some() && usage != self.usage {
            self.usage = usage;
            events.extend(usage.map(Event::Usage));
        }
        Ok(())
    }

    fn candidate(&mut self, place: usize, candidate: &Object<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let number = candidate.value::<u32>("index", "a number")?.or_else(|| u32::try_from(place).ok());
        let number = number.filter(|number| *number < MOST_CHOICES).unwrap_or_default();
        let choice = self.choices.entry(number).or_insert_with(|| Choice { number, ..Choice::default() });
        let content = candidate.with("content", |raw| Manner::Lenient.object(raw))?;
        let parts = content.as_ref().and_then(|content| content.raw("parts")).map(json::list);
        for raw in parts.and_then(Result::ok).unwrap_or_default() {
            choice.part(raw, &mut self.blocks, events)?;
        }
        let found = sources(candidate);
        if !found.is_empty() {
            choice.sources = found;
        }
        if let Some(open) = &choice.open
            && matches!(open.kind, Kind::Text(_))
            && let Some(list) = candidate.raw("logprobsResult").and_then(read_log_probs)
        {
            events.push(Event::Delta { block: open.block, delta: Delta::LogProbs(list) });
        }
        choice.finish_reason = candidate.text("finishReason")?.or(choice.finish_reason.take());
        Ok(())
    }
}

// === impl Choice ===

impl Choice {
    fn part(&mut self, raw: &RawValue, blocks: &mut u32, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let Ok(object) = Manner::Lenient.object(raw) else { return Ok(()) };
        if let Some(call) = object.with("functionCall", |raw| Manner::Lenient.object(raw))?
            && (call.has("willContinue") || call.has("partialArgs") || call.raw("name").is_none())
        {
            let opaque = object.text("thoughtSignature")?.map(|slot| Opaque::from_slot(Format::Gemini, &slot));
            return self.piece_of_call(&call, opaque, blocks, events);
        }
        let Some(part) = part::read(raw, Manner::Lenient)? else { return Ok(()) };
        let Part { kind, opaque, .. } = part;
        match kind {
            PartKind::Text { text, .. } => self.text(text, false, opaque, blocks, events),
            PartKind::Reasoning(reasoning) => self.text(reasoning.sections.concat(), true, opaque, blocks, events),
            PartKind::ToolCall(call) => {
                self.close(events);
                self.has_call = true;
                let kind = BlockKind::ToolCall { id: call.id, name: call.name, is_custom: false };
                let block = self.begin(kind, blocks, events);
                let deltas =
                    opaque.map(Delta::Opaque).into_iter().chain([Delta::Input(call.input.as_str().to_owned())]);
                events.extend(deltas.map(|delta| Event::Delta { block, delta }));
                events.push(Event::Close { block });
            }
            kind => {
                self.close(events);
                let whole = BlockKind::Whole(Box::new(Part { opaque, ..Part::new(kind) }));
                let block = self.begin(whole, blocks, events);
                events.push(Event::Close { block });
            }
        }
        Ok(())
    }

    /// More text or thoughts. A signature belongs to all of the block before it, so what follows it is another block; one on
    /// an empty text belongs to whatever is open.
    fn text(
        &mut self,
        more: String,
        is_thought: bool,
        opaque: Option<Opaque>,
        blocks: &mut u32,
        events: &mut Vec<Event>,
    ) {
        let goes_on = self.open.as_ref().is_some_and(|open| match &open.kind {
            Kind::Text(_) => !open.is_signed && (!is_thought || more.is_empty()),
            Kind::Thought => !open.is_signed && (is_thought || more.is_empty()),
            Kind::Call(_) => false,
        });
        if !goes_on {
            self.close(events);
            let (kind, block_kind) = if is_thought {
                (Kind::Thought, BlockKind::Reasoning { is_summary: true, id: None })
            } else {
                (Kind::Text(String::new()), BlockKind::Text)
            };
            let block = self.begin(block_kind, blocks, events);
            self.open = Some(Open { block, kind, is_signed: false });
        }
        let Some(open) = &mut self.open else { return };
        let block = open.block;
        if !more.is_empty() {
            if let Kind::Text(text) = &mut open.kind {
                text.push_str(&more);
            }
            events.push(Event::Delta { block, delta: Delta::Text(more) });
        }
        if let Some(opaque) = opaque {
            open.is_signed = true;
            events.push(Event::Delta { block, delta: Delta::Opaque(opaque) });
        }
    }

    /// A piece of a call: its name first, then arguments, until one says that no more follow.
    fn piece_of_call(
        &mut self,
        call: &Object<'_>,
        opaque: Option<Opaque>,
        blocks: &mut u32,
        events: &mut Vec<Event>,
    ) -> Result<(), Invalid> {
        if let Some(name) = call.text("name")? {
            self.close(events);
            self.has_call = true;
            let id = call.text("id")?.unwrap_or_default();
            let block = self.begin(BlockKind::ToolCall { id, name, is_custom: false }, blocks, events);
            self.open = Some(Open { block, kind: Kind::Call(Arguments::default()), is_signed: false });
        }
        let Some(Open { block, kind: Kind::Call(arguments), .. }) = &mut self.open else { return Ok(()) };
        events.extend(opaque.map(|opaque| Event::Delta { block: *block, delta: Delta::Opaque(opaque) }));
        arguments.add(call)?;
        if call.flag("willContinue")? != Some(true) {
            self.close(events);
        }
        Ok(())
    }

    fn begin(&self, kind: BlockKind, blocks: &mut u32, events: &mut Vec<Event>) -> BlockId {
        let block = BlockId(*blocks);
        *blocks += 1;
        events.push(Event::Open { block, choice: self.number, kind });
        block
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        let Some(Open { block, kind, .. }) = self.open.take() else { return };
        match kind {
            Kind::Text(text) => {
                let citations = std::mem::take(&mut self.sources).into_iter();
                let citations = citations.map(|source| Delta::Citation(cited(&source, &text, self.told)));
                events.extend(citations.map(|delta| Event::Delta { block, delta }));
                self.told += text.len();
            }
            Kind::Thought => {}
            Kind::Call(arguments) => {
                events.push(Event::Delta { block, delta: Delta::Input(arguments.into_json()) });
            }
        }
        events.push(Event::Close { block });
    }
}

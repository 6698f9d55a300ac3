//! Reads streams, of the vendor and of all who speak its format.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::super::part::image;
use super::super::reasoning::{self, Details};
use super::super::response::{audio, found};
use super::super::{citation, stop};
use super::calls::Calls;
use crate::ir::{ApiError, BlockId, BlockKind, Delta, Event, MOST_CHOICES, Part, PartKind, Stop};
use crate::json::{self, Json, Kind, Object};
use crate::members::Members;
use crate::openai_vendor::{error, usage};
use crate::{Invalid, StreamReader, sse};

/// What ends a stream.
const DONE: &str = "[DONE]";
/// The status of a stream that stopped short.
const BAD_GATEWAY: u16 = 502;

/// Reads the chunks of a stream.
#[derive(Debug, Default)]
pub(in super::super) struct Reader {
    has_started: bool,
    is_over: bool,
    id: String,
    model: String,
    created: Option<i64>,
    next: u32,
    choices: BTreeMap<u32, Choice>,
}

/// One of several answers.
#[derive(Debug, Default)]
struct Choice {
    /// The block of words that is open, and what it is.
    open: Option<(BlockId, Words)>,
    calls: Calls,
    details: Details,
    sound: Sound,
    stop: Option<Stop>,
}

/// What words are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    Text,
    Refusal,
    Reasoning,
}

/// Sound in pieces, each in base64 of its own.
#[derive(Debug, Default)]
struct Sound {
    bytes: Vec<u8>,
    transcript: String,
    rest: Vec<(String, Json)>,
}

// === impl Reader ===

impl StreamReader for Reader {
    fn read(&mut self, event: &sse::Event<'_>, events: &mut Vec<Event>) -> Result<(), Invalid> {
        let data = event.data.trim();
        if self.is_over || data.is_empty() {
            return Ok(());
        }
        if data == DONE {
            self.end(events);
            return Ok(());
        }
        let raw = json::document(data.as_bytes())?;
        let is_error = event.name == "error";
        if json::kind(raw) != Kind::Object && !is_error {
            return Err(Invalid::expected("an object", raw));
        }
        let object = Object::read_leniently(raw).ok();
        let told = object.as_ref().and_then(|object| object.raw("error"));
        if told.is_some() || is_error {
            self.is_over = true;
            events.push(Event::Error(error::told(told.unwrap_or(raw))));
            return Ok(());
        }
        if let Some(object) = object {
            self.chunk(&object, events);
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        if self.is_over {
            return;
        }
        // Some leave the last line out; the reason to end says as much.
        if !self.choices.is_empty() && self.choices.values().all(|choice| choice.stop.is_some()) {
            return self.end(events);
        }
        self.is_over = true;
        events.push(stopped_short());
    }
}

impl Reader {
    fn chunk(&mut self, object: &Object<'_>, events: &mut Vec<Event>) {
        let text = |name| object.text(name).ok().flatten().unwrap_or_default();
        if self.id.is_empty() {
            self.id = text("id");
        }
        if self.model.is_empty() {
            self.model = text("model");
        }
        let created = object.value("created", "a whole number").ok().flatten();
        self.created = self.created.or(created.filter(|created| *created > 0));
        let choices = object.raw("choices").and_then(|raw| json::list(raw).ok()).unwrap_or_default();
        let used = usage::told(object);
        // A chunk without either is the first of some, and tells nothing.
        if choices.is_empty() && used.is_none() {
            return;
        }
        if !self.has_started {
            self.has_started = true;
            let (id, model) = (self.id.clone(), self.model.clone());
            events.push(Event::Start { id, model, created: self.created });
        }
        for choice in choices {
            if let Ok(choice) = Object::read_leniently(choice) {
                self.choice(&choice, events);
            }
        }
        events.extend(used.map(Event::Usage));
    }

    fn choice(&mut self, object: &Object<'_>, events: &mut Vec<Event>) {
        let number = object.count("index").ok().flatten().and_then(|index| u32::try_from(index).ok());
        let number = number.filter(|number| *number < MOST_CHOICES).unwrap_or_default();
        let choice = self.choices.entry(number).or_default();
        let mut out = Out { choice: number, next: &mut self.next, events };
        let delta = ["delta", "message"].into_iter().find_map(|name| object.object(name).ok().flatten());
        if let Some(delta) = delta {
            choice.delta(&delta, &mut out);
        }
        let log_probs = object.object("logprobs").ok().flatten().and_then(|log_probs| log_probs.json("content"));
        if let Some(log_probs) = log_probs.filter(|list| list.get().trim() != "[]")
            && let Some((block, Words::Text)) = choice.open
        {
            out.delta(block, Delta::LogProbs(log_probs));
        }
        let reason = object.text("finish_reason").ok().flatten();
        if choice.stop.is_none() {
            choice.stop = reason.as_deref().and_then(stop::read);
        }
    }

    /// The stream is whole.
    fn end(&mut self, events: &mut Vec<Event>) {
        self.is_over = true;
        if self.choices.is_empty() {
            events.push(stopped_short());
            return;
        }
        for (number, choice) in std::mem::take(&mut self.choices) {
            choice.end(&mut Out { choice: number, next: &mut self.next, events });
        }
        events.push(Event::End);
    }
}

fn stopped_short() -> Event {
    let message = "the upstream's answer stopped short".to_owned();
    Event::Error(ApiError { status: BAD_GATEWAY, message, ..ApiError::default() })
}

/// Where the events of one choice go.
struct Out<'a> {
    choice: u32,
    next: &'a mut u32,
    events: &'a mut Vec<Event>,
}

// === impl Out ===

impl Out<'_> {
    fn open(&mut self, kind: BlockKind) -> BlockId {
        let block = BlockId(*self.next);
        *self.next = self.next.saturating_add(1);
        self.events.push(Event::Open { block, choice: self.choice, kind });
        block
    }

    fn delta(&mut self, block: BlockId, delta: Delta) {
        self.events.push(Event::Delta { block, delta });
    }

    fn whole(&mut self, part: Part) {
        let block = self.open(BlockKind::Whole(Box::new(part)));
        self.events.push(Event::Close { block });
    }
}

// === impl Choice ===

impl Choice {
    fn delta(&mut self, delta: &Object<'_>, out: &mut Out<'_>) {
        let listed = |name: &str| delta.raw(name).and_then(|raw| json::list(raw).ok()).unwrap_or_default();
        let detailed = delta.raw("reasoning_details").and_then(|raw| self.details.add(raw));
        if let Some(text) = reasoning::text(delta).or(detailed) {
            self.say(Words::Reasoning, text, out);
        }
        for part in delta.raw("content").map(found).unwrap_or_default() {
            match part.kind {
                PartKind::Text { text, .. } => self.say(Words::Text, text, out),
                PartKind::Refusal(text) => self.say(Words::Refusal, text, out),
                PartKind::Reasoning(thoughts) => self.say(Words::Reasoning, thoughts.joined(), out),
                _ => out.whole(part),
            }
        }
        if let Some(text) = delta.text("refusal").ok().flatten() {
            self.say(Words::Refusal, text, out);
        }
        for citation in listed("annotations").into_iter().filter_map(citation::read) {
            let block = self.words(Words::Text, out);
            out.delta(block, Delta::Citation(citation));
        }
        listed("images").into_iter().filter_map(|raw| image(raw).ok()).for_each(|part| out.whole(part));
        if let Some(raw) = delta.raw("audio") {
            self.sound.add(raw);
        }
        let calls = listed("tool_calls");
        let legacy = delta.raw("function_call");
        if !calls.is_empty() || legacy.is_some() {
            self.close_words(out);
        }
        for raw in calls {
            self.calls.read(raw, out.choice, out.next, out.events);
        }
        if let Some(raw) = legacy {
            self.calls.read_legacy(raw, out.choice, out.next, out.events);
        }
    }

    fn say(&mut self, words: Words, text: String, out: &mut Out<'_>) {
        if !text.is_empty() {
            let block = self.words(words, out);
            out.delta(block, Delta::Text(text));
        }
    }

    /// The open block of such words; another one is closed.
    fn words(&mut self, words: Words, out: &mut Out<'_>) -> BlockId {
        match self.open {
            Some((block, own)) if own == words => block,
            _ => {
                // What seals thoughts has come with the first of them, and stays for their end.
                if words == Words::Reasoning {
                    self.close_open(out)
                } else {
                    self.close_words(out)
                }
                let block = out.open(match words {
                    Words::Text => BlockKind::Text,
                    Words::Refusal => BlockKind::Refusal,
                    Words::Reasoning => BlockKind::Reasoning { is_summary: false, id: None },
                });
                self.open = Some((block, words));
                block
            }
        }
    }

    fn close_words(&mut self, out: &mut Out<'_>) {
        // What is to be given back stands with the thoughts that it seals, or alone where none are shown.
        if let Some(opaque) = std::mem::take(&mut self.details).opaque() {
            let block = self.words(Words::Reasoning, out);
            out.delta(block, Delta::Opaque(opaque));
        }
        self.close_open(out);
    }

    fn close_open(&mut self, out: &mut Out<'_>) {
        if let Some((block, _)) = self.open.take() {
            out.events.push(Event::Close { block });
        }
    }

    fn end(mut self, out: &mut Out<'_>) {
        self.close_words(out);
        if let Some(part) = std::mem::take(&mut self.sound).into_part() {
            out.whole(part);
        }
        let has_calls = !self.calls.is_empty();
        self.calls.close(out.choice, out.next, out.events);
        let stop = stop::settled(self.stop, has_calls);
        out.events.push(Event::Stop { choice: out.choice, stop });
    }
}

// === impl Sound ===

impl Sound {
    fn add(&mut self, raw: &RawValue) {
        let Ok(object) = Object::read_leniently(raw) else { return };
        let text = |name| object.text(name).ok().flatten().unwrap_or_default();
        self.bytes.extend(STANDARD.decode(text("data")).unwrap_or_default());
        self.transcript.push_str(&text("transcript"));
        for (name, value) in object.rest(&["data", "transcript"]) {
            self.rest.retain(|(own, _)| *own != name);
            self.rest.push((name, value));
        }
    }

    fn into_part(self) -> Option<Part> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut members = self.rest;
        members.push(("data".to_owned(), Json::of(&STANDARD.encode(self.bytes)).ok()?));
        members.push(("transcript".to_owned(), Json::of(&self.transcript).ok()?));
        audio(Json::of(&Members(members)).ok()?)
    }
}

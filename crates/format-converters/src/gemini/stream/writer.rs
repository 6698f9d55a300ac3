//! Writing answers in pieces.
//!
//! The vendor's SDKs take nothing but `data: ` lines (no names of events, comments or `[DONE]`), signatures in base64, and
//! calls whose arguments are whole.

use std::collections::BTreeMap;

use bytes::{BufMut, BytesMut};
use serde::Serialize;

use crate::gemini::error;
use crate::gemini::part::{plain, signature};
use crate::gemini::response::{
    Answer, Candidate, Feedback, Grounding, UsageMetadata, finish_reason, parts, write_log_probs,
};
use crate::gemini::wire::{Content, FunctionCall, Part, PlainPart};
use crate::ir::{ApiError, BlockId, BlockKind, Citation, Delta, Event, Opaque, Reasoning, Stop, ToolInput, Usage};
use crate::json::Json;
use crate::{ErrorReply, StreamWriter, Telling};

/// The status of an error that has none.
const BAD_GATEWAY: u16 = 502;

/// The reason of an answer that ended although nothing tells why.
const FINISHED: &str = "STOP";

/// Writes the pieces of an answer.
#[derive(Debug)]
pub(in crate::gemini) struct Writer {
    telling: Telling,
    id: String,
    model: String,
    blocks: BTreeMap<BlockId, Block>,
    choices: BTreeMap<u32, Told>,
    usage: Option<Usage>,
    has_begun: bool,
    is_over: bool,
}

/// A block that is open.
#[derive(Debug)]
struct Block {
    choice: u32,
    kind: Kind,
    /// What was said, or what a tool is called with.
    text: String,
    /// How many bytes of text came before.
    begin: usize,
    opaque: Option<Opaque>,
    citations: Vec<Citation>,
    /// Whether it is a call that is whole, and waits for those before it.
    is_closed: bool,
}

#[derive(Debug)]
enum Kind {
    Text,
    Thought {
        has_text: bool,
        /// Whether a section has ended and the next has not begun.
        is_between_sections: bool,
    },
    Call {
        id: String,
        name: String,
        is_custom: bool,
    },
}

/// What is told of one answer at its end.
#[derive(Debug, Default)]
struct Told {
    parts: usize,
    text_bytes: usize,
    grounding: Grounding,
    log_probs: Vec<String>,
    stop: Option<Stop>,
}

// === impl Writer ===

impl StreamWriter for Writer {
    fn write(&mut self, event: Event, out: &mut BytesMut) {
        if self.is_over {
            return;
        }
        match event {
            Event::Start { id, model, .. } => {
                self.id = self.telling.ids.or_mint(&id, "");
                if !model.is_empty() {
                    self.model = model;
                }
            }
            Event::Open { block, choice, kind } => self.open(block, choice, kind, out),
            Event::Delta { block, delta } => self.extend(block, delta, out),
            Event::Close { block } => self.close(block, out),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { choice, stop } => self.choices.entry(choice).or_default().stop = Some(stop),
            Event::Ping => {}
            Event::Error(told) => self.fail(&told, out),
            Event::End => self.end(out),
        }
    }

    fn content_type(&self) -> &'static str {
        if self.telling.asked.as_list { "application/json" } else { "text/event-stream" }
    }
}

impl Writer {
    /// A writer for a client that asked for the answer in events, or as one list.
    pub(in crate::gemini) fn new(mut telling: Telling) -> Self {
        let model = telling.request.model.clone();
        Self {
            id: telling.ids.mint(""),
            telling,
            model,
            blocks: BTreeMap::new(),
            choices: BTreeMap::new(),
            usage: None,
            has_begun: false,
            is_over: false,
        }
    }

    fn open(&mut self, block: BlockId, choice: u32, kind: BlockKind, out: &mut BytesMut) {
        let kind = match kind {
            BlockKind::Text | BlockKind::Refusal => Kind::Text,
            BlockKind::Reasoning { .. } => Kind::Thought { has_text: false, is_between_sections: false },
            BlockKind::ToolCall { id, name, is_custom } => Kind::Call { id, name, is_custom },
            BlockKind::Whole(part) => {
                let parts = parts(&part, &mut self.telling.losses);
                return self.piece(choice, parts, out);
            }
        };
        let begin = self.choices.entry(choice).or_default().text_bytes;
        let block_of =
            Block { choice, kind, text: String::new(), begin, opaque: None, citations: Vec::new(), is_closed: false };
        self.blocks.insert(block, block_of);
    }

    fn extend(&mut self, id: BlockId, delta: Delta, out: &mut BytesMut) {
        let Some(block) = self.blocks.get_mut(&id) else { return };
        let choice = block.choice;
        match delta {
            Delta::Text(mut more) if !more.is_empty() => {
                let thought = match &mut block.kind {
                    Kind::Text => {
                        block.text.push_str(&more);
                        self.choices.entry(choice).or_default().text_bytes += more.len();
                        None
                    }
                    Kind::Thought { has_text, is_between_sections } => {
                        if std::mem::take(is_between_sections) {
                            more.insert_str(0, Reasoning::SECTION_BREAK);
                        }
                        *has_text = true;
                        Some(true)
                    }
                    Kind::Call { .. } => return,
                };
                let part = plain(PlainPart { text: Some(more), thought, ..PlainPart::default() });
                self.piece(choice, vec![part], out);
            }
            Delta::Input(more) => block.text.push_str(&more),
            Delta::Opaque(opaque) => block.opaque = Some(opaque),
            Delta::Citation(citation) => block.citations.push(citation),
            Delta::LogProbs(list) => {
                let items = list.get().trim().trim_start_matches('[').trim_end_matches(']').trim();
                if !items.is_empty() {
                    self.choices.entry(choice).or_default().log_probs.push(items.to_owned());
                }
            }
            Delta::Section => {
                if let Kind::Thought { has_text, is_between_sections } = &mut block.kind {
                    *is_between_sections = *has_text;
                }
            }
            Delta::Text(_) => {}
        }
    }

    /// Ends a block. Calls are told in the order in which they began, whichever is whole first.
    fn close(&mut self, id: BlockId, out: &mut BytesMut) {
        let Some(block) = self.blocks.get_mut(&id) else { return };
        block.is_closed = true;
        let choice = block.choice;
        if !block.is_call() {
            return self.tell_end(id, out);
        }
        let first = |blocks: &BTreeMap<BlockId, Block>| {
            let (id, block) = blocks.iter().find(|(_, block)| block.choice == choice && block.is_call())?;
            block.is_closed.then_some(*id)
        };
        while let Some(id) = first(&self.blocks) {
            self.tell_end(id, out);
        }
    }

    fn tell_end(&mut self, id: BlockId, out: &mut BytesMut) {
        let Some(block) = self.blocks.remove(&id) else { return };
        let thought_signature = signature(block.opaque.as_ref());
        let told = self.choices.entry(block.choice).or_default();
        for citation in &block.citations {
            let is_told = told.grounding.add(citation, &block.text, block.begin, 0);
            self.telling.losses.drop_if(!is_told, "annotations");
        }
        let is_thought = matches!(block.kind, Kind::Thought { .. });
        let part = match block.kind {
            Kind::Call { id, name, is_custom } => {
                let input = if is_custom { ToolInput::Text(block.text) } else { ToolInput::Arguments(block.text) };
                let function_call = Some(FunctionCall { id, name, args: input.to_object() });
                PlainPart { function_call, thought_signature, ..PlainPart::default() }
            }
            // The signature of what was said comes on an empty text after it.
            Kind::Text | Kind::Thought { .. } if thought_signature.is_some() => {
                let (text, thought) = (Some(String::new()), is_thought.then_some(true));
                PlainPart { text, thought, thought_signature, ..PlainPart::default() }
            }
            Kind::Text | Kind::Thought { .. } => return,
        };
        self.piece(block.choice, vec![plain(part)], out);
    }

    fn close_all(&mut self, out: &mut BytesMut) {
        for block in self.blocks.keys().copied().collect::<Vec<_>>() {
            self.close(block, out);
        }
    }

    fn piece(&mut self, index: u32, parts: Vec<Part>, out: &mut BytesMut) {
        if parts.is_empty() {
            return;
        }
        self.choices.entry(index).or_default().parts += parts.len();
        // The vendor's SDKs take what stands first for the first answer, whatever its index says.
        let first = (index > 0).then(|| candidate(0, vec![nothing()]));
        let candidates = first.into_iter().chain([candidate(index, parts)]).collect();
        self.answer(candidates, None, None, out);
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.close_all(out);
        let mut choices = std::mem::take(&mut self.choices);
        if choices.is_empty() {
            choices.insert(0, Told::default());
        }
        let is_blocked = Feedback::is_for(choices.values().map(|told| (told.stop.as_ref(), told.parts)));
        let last = |(index, told): (u32, Told)| {
            let log_probs = Json::from_text(&format!("[{}]", told.log_probs.join(",")));
            Candidate {
                // Without a reason the vendor's SDKs take the stream for one that broke off.
                finish_reason: Some(told.stop.as_ref().map_or(FINISHED, finish_reason)),
                grounding_metadata: told.grounding.into_some(),
                logprobs_result: log_probs
                    .filter(|_| !told.log_probs.is_empty())
                    .and_then(|list| write_log_probs(&list)),
                ..candidate(index, vec![nothing()])
            }
        };
        let candidates = if is_blocked { Vec::new() } else { choices.into_iter().map(last).collect() };
        let usage = self.usage.as_ref().map(UsageMetadata::of);
        self.answer(candidates, is_blocked.then(Feedback::safety), usage, out);
        self.over(out);
    }

    fn fail(&mut self, told: &ApiError, out: &mut BytesMut) {
        let status = if told.status < 400 { BAD_GATEWAY } else { told.status };
        let reply = ErrorReply { status, message: &told.message, code: None, param: None };
        self.put(&error::render(&reply).body, out);
        self.over(out);
    }

    fn answer(
        &mut self,
        candidates: Vec<Candidate>,
        prompt_feedback: Option<Feedback>,
        usage_metadata: Option<UsageMetadata>,
        out: &mut BytesMut,
    ) {
        let (model_version, response_id) = (self.model.clone(), self.id.clone());
        let answer = Answer { candidates, prompt_feedback, usage_metadata, model_version, response_id };
        self.put(&written(&answer), out);
    }

    fn put(&mut self, json: &[u8], out: &mut BytesMut) {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if self.telling.asked.as_list {
            out.put_slice(if is_first { b"[" } else { b",\n" });
            out.put_slice(json);
        } else {
            out.put_slice(b"data: ");
            out.put_slice(json);
            out.put_slice(b"\r\n\r\n");
        }
    }

    fn over(&mut self, out: &mut BytesMut) {
        self.is_over = true;
        if self.telling.asked.as_list {
            out.put_slice(b"]");
        }
    }
}

// === impl Block ===

impl Block {
    const fn is_call(&self) -> bool {
        matches!(self.kind, Kind::Call { .. })
    }
}

/// More of an answer.
fn candidate(index: u32, parts: Vec<Part>) -> Candidate {
    Candidate {
        content: Content { role: Some("model"), parts },
        finish_reason: None,
        index,
        grounding_metadata: None,
        logprobs_result: None,
    }
}

/// Stands where a part must be.
fn nothing() -> Part {
    plain(PlainPart { text: Some(String::new()), ..PlainPart::default() })
}

/// JSON in one line. Arguments stand as the model wrote them, and it may have broken them into lines; within texts JSON
/// writes line breaks in another way.
fn written(answer: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec(answer).unwrap_or_default();
    for byte in json.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    json
}

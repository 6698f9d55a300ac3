//! Writes streams: one block at a time, so that blocks which overlap wait for each other.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use rotator_domain::Format;
use serde_json::{Value, json};

use super::super::blocks::{SECTION_BREAK, answered, citation_of};
use super::super::error::render;
use super::super::wire::{WireUsage, stop_name};
use crate::ir::{Attachment, BlockId, BlockKind, Delta, Event, Part, PartKind, Reasoning, Stop, StopReason, Usage};
use crate::{ErrorReply, StreamWriter, Telling, carriers, sse};

/// The state of a stream.
#[derive(Debug)]
pub(in super::super) struct Writer {
    telling: Telling,
    has_started: bool,
    is_over: bool,
    index: u32,
    order: VecDeque<BlockId>,
    blocks: BTreeMap<BlockId, Block>,
    usage: Option<Usage>,
    stop: Option<Stop>,
    has_calls: bool,
    has_refused: bool,
}

#[derive(Debug)]
struct Block {
    kind: BlockKind,
    held: Vec<Delta>,
    has_begun: bool,
    has_input: bool,
    opaque: Option<crate::ir::Opaque>,
    is_closed: bool,
}

fn put(out: &mut BytesMut, name: &str, data: &Value) {
    sse::write(out, Some(name), &data.to_string());
}

impl Writer {
    pub(in super::super) fn new(telling: Telling) -> Self {
        Self {
            telling,
            has_started: false,
            is_over: false,
            index: 0,
            order: VecDeque::new(),
            blocks: BTreeMap::new(),
            usage: None,
            stop: None,
            has_calls: false,
            has_refused: false,
        }
    }

    fn start(&mut self, id: &str, model: &str, out: &mut BytesMut) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        let id = self.telling.ids.or_mint(id, "msg_");
        let model = if model.is_empty() { &self.telling.request.model } else { model };
        let message = json!({"id": id, "type": "message", "role": "assistant", "model": model, "content": [],
            "stop_reason": null, "stop_sequence": null, "usage": WireUsage::default()});
        put(out, "message_start", &json!({"type": "message_start", "message": message}));
    }

    fn begin(&self, content_block: &Value, out: &mut BytesMut) {
        let data = json!({"type": "content_block_start", "index": self.index, "content_block": content_block});
        put(out, "content_block_start", &data);
    }

    fn delta(&self, delta: &Value, out: &mut BytesMut) {
        let data = json!({"type": "content_block_delta", "index": self.index, "delta": delta});
        put(out, "content_block_delta", &data);
    }

    fn stop(&mut self, out: &mut BytesMut) {
        put(out, "content_block_stop", &json!({"type": "content_block_stop", "index": self.index}));
        self.index = self.index.saturating_add(1);
    }

    fn whole(&mut self, part: &Part, out: &mut BytesMut) {
        let block = answered(part, Cow::Borrowed(""), &mut self.telling.losses);
        if let Some(block) = block.and_then(|block| serde_json::to_string(&block).ok()) {
            let index = self.index;
            let data = format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
            sse::write(out, Some("content_block_start"), &data);
            self.stop(out);
        }
    }

    /// Begins a block that has something to show.
    fn begun(&mut self, block: &mut Block, out: &mut BytesMut) {
        if std::mem::replace(&mut block.has_begun, true) {
            return;
        }
        let content_block = match &block.kind {
            BlockKind::Text | BlockKind::Refusal => json!({"type": "text", "text": ""}),
            BlockKind::Reasoning { .. } => json!({"type": "thinking", "thinking": "", "signature": ""}),
            BlockKind::ToolCall { id, name, .. } => {
                if let Some(opaque) = block.opaque.take() {
                    self.whole(&carriers::carrier(&opaque, Attachment::Next), out);
                }
                let id = self.telling.ids.or_mint(id, "toolu_");
                json!({"type": "tool_use", "id": id, "name": name, "input": {}})
            }
            BlockKind::Whole(_) => return,
        };
        self.begin(&content_block, out);
    }

    fn apply(&mut self, block: &mut Block, delta: Delta, out: &mut BytesMut) {
        let is_thought = matches!(block.kind, BlockKind::Reasoning { .. });
        let written = match delta {
            Delta::Text(text) if text.is_empty() => return,
            Delta::Text(text) if is_thought => json!({"type": "thinking_delta", "thinking": text}),
            Delta::Text(text) => json!({"type": "text_delta", "text": text}),
            Delta::Section if is_thought && block.has_begun => {
                json!({"type": "thinking_delta", "thinking": SECTION_BREAK})
            }
            Delta::Input(text) if text.is_empty() => return,
            Delta::Input(text) => {
                let is_first = !std::mem::replace(&mut block.has_input, true);
                let text = if matches!(block.kind, BlockKind::ToolCall { is_custom: true, .. }) {
                    let quoted = Value::from(text).to_string();
                    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
                    format!("{}{inner}", if is_first { "{\"input\":\"" } else { "" })
                } else {
                    text
                };
                json!({"type": "input_json_delta", "partial_json": text})
            }
            Delta::Citation(citation) => match citation_of(&citation) {
                Some(citation) => json!({"type": "citations_delta", "citation": citation}),
                None => return,
            },
            Delta::Opaque(opaque) => {
                block.opaque = Some(opaque);
                return;
            }
            Delta::Section | Delta::LogProbs(_) => return,
        };
        self.begun(block, out);
        self.delta(&written, out);
    }

    fn finish_block(&mut self, mut block: Block, out: &mut BytesMut) {
        if let BlockKind::Whole(part) = &block.kind {
            return self.whole(part, out);
        }
        let is_thought = matches!(block.kind, BlockKind::Reasoning { .. });
        if let BlockKind::ToolCall { is_custom, .. } = &block.kind {
            let rest = match (*is_custom, block.has_input) {
                (true, true) => "\"}",
                (true, false) => "{\"input\":\"\"}",
                (false, true) => "",
                (false, false) => "{}",
            };
            self.begun(&mut block, out);
            if !rest.is_empty() {
                self.delta(&json!({"type": "input_json_delta", "partial_json": rest}), out);
            }
        }
        let opaque = block.opaque.take();
        if is_thought && !block.has_begun {
            let kind = PartKind::Reasoning(Reasoning::default());
            return self.whole(&Part { kind, cache: None, opaque }, out);
        }
        if block.has_begun {
            if let Some(opaque) = opaque.as_ref().filter(|_| is_thought) {
                let signature = opaque.for_slot(Format::Anthropic);
                self.delta(&json!({"type": "signature_delta", "signature": signature}), out);
            }
            self.stop(out);
        }
        if let Some(opaque) = opaque.filter(|_| !is_thought) {
            self.whole(&carriers::carrier(&opaque, Attachment::Previous), out);
        }
    }

    /// Writes what can be written: of the first block what is there, and of each one after a closed one.
    fn advance(&mut self, out: &mut BytesMut) {
        while let Some(id) = self.order.front().copied() {
            let Some(mut block) = self.blocks.remove(&id) else {
                self.order.pop_front();
                continue;
            };
            for delta in std::mem::take(&mut block.held) {
                self.apply(&mut block, delta, out);
            }
            if !block.is_closed {
                self.blocks.insert(id, block);
                return;
            }
            self.order.pop_front();
            self.finish_block(block, out);
        }
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.start("", "", out);
        self.blocks.values_mut().for_each(|block| block.is_closed = true);
        self.advance(out);
        let stop = self.stop.take().unwrap_or_else(|| Stop::of(StopReason::End));
        let name = match &stop.reason {
            StopReason::End if self.has_refused => "refusal",
            StopReason::End if self.has_calls => "tool_use",
            reason => stop_name(reason),
        };
        let delta = json!({"stop_reason": name, "stop_sequence": stop.sequence});
        let usage = WireUsage::of(self.usage.as_ref(), None);
        put(out, "message_delta", &json!({"type": "message_delta", "delta": delta, "usage": usage}));
        put(out, "message_stop", &json!({"type": "message_stop"}));
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: Event, out: &mut BytesMut) {
        if self.is_over {
            return;
        }
        match event {
            Event::Start { id, model, .. } => self.start(&id, &model, out),
            Event::Open { block, choice: 0, kind } => {
                self.start("", "", out);
                self.has_calls |= matches!(kind, BlockKind::ToolCall { .. });
                self.has_refused |= matches!(kind, BlockKind::Refusal);
                let new = Block {
                    kind,
                    held: Vec::new(),
                    has_begun: false,
                    has_input: false,
                    opaque: None,
                    is_closed: false,
                };
                self.blocks.insert(block, new);
                self.order.push_back(block);
            }
            Event::Open { .. } => self.telling.losses.drop("n"),
            Event::Delta { block, delta } => {
                if let Some(held) = self.blocks.get_mut(&block) {
                    held.held.push(delta);
                    if self.order.front() == Some(&block) {
                        self.advance(out);
                    }
                }
            }
            Event::Close { block } => {
                if let Some(block) = self.blocks.get_mut(&block) {
                    block.is_closed = true;
                }
                self.advance(out);
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { choice: 0, stop } => self.stop = Some(stop),
            Event::Stop { .. } => {}
            Event::Ping => put(out, "ping", &json!({"type": "ping"})),
            Event::Error(error) => {
                self.is_over = true;
                let reply = ErrorReply { status: error.status, message: &error.message, code: None };
                sse::write(out, Some("error"), &String::from_utf8_lossy(&render(&reply).body));
            }
            Event::End => {
                self.is_over = true;
                self.end(out);
            }
        }
    }
}

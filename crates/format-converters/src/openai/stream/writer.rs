//! Writes streams.
//!
//! What the vendor's SDKs do not survive: calls whose numbers do not begin at 0, a name that comes twice, a `null` for a delta,
//! a second list of annotations. So calls are numbered as they come, and citations are kept until the end.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::BytesMut;
use rotator_domain::Format;
use serde::Serialize;

use super::super::call::{self, NO_ARGUMENTS};
use super::super::wire::{CHUNK, Call, ContentPart, CustomCall, FunctionCall, LogProbs, WrittenUsage};
use super::super::{citation, part, stop};
use crate::ir::{ApiError, BlockId, BlockKind, Citation, Delta, Event, Part, PartKind, Reasoning, Stop, Usage};
use crate::json::Json;
use crate::openai_vendor::error;
use crate::{ErrorReply, StreamWriter, Telling, custom_tools};

/// A line that clients pass over.
const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Writes the chunks of a stream.
#[derive(Debug)]
pub(in super::super) struct Writer {
    telling: Telling,
    is_legacy: bool,
    has_started: bool,
    is_over: bool,
    id: String,
    model: String,
    created: i64,
    blocks: BTreeMap<BlockId, Block>,
    choices: BTreeMap<u32, Choice>,
    usage: Option<Usage>,
}

/// One of several answers.
#[derive(Debug, Default)]
struct Choice {
    calls: u32,
    images: usize,
    /// How many characters of text were said.
    length: u64,
    annotations: Vec<Json>,
    has_ended: bool,
}

/// A block that is open.
#[derive(Debug)]
struct Block {
    choice: u32,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Where it began, how long it is, and what is cited in it.
    Text {
        start: u64,
        length: u64,
        citations: Vec<Citation>,
    },
    Refusal,
    Reasoning {
        has_text: bool,
    },
    Call {
        index: u32,
        is_custom: bool,
        has_input: bool,
    },
    /// Arguments of a tool that the client declared as one that takes free text; the text is told when they are whole.
    Wrapped {
        index: u32,
        arguments: String,
    },
    Other,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: &'a [ChunkChoice<'a>],
    /// `null` where the client waits for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<WrittenUsage>>,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: ChunkDelta<'a>,
    logprobs: Option<LogProbs<'a>>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct ChunkDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[Call<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_call: Option<FunctionCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a [Json]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<[ContentPart<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<&'a Json>,
}

// === impl Writer ===

impl StreamWriter for Writer {
    fn write(&mut self, event: Event, out: &mut BytesMut) {
        if self.is_over {
            return;
        }
        match event {
            Event::Start { id, model, created } => {
                self.start(&id, model, created, out);
            }
            Event::Open { block, choice, kind } => self.open(block, choice, kind, out),
            Event::Delta { block, delta } => self.extend(block, delta, out),
            Event::Close { block } => self.close(block, out),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { choice, stop } => self.stop(choice, Some(&stop), out),
            Event::Error(error) => self.fail(&error, out),
            Event::Ping => out.extend_from_slice(KEEP_ALIVE),
            Event::End => self.end(out),
        }
    }
}

impl Writer {
    /// A stream for this client.
    pub(in super::super) fn new(telling: Telling) -> Self {
        let is_legacy = telling.request.has_legacy_calls;
        Self {
            is_legacy,
            has_started: false,
            is_over: false,
            id: String::new(),
            model: telling.request.model.clone(),
            created: telling.now,
            blocks: BTreeMap::new(),
            choices: BTreeMap::new(),
            usage: None,
            telling,
        }
    }

    fn start(&mut self, id: &str, model: String, created: Option<i64>, out: &mut BytesMut) {
        if self.has_started {
            return;
        }
        self.has_started = true;
        self.id = self.telling.ids.or_mint(id, "chatcmpl-");
        if !model.is_empty() {
            self.model = model;
        }
        self.created = created.unwrap_or(self.created);
        self.begin(0, out);
    }

    /// An answer begins with the role of who gives it.
    fn begin(&mut self, choice: u32, out: &mut BytesMut) {
        if !self.has_started {
            self.start("", String::new(), None, out);
        }
        if self.choices.contains_key(&choice) {
            return;
        }
        self.choices.insert(choice, Choice::default());
        self.tell(choice, ChunkDelta { role: Some("assistant"), content: Some(""), ..ChunkDelta::default() }, out);
    }

    fn open(&mut self, block: BlockId, choice: u32, kind: BlockKind, out: &mut BytesMut) {
        self.begin(choice, out);
        let kind = match kind {
            BlockKind::Text => {
                let start = self.choices.get(&choice).map_or(0, |choice| choice.length);
                Kind::Text { start, length: 0, citations: Vec::new() }
            }
            BlockKind::Refusal => Kind::Refusal,
            BlockKind::Reasoning { .. } => Kind::Reasoning { has_text: false },
            BlockKind::ToolCall { id, name, is_custom } => self.call(choice, &id, &name, is_custom, out),
            BlockKind::Whole(part) => {
                self.whole(choice, &part, out);
                Kind::Other
            }
        };
        self.blocks.insert(block, Block { choice, kind });
    }

    fn call(&mut self, choice: u32, id: &str, name: &str, is_custom: bool, out: &mut BytesMut) -> Kind {
        let id = self.telling.ids.or_mint(id, "call_");
        let Some(own) = self.choices.get_mut(&choice) else { return Kind::Other };
        let index = own.calls;
        own.calls += 1;
        let is_wrapped = !is_custom && custom_tools::is_declared(&self.telling.request, name);
        let is_custom = is_custom || is_wrapped;
        let (id, name) = (Some(id.as_str()), Some(name));
        let delta = if self.is_legacy {
            if index > 0 {
                self.telling.losses.drop("tool_calls");
                return Kind::Other;
            }
            ChunkDelta {
                function_call: Some(FunctionCall { name, arguments: Cow::default() }),
                ..ChunkDelta::default()
            }
        } else if is_custom {
            let custom = Some(CustomCall { name, input: Cow::default() });
            called(Call { index: Some(index), id, r#type: Some("custom"), custom, ..Call::default() })
        } else {
            let function = Some(FunctionCall { name, arguments: Cow::default() });
            called(Call { index: Some(index), id, r#type: Some("function"), function, ..Call::default() })
        };
        self.tell(choice, delta, out);
        if is_wrapped {
            Kind::Wrapped { index, arguments: String::new() }
        } else {
            Kind::Call { index, is_custom, has_input: false }
        }
    }

    fn extend(&mut self, block: BlockId, delta: Delta, out: &mut BytesMut) {
        let Some(Block { choice, kind }) = self.blocks.get_mut(&block) else { return };
        let choice = *choice;
        match (delta, kind) {
            (Delta::Text(text), _) if text.is_empty() => {}
            (Delta::Text(text), Kind::Text { length, .. }) => {
                let more = text.chars().count() as u64;
                *length += more;
                if let Some(choice) = self.choices.get_mut(&choice) {
                    choice.length += more;
                }
                self.tell(choice, ChunkDelta { content: Some(&text), ..ChunkDelta::default() }, out);
            }
            (Delta::Text(text), Kind::Refusal) => {
                self.tell(choice, ChunkDelta { refusal: Some(&text), ..ChunkDelta::default() }, out);
            }
            (Delta::Text(text), Kind::Reasoning { has_text }) => {
                *has_text = true;
                self.tell(choice, ChunkDelta { reasoning_content: Some(&text), ..ChunkDelta::default() }, out);
            }
            (Delta::Section, Kind::Reasoning { has_text: true }) => {
                self.tell(
                    choice,
                    ChunkDelta { reasoning_content: Some(Reasoning::SECTION_BREAK), ..ChunkDelta::default() },
                    out,
                );
            }
            (Delta::Input(text), Kind::Call { index, is_custom, has_input }) if !text.is_empty() => {
                *has_input = true;
                let (index, is_custom) = (*index, *is_custom);
                self.input(choice, index, is_custom, &text, out);
            }
            (Delta::Input(text), Kind::Wrapped { arguments, .. }) => arguments.push_str(&text),
            (Delta::Citation(citation), Kind::Text { citations, .. }) => citations.push(citation),
            (Delta::LogProbs(content), _) => {
                let logprobs = Some(LogProbs { content: &content, refusal: None });
                let delta = ChunkDelta::default();
                self.chunk(&[ChunkChoice { index: choice, delta, logprobs, finish_reason: None }], None, out);
            }
            // There is no place for what an upstream wants to have back.
            _ => {}
        }
    }

    fn input(&self, choice: u32, index: u32, is_custom: bool, text: &str, out: &mut BytesMut) {
        let delta = if self.is_legacy {
            ChunkDelta {
                function_call: Some(FunctionCall { name: None, arguments: Cow::Borrowed(text) }),
                ..ChunkDelta::default()
            }
        } else if is_custom {
            let custom = Some(CustomCall { name: None, input: Cow::Borrowed(text) });
            called(Call { index: Some(index), custom, ..Call::default() })
        } else {
            let function = Some(FunctionCall { name: None, arguments: Cow::Borrowed(text) });
            called(Call { index: Some(index), function, ..Call::default() })
        };
        self.tell(choice, delta, out);
    }

    fn close(&mut self, block: BlockId, out: &mut BytesMut) {
        let Some(Block { choice, kind }) = self.blocks.remove(&block) else { return };
        match kind {
            Kind::Text { start, length, citations } => {
                let Some(choice) = self.choices.get_mut(&choice) else { return };
                for found in &citations {
                    let written = citation::write(found, start, length);
                    self.telling.losses.drop_if(written.is_none(), "annotations");
                    choice.annotations.extend(written);
                }
            }
            Kind::Wrapped { index, arguments } => self.input(choice, index, true, &call::text_of(&arguments), out),
            // Clients parse arguments even where there are none.
            Kind::Call { index, is_custom: false, has_input: false } => {
                self.input(choice, index, false, NO_ARGUMENTS, out);
            }
            _ => {}
        }
    }

    fn whole(&mut self, choice: u32, part: &Part, out: &mut BytesMut) {
        match &part.kind {
            PartKind::Media(media) => {
                let native = media.extras.as_ref().filter(|native| native.format == Format::OpenAi);
                if let Some(image) = part::answered_image(media) {
                    let Some(own) = self.choices.get_mut(&choice) else { return };
                    let index = Some(own.images);
                    own.images += 1;
                    let images = Some([ContentPart { index, ..image }]);
                    self.tell(choice, ChunkDelta { images, ..ChunkDelta::default() }, out);
                } else if let Some(native) = native.filter(|native| native.name == "audio") {
                    self.tell(choice, ChunkDelta { audio: Some(&native.json), ..ChunkDelta::default() }, out);
                } else {
                    self.telling.losses.drop("media");
                }
            }
            PartKind::Native(native) => self.telling.losses.drop(&native.name),
            _ => {}
        }
    }

    fn stop(&mut self, choice: u32, reason: Option<&Stop>, out: &mut BytesMut) {
        self.begin(choice, out);
        let Some(own) = self.choices.get_mut(&choice).filter(|own| !own.has_ended) else { return };
        own.has_ended = true;
        let (annotations, has_calls) = (std::mem::take(&mut own.annotations), own.calls > 0);
        if !annotations.is_empty() {
            self.tell(choice, ChunkDelta { annotations: Some(&annotations), ..ChunkDelta::default() }, out);
        }
        let reason = match stop::write(reason, has_calls) {
            "tool_calls" if self.is_legacy => "function_call",
            reason => reason,
        };
        let (delta, finish_reason) = (ChunkDelta::default(), Some(reason));
        self.chunk(&[ChunkChoice { index: choice, delta, logprobs: None, finish_reason }], None, out);
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.begin(0, out);
        let open: Vec<BlockId> = self.blocks.keys().copied().collect();
        open.into_iter().for_each(|block| self.close(block, out));
        let running = self.choices.iter().filter(|(_, choice)| !choice.has_ended);
        let running: Vec<u32> = running.map(|(number, _)| *number).collect();
        running.into_iter().for_each(|choice| self.stop(choice, None, out));
        self.is_over = true;
        if self.telling.request.include_usage
            && let Some(usage) = self.usage
        {
            self.chunk(&[], Some(usage), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// An error has no end after it: so it does not look like a success.
    fn fail(&mut self, told: &ApiError, out: &mut BytesMut) {
        self.is_over = true;
        let (code, param) = (told.code.as_deref(), told.param.as_deref());
        let reply = ErrorReply { status: told.status, message: &told.message, code, param };
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&error::render(&reply).body);
        out.extend_from_slice(b"\n\n");
    }

    fn tell(&self, choice: u32, delta: ChunkDelta<'_>, out: &mut BytesMut) {
        self.chunk(&[ChunkChoice { index: choice, delta, logprobs: None, finish_reason: None }], None, out);
    }

    fn chunk(&self, choices: &[ChunkChoice<'_>], usage: Option<Usage>, out: &mut BytesMut) {
        let chunk = Chunk {
            id: &self.id,
            object: CHUNK,
            created: self.created,
            model: &self.model,
            choices,
            usage: self.telling.request.include_usage.then(|| usage.map(Usage::into)),
        };
        let Ok(data) = serde_json::to_vec(&chunk) else { return };
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(&data);
        out.extend_from_slice(b"\n\n");
    }
}

fn called(call: Call<'_>) -> ChunkDelta<'_> {
    ChunkDelta { tool_calls: Some([call]), ..ChunkDelta::default() }
}

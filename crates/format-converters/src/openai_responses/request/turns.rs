//! Writing the turns of a conversation as items.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use rotator_domain::Format;

use super::super::item::{annotation, no_list};
use super::super::media;
use super::super::wire::{self, Breakpoint, COMPLETED, Content, FORMAT, Item, prefix};
use crate::ir::{
    Attachment, CacheMark, Citation, MediaKind, Part, PartKind, Reasoning, Request, Role, Source, ToolCall, ToolInput,
    ToolResult, Turn,
};
use crate::json::Json;
use crate::{Invalid, Losses};

/// The most characters of the id of a call.
const CALL_ID_LIMIT: usize = 64;
/// What an answer of a tool that failed begins with, since there is no other word for it.
const FAILED: &str = "Error: ";

/// What is written of a conversation.
pub(super) struct Input<'a> {
    /// The instructions, where they are one text.
    pub(super) instructions: Option<&'a str>,
    /// All else, in order.
    pub(super) items: Vec<Item<'a>>,
}

/// Writes a conversation.
pub(super) fn write<'a>(request: &'a Request, losses: &mut Losses) -> Result<Input<'a>, Invalid> {
    let (instructions, turns) = match request.turns.split_first() {
        Some((first, turns)) if first.role == Role::System => match plain(&first.parts) {
            Some(text) => (Some(text), turns),
            None => (None, &request.turns[..]),
        },
        _ => (None, &request.turns[..]),
    };
    let skipped = request.turns.len() - turns.len();
    let calls = request.parts().filter_map(|part| match &part.kind {
        PartKind::ToolCall(call) if matches!(call.input, ToolInput::Text(_)) => Some(call.id.as_str()),
        _ => None,
    });
    let keeps_marks = matches!(request.format, Format::OpenAi | Format::OpenAiResponses);
    let mut writer = Writer {
        items: Vec::new(),
        waiting: Vec::new(),
        custom: calls.collect(),
        keeps_marks,
        takes_sound: request.format == FORMAT,
        minted: 0,
        losses,
    };
    for (index, turn) in turns.iter().enumerate() {
        writer.turn(turn).map_err(|error| error.at_index(index + skipped).at("turns"))?;
    }
    Ok(Input { instructions, items: writer.items })
}

/// The text, where the parts are one text and no more.
fn plain(parts: &[Part]) -> Option<&str> {
    match parts {
        [part] if part.cache.is_none() => part.as_text(),
        _ => None,
    }
}

struct Writer<'a, 'l> {
    items: Vec<Item<'a>>,
    /// The parts of the message that is being written.
    waiting: Vec<wire::Part<'a>>,
    /// The calls with free text.
    custom: HashSet<&'a str>,
    /// Whether marks for caching stay: the client speaks to the same vendor.
    keeps_marks: bool,
    /// Whether sound goes through, which the API does not take: a client of its own may know better.
    takes_sound: bool,
    /// How many ids were made up.
    minted: usize,
    losses: &'l mut Losses,
}

// === impl Writer ===

impl<'a> Writer<'a, '_> {
    fn turn(&mut self, turn: &'a Turn) -> Result<(), Invalid> {
        self.losses.drop_if(turn.name.is_some(), "name");
        let role = match turn.role {
            Role::System => "system",
            Role::Developer => "developer",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        for (index, part) in turn.parts.iter().enumerate() {
            let is_reasoning = matches!(part.kind, PartKind::Reasoning(_));
            self.losses.drop_if(part.opaque.is_some() && !is_reasoning, "reasoning");
            let written = if turn.role == Role::Assistant { self.spoken(part, role) } else { self.told(part, role) };
            written.map_err(|error| error.at_index(index).at("parts"))?;
        }
        self.flush(role);
        Ok(())
    }

    /// A part of anyone's but the model's.
    fn told(&mut self, part: &'a Part, role: &'static str) -> Result<(), Invalid> {
        let breakpoint = self.breakpoint(part.cache.as_ref());
        match &part.kind {
            PartKind::Text { text, .. } | PartKind::Refusal(text) => {
                if !text.is_empty() {
                    let text = Cow::Borrowed(text.as_str());
                    self.waiting.push(wire::Part::InputText { text, prompt_cache_breakpoint: breakpoint });
                }
            }
            PartKind::Media(media) => {
                self.refuse_sound(media.kind)?;
                self.waiting.push(media::write(media, breakpoint, self.losses)?);
            }
            _ => {
                self.flush(role);
                self.item(part)?;
            }
        }
        Ok(())
    }

    /// A part of the model's. Each text is a message of its own, which may then be a plain text.
    fn spoken(&mut self, part: &'a Part, role: &'static str) -> Result<(), Invalid> {
        match &part.kind {
            PartKind::Text { text, citations } => {
                // The texts of the model's have no place for a mark.
                self.losses.drop_if(part.cache.is_some(), "cache_control");
                if !text.is_empty() {
                    let annotations = annotations(text, citations);
                    self.losses.drop_if(annotations.len() < citations.len(), "annotations");
                    let content = if annotations.is_empty() {
                        Content::Text(Cow::Borrowed(text))
                    } else {
                        let (annotations, logprobs) = (&annotations[..], &no_list());
                        let written = Json::of(&[wire::Part::OutputText { text, annotations, logprobs }]);
                        Content::Own(written.unwrap_or_else(|_| no_list()))
                    };
                    self.message(role, content);
                }
            }
            PartKind::Refusal(refusal) => {
                self.message(role, Content::Parts(vec![wire::Part::Refusal { refusal }]));
            }
            PartKind::Media(media) => match &media.source {
                Source::Base64(data) if media.kind == MediaKind::Image => {
                    let id = Cow::Owned(self.mint(prefix::IMAGE));
                    self.items.push(Item::ImageGenerationCall { id, status: COMPLETED, result: Some(data) });
                }
                _ => return Err(Invalid::new("media of the model's have no counterpart in OpenAI Responses")),
            },
            _ => self.item(part)?,
        }
        Ok(())
    }

    /// What is an item by itself, whoever says it.
    fn item(&mut self, part: &'a Part) -> Result<(), Invalid> {
        self.losses.drop_if(part.cache.is_some(), "cache_control");
        let item = match &part.kind {
            PartKind::Reasoning(reasoning) => match self.reasoning(part, reasoning) {
                Some(item) => item,
                None => return Ok(()),
            },
            PartKind::ToolCall(ToolCall { id, name, input: ToolInput::Arguments(arguments) }) => {
                let arguments = if arguments.is_empty() { "{}" } else { arguments };
                Item::FunctionCall { id: None, call_id: call_id(id), name, arguments, status: None }
            }
            PartKind::ToolCall(ToolCall { id, name, input: ToolInput::Text(input) }) => {
                Item::CustomToolCall { id: None, call_id: call_id(id), name, input, status: None }
            }
            PartKind::ToolResult(result) => self.result(result)?,
            PartKind::Native(native) if native.format == FORMAT => Item::Native(&native.json),
            PartKind::Native(native) => {
                return Err(Invalid::new(format!("`{}` has no counterpart in OpenAI Responses", native.name)));
            }
            PartKind::Text { .. } | PartKind::Refusal(_) | PartKind::Media(_) => return Ok(()),
        };
        self.items.push(item);
        Ok(())
    }

    /// Reasoning goes back to its issuer alone, and only with what proves it: the API refuses items that it does not know.
    fn reasoning(&mut self, part: &'a Part, reasoning: &'a Reasoning) -> Option<Item<'a>> {
        let own = part.opaque.as_ref().filter(|opaque| opaque.is_of(FORMAT) && opaque.attachment == Attachment::Own);
        let Some(opaque) = own else {
            self.losses.drop("reasoning");
            return None;
        };
        let id = opaque.id.as_deref().map_or_else(|| Cow::Owned(self.mint(prefix::REASONING)), Cow::Borrowed);
        let sections = reasoning.sections.iter();
        let (summary, content) = if reasoning.is_summary {
            (sections.map(|text| wire::Part::SummaryText { text }).collect(), Vec::new())
        } else {
            (Vec::new(), sections.map(|text| wire::Part::ReasoningText { text }).collect())
        };
        let encrypted_content = Some(Cow::Borrowed(opaque.value.as_str()));
        Some(Item::Reasoning { id, summary, content, encrypted_content })
    }

    fn result(&mut self, result: &'a ToolResult) -> Result<Item<'a>, Invalid> {
        let has_failed = result.is_error == Some(true);
        let output = match plain(&result.content) {
            Some(text) => Content::Text(failed(text, has_failed)),
            None if result.content.is_empty() => Content::Text(failed("", has_failed)),
            None => Content::Parts(self.result_parts(&result.content, has_failed)?),
        };
        let call_id = call_id(&result.call_id);
        Ok(if result.is_custom || self.custom.contains(result.call_id.as_str()) {
            Item::CustomToolCallOutput { call_id, output }
        } else {
            Item::FunctionCallOutput { call_id, output }
        })
    }

    fn result_parts(&mut self, content: &'a [Part], has_failed: bool) -> Result<Vec<wire::Part<'a>>, Invalid> {
        let mut parts = Vec::with_capacity(content.len() + 1);
        let mut says_so = has_failed;
        for (index, part) in content.iter().enumerate() {
            let breakpoint = self.breakpoint(part.cache.as_ref());
            match &part.kind {
                PartKind::Text { text, .. } | PartKind::Refusal(text) => {
                    let text = failed(text, std::mem::take(&mut says_so));
                    parts.push(wire::Part::InputText { text, prompt_cache_breakpoint: breakpoint });
                }
                PartKind::Media(media) if matches!(media.kind, MediaKind::Image | MediaKind::Document) => {
                    let written = media::write(media, breakpoint, self.losses);
                    parts.push(written.map_err(|error| error.at_index(index).at("content"))?);
                }
                _ => {
                    let error = Invalid::new("a tool answers with texts, pictures and documents in OpenAI Responses");
                    return Err(error.at_index(index).at("content"));
                }
            }
        }
        if says_so {
            let text = Cow::Borrowed(FAILED.trim_end());
            parts.insert(0, wire::Part::InputText { text, prompt_cache_breakpoint: None });
        }
        Ok(parts)
    }

    fn message(&mut self, role: &'static str, content: Content<'a>) {
        // Parts of the model's come in an item of the API's own, which has an id; a plain text needs none.
        let is_item = !matches!(content, Content::Text(_)) && role == "assistant";
        let id = is_item.then(|| Cow::Owned(self.mint(prefix::MESSAGE)));
        self.items.push(Item::Message { id, status: is_item.then_some(COMPLETED), role, content });
    }

    /// Ends the message that is being written.
    fn flush(&mut self, role: &'static str) {
        let mut parts = std::mem::take(&mut self.waiting);
        let content = match parts.pop() {
            None => return,
            Some(wire::Part::InputText { text, prompt_cache_breakpoint: None }) if parts.is_empty() => {
                Content::Text(text)
            }
            Some(last) => {
                parts.push(last);
                Content::Parts(parts)
            }
        };
        self.message(role, content);
    }

    fn breakpoint(&mut self, mark: Option<&CacheMark>) -> Option<Breakpoint> {
        // For how long the prompt is kept is nothing that a mark says here.
        let is_lost = |mark: &CacheMark| !self.keeps_marks || mark.ttl.is_some();
        self.losses.drop_if(mark.is_some_and(is_lost), "cache_control");
        mark.filter(|_| self.keeps_marks).map(|_| Breakpoint { mode: "explicit" })
    }

    fn refuse_sound(&self, kind: MediaKind) -> Result<(), Invalid> {
        let is_refused = kind == MediaKind::Audio && !self.takes_sound;
        if is_refused { Err(Invalid::new("sound has no counterpart in OpenAI Responses")) } else { Ok(()) }
    }

    fn mint(&mut self, prefix: &str) -> String {
        self.minted += 1;
        format!("{prefix}{}", self.minted)
    }
}

/// A call's id, or what stands for it where it is longer than the API takes.
fn call_id(id: &str) -> Cow<'_, str> {
    if id.len() <= CALL_ID_LIMIT {
        return Cow::Borrowed(id);
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    Cow::Owned(format!("{}{:016x}", prefix::CALL, hasher.finish()))
}

fn failed(text: &str, has_failed: bool) -> Cow<'_, str> {
    if has_failed { Cow::Owned(format!("{FAILED}{text}")) } else { Cow::Borrowed(text) }
}

fn annotations(text: &str, citations: &[Citation]) -> Vec<Json> {
    citations.iter().filter_map(|citation| annotation(citation, text)).collect()
}

//! Writing answers.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::Echo;
use super::error;
use super::item::{annotation, no_list, reasoning};
use super::wire::{COMPLETED, Content, FORMAT, IN_PROGRESS, Item, Part as Written, prefix};
use crate::ir::{
    ApiError, Attachment, Choice, MediaKind, Opaque, Part, PartKind, Response, Source, Stop, StopReason, ToolCall,
    ToolInput, Usage,
};
use crate::json::Json;
use crate::{Telling, custom_tools};

/// An answer.
#[derive(Debug, Serialize)]
pub(in super::super) struct Answer<'a> {
    pub(in super::super) id: &'a str,
    object: &'static str,
    created_at: i64,
    status: &'static str,
    completed_at: Option<i64>,
    error: Option<Failure<'a>>,
    incomplete_details: Option<Details<'a>>,
    model: &'a str,
    output: Vec<&'a Json>,
    usage: Option<Totals>,
    service_tier: Option<&'a str>,
    #[serde(flatten)]
    echo: &'a Echo,
}

/// Why there is no answer.
#[derive(Debug, Serialize)]
struct Failure<'a> {
    code: &'a str,
    message: &'a str,
}

/// Why an answer is not whole.
#[derive(Debug, Serialize)]
struct Details<'a> {
    reason: &'a str,
}

/// What was used. The SDKs insist on every number.
#[derive(Debug, Serialize)]
struct Totals {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Ending<'a> {
    /// It goes on.
    None,
    /// It ended, for this reason.
    Stop(Option<&'a Stop>),
    /// It failed.
    Error(&'a ApiError),
}

/// Writes an answer.
pub(in super::super) fn write(response: &Response, telling: &mut Telling) -> Bytes {
    let echo = Echo::of(&telling.request);
    let id = response_id(&response.id, telling);
    telling.losses.drop_if(response.choices.len() > 1, "n");
    let nobody = Choice::default();
    let choice = response.choices.first().unwrap_or(&nobody);
    let mut writer = Writer { telling, output: Vec::new(), message: Vec::new(), log_probs: choice.log_probs.as_ref() };
    for part in &choice.parts {
        writer.part(part);
    }
    writer.flush();
    let Writer { output, .. } = writer;
    let output: Vec<&Json> = output.iter().collect();
    let ending = response.error.as_ref().map_or(Ending::Stop(choice.stop.as_ref()), Ending::Error);
    let answer = Answer::of(&id, telling.now, &echo)
        .told_by(&response.model, response.created, response.tier.as_deref(), &telling.request.model)
        .with(output, response.usage.as_ref())
        .ended(ending, telling.now);
    serde_json::to_vec(&answer).unwrap_or_default().into()
}

/// The id of an answer: the upstream's where it is one of this format's.
pub(in super::super) fn response_id(id: &str, telling: &mut Telling) -> String {
    if id.starts_with(prefix::RESPONSE) { id.to_owned() } else { telling.ids.mint(prefix::RESPONSE) }
}

/// The item of a call that is whole.
pub(in super::super) fn call_item<'a>(
    item_id: &'a str,
    call_id: &'a str,
    name: &'a str,
    input: &'a str,
    is_custom: bool,
    is_whole: bool,
) -> Item<'a> {
    let (id, call_id) = (Some(item_id), Cow::Borrowed(call_id));
    let status = Some(if is_whole { COMPLETED } else { IN_PROGRESS });
    if is_custom {
        Item::CustomToolCall { id, call_id, name, input, status }
    } else {
        Item::FunctionCall { id, call_id, name, arguments: input, status }
    }
}

/// The item of a part that came whole: a picture, or what only this format has. All else is left out, and named: what another
/// vendor's own tools did is nothing that a client of this format could answer.
pub(in super::super) fn whole_item(part: &Part, telling: &mut Telling) -> Option<Json> {
    match &part.kind {
        PartKind::Native(native) if native.format == FORMAT => Some(native.json.clone()),
        PartKind::Native(native) => {
            telling.losses.drop(&native.name);
            None
        }
        PartKind::Media(media) => match &media.source {
            Source::Base64(data) if media.kind == MediaKind::Image => {
                let id = Cow::Owned(telling.ids.mint(prefix::IMAGE));
                Json::of(&Item::ImageGenerationCall { id, status: COMPLETED, result: Some(data) }).ok()
            }
            _ => {
                telling.losses.drop("media");
                None
            }
        },
        _ => None,
    }
}

struct Writer<'a, 't> {
    telling: &'t mut Telling,
    output: Vec<Json>,
    /// The parts of the message that is being written.
    message: Vec<Json>,
    /// Those of the first text.
    log_probs: Option<&'a Json>,
}

// === impl Writer ===

impl Writer<'_, '_> {
    fn part(&mut self, part: &Part) {
        match &part.kind {
            PartKind::Text { text, citations } => {
                if text.is_empty() && citations.is_empty() && part.opaque.is_none() {
                    return;
                }
                let annotations: Vec<Json> =
                    citations.iter().filter_map(|citation| annotation(citation, text)).collect();
                self.telling.losses.drop_if(annotations.len() < citations.len(), "annotations");
                let logprobs = self.log_probs.take().cloned().unwrap_or_else(no_list);
                let written = Written::OutputText { text, annotations: &annotations, logprobs: &logprobs };
                self.message.extend(Json::of(&written));
            }
            PartKind::Refusal(refusal) => self.message.extend(Json::of(&Written::Refusal { refusal })),
            PartKind::Reasoning(thought) => {
                if !thought.sections.is_empty() || part.opaque.is_some() {
                    self.reasoning(&thought.sections, part.opaque.as_ref());
                }
                return;
            }
            PartKind::ToolCall(call) => {
                if let Some(opaque) = &part.opaque {
                    self.carrier(opaque, Attachment::Next);
                }
                self.call(call);
                return;
            }
            PartKind::Media(_) | PartKind::Native(_) | PartKind::ToolResult(_) => {
                if let Some(item) = whole_item(part, self.telling) {
                    self.flush();
                    self.output.push(item);
                }
            }
        }
        if let Some(opaque) = &part.opaque {
            self.carrier(opaque, Attachment::Previous);
        }
    }

    /// Ends the message that is being written.
    fn flush(&mut self) {
        if self.message.is_empty() {
            return;
        }
        let id = Some(Cow::Owned(self.telling.ids.mint(prefix::MESSAGE)));
        let content = Content::Written(&self.message);
        let item = Item::Message { id, status: Some(COMPLETED), role: "assistant", content };
        self.output.extend(Json::of(&item));
        self.message.clear();
    }

    fn reasoning(&mut self, sections: &[String], opaque: Option<&Opaque>) {
        self.flush();
        let own = opaque.filter(|opaque| opaque.is_of(FORMAT)).and_then(|opaque| opaque.id.clone());
        let id = own.unwrap_or_else(|| self.telling.ids.mint(prefix::REASONING));
        self.output.extend(Json::of(&reasoning(&id, sections, opaque)));
    }

    /// Carries an opaque text of another part on a piece of reasoning.
    fn carrier(&mut self, opaque: &Opaque, attachment: Attachment) {
        let carried = Opaque { attachment, ..opaque.clone() };
        self.flush();
        let id = self.telling.ids.mint(prefix::REASONING);
        self.output.extend(Json::of(&reasoning(&id, &[], Some(&carried))));
    }

    fn call(&mut self, call: &ToolCall) {
        self.flush();
        let Telling { ids, request, .. } = &mut *self.telling;
        let (input, is_custom) = match &call.input {
            ToolInput::Text(text) => (Cow::Borrowed(text.as_str()), true),
            ToolInput::Arguments(arguments) if custom_tools::is_declared(request, &call.name) => {
                (custom_tools::unwrapped(arguments).map_or(Cow::Borrowed(arguments.as_str()), Cow::Owned), true)
            }
            ToolInput::Arguments(arguments) if arguments.is_empty() => (Cow::Borrowed("{}"), false),
            ToolInput::Arguments(arguments) => (Cow::Borrowed(arguments.as_str()), false),
        };
        let item_id = ids.mint(if is_custom { prefix::CUSTOM } else { prefix::FUNCTION });
        let call_id = ids.or_mint(&call.id, prefix::CALL);
        self.output.extend(Json::of(&call_item(&item_id, &call_id, &call.name, &input, is_custom, true)));
    }
}

// === impl Answer ===

impl<'a> Answer<'a> {
    /// An answer that has just begun.
    pub(in super::super) const fn of(id: &'a str, now: i64, echo: &'a Echo) -> Self {
        Self {
            id,
            object: "response",
            created_at: now,
            status: IN_PROGRESS,
            completed_at: None,
            error: None,
            incomplete_details: None,
            model: "",
            output: Vec::new(),
            usage: None,
            service_tier: None,
            echo,
        }
    }

    /// The same with what the upstream says of it; `asked` is the model that the client asked for.
    pub(in super::super) fn told_by(
        mut self,
        model: &'a str,
        created: Option<i64>,
        tier: Option<&'a str>,
        asked: &'a str,
    ) -> Self {
        self.model = if model.is_empty() { asked } else { model };
        self.created_at = created.unwrap_or(self.created_at);
        self.service_tier = tier.and_then(|tier| match tier {
            "standard" => Some("default"),
            "auto" | "default" | "flex" | "scale" | "priority" | "fast" => Some(tier),
            _ => None,
        });
        self
    }

    /// The same with what was said and used.
    pub(in super::super) fn with(mut self, output: Vec<&'a Json>, usage: Option<&Usage>) -> Self {
        self.output = output;
        self.usage = usage.map(|usage| Totals {
            input_tokens: usage.input,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cached.unwrap_or_default(),
                cache_write_tokens: usage.cache_written.unwrap_or_default(),
            },
            output_tokens: usage.output,
            output_tokens_details: OutputDetails { reasoning_tokens: usage.reasoning.unwrap_or_default() },
            total_tokens: usage.total(),
        });
        self
    }

    /// The same with how it ended.
    pub(in super::super) fn ended(mut self, ending: Ending<'a>, now: i64) -> Self {
        match ending {
            Ending::None => {}
            Ending::Stop(stop) => {
                let reason = match stop.map(|stop| &stop.reason) {
                    Some(StopReason::Length) => Some("max_output_tokens"),
                    Some(StopReason::Filter) => Some("content_filter"),
                    _ => None,
                };
                self.incomplete_details = reason.map(|reason| Details { reason });
                self.status = if reason.is_some() { "incomplete" } else { COMPLETED };
                self.completed_at = reason.is_none().then_some(now);
            }
            Ending::Error(error) => {
                self.status = "failed";
                self.error = Some(Failure { code: error::code(error), message: &error.message });
            }
        }
        self
    }

    /// What it is now: `completed`, `incomplete`, `failed` or `in_progress`.
    pub(in super::super) const fn status(&self) -> &'static str {
        self.status
    }
}

//! Writes turns as messages.

use rotator_domain::Format;

use super::super::call;
use super::super::part;
use super::super::wire::{CacheControl, Content, ContentKind, ContentPart, Message, Refusal};
use super::tools::takes_free_text;
use crate::ir::{MediaKind, Part, PartKind, Reasoning, Request, Role, ToolResult, Turn};
use crate::json::{self, Json};
use crate::openai_vendor::model_name;
use crate::{Invalid, Losses, carriers};

/// What a tool message says whose result is nothing but media.
const ATTACHED: &str = "The result is attached below.";
/// What begins the result of a tool that failed: the format has no other place to say it.
const FAILED: &str = "Error: ";

/// What is written so far.
struct Writer<'w, 'a> {
    request: &'w Request,
    losses: &'w mut Losses,
    messages: Vec<Message<'a>>,
}

/// Turns with what other upstreams made taken off, and such as follow each other put together where the format wants one
/// message for them.
pub(super) fn arranged(request: &Request, losses: &mut Losses) -> Vec<Turn> {
    let mut arranged: Vec<Turn> = Vec::with_capacity(request.turns.len());
    for turn in &request.turns {
        let mut turn = turn.clone();
        losses.drop_if(carriers::remove_foreign(&mut turn.parts, Format::OpenAi), "reasoning");
        if turn.parts.is_empty() {
            continue;
        }
        match arranged.last_mut() {
            // The calls of one answer stand in one message, with what was thought and said before them.
            Some(last) if is_one_answer(last, &turn) => last.parts.append(&mut turn.parts),
            _ => arranged.push(turn),
        }
    }
    arranged
}

/// Writes all turns.
pub(super) fn messages<'a>(
    turns: &'a [Turn],
    request: &Request,
    losses: &mut Losses,
) -> Result<Vec<Message<'a>>, Invalid> {
    let mut writer = Writer { request, losses, messages: Vec::with_capacity(turns.len()) };
    let mut rest = turns;
    while let Some(turn) = rest.first() {
        if turn.role == Role::Assistant {
            writer.answer(turn)?;
            rest = rest.get(1..).unwrap_or_default();
        } else {
            // Results follow their calls at once, whatever was said between.
            let end = rest.iter().position(|turn| turn.role == Role::Assistant).unwrap_or(rest.len());
            let (said, after) = rest.split_at(end);
            writer.results(said)?;
            said.iter().try_for_each(|turn| writer.said(turn))?;
            rest = after;
        }
    }
    Ok(writer.messages)
}

fn is_one_answer(last: &Turn, next: &Turn) -> bool {
    let is_more = |part: &Part| matches!(part.kind, PartKind::ToolCall(_) | PartKind::Reasoning(_));
    let is_answer = last.role == Role::Assistant && next.role == Role::Assistant && last.name == next.name;
    is_answer && (last.parts.iter().any(is_more) || next.parts.iter().any(is_more))
}

// === impl Writer ===

impl<'a> Writer<'_, 'a> {
    /// The results of all turns between two answers, then their media.
    fn results(&mut self, turns: &'a [Turn]) -> Result<(), Invalid> {
        let mut media = Vec::new();
        for part in turns.iter().flat_map(|turn| &turn.parts) {
            if let PartKind::ToolResult(result) = &part.kind {
                let message = self.result(result, part, &mut media)?;
                self.messages.push(message);
            }
        }
        if !media.is_empty() {
            self.messages.push(Message { role: "user", content: Some(Content::Parts(media)), ..Message::default() });
        }
        Ok(())
    }

    fn result(
        &mut self,
        result: &'a ToolResult,
        part: &'a Part,
        media: &mut Vec<ContentPart<'a>>,
    ) -> Result<Message<'a>, Invalid> {
        let mut texts = Vec::new();
        let before = media.len();
        for held in &result.content {
            let written = self.part(held)?;
            if held.as_text().is_some() { texts.push(written) } else { media.push(written) }
        }
        let mut content = match (texts.is_empty(), media.len() > before) {
            (true, true) => Content::Text(ATTACHED.to_owned()),
            _ => content(texts),
        };
        if result.is_error == Some(true) {
            match &mut content {
                Content::Text(text) if !text.to_ascii_lowercase().starts_with("error") => text.insert_str(0, FAILED),
                Content::Text(_) => {}
                Content::Parts(parts) => parts.insert(0, ContentKind::Text { text: FAILED }.into()),
            }
        }
        Ok(Message {
            role: "tool",
            content: Some(content),
            cache_control: self.mark(part),
            tool_call_id: Some(&result.call_id),
            ..Message::default()
        })
    }

    /// What a turn says besides results.
    fn said(&mut self, turn: &'a Turn) -> Result<(), Invalid> {
        let mut parts = Vec::new();
        for part in turn.parts.iter().filter(|part| !matches!(part.kind, PartKind::ToolResult(_))) {
            let is_instruction = turn.role != Role::User;
            if is_instruction && part.as_text().is_none() {
                return Err(Invalid::new("instructions are text in Chat Completions").at("messages"));
            }
            parts.push(self.part(part)?);
        }
        if parts.is_empty() {
            return Ok(());
        }
        let role = match turn.role {
            Role::Developer if self.request.format == Format::OpenAi || model_name::is_own(&self.request.model) => {
                "developer"
            }
            // Others than the vendor refuse a role that they do not know.
            Role::System | Role::Developer => "system",
            Role::User | Role::Assistant => "user",
        };
        let (content, name) = (Some(content(parts)), turn.name.as_deref());
        self.messages.push(Message { role, content, name, ..Message::default() });
        Ok(())
    }

    fn answer(&mut self, turn: &'a Turn) -> Result<(), Invalid> {
        let mut message = Message { role: "assistant", name: turn.name.as_deref(), ..Message::default() };
        let takes_text = takes_free_text(self.request);
        let (mut texts, mut thoughts, mut details) = (Vec::new(), Vec::new(), Vec::new());
        for part in &turn.parts {
            match &part.kind {
                PartKind::Text { .. } => texts.push(self.part(part)?),
                // What comes after the first refusal is hardly ever said.
                PartKind::Refusal(text) => message.refusal = Some(Refusal(Some(text))),
                PartKind::Reasoning(reasoning) => {
                    let kept = part.opaque.as_ref().and_then(|opaque| Json::from_text(&opaque.value));
                    match kept.filter(|kept| json::kind(kept.raw()) == json::Kind::List) {
                        Some(kept) => details.push(kept),
                        None => thoughts.push(reasoning.joined()),
                    }
                }
                PartKind::ToolCall(call) => {
                    self.drop_mark(part);
                    message.tool_calls.push(call::write(call, &call.id, part.opaque.as_ref(), takes_text));
                }
                PartKind::Native(native) if native.format == Format::OpenAi && native.name == "audio" => {
                    message.audio = Some(&native.json);
                }
                PartKind::Media(media) => {
                    let image = part::answered_image(media);
                    let missing =
                        || Invalid::new("a model's media other than pictures has no counterpart").at("messages");
                    message.images.push(image.ok_or_else(missing)?);
                }
                PartKind::Native(_) | PartKind::ToolResult(_) => {
                    part::write(part, self.losses).map_err(|error| error.at("messages"))?;
                }
            }
        }
        message.reasoning_details = joined(&details);
        // The vendor's own models think anew each time, and the vendor refuses what it does not know.
        let is_told = self.request.format == Format::OpenAi || !model_name::is_own(&self.request.model);
        let thoughts =
            thoughts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(Reasoning::SECTION_BREAK);
        self.losses.drop_if(!is_told && !thoughts.is_empty(), "reasoning");
        message.reasoning_content = Some(thoughts).filter(|text| is_told && !text.is_empty());
        message.content = (!texts.is_empty()).then(|| content(texts));
        let is_empty = message.content.is_none()
            && message.tool_calls.is_empty()
            && message.refusal.is_none()
            && message.audio.is_none();
        if is_empty {
            if message.reasoning_content.is_none() && message.reasoning_details.is_none() && message.images.is_empty() {
                return Ok(());
            }
            message.content = Some(Content::Text(String::new()));
        }
        self.messages.push(message);
        Ok(())
    }

    fn part(&mut self, part: &'a Part) -> Result<ContentPart<'a>, Invalid> {
        if let PartKind::Text { citations, .. } = &part.kind {
            self.losses.drop_if(!citations.is_empty(), "annotations");
        }
        // A client of this format knows whom it asks.
        let is_told = self.request.format == Format::OpenAi || !model_name::is_own(&self.request.model);
        if !is_told && matches!(&part.kind, PartKind::Media(media) if media.kind == MediaKind::Video) {
            return Err(Invalid::new("the vendor's models take no videos").at("messages"));
        }
        let written = part::write(part, self.losses).map_err(|error| error.at("messages"))?;
        Ok(ContentPart { cache_control: self.mark(part), ..written })
    }

    /// The mark of a cached prompt, for relays whose clients write it in this format themselves.
    fn mark(&mut self, part: &'a Part) -> Option<CacheControl<'a>> {
        let mark = part.cache.as_ref()?;
        let is_kept = self.request.format == Format::OpenAi;
        self.losses.drop_if(!is_kept, "cache_control");
        is_kept.then(|| mark.into())
    }

    fn drop_mark(&mut self, part: &Part) {
        self.losses.drop_if(part.cache.is_some(), "cache_control");
    }
}

/// Several lists as one.
fn joined(lists: &[Json]) -> Option<Json> {
    let inner = |list: &Json| list.get().trim().trim_start_matches('[').trim_end_matches(']').trim().to_owned();
    match lists {
        [] => None,
        [list] => Some(list.clone()),
        lists => {
            let items: Vec<String> = lists.iter().map(inner).filter(|items| !items.is_empty()).collect();
            Json::from_text(&format!("[{}]", items.join(",")))
        }
    }
}

/// One text without marks is written as such, which everyone understands.
fn content(mut parts: Vec<ContentPart<'_>>) -> Content<'_> {
    match parts.as_slice() {
        [] => Content::Text(String::new()),
        [ContentPart { kind: ContentKind::Text { text }, cache_control: None, .. }] => {
            Content::Text((*text).to_owned())
        }
        _ => Content::Parts(std::mem::take(&mut parts)),
    }
}

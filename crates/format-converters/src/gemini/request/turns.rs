//! The conversation as it is written.

use std::collections::HashMap;

use rotator_domain::Format;
use serde::Serialize;

use crate::gemini::part::{media, native, plain, thought};
use crate::gemini::wire::{
    self, Content, DUMMY_SIGNATURE, FunctionCall, FunctionResponse, PlainPart, THIRD_GENERATION,
};
use crate::ir::{Opaque, Part, PartKind, Request, Role, ToolResult, Turn};
use crate::json::{self, Json, Kind};
use crate::{Invalid, Losses, ThinkingStyle, Writing, carriers};

/// The names of the tools by the calls that are yet to be answered, and the places of the calls.
type Calls = HashMap<String, (usize, String)>;

#[derive(Serialize)]
struct Output<T> {
    output: T,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
}

struct Writer<'a> {
    losses: &'a mut Losses,
    takes_media_in_results: bool,
}

/// Writes the instructions before the conversation.
///
/// # Errors
///
/// Instructions that are not text.
pub(super) fn instructions(request: &Request, losses: &mut Losses) -> Result<Option<Content>, Invalid> {
    let (turns, _) = request.split_instructions();
    let mut parts = Vec::new();
    for part in turns.iter().flat_map(|turn| &turn.parts) {
        losses.drop_if(part.cache.is_some(), "cache_control");
        match &part.kind {
            PartKind::Text { text, .. } if text.is_empty() => {}
            PartKind::Text { text, .. } | PartKind::Refusal(text) => parts.push(text_part(text.clone(), None)),
            PartKind::Native(own) if own.format == Format::Gemini => parts.extend(native(own)),
            _ => return Err(Invalid::new("instructions are text in gemini").at("system")),
        }
    }
    Ok((!parts.is_empty()).then_some(Content { role: None, parts }))
}

/// Writes the conversation.
///
/// # Errors
///
/// Calls and results that do not fit together, and parts that only another format has.
pub(super) fn contents(request: &Request, writing: &mut Writing<'_>) -> Result<Vec<Content>, Invalid> {
    let mut turns = alternating(request, &mut writing.losses);
    for turn in &mut turns {
        writing.losses.drop_if(carriers::remove_foreign(&mut turn.parts, Format::Gemini), "reasoning");
    }
    if request.model.contains("gemini") && writing.models.thinking(&request.model) == ThinkingStyle::Effort {
        sign(&mut turns);
    }
    let takes_media_in_results = request.model.contains(THIRD_GENERATION);
    let mut writer = Writer { losses: &mut writing.losses, takes_media_in_results };
    let mut contents: Vec<Content> = Vec::with_capacity(turns.len());
    let mut open = Calls::new();
    for turn in turns {
        let role = if turn.role == Role::Assistant { "model" } else { "user" };
        let parts = match turn.role {
            Role::Assistant => {
                check_answered(&open)?;
                open = calls_of(&turn);
                writer.parts(turn.parts)?
            }
            _ => writer.answers_and_parts(turn.parts, &mut open)?,
        };
        match contents.last_mut() {
            _ if parts.is_empty() => {}
            Some(last) if last.role == Some(role) => last.parts.extend(parts),
            _ => contents.push(Content { role: Some(role), parts }),
        }
    }
    Ok(contents)
}

/// User and model in turns. Instructions in the middle become the user's words.
fn alternating(request: &Request, losses: &mut Losses) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    for mut turn in request.merged_turns() {
        if matches!(turn.role, Role::System | Role::Developer) {
            losses.drop("late_system");
            turn.role = Role::User;
        }
        match turns.last_mut() {
            Some(last) if last.role == turn.role => last.parts.extend(turn.parts),
            _ => turns.push(turn),
        }
    }
    losses.drop_if(request.turns.iter().any(|turn| turn.name.is_some()), "name");
    turns
}

/// Signs the first call of each step since the user last spoke, where another vendor's model made it: the models that think
/// by themselves refuse calls without.
fn sign(turns: &mut [Turn]) {
    let is_result = |part: &Part| matches!(part.kind, PartKind::ToolResult(_));
    let is_new = |turn: &Turn| turn.role == Role::User && !turn.parts.iter().any(is_result);
    let start = turns.iter().rposition(is_new).unwrap_or_default();
    for turn in turns.iter_mut().skip(start).filter(|turn| turn.role == Role::Assistant) {
        let first = turn.parts.iter_mut().find(|part| matches!(part.kind, PartKind::ToolCall(_)));
        if let Some(first) = first {
            let dummy = || Opaque::new(Format::Gemini, DUMMY_SIGNATURE.to_owned());
            first.opaque.get_or_insert_with(dummy);
        }
    }
}

fn calls_of(turn: &Turn) -> Calls {
    let calls = turn.parts.iter().filter_map(|part| match &part.kind {
        PartKind::ToolCall(call) => Some(call),
        _ => None,
    });
    calls.enumerate().map(|(place, call)| (call.id.clone(), (place, call.name.clone()))).collect()
}

fn check_answered(open: &Calls) -> Result<(), Invalid> {
    match open.iter().min_by_key(|(_, (place, _))| *place) {
        Some((id, (_, name))) => Err(Invalid::new(format!("the call `{id}` of the tool `{name}` has no result"))),
        None => Ok(()),
    }
}

fn text_part(text: String, thought_signature: Option<String>) -> wire::Part {
    plain(PlainPart { text: Some(text), thought_signature, ..PlainPart::default() })
}

// === impl Writer ===

impl Writer<'_> {
    /// The answers of all calls first, in the order of the calls, then media that they may not hold, then all else.
    fn answers_and_parts(&mut self, parts: Vec<Part>, open: &mut Calls) -> Result<Vec<wire::Part>, Invalid> {
        let (mut answers, mut media, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            self.losses.drop_if(part.cache.is_some(), "cache_control");
            let PartKind::ToolResult(result) = part.kind else {
                rest.push(part);
                continue;
            };
            let Some((place, name)) = open.remove(&result.call_id) else {
                let message = format!("the result of `{}` answers no call of the turn before it", result.call_id);
                return Err(Invalid::new(message));
            };
            answers.push((place, self.answer(result, name, &mut media)?));
        }
        check_answered(open)?;
        answers.sort_by_key(|(place, _)| *place);
        let mut written: Vec<wire::Part> = answers.into_iter().map(|(_, answer)| answer).collect();
        written.extend(media);
        written.extend(self.parts(rest)?);
        Ok(written)
    }

    /// The answer of one call. An object stays one; other text is `output`, or `error` where the tool failed.
    fn answer(&mut self, result: ToolResult, name: String, after: &mut Vec<wire::Part>) -> Result<wire::Part, Invalid> {
        let (mut texts, mut parts) = (Vec::new(), Vec::new());
        for part in result.content {
            self.losses.drop_if(part.cache.is_some(), "cache_control");
            match part.kind {
                PartKind::Text { text, .. } | PartKind::Refusal(text) => texts.push(text),
                PartKind::Media(found) => {
                    let found = media(*found, self.losses)?;
                    let is_inside = self.takes_media_in_results && found.inline_data.is_some();
                    if is_inside { &mut parts } else { &mut *after }.push(plain(found));
                }
                PartKind::Native(own) => {
                    let message = format!("`{}` in a tool's result has no counterpart in gemini", own.name);
                    return Err(Invalid::new(message));
                }
                PartKind::Reasoning(_) | PartKind::ToolCall(_) | PartKind::ToolResult(_) => {
                    return Err(Invalid::new("a tool's result holds what is neither text nor media"));
                }
            }
        }
        let response = match texts.as_slice() {
            texts if result.is_error == Some(true) => Json::of(&Failure { error: &texts.join("\n") }),
            [] => Json::of(&Output { output: "" }),
            [text] => match Json::from_text(text).filter(|json| json::kind(json.raw()) == Kind::Object) {
                Some(object) => Ok(object),
                None => Json::of(&Output { output: text }),
            },
            texts => Json::of(&Output { output: texts }),
        };
        let response = response.unwrap_or_else(|_| Json::empty_object());
        let function_response = Some(FunctionResponse { id: result.call_id, name, response, parts });
        Ok(plain(PlainPart { function_response, ..PlainPart::default() }))
    }

    fn parts(&mut self, parts: Vec<Part>) -> Result<Vec<wire::Part>, Invalid> {
        let mut written = Vec::with_capacity(parts.len());
        for part in parts {
            self.losses.drop_if(part.cache.is_some(), "cache_control");
            let thought_signature = part.opaque.map(|opaque| opaque.value);
            match part.kind {
                PartKind::Text { text, citations } => {
                    self.losses.drop_if(!citations.is_empty(), "annotations");
                    if !text.is_empty() || thought_signature.is_some() {
                        written.push(text_part(text, thought_signature));
                    }
                }
                PartKind::Refusal(text) => written.push(text_part(text, thought_signature)),
                PartKind::Reasoning(reasoning) => written.extend(thought(&reasoning, thought_signature)),
                PartKind::Media(found) => {
                    written.push(plain(PlainPart { thought_signature, ..media(*found, self.losses)? }));
                }
                PartKind::ToolCall(call) => {
                    let args = call.input.to_object();
                    let function_call = Some(FunctionCall { id: call.id, name: call.name, args });
                    written.push(plain(PlainPart { function_call, thought_signature, ..PlainPart::default() }));
                }
                PartKind::Native(own) => match native(&own) {
                    Some(part) => written.push(part),
                    None => return Err(Invalid::new(format!("`{}` has no counterpart in gemini", own.name))),
                },
                PartKind::ToolResult(result) => {
                    let message = format!("the result of `{}` is not in a turn of the user's", result.call_id);
                    return Err(Invalid::new(message));
                }
            }
        }
        Ok(written)
    }
}
